/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * libpurgatory: what a loader has to do with the purgatory, and with all that it loads for the next kernel.
 *
 * A loader goes through these steps; each is a group of functions below, and none needs another one's group:
 *
 *  1. read what it was given: purg_bzimage_read, purg_arm64_image_read, purg_zboot_read, purg_uki_read, purg_elf_open;
 *  2. learn where memory is: purg_map_from_*, then purg_map_usable;
 *  3. find a place for each piece: purg_space_place;
 *  4. say to the next kernel what it must know: purg_boot_params_write or purg_dtb_write, for a dump
 *     purg_core_write;
 *  5. place the purgatory and fill in its block: purg_blob_place (or purg_elf_load), purg_params_add,
 *     purg_params_finish.
 *
 * Rules that hold for all of it:
 *
 *  - Freestanding: of a libc it needs memcpy, memmove, memset and memcmp only. It allocates nothing, does no I/O, and
 *    has no variables, so any thread may call anything. Only loader/dtb*.c need libfdt.
 *  - Memory is the caller's. What is only read is const, and is never read outside the size that was given with it; it
 *    may have any alignment. Input and output may not overlap. Nothing is kept after a return but what a structure
 *    says that it points at.
 *  - A result below zero is a PURG_ERR_*, for which purg_strerror has a sentence; outputs are then as they were, unless
 *    the function says otherwise. Input is believed in nothing: whatever it holds, the result is right or an error.
 *  - Addresses are physical, sizes in bytes, unless said otherwise. A range is its start and its size; none may wrap,
 *    but its last byte may be the last that there is.
 *  - The machine that runs it is little-endian and has 64 bits. What is loaded may be for the other architecture.
 */
#ifndef PURGATORY_LOADER_H
#define PURGATORY_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <purgatory/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors, grouped by cause. ---- */

/* The call. */
#define PURG_ERR_ARGUMENT (-1) /* an argument is not one that the function takes */
#define PURG_ERR_ROOM (-2)     /* the output does not fit into the caller's memory */
#define PURG_ERR_ALIGN (-3)    /* an address is not aligned, or an alignment is no power of two */
#define PURG_ERR_WRAP (-4)     /* an address and a size lead past the end of the address space */

/* The purgatory. */
#define PURG_ERR_BLOB_CUT (-16)     /* it is shorter than its header says */
#define PURG_ERR_BLOB_MAGIC (-17)   /* there is no purgatory */
#define PURG_ERR_BLOB_VERSION (-18) /* it is of an ABI that this library does not know */
#define PURG_ERR_BLOB_ARCH (-19)    /* it is for another architecture */
#define PURG_ERR_BLOB_SIZES (-20)   /* its header contradicts itself */
#define PURG_ERR_PARAMS_MAGIC (-21) /* there is no parameter block of this version where the header says */
#define PURG_ERR_PARAMS_FULL (-22)  /* there are more segments, copies or consoles than the block can hold */
#define PURG_ERR_PARAMS_NAME (-23)  /* a segment's name is empty or longer than PURG_NAME_SIZE */
#define PURG_ERR_STRIPES (-24)      /* a striped digest has 2, 4, 8 or 16 lanes */

/* ELF files. */
#define PURG_ERR_ELF_CUT (-32)          /* a header, section or segment lies outside the file */
#define PURG_ERR_ELF_IDENT (-33)        /* not a 64-bit little-endian ELF file of version 1 */
#define PURG_ERR_ELF_MACHINE (-34)      /* for neither arm64 nor x86_64 */
#define PURG_ERR_ELF_TYPE (-35)         /* neither relocatable nor static PIE nor executable */
#define PURG_ERR_ELF_HEADER (-36)       /* a header's entries have another size than ELF gives them */
#define PURG_ERR_ELF_SECTION (-37)      /* a section header contradicts itself or another one */
#define PURG_ERR_ELF_SEGMENT (-38)      /* a program header contradicts itself or overlaps another one */
#define PURG_ERR_ELF_SYMBOLS (-39)      /* a symbol table is damaged */
#define PURG_ERR_ELF_UNDEFINED (-40)    /* a symbol that is needed is not defined */
#define PURG_ERR_ELF_DYNAMIC (-41)      /* the dynamic section is damaged, or asks for a library or an interpreter */
#define PURG_ERR_ELF_RELOCATION (-42)   /* a relocation of a type that is not known here */
#define PURG_ERR_ELF_PLACE (-43)        /* a relocation changes bytes outside its section, or no whole instruction */
#define PURG_ERR_ELF_RANGE (-44)        /* a relocation's value does not fit where it belongs */
#define PURG_ERR_ELF_MISALIGNED (-45)   /* a relocation's value is not aligned as the instruction needs it */
#define PURG_ERR_ELF_SYMBOL (-46)       /* there is no such symbol */
#define PURG_ERR_ELF_SYMBOL_SIZE (-47)  /* the symbol has another size */
#define PURG_ERR_ELF_SYMBOL_PLACE (-48) /* the symbol lies in nothing that is loaded */
#define PURG_ERR_ELF_ENTRY (-49)        /* the entry lies in nothing that is loaded for execution */
#define PURG_ERR_ELF_UNSUPPORTED (-50)  /* thread-local variables, indirect functions, or more than 65279 sections */
#define PURG_ERR_ELF_INSTRUCTION (-51)  /* a relocation is for another instruction than the one that is there */

/* Memory maps. */
#define PURG_ERR_MAP_SYNTAX (-64)  /* a line or a word is not of the map's format */
#define PURG_ERR_MAP_RANGE (-65)   /* a range ends before it starts, or wraps */
#define PURG_ERR_MAP_NESTING (-66) /* a range is said to be inside another one, and is not */
#define PURG_ERR_MAP_HIDDEN (-67)  /* all addresses are zero: they are shown to root only */
#define PURG_ERR_MAP_EMPTY (-68)   /* there is no RAM in it, or none for the kernel that is asked for */
#define PURG_ERR_MAP_EFI (-69)     /* EFI descriptors of another version, or a size that does not fit */
#define PURG_ERR_MAP_FULL (-70)    /* there are more entries than the caller has room for */

/* Places. */
#define PURG_ERR_NO_HOLE (-80)  /* no free range is large enough within the limits */
#define PURG_ERR_NOT_FREE (-81) /* the place is not free */

/* Kernels. */
#define PURG_ERR_KERNEL_UNKNOWN (-96)     /* not a kernel of this format: its magic is missing */
#define PURG_ERR_KERNEL_CUT (-97)         /* it is shorter than its header says */
#define PURG_ERR_BZIMAGE_HEADER (-98)     /* the setup header's end lies where it cannot */
#define PURG_ERR_BZIMAGE_PROTOCOL (-99)   /* boot protocol before 2.12 (Linux 3.8) */
#define PURG_ERR_BZIMAGE_64 (-100)        /* no 64-bit entry */
#define PURG_ERR_BZIMAGE_LOW (-101)       /* a zImage, to be loaded low */
#define PURG_ERR_BZIMAGE_ALIGN (-102)     /* kernel_alignment is not a power of two */
#define PURG_ERR_BZIMAGE_SIZE (-103)      /* init_size is zero */
#define PURG_ERR_ARM64_ENDIAN (-104)      /* a big-endian kernel */
#define PURG_ERR_ARM64_SIZE (-105)        /* image_size is zero: a kernel before 3.17 */
#define PURG_ERR_ARM64_OFFSET (-106)      /* text_offset is not a multiple of 4 below 2 MiB */
#define PURG_ERR_ZBOOT_PAYLOAD (-107)     /* the payload is empty, or lies outside the file */
#define PURG_ERR_ZBOOT_COMPRESSION (-108) /* compressed with neither gzip nor zstd */
#define PURG_ERR_PE_HEADER (-109)         /* the PE headers are damaged */
#define PURG_ERR_PE_SECTION (-110)        /* a PE section lies outside the file */
#define PURG_ERR_UKI_TWICE (-111)         /* a section that a profile may have once is there twice */
#define PURG_ERR_UKI_LINUX (-112)         /* there is no section .linux, or it is empty */
#define PURG_ERR_PE_MACHINE (-113)        /* for neither arm64 nor x86_64 */

/* boot_params. */
#define PURG_ERR_BP_CMDLINE (-128) /* the command line is longer than the kernel takes */
#define PURG_ERR_BP_HIGH (-129)    /* boot_params, command line or initrd lie higher than the kernel takes them */
#define PURG_ERR_BP_MAP (-130) /* the map has no RAM, overlaps itself, is not sorted or not e820's, or is too long */
#define PURG_ERR_BP_EFI (-131) /* no EFI system table; a map too long, or not of whole descriptors of version 1 */

/* Device trees. */
#define PURG_ERR_DTB_DAMAGED (-144)  /* not a sound device tree */
#define PURG_ERR_DTB_CELLS (-145)    /* #address-cells or #size-cells is neither 1 nor 2 */
#define PURG_ERR_DTB_FIT (-146)      /* an address or a size does not fit into the cells it has */
#define PURG_ERR_DTB_SIZE (-147)     /* the device tree is larger than the 2 MiB that arm64 allows */
#define PURG_ERR_DTB_PROPERTY (-148) /* a property of the device tree has a size that it cannot have */

/* Dumps. */
#define PURG_ERR_CORE_COUNT (-160) /* no note, no memory, or more of both than ELF can count */
#define PURG_ERR_CORE_RANGE (-161) /* a range is empty, or wraps, physically or in the linear map */

/* The running kernel. */
#define PURG_ERR_OLD_VMCOREINFO (-176) /* vmcoreinfo is cut, or what is needed of it is there twice or no number */
#define PURG_ERR_OLD_ROOT (-177)       /* x86: the top page table is not known, or lies in no memory */
#define PURG_ERR_OLD_LEVELS (-178)     /* x86: whether page tables have 4 levels or 5 is not known */
#define PURG_ERR_OLD_MEMORY (-179)     /* there is no memory for page tables, or a range of it is empty or too high */
#define PURG_ERR_OLD_REGION (-180)     /* the crash kernel's region is empty, too high, or overlaps that memory */
#define PURG_ERR_OLD_ADDRESS (-181)    /* the linear map cannot lie there, or vmcoreinfo says that it lies elsewhere */
#define PURG_ERR_OLD_SEARCH (-182)     /* where the linear map lies is not known, and there is too much for a search */
#define PURG_ERR_OLD_ENCRYPTED (-183)  /* x86: memory is encrypted, so page tables have addresses of another kind */

/* Records. */
#define PURG_ERR_REPORT_NONE (-192)    /* there is no record */
#define PURG_ERR_REPORT_VERSION (-193) /* it is of an ABI that this library does not know */
#define PURG_ERR_REPORT_SIZE (-194)    /* it is shorter than its version has it, or longer than the memory */
#define PURG_ERR_REPORT_DIGEST (-195)  /* it does not have its digest: it was changed */

/* The sentence for a PURG_ERR_*, without a full stop; "unknown error" for any other number. Never NULL. */
const char *purg_strerror(int64_t error);

/*
 * ---- Digests: SHA-256 as the purgatory computes it, by the SHA instructions of the CPU. They use vector registers,
 * which must be usable, as in any program of an operating system. ----
 */

/* A stream. What is in it is the library's. */
struct purg_sha256 {
	uint64_t opaque[16];
};

void purg_sha256_begin(struct purg_sha256 *stream);
void purg_sha256_add(struct purg_sha256 *stream, const void *data, size_t size);

/* The digest of all that was added; more may follow. */
void purg_sha256_end(const struct purg_sha256 *stream, uint8_t digest[PURG_DIGEST_SIZE]);

/*
 * The digest of a segment that lies in one piece: lanes as in purg_segment, zero for the plain SHA-256, or 2, 4, 8, 16.
 * Errors: PURG_ERR_STRIPES.
 */
int purg_digest(const void *data, size_t size, uint32_t lanes, uint8_t digest[PURG_DIGEST_SIZE]);

/* ---- The purgatory in its flat form, and the parameter block in any form. ---- */

/*
 * Check a flat purgatory of which size bytes are there. arch: PURG_ARCH_*, or zero for any. Its header goes to *header.
 * Errors: PURG_ERR_BLOB_*, PURG_ERR_PARAMS_MAGIC.
 */
int purg_blob_check(const void *blob, size_t size, uint16_t arch, struct purg_header *header);

/*
 * Check it, and put it into memory of room bytes as it shall lie where it runs: header.mem_size bytes, zeros behind
 * the file's. The place where it runs must be a multiple of header.align. Returns mem_size.
 * Errors: those of purg_blob_check; PURG_ERR_ROOM.
 */
int64_t purg_blob_place(void *memory, size_t room, const void *blob, size_t size);

/*
 * The parameter block of a purgatory that purg_blob_place or purg_elf_load has put into memory, with its header at the
 * memory's first byte; NULL if there is none in these size bytes. It points into memory, which must be aligned to 8.
 */
struct purg_params *purg_blob_params(void *memory, size_t size);

/*
 * Add a segment: size bytes that shall lie at start, with this digest. lanes as in purg_digest. name: 1 to
 * PURG_NAME_SIZE characters. Errors: PURG_ERR_PARAMS_FULL, PURG_ERR_PARAMS_NAME, PURG_ERR_STRIPES, PURG_ERR_WRAP.
 */
int purg_params_add(struct purg_params *params, const char *name, uint64_t start, uint64_t size, uint32_t lanes,
		    const uint8_t digest[PURG_DIGEST_SIZE]);

/*
 * What is known of the running kernel's page tables, so that the purgatory can look at them when that kernel has
 * crashed. What is not known is zero.
 */
struct purg_old_kernel {
	uint16_t arch; /* PURG_ARCH_* */
	uint16_t reserved;
	uint32_t levels;        /* x86: 4 or 5, if vmcoreinfo does not say it (Linux before 4.17) */
	const char *vmcoreinfo; /* the text of the note of that name, which /proc/kcore has, too (since 4.19) ... */
	uint64_t vmcoreinfo_size;
	uint64_t root;       /* x86: physical address of its top table, swapper_pg_dir, if there is no vmcoreinfo */
	uint64_t linear_map; /* virtual address of physical address 0, modulo 2^64, as in struct purg_core */
	const struct purg_range *memory; /* where page tables may lie: purg_map_dump */
	uint32_t memory_count;
	uint32_t reserved2;
	struct purg_range region; /* what was kept free for the crash kernel, of which memory has nothing */
};

/*
 * Have the segments that lie in the region skipped if the purgatory finds that the running kernel could not write to
 * them (PURG_VERIFY_UNLESS_UNMAPPED): params->verify and params->linear_map. docs/loading.md says what that proves.
 *
 * The linear map's addresses of the region are looked up if linear_map is known, or (arm64, since 5.9) vmcoreinfo says
 * it; else all that the kernel has mapped is searched, if memory and region are small enough for PURG_DEFAULT_BUDGET.
 * On arm64 the rest is in the CPU's registers. Of more than PURG_MAX_RANGES ranges of memory the largest are taken, and
 * the one with the top table.
 * Errors: PURG_ERR_OLD_*, PURG_ERR_ARGUMENT (arch).
 */
int purg_params_unless_unmapped(struct purg_params *params, const struct purg_old_kernel *old);

/*
 * The last step, when nothing in the block will change any more: the digests of the image and of the block itself, as
 * far as the purgatory knows them (PURG_FEATURE_SELF_DIGEST). memory as for purg_blob_params.
 * Errors: those of purg_blob_check (PURG_ERR_BLOB_CUT: size is less than mem_size); PURG_ERR_ALIGN.
 */
int purg_params_finish(void *memory, size_t size);

/*
 * The record that a purgatory may have left in memory, of which size bytes are there; it goes to *report.
 * Errors: PURG_ERR_REPORT_*.
 */
int purg_report_check(const void *memory, size_t size, struct purg_report *report);

/*
 * ---- ELF: a relocatable object (ET_REL), a static PIE (ET_DYN) or an executable (ET_EXEC), for freestanding code: all
 * of the psABIs' relocations but for thread-local variables and indirect functions. ----
 */

/* An open file; what is in it is the library's from `file` on. It points at the file and at scratch. */
struct purg_elf {
	uint16_t arch; /* PURG_ARCH_* */
	uint16_t type; /* ET_REL 1, ET_EXEC 2, ET_DYN 3 */
	uint32_t reserved;
	uint64_t mem_size; /* bytes that it takes when loaded */
	uint64_t align;    /* where it is loaded must be a multiple of this power of two, at least 1 */
	uint64_t address;  /* ET_EXEC: the physical address where it must be loaded (lowest p_paddr); else zero */
	uint64_t entry;    /* offset in what is loaded */
	const uint8_t *file;
	uint64_t size;
	uint64_t *scratch;
	uint64_t base;     /* ET_DYN: the virtual address of what is loaded first */
	uint64_t got;      /* ET_REL: offset of its GOT in what is loaded, ... */
	uint64_t slots;    /* ... and its entries */
	uint64_t sections; /* offset in the file, as the next ones: of the section headers, ... */
	uint64_t segments; /* ... of the program headers, ... */
	uint64_t symbols;  /* ... of the symbol table, ... */
	uint64_t strings;  /* ... of its strings */
	uint64_t symbol_count;
	uint64_t strings_size;
	uint32_t section_count;
	uint32_t segment_count;
};

/* The scratch memory, in uint64_t, that purg_elf_open needs for this file; PURG_ERR_ELF_* if it is none. */
int64_t purg_elf_scratch(const void *file, size_t size);

/*
 * Check all of a file: every header, section, segment, symbol and relocation that matters to what is loaded, so that
 * what follows can only fail for the address. Scratch memory as purg_elf_scratch says stays in use; after an error its
 * content is of no use.
 *
 * ET_REL: loaded are the sections with SHF_ALLOC, a GOT for what asks for one, and common symbols, in the order
 * executable, read-only and GOT, writable, zeros, each of these on a page of its own. Each symbol is defined once: of
 * section groups (COMDAT) all members are loaded, and of two global symbols of one name the first is found.
 * ET_DYN: the PT_LOADs by their virtual addresses, from the lowest on, rounded down to align; ET_EXEC: by their
 * physical addresses. In the file they are in this order. Relocations are those of PT_DYNAMIC; an executable has none.
 *
 * entry: e_entry; in ET_REL, in the first executable section that holds it, as kexec-tools has it; in ET_EXEC it is a
 * physical address or, where none holds it, a virtual one.
 * Errors: PURG_ERR_ELF_*, PURG_ERR_ROOM (scratch).
 */
int purg_elf_open(struct purg_elf *elf, const void *file, size_t size, uint64_t *scratch, size_t scratch_count);

/*
 * Load it into memory of room bytes, to run at address, and relocate it for there. Returns mem_size.
 * After PURG_ERR_ELF_RANGE or PURG_ERR_ELF_MISALIGNED what memory holds is of no use.
 * Errors: PURG_ERR_ROOM, PURG_ERR_ALIGN, PURG_ERR_WRAP, PURG_ERR_ARGUMENT (ET_EXEC: another address than its own),
 * PURG_ERR_ELF_RANGE, PURG_ERR_ELF_MISALIGNED.
 */
int64_t purg_elf_load(const struct purg_elf *elf, void *memory, size_t room, uint64_t address);

/*
 * ET_DYN, ET_EXEC: the same without relocating anything, for what does that itself, at any address: what
 * `objcopy -O binary` makes of an arm64 vmlinux, its Image, and the zeros behind it. Returns mem_size.
 * Errors: PURG_ERR_ROOM, PURG_ERR_ARGUMENT (ET_REL).
 */
int64_t purg_elf_flatten(const struct purg_elf *elf, void *memory, size_t room);

/*
 * Where a global symbol lies in what is loaded: *offset, *size (st_size). In ET_DYN and ET_EXEC also a hidden one,
 * which linkers make local. Errors: PURG_ERR_ELF_SYMBOL, PURG_ERR_ELF_SYMBOL_PLACE.
 */
int purg_elf_symbol(const struct purg_elf *elf, const char *name, uint64_t *offset, uint64_t *size);

/*
 * Copy a value into a symbol in memory that purg_elf_load filled, or out of it; the size must be exactly the symbol's.
 * Errors: those of purg_elf_symbol; PURG_ERR_ELF_SYMBOL_SIZE.
 */
int purg_elf_set(const struct purg_elf *elf, void *memory, const char *name, const void *value, size_t size);
int purg_elf_get(const struct purg_elf *elf, const void *memory, const char *name, void *value, size_t size);

/* ---- Memory maps. ---- */

/*
 * The types to PURG_MEM_SOFT_RESERVED are e820's (ACPI 6.5, 15; Linux arch/x86/include/asm/e820/types.h), for what
 * firmware says; any that is not one of these is PURG_MEM_RESERVED. Those from PURG_MEM_KERNEL on are for what an
 * operating system says. PURG_MEM_KERNEL, PURG_MEM_CRASH and PURG_MEM_KEPT are parts of RAM: they lie over entries of
 * PURG_MEM_RAM, and count for nothing elsewhere. What is in no entry is no memory.
 */
#define PURG_MEM_RAM 1
#define PURG_MEM_RESERVED 2
#define PURG_MEM_ACPI 3 /* ACPI tables */
#define PURG_MEM_NVS 4  /* ACPI non-volatile storage */
#define PURG_MEM_UNUSABLE 5
#define PURG_MEM_PMEM 7
#define PURG_MEM_PRAM 12 /* persistent memory of before ACPI 6 */
#define PURG_MEM_SOFT_RESERVED 0xefffffff
#define PURG_MEM_KERNEL 0x80000001 /* the running kernel's code and data: free for the next one, needed in a dump */
#define PURG_MEM_CRASH 0x80000002  /* set aside for the crash kernel */
#define PURG_MEM_KEPT 0x80000003   /* must live: reserved parts, firmware's tables, a map that was handed over */
#define PURG_MEM_DRIVER 0x80000004 /* RAM that a driver has brought: dumped, not overwritten, told to nobody */

struct purg_mem {
	uint64_t start;
	uint64_t size; /* never zero */
	uint32_t type; /* PURG_MEM_* */
	uint32_t reserved;
};

/* A map in the caller's memory. Entries may overlap and have any order; functions that only read it may sort it. */
struct purg_map {
	struct purg_mem *entry;
	uint32_t count;
	uint32_t room;
};

/*
 * Errors of these: PURG_ERR_MAP_*. The map is as it was after an error. Every one adds to what is there. Addresses are
 * taken as they are, and not rounded to pages.
 */

/* One entry. PURG_ERR_ARGUMENT: not a type. */
int purg_map_add(struct purg_map *map, uint64_t start, uint64_t size, uint32_t type);

/*
 * The text of Linux' /proc/iomem, nested to any depth that Linux shows (6 levels; 32 are read). Whatever lies inside
 * "System RAM" and is not the kernel itself or the crash kernel's must live, on every level. Memory of firmware counts
 * wherever it is, since Linux shows some inside devices; what is no memory is left out. A text without its last newline
 * was cut: PURG_ERR_MAP_SYNTAX.
 */
int purg_map_from_iomem(struct purg_map *map, const char *text, size_t size);

/*
 * One directory of Linux' /sys/firmware/memmap: the texts of its files start, end (the last byte) and type, NUL
 * terminated; a newline at the end does not matter. A type that is not known is kept as PURG_MEM_RESERVED.
 */
int purg_map_from_memmap(struct purg_map *map, const char *start, const char *end, const char *type);

/* A table of e820 entries of 20 bytes each, as in boot_params. Types that are not known are PURG_MEM_RESERVED. */
int purg_map_from_e820(struct purg_map *map, const void *table, uint32_t entries);

/*
 * An EFI memory map as GetMemoryMap gives it (UEFI 2.10, 7.2.3), with size a multiple of descriptor_size, as Linux'
 * stub makes an e820 map of it: boot services' memory is RAM, since they have ended; what runtime services need, what
 * cannot be cached as RAM, memory-mapped I/O and what is not known are PURG_MEM_RESERVED.
 */
int purg_map_from_efi(struct purg_map *map, const void *descriptors, size_t size, uint32_t descriptor_size,
		      uint32_t descriptor_version);

/*
 * A DTB: its memory nodes as RAM, as far as linux,usable-memory has it; the children of /reserved-memory and the memory
 * reservations as PURG_MEM_KEPT. A node with a status but "okay" is left out, and a child of /reserved-memory without
 * reg: the next kernel finds a place for it. The cells are the root's, as for purg_dtb_write, and for the children what
 * /reserved-memory says in its turn. In loader/dtb_map.c, with libfdt. dtb is a multiple of 8, since libfdt wants that.
 * Errors: PURG_ERR_MAP_*, PURG_ERR_DTB_*, PURG_ERR_ALIGN.
 */
int purg_map_from_dtb(struct purg_map *map, const void *dtb, size_t size);

/* Whom a question is for. */
#define PURG_FOR_NEXT 0  /* a kernel that takes the whole machine */
#define PURG_FOR_CRASH 1 /* a crash kernel, which lives in what was set aside for it */

/*
 * What may be overwritten, sorted, joined, not overlapping. For the next kernel: RAM but for what lies over it and is
 * not PURG_MEM_KERNEL. For the crash kernel: what is PURG_MEM_CRASH, but for what is PURG_MEM_KEPT over it.
 * Sorts the map. Returns how many there are. Errors: PURG_ERR_MAP_EMPTY, PURG_ERR_MAP_FULL (room), PURG_ERR_MAP_RANGE
 * (of an entry that was written by hand), PURG_ERR_ARGUMENT (whom, or a map with more entries than room).
 */
int64_t purg_map_usable(struct purg_map *map, int whom, struct purg_range *ranges, uint32_t room);

/*
 * What a dump must describe: all RAM, the kernel and all that must live with it, and PURG_MEM_DRIVER, but not what is
 * PURG_MEM_CRASH. The rest as purg_map_usable.
 */
int64_t purg_map_dump(struct purg_map *map, struct purg_range *ranges, uint32_t room);

/*
 * What the next kernel shall be told of memory: sorted, not overlapping, types of e820 only. Adjoining ranges of one
 * type are joined, but for PURG_MEM_PRAM and PURG_MEM_SOFT_RESERVED: their boundaries may be those of NUMA nodes. Where
 * entries overlap the highest type of firmware holds, both as Linux has it (e820__update_table). PURG_MEM_KEPT in RAM
 * is told as PURG_MEM_RESERVED, PURG_MEM_KERNEL and PURG_MEM_CRASH as RAM, PURG_MEM_DRIVER not at all. For the crash
 * kernel RAM is only what is PURG_MEM_CRASH, and the rest of RAM is left out, so that it leaves that alone; on x86 it
 * needs some of the first MiB too, and purg_map_add(map, 0, 0x100000, PURG_MEM_CRASH) gives it what of that is RAM:
 * after purg_map_usable, since nothing may be loaded there, and before purg_map_dump, since it is overwritten.
 * Returns how many. Errors: as purg_map_usable.
 */
int64_t purg_map_tell(struct purg_map *map, int whom, struct purg_mem *told, uint32_t room);

/* ---- Places. ---- */

/* Free memory: ranges sorted, not overlapping, not adjoining, as of purg_map_usable. Placing takes from it. */
struct purg_space {
	struct purg_range *range;
	uint32_t count;
	uint32_t room; /* each placement may need one range more */
};

/* Linux loads whole pages: who loads for it asks for multiples of its page size, with that or more as alignment. */
struct purg_need {
	uint64_t size;  /* not zero */
	uint64_t align; /* a power of two */
	uint64_t min;   /* the first byte is not below this ... */
	uint64_t max;   /* ... and the last not above this */
	bool top_down;  /* the highest place there is, not the lowest */
};

/* Find a place, and take it. Errors: PURG_ERR_ARGUMENT, PURG_ERR_ALIGN, PURG_ERR_NO_HOLE, PURG_ERR_ROOM. */
int purg_space_place(struct purg_space *space, const struct purg_need *need, uint64_t *start);

/* Take this very place. Errors: PURG_ERR_ARGUMENT, PURG_ERR_WRAP, PURG_ERR_NOT_FREE, PURG_ERR_ROOM. */
int purg_space_take(struct purg_space *space, uint64_t start, uint64_t size);

/* ---- x86: bzImage and boot_params (Linux Documentation/arch/x86/boot.rst, zero-page.rst). ---- */

struct purg_bzimage {
	const uint8_t *header; /* the setup header, in the file at 0x1f1 ... */
	uint32_t header_size;  /* ... and its size */
	uint16_t version;      /* of the boot protocol: 0x20c and later */
	uint16_t xloadflags;
	uint64_t offset;      /* of the protected-mode kernel in the file; this is what is loaded ... */
	uint64_t size;        /* ... with so many bytes ... */
	uint64_t mem_size;    /* ... into so many (init_size, at least size) */
	uint64_t entry;       /* of the 64-bit entry, from where it is loaded: 0x200 */
	uint64_t address;     /* pref_address */
	uint64_t align;       /* kernel_alignment: for addresses above that one; below, it unpacks itself up to it */
	uint64_t cmdline_max; /* longest command line, without its NUL */
	uint64_t initrd_max;  /* highest address of an initrd's last byte; UINT64_MAX if above_4g */
	bool relocatable;
	bool above_4g; /* kernel, initrd and the rest may lie above 4 GiB */
};

/* Errors: PURG_ERR_KERNEL_UNKNOWN, PURG_ERR_KERNEL_CUT, PURG_ERR_BZIMAGE_*. */
int purg_bzimage_read(struct purg_bzimage *kernel, const void *file, size_t size);

/* What an EFI kernel hands on of its firmware (Linux arch/x86/include/asm/efi.h: struct efi_setup_data). */
struct purg_efi {
	const void *map;   /* runtime services' descriptors with their virtual addresses */
	uint64_t map_size; /* bytes, a multiple of descriptor_size; at most 252 KiB, which Linux can map */
	uint32_t descriptor_size;
	uint32_t descriptor_version;
	uint64_t system_table;
	uint64_t fw_vendor;
	uint64_t tables; /* the configuration tables */
	uint64_t smbios;
};

/* What goes into boot_params beside the kernel's own header. */
struct purg_boot_params {
	const struct purg_bzimage *kernel; /* NULL: an ELF vmlinux, which has no setup header */
	uint64_t kernel_address;           /* where the kernel will lie; code32_start says so */
	uint64_t address;      /* where boot_params will lie, a multiple of 16; with what follows it, it is one piece */
	uint64_t cmdline;      /* where the command line will lie ... */
	uint64_t cmdline_size; /* ... and its bytes with the NUL; zero: none */
	uint64_t initrd;
	uint64_t initrd_size;       /* zero: none */
	const struct purg_mem *map; /* sorted, not overlapping, of e820's types: purg_map_tell */
	uint32_t map_count;
	uint32_t reserved;
	uint64_t rsdp;              /* of ACPI; zero: as in old */
	const struct purg_efi *efi; /* NULL: none; for a kernel that does not take it (XLF_EFI_KEXEC) it is left out */
	const void *old;  /* the running kernel's boot_params, 4096 bytes: screen, video and disks; NULL: none */
	const void *seed; /* for the kernel's random numbers (SETUP_RNG_SEED); NULL: none */
	uint32_t seed_size;
	uint32_t report; /* not zero: room for a struct purg_report, at PURG_BOOT_PARAMS_REPORT */
};

/*
 * A record's room is the data of a node of setup_data that Linux keeps and ignores, and shows in
 * /sys/kernel/boot_params/setup_data: its type ("PURG" in memory), and the room's offset from boot_params.
 */
#define PURG_SETUP_REPORT 0x47525550
#define PURG_BOOT_PARAMS_REPORT 0x1010

/*
 * The bytes that it will take: 4096, and behind them setup_data: a record's room, memory map entries from the 129th on,
 * EFI, seed. A result of purg_boot_params_size for the same `in` is enough room. write returns the bytes. A chain of
 * setup_data that the kernel's file or old has is not gone on with: it is of another boot. Errors: PURG_ERR_BP_*,
 * PURG_ERR_ROOM, PURG_ERR_ALIGN, PURG_ERR_WRAP, PURG_ERR_ARGUMENT (a seed of more than 258032 bytes, which Linux cannot
 * map; a header_size that no purg_bzimage_read gives).
 */
int64_t purg_boot_params_size(const struct purg_boot_params *in);
int64_t purg_boot_params_write(void *out, size_t room, const struct purg_boot_params *in);

/* ---- arm64: Image (Linux Documentation/arch/arm64/booting.rst), EFI zboot, and for both: UKI. ---- */

struct purg_arm64_image {
	uint64_t text_offset; /* it is loaded that far behind a multiple of 2 MiB; entered at its first byte */
	uint64_t size;        /* bytes of the file */
	uint64_t mem_size;    /* bytes of memory (image_size, at least size) */
	uint32_t page_size;   /* 4096, 16384, 65536; zero: not said */
	bool anywhere;        /* it may lie anywhere in RAM, not only near its base */
};

/*
 * Errors: PURG_ERR_KERNEL_UNKNOWN, PURG_ERR_ARM64_*; PURG_ERR_KERNEL_CUT, which can be seen of a kernel with an EFI
 * stub alone.
 */
int purg_arm64_image_read(struct purg_arm64_image *kernel, const void *file, size_t size);

/* How the payload of a zboot image is compressed. */
#define PURG_ZBOOT_GZIP 1
#define PURG_ZBOOT_ZSTD 2

/*
 * An EFI zboot image (Linux drivers/firmware/efi/libstub/zboot-header.S), in which an Image is compressed. Nothing in
 * it says how long the Image is, or for what machine: that is seen when it is there.
 */
struct purg_zboot {
	uint64_t offset;      /* of the payload in the file: one gzip file, or one zstd frame ... */
	uint64_t size;        /* ... of so many bytes */
	uint32_t compression; /* PURG_ZBOOT_* */
	uint32_t reserved;
};

/* Errors: PURG_ERR_KERNEL_UNKNOWN, PURG_ERR_ZBOOT_*. */
int purg_zboot_read(struct purg_zboot *zboot, const void *file, size_t size);

/* A part of a file; size zero: there is none. */
struct purg_part {
	uint64_t offset;
	uint64_t size;
};

/*
 * A Unified Kernel Image (UAPI group specification 5): a PE file with the kernel and what belongs to it as sections. Of
 * several profiles this is what the stub takes if it is not told: profile 0, and what that does not have from the base
 * profile. Of several .dtb in a profile the first is taken. A section's size is the smaller of its size in the file and
 * in memory. An Image, a bzImage and a zboot image may be PE files too, so ask for those first.
 */
struct purg_uki {
	uint16_t arch; /* PURG_ARCH_* */
	uint16_t reserved[3];
	struct purg_part kernel;  /* .linux: an Image, a zboot image or a bzImage */
	struct purg_part initrd;  /* .initrd */
	struct purg_part cmdline; /* .cmdline: text; a NUL or newlines at its end do not belong to it */
	struct purg_part dtb;     /* .dtb */
	struct purg_part ucode;   /* .ucode: an initrd to go before the other */
};

/*
 * PURG_ERR_KERNEL_UNKNOWN: not PE. PURG_ERR_UKI_LINUX: PE, but no UKI. Other errors: PURG_ERR_PE_*, PURG_ERR_UKI_TWICE.
 */
int purg_uki_read(struct purg_uki *uki, const void *file, size_t size);

/* ---- arm64: the DTB for the next kernel. In loader/dtb.c, with libfdt. ---- */

/*
 * libfdt needs of a libc, beside what this library does, memchr, strlen, strnlen, strchr and strrchr (and strtoul if
 * overlays are in it); it says so in libfdt_env.h, which is there to be replaced.
 */

#define PURG_DTB_MAX_SIZE 0x200000 /* booting.rst */

struct purg_dtb {
	const void *dtb;      /* to start from, at a multiple of 8, since libfdt wants that; NULL: an empty tree */
	uint64_t size;        /* bytes that may be read there */
	const char *bootargs; /* NULL: as they are */
	uint64_t initrd;
	uint64_t initrd_size; /* zero: none */
	uint64_t kaslr_seed;  /* zero: none */
	const void *rng_seed;
	uint32_t rng_seed_size; /* zero: none */
	uint32_t usable_count;  /* zero: none */
	/*
	 * linux,usable-memory-range: a crash kernel's memory. Linux takes the first two (drivers/of/fdt.c); what lies
	 * below 4 GiB comes last
	 */
	const struct purg_range *usable;
	uint64_t elfcorehdr;              /* linux,elfcorehdr */
	uint64_t elfcorehdr_size;         /* zero: none */
	const struct purg_range *dropped; /* memory reservations to drop: what lies within one of these, up to ... */
	uint32_t dropped_count;           /* ... the end of its last page of 4 KiB. As such the old DTB is one */
	uint32_t report;                  /* not zero: room for a struct purg_report, where purg_dtb_report says */
};

/*
 * The completed DTB: a copy in which /chosen has what is said here. What it had before of linux,initrd-start and -end,
 * kaslr-seed, rng-seed, linux,usable-memory-range, linux,elfcorehdr, purgatory,report, linux,ima-kexec-buffer,
 * linux,kho-fdt and linux,kho-scratch was for the old kernel, and goes if nothing takes its place; with it go the
 * reservations of the old initrd and of the IMA buffer, in the same way as dropped. All the rest stays, such as
 * linux,uefi-*.
 *
 * Addresses are written with the root's #address-cells and #size-cells and must fit; if it does not say, with 1 and 1,
 * as Linux reads them (the Devicetree Specification has 2 and 1). linux,initrd-* have two cells always. The empty tree
 * has 2 and 2, and nothing else: a kernel then takes ACPI.
 * _size computes the exact bytes that it takes; _write returns them. out is a multiple of 8. dtb is DTB version 16 or
 * later, of at most PURG_DTB_MAX_SIZE; names of properties have at most 255 characters.
 * Errors: PURG_ERR_DTB_*, PURG_ERR_ALIGN, PURG_ERR_ROOM, PURG_ERR_WRAP, PURG_ERR_ARGUMENT (a range of size zero).
 */
int64_t purg_dtb_size(const struct purg_dtb *in);
int64_t purg_dtb_write(void *out, size_t room, const struct purg_dtb *in);

/* The property of /chosen that is a record's room. */
#define PURG_DTB_REPORT "purgatory,report"

/*
 * Where the room for a record is in a DTB, or the record, if a kernel was started with this DTB: the offset in
 * PURG_DTB_REPORT of /chosen, a multiple of 8. Where the DTB is used it must lie at such a multiple, too.
 * Errors: PURG_ERR_REPORT_NONE, PURG_ERR_REPORT_SIZE (the property is too short), PURG_ERR_DTB_*, PURG_ERR_ALIGN.
 */
int64_t purg_dtb_report(const void *dtb, size_t size);

/* ---- elfcorehdr: the ELF header that a crash kernel finds its predecessor's memory by. ---- */

struct purg_core {
	uint16_t arch; /* PURG_ARCH_* */
	uint16_t reserved;
	uint32_t memory_count;
	const struct purg_range *memory; /* purg_map_dump */
	uint64_t linear_map;      /* virtual address of physical address 0, modulo 2^64: p_vaddr is that + start */
	uint64_t text;            /* virtual address of the kernel's text ... */
	uint64_t text_address;    /* ... its physical address ... */
	uint64_t text_size;       /* ... and its size; zero: no program header of its own */
	uint64_t vmcoreinfo;      /* physical address of the note, as /sys/kernel/vmcoreinfo says ... */
	uint64_t vmcoreinfo_size; /* ... and its size; zero: none */
	const struct purg_range
		*note; /* one of each CPU: crash_notes and crash_notes_size of /sys/devices/system/cpu/cpuN; or empty */
	uint32_t note_count;
	uint32_t reserved2;
};

/*
 * An ELF64 ET_CORE file without its contents: PT_NOTEs, then the PT_LOADs, p_offset being the physical address.
 * Errors: PURG_ERR_CORE_*, PURG_ERR_ARGUMENT (arch), PURG_ERR_ROOM.
 */
int64_t purg_core_size(const struct purg_core *in);
int64_t purg_core_write(void *out, size_t room, const struct purg_core *in);

#ifdef __cplusplus
}
#endif

#endif
