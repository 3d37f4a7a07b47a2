/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The ABI of the purgatory, version 1.0.
 *
 * A loader does five things:
 *
 *  1. puts the image anywhere in memory aligned to purg_header.align, header.mem_size bytes of it: header.file_size
 *     bytes from the file, zeros behind them;
 *  2. puts the next kernel and all that goes with it in place;
 *  3. fills in the parameter block, header.params bytes into the image (its magic, version and size are there
 *     already);
 *  4. makes all of that visible to a CPU that runs without caches (arm64: clean to the PoC);
 *  5. jumps to the image's first byte, in the state that docs/abi.md gives for the architecture.
 *
 * Every field is little-endian and of fixed width. There are no pointers: an address is a physical address, a size is
 * in bytes. A field that is zero has the safest meaning it can have: verify, halt on failure, change nothing. (The two
 * digests of the self-check are the exception: zero is "not given".) Fields and bits that are called reserved must be
 * zero; the purgatory refuses a block in which they are not.
 *
 * Who writes: the loader writes everything in the parameter block; the image carries the header and the block's first
 * sixteen bytes. All fields are there since version 1.0. docs/abi.md says the same in prose and has the rules.
 *
 * The numbers below serve C and assembly; the structures follow, with an assertion for each offset.
 */
#ifndef PURGATORY_ABI_H
#define PURGATORY_ABI_H

#define PURG_ABI_MAJOR 1
#define PURG_ABI_MINOR 0

/* "PURGATRY" and "PURGPARM" and "PURGREPT", as eight bytes in memory. */
#define PURG_HEADER_MAGIC 0x5952544147525550
#define PURG_PARAMS_MAGIC 0x4d52415047525550
#define PURG_REPORT_MAGIC 0x5450455247525550

/* purg_header.arch: the ELF e_machine of the image. */
#define PURG_ARCH_X86_64 62
#define PURG_ARCH_ARM64 183

/*
 * purg_header.features: what this build does. What it does not do, it refuses: a loader that asks for nothing outside
 * these bits is never told "not supported by this build".
 */
#define PURG_FEATURE_SEGMENT_DIGEST (1 << 0)
#define PURG_FEATURE_CONCAT_DIGEST (1 << 1)
#define PURG_FEATURE_STRIPED_DIGEST (1 << 2)
#define PURG_FEATURE_SELF_DIGEST (1 << 3)
#define PURG_FEATURE_VERIFY_NEVER (1 << 4)
#define PURG_FEATURE_SKIP_UNMAPPED (1 << 5)
#define PURG_FEATURE_COPY (1 << 6)
#define PURG_FEATURE_X86_32 (1 << 7)
#define PURG_FEATURE_X86_16 (1 << 8)
#define PURG_FEATURE_RESET (1 << 9)
#define PURG_FEATURE_RETURN (1 << 10)
#define PURG_FEATURE_FALLBACK (1 << 11)
#define PURG_FEATURE_REPORT (1 << 12)
#define PURG_FEATURE_BAUD (1 << 13)         /* x86_64 only: purg_console.baud */
#define PURG_FEATURE_CONSOLE_VGA (1 << 14)  /* x86_64 only */
#define PURG_FEATURE_CONSOLE_SINK (1 << 15) /* arm64 only */
#define PURG_FEATURE_LEGACY (1 << 16)       /* x86_64 only: PURG_FLAG_RESET_VGA, PURG_FLAG_LEGACY_PIC */

/* Capacities of the block. */
#define PURG_MAX_CONSOLES 2
#define PURG_CONSOLE_SPAN 96       /* bytes from a memory-mapped console's base on in which nothing else may lie, ... */
#define PURG_CONSOLE_VGA_SPAN 4000 /* ... and from that of a PURG_CONSOLE_VGA: 25 rows of 80 cells of 2 bytes */
#define PURG_MAX_SEGMENTS 64
#define PURG_MAX_COPIES 16
#define PURG_MAX_RANGES 32
#define PURG_DEFAULT_BUDGET (1 << 20) /* purg_linear_map.budget, if it is zero: all of 4 GiB in pages of 4 KiB */
#define PURG_MAX_DELAY 86400          /* purg_failure.delay, in seconds: it is waited no longer */
#define PURG_NAME_SIZE 8
#define PURG_DIGEST_SIZE 32

/*
 * Policy words. Any two of them, and any of them and zero, differ in at least twelve bits: no flipped bit, nor eleven,
 * turns one policy into another. purg_params.verify:
 */
#define PURG_VERIFY_ALWAYS 0                   /* verify every segment */
#define PURG_VERIFY_UNLESS_UNMAPPED 0x7184d454 /* skip a segment that the old kernel's linear map cannot reach */
#define PURG_VERIFY_NEVER 0x95bd447e           /* by the loader's word alone */

/* purg_failure.policy: */
#define PURG_FAIL_HALT 0
#define PURG_FAIL_RESET 0x84e61ceb
#define PURG_FAIL_RETURN 0x62f746b4 /* only until the first copy is made; then it is PURG_FAIL_HALT */
#define PURG_FAIL_FALLBACK 0x4b2d451c

/* purg_failure.conduit, for PSCI on arm64: */
#define PURG_CONDUIT_NONE 0
#define PURG_CONDUIT_HVC 0xb80469b8
#define PURG_CONDUIT_SMC 0x36824dd6

/* purg_handoff.mode; zero is the image's own 64-bit mode. */
#define PURG_HANDOFF_NATIVE 0
#define PURG_HANDOFF_X86_32 0x2399d29d /* protected mode, paging off, flat descriptors */
#define PURG_HANDOFF_X86_16 0x1b2ba06b /* real mode */

/* purg_console.kind: words of the same sort, so that a console can be trusted even in a damaged block. */
#define PURG_CONSOLE_NONE 0
#define PURG_CONSOLE_PL011 0xec7ac8ad     /* Arm PL011 or SBSA UART, memory mapped */
#define PURG_CONSOLE_8250 0xf5b19f71      /* 8250, 16450, 16550, memory mapped */
#define PURG_CONSOLE_8250_PORT 0xdc36fc90 /* the same behind x86 I/O ports */
#define PURG_CONSOLE_VGA 0xf049823f       /* x86: VGA text memory, 80 columns and 25 rows; base normally 0xb8000 */
#define PURG_CONSOLE_SINK 0xb0e6a3a6      /* arm64: a transmit register alone, of a UART that cannot be asked */

/* purg_segment.kind: how the segment is verified. No kind means "not at all". */
#define PURG_DIGEST_SEGMENT 0          /* SHA-256 of the segment, in purg_segment.digest */
#define PURG_DIGEST_CONCAT 0x2052e52b  /* part of the concatenation whose SHA-256 is purg_params.digest */
#define PURG_DIGEST_STRIPED 0x37b00307 /* SHA-256 over the digests of purg_segment.lanes lanes: docs/abi.md */

/* purg_report.verdict: */
#define PURG_VERDICT_NONE 0 /* nothing was verified, by the loader's word */
#define PURG_VERDICT_VERIFIED 0xe500bddf
#define PURG_VERDICT_SKIPPED 0x5e0e14ca /* one segment or more, and all the others were verified */
#define PURG_VERDICT_REFUSED 0x281fa6f5

/* purg_report.stage: how far the boot came. */
#define PURG_STAGE_PARAMETERS 1 /* the checks of the block */
#define PURG_STAGE_VERIFY 2
#define PURG_STAGE_COPY 3
#define PURG_STAGE_HANDOFF 4 /* all is in place: the last checks, and the jump */

/* purg_report.level, on arm64 */
#define PURG_LEVEL_E2H (1 << 8)

/* purg_params.flags */
#define PURG_FLAG_PORTABLE_SHA256 (1 << 0) /* use the portable SHA-256, whatever the CPU has: for debugging */
#define PURG_FLAG_RESET_VGA (1 << 1)       /* x86_64: put a VGA card back to text mode 3 before the first line */
#define PURG_FLAG_LEGACY_PIC (1 << 2)      /* x86_64: program the two 8259A as a PC's BIOS does */

/* purg_copy.flags */
#define PURG_COPY_UNVERIFIED (1 << 0) /* what is copied need not be verified: memory that is saved as it is */

/* purg_handoff.checks: look at what is handed over before the jump. */
#define PURG_CHECK_KERNEL (1 << 0) /* arm64: the Image magic at pc + 56. x86: "HdrS" 0x202 behind rsi, esi or ds:0 */
#define PURG_CHECK_DTB (1 << 1)    /* arm64: magic, alignment to 8 and size (at most 2 MiB) of the DTB at x0 */

/* purg_linear_map.flags */
#define PURG_LINEAR_MAP_LIVE (1 << 0)   /* arm64: root and tcr are those in the CPU's registers, and zero here */
#define PURG_LINEAR_MAP_SEARCH (1 << 1) /* no va is known (va and pa are zero): search the whole upper half */

/*
 * purg_report.walk: what the look at the old kernel's tables has shown. Only the first of these lets a segment be
 * skipped; from PURG_WALK_DIGEST on there was doubt, and every segment was verified.
 */
#define PURG_WALK_NONE 0      /* there was no look: another policy */
#define PURG_WALK_UNMAPPED 1  /* no segment in the region can have been written through the old kernel's map */
#define PURG_WALK_MAPPED 2    /* one or more can; those were verified */
#define PURG_WALK_DIGEST 3    /* the block has no digest of itself or of the image: what it says could be changed */
#define PURG_WALK_REGION 4    /* no region, or no segment lies in it */
#define PURG_WALK_RANGES 5    /* no ranges, too many, or one that is no memory: wraps, too high, a console's */
#define PURG_WALK_GEOMETRY 6  /* flags, levels, tcr or root describe no tables of this architecture */
#define PURG_WALK_ADDRESS 7   /* the linear map's addresses of a segment are not in the upper half */
#define PURG_WALK_POINTER 8   /* a table lies outside the ranges, or the purgatory cannot reach it */
#define PURG_WALK_CYCLE 9     /* a table is its own ancestor */
#define PURG_WALK_ENTRY 10    /* an entry is of a kind that its level does not have */
#define PURG_WALK_BUDGET 11   /* more entries than the budget */
#define PURG_WALK_CONTROL 12  /* the tables do not map their own root: they are no kernel's, or va is wrong */
#define PURG_WALK_CACHES 13   /* the CPU's caches could not be used: memory may not have what the tables say */
#define PURG_WALK_UNPROVEN 14 /* a page is not mapped, but nothing says that this is on purpose */

/*
 * Why the purgatory refused: purg_report.code, and x0 or rax while it halts. docs/failures.md has what to do.
 */
#define PURG_OK 0
#define PURG_E_MAGIC 1        /* not a parameter block */
#define PURG_E_VERSION 2      /* a parameter block of another ABI version */
#define PURG_E_SIZE 3         /* the block's size is not that of its version; or the record has too little room */
#define PURG_E_RESERVED 4     /* a reserved or unused field is not zero */
#define PURG_E_UNSUPPORTED 5  /* valid, but not supported by this build */
#define PURG_E_VALUE 6        /* a field has a value that this version does not define */
#define PURG_E_COUNT 7        /* more entries than the block can hold */
#define PURG_E_RANGE 8        /* start + size wraps or lies beyond the physical address space */
#define PURG_E_OVERLAP_SELF 9 /* a range overlaps the purgatory */
#define PURG_E_OVERLAP 10     /* a range overlaps a segment, a copy or a console */
#define PURG_E_NOTHING 11     /* verification is on, but there is no segment to verify */
#define PURG_E_ENTRY 12       /* the entry is misaligned, or not in what is verified and stays so */
#define PURG_E_BLOCK 13       /* the parameter block does not have the digest that the loader gave it */
#define PURG_E_IMAGE 14       /* the purgatory's own code does not have the digest that the loader gave */
#define PURG_E_DIGEST 15      /* a segment does not have its digest: it was changed after it was loaded */
#define PURG_E_CONCAT 16      /* the concatenated segments do not have their digest */
#define PURG_E_PLACEMENT 17   /* the purgatory, stub or record is not aligned, or too high for the handoff's mode */
#define PURG_E_CPU 18         /* entered in a CPU state that the ABI does not allow */
#define PURG_E_KERNEL 19      /* what the entry points at is not a kernel */
#define PURG_E_DTB 20         /* what x0 points at is not a DTB, or lies badly */
#define PURG_E_UNMAPPED 21    /* a range is not in the identity map that the purgatory was entered with */
#define PURG_E_SOURCE 22      /* what is copied was not verified, and the copy is not said to be of such memory */
#define PURG_E_FAULT 23       /* an exception: an address that does not answer, or damaged code */

/* Sizes and offsets. */
#define PURG_HEADER_SIZE 0x40

#define PURG_PARAMS_SIZE 0x1700
#define PURG_HANDOFF_REGS 0x08

#define PURG_STUB_SIZE 0x1000

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PURG_ASSERT static_assert
#else
#define PURG_ASSERT _Static_assert
#endif

#define PURG_OFFSET(type, field, offset) PURG_ASSERT(offsetof(struct type, field) == (offset), "ABI: " #type "." #field)
#define PURG_SIZE(type, size) PURG_ASSERT(sizeof(struct type) == (size), "ABI: size of " #type)

/* At offset 0 of the image, in every form. Written by the build; read-only. */
struct purg_header {
	uint32_t code[2];     /* the first instruction branches over the header */
	uint64_t magic;       /* PURG_HEADER_MAGIC */
	uint16_t abi_major;   /* PURG_ABI_MAJOR */
	uint16_t abi_minor;   /* PURG_ABI_MINOR */
	uint16_t arch;        /* PURG_ARCH_* */
	uint16_t header_size; /* PURG_HEADER_SIZE */
	uint32_t align;       /* the image's start must be a multiple of this power of two */
	uint32_t file_size;   /* bytes of the flat image */
	uint32_t mem_size;    /* bytes of memory it takes; what is behind file_size must be zero */
	uint32_t ro_size;     /* bytes from offset 0 that are code and constants; image_digest is theirs */
	uint32_t entry;       /* offset of the entry (0: the first instruction branches to it) */
	uint32_t params;      /* offset of the parameter block */
	uint32_t params_size; /* its size: PURG_PARAMS_SIZE */
	uint32_t features;    /* PURG_FEATURE_* */
	uint64_t reserved;
};
PURG_OFFSET(purg_header, magic, 0x08);
PURG_OFFSET(purg_header, abi_major, 0x10);
PURG_OFFSET(purg_header, abi_minor, 0x12);
PURG_OFFSET(purg_header, arch, 0x14);
PURG_OFFSET(purg_header, header_size, 0x16);
PURG_OFFSET(purg_header, align, 0x18);
PURG_OFFSET(purg_header, file_size, 0x1c);
PURG_OFFSET(purg_header, mem_size, 0x20);
PURG_OFFSET(purg_header, ro_size, 0x24);
PURG_OFFSET(purg_header, entry, 0x28);
PURG_OFFSET(purg_header, params, 0x2c);
PURG_OFFSET(purg_header, params_size, 0x30);
PURG_OFFSET(purg_header, features, 0x34);
PURG_OFFSET(purg_header, reserved, 0x38);
PURG_SIZE(purg_header, PURG_HEADER_SIZE);

/* A console to which the purgatory writes its lines. It is used as found: no baud rate is set unless asked for. */
struct purg_console {
	uint32_t kind;  /* PURG_CONSOLE_*; zero: none */
	uint32_t width; /* bytes of one register access: 1, 2 or 4; zero: 4 for PL011, 1 for 8250 and sink; VGA: zero */
	uint64_t base;  /* physical address, or port, of the first register; VGA: of the first cell */
	uint32_t stride; /* 8250: bytes from one register to the next, a power of two up to 16; zero: width */
	uint32_t baud;   /* 8250 behind ports: rate to set, 50 to 115200, a divisor of 115200; zero: as it is */
	uint64_t reserved;
};
PURG_OFFSET(purg_console, kind, 0x00);
PURG_OFFSET(purg_console, width, 0x04);
PURG_OFFSET(purg_console, base, 0x08);
PURG_OFFSET(purg_console, stride, 0x10);
PURG_OFFSET(purg_console, baud, 0x14);
PURG_OFFSET(purg_console, reserved, 0x18);
PURG_SIZE(purg_console, 0x20);

/* Physical memory that was loaded, and how to tell that it is still what was loaded. */
struct purg_segment {
	uint64_t start;                   /* any alignment */
	uint64_t size;                    /* may be zero: the digest is then that of no bytes */
	uint32_t kind;                    /* PURG_DIGEST_* */
	uint16_t lanes;                   /* PURG_DIGEST_STRIPED: 2, 4, 8 or 16; else zero */
	uint16_t flags;                   /* none is defined */
	char name[PURG_NAME_SIZE];        /* for people: "kernel", "initrd"; padded with NUL, no NUL if 8 long */
	uint8_t digest[PURG_DIGEST_SIZE]; /* expected SHA-256; zero for PURG_DIGEST_CONCAT */
};
PURG_OFFSET(purg_segment, start, 0x00);
PURG_OFFSET(purg_segment, size, 0x08);
PURG_OFFSET(purg_segment, kind, 0x10);
PURG_OFFSET(purg_segment, lanes, 0x14);
PURG_OFFSET(purg_segment, flags, 0x16);
PURG_OFFSET(purg_segment, name, 0x18);
PURG_OFFSET(purg_segment, digest, 0x20);
PURG_SIZE(purg_segment, 0x40);

/*
 * A copy to make after verification, in the order of the table, as memmove would. src must lie within one segment,
 * unless PURG_COPY_UNVERIFIED is given; then dst may touch neither the segment in which the entry was loaded nor
 * another copy's dst or src.
 */
struct purg_copy {
	uint64_t dst;
	uint64_t src;
	uint64_t size;
	uint32_t flags; /* PURG_COPY_* */
	uint32_t reserved;
};
PURG_OFFSET(purg_copy, dst, 0x00);
PURG_OFFSET(purg_copy, src, 0x08);
PURG_OFFSET(purg_copy, size, 0x10);
PURG_OFFSET(purg_copy, flags, 0x18);
PURG_OFFSET(purg_copy, reserved, 0x1c);
PURG_SIZE(purg_copy, 0x20);

/* Registers of the next program, by purg_handoff.mode. What a mode does not name is reserved. */
struct purg_regs_arm64 {
	uint64_t pc; /* a multiple of 4 */
	uint64_t x0; /* Linux: the DTB. x1 to x3 must be zero for Linux */
	uint64_t x1;
	uint64_t x2;
	uint64_t x3;
};
PURG_OFFSET(purg_regs_arm64, pc, 0x00);
PURG_OFFSET(purg_regs_arm64, x0, 0x08);
PURG_OFFSET(purg_regs_arm64, x1, 0x10);
PURG_OFFSET(purg_regs_arm64, x2, 0x18);
PURG_OFFSET(purg_regs_arm64, x3, 0x20);
PURG_SIZE(purg_regs_arm64, 0x28);

struct purg_regs_x86_64 {
	uint64_t rax, rbx, rcx, rdx;
	uint64_t rsi; /* Linux: boot_params */
	uint64_t rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip;
};
PURG_OFFSET(purg_regs_x86_64, rax, 0x00);
PURG_OFFSET(purg_regs_x86_64, rbx, 0x08);
PURG_OFFSET(purg_regs_x86_64, rcx, 0x10);
PURG_OFFSET(purg_regs_x86_64, rdx, 0x18);
PURG_OFFSET(purg_regs_x86_64, rsi, 0x20);
PURG_OFFSET(purg_regs_x86_64, rdi, 0x28);
PURG_OFFSET(purg_regs_x86_64, rsp, 0x30);
PURG_OFFSET(purg_regs_x86_64, rbp, 0x38);
PURG_OFFSET(purg_regs_x86_64, r8, 0x40);
PURG_OFFSET(purg_regs_x86_64, r9, 0x48);
PURG_OFFSET(purg_regs_x86_64, r10, 0x50);
PURG_OFFSET(purg_regs_x86_64, r11, 0x58);
PURG_OFFSET(purg_regs_x86_64, r12, 0x60);
PURG_OFFSET(purg_regs_x86_64, r13, 0x68);
PURG_OFFSET(purg_regs_x86_64, r14, 0x70);
PURG_OFFSET(purg_regs_x86_64, r15, 0x78);
PURG_OFFSET(purg_regs_x86_64, rip, 0x80);
PURG_SIZE(purg_regs_x86_64, 0x88);

struct purg_regs_x86_32 {
	uint32_t eax, ebx, ecx, edx;
	uint32_t esi; /* Linux: boot_params */
	uint32_t edi, esp, ebp, eip;
};
PURG_OFFSET(purg_regs_x86_32, esi, 0x10);
PURG_OFFSET(purg_regs_x86_32, eip, 0x20);
PURG_SIZE(purg_regs_x86_32, 0x24);

struct purg_regs_x86_16 {
	uint32_t eax, ebx, ecx, edx, esi, edi, esp, ebp;
	uint16_t ds, es, ss, fs, gs, ip, cs, reserved;
};
PURG_OFFSET(purg_regs_x86_16, ds, 0x20);
PURG_OFFSET(purg_regs_x86_16, ip, 0x2a);
PURG_OFFSET(purg_regs_x86_16, cs, 0x2c);
PURG_OFFSET(purg_regs_x86_16, reserved, 0x2e);
PURG_SIZE(purg_regs_x86_16, 0x30);

/* How to enter the next program. */
struct purg_handoff {
	uint32_t mode;   /* PURG_HANDOFF_* */
	uint32_t checks; /* PURG_CHECK_* */
	union {
		struct purg_regs_arm64 arm64;
		struct purg_regs_x86_64 x86_64;
		struct purg_regs_x86_32 x86_32;
		struct purg_regs_x86_16 x86_16;
	};
	/*
	 * x86, 32-bit and 16-bit modes: PURG_STUB_SIZE free bytes, at a multiple of that, below 4 GiB or 1 MiB, from
	 * which the next program is entered; zero: all of the image lies below, and this is done in there
	 */
	uint64_t stub;
	uint64_t reserved;
};
PURG_OFFSET(purg_handoff, mode, 0x00);
PURG_OFFSET(purg_handoff, checks, 0x04);
PURG_OFFSET(purg_handoff, arm64, PURG_HANDOFF_REGS);
PURG_OFFSET(purg_handoff, x86_64, PURG_HANDOFF_REGS);
PURG_OFFSET(purg_handoff, x86_32, PURG_HANDOFF_REGS);
PURG_OFFSET(purg_handoff, x86_16, PURG_HANDOFF_REGS);
PURG_OFFSET(purg_handoff, stub, 0x90);
PURG_OFFSET(purg_handoff, reserved, 0x98);
PURG_SIZE(purg_handoff, 0xa0);

/* What to do when the next kernel is refused. */
struct purg_failure {
	uint32_t policy;     /* PURG_FAIL_* */
	uint32_t delay;      /* seconds to wait first, so that the line can be read */
	uint32_t conduit;    /* arm64, PURG_FAIL_RESET: PURG_CONDUIT_* */
	uint8_t reset_space; /* x86, PURG_FAIL_RESET: the FADT's RESET_REG: address space ... */
	uint8_t reset_width; /* ... its width in bits (zero: no register given) ... */
	uint8_t reset_value; /* ... and RESET_VALUE (ACPI 4.8.3.6) */
	uint8_t reserved;
	uint64_t reset_address;
	uint64_t timer_hz; /* how far the counter counts in a second, for delay and report; zero: as the CPU tells */
	struct purg_segment fallback;         /* PURG_FAIL_FALLBACK: the code to enter instead ... */
	struct purg_handoff fallback_handoff; /* ... and how */
};
PURG_OFFSET(purg_failure, policy, 0x00);
PURG_OFFSET(purg_failure, delay, 0x04);
PURG_OFFSET(purg_failure, conduit, 0x08);
PURG_OFFSET(purg_failure, reset_space, 0x0c);
PURG_OFFSET(purg_failure, reset_width, 0x0d);
PURG_OFFSET(purg_failure, reset_value, 0x0e);
PURG_OFFSET(purg_failure, reserved, 0x0f);
PURG_OFFSET(purg_failure, reset_address, 0x10);
PURG_OFFSET(purg_failure, timer_hz, 0x18);
PURG_OFFSET(purg_failure, fallback, 0x20);
PURG_OFFSET(purg_failure, fallback_handoff, 0x60);
PURG_SIZE(purg_failure, 0x100);

/*
 * Where the purgatory leaves a struct purg_report: after all else, so the place may lie in a segment; but it may touch
 * neither end of a copy, nor the stub, nor what is entered.
 */
struct purg_report_place {
	uint64_t address; /* zero: nowhere; else a multiple of 8 */
	uint32_t size;    /* at least sizeof(struct purg_report), which is all that is written */
	uint32_t reserved;
};
PURG_OFFSET(purg_report_place, address, 0x00);
PURG_OFFSET(purg_report_place, size, 0x08);
PURG_OFFSET(purg_report_place, reserved, 0x0c);
PURG_SIZE(purg_report_place, 0x10);

/* Physical memory in which a page table of the old kernel may lie. */
struct purg_range {
	uint64_t start;
	uint64_t size;
};
PURG_SIZE(purg_range, 0x10);

/* What PURG_VERIFY_UNLESS_UNMAPPED must know of the old kernel; else all zero. */
struct purg_linear_map {
	uint32_t flags;       /* PURG_LINEAR_MAP_* */
	uint32_t levels;      /* x86: 4 or 5; arm64: zero */
	uint64_t root;        /* of the top table: what TTBR1_EL1 or CR3 holds */
	uint64_t va;          /* the linear map's virtual address ... */
	uint64_t pa;          /* ... of this physical address */
	uint64_t tcr;         /* arm64: TCR_EL1 of the old kernel: its granule and size */
	uint32_t budget;      /* table entries to look at before the walk is given up; zero: PURG_DEFAULT_BUDGET */
	uint32_t range_count; /* entries used in range[] */
	uint64_t region;      /* the memory that was kept free for the crash kernel: ... */
	uint64_t region_size; /* ... a segment that does not lie in it is verified in any case */
	struct purg_range range[PURG_MAX_RANGES]; /* table pointers are followed only into these */
};
PURG_OFFSET(purg_linear_map, flags, 0x00);
PURG_OFFSET(purg_linear_map, levels, 0x04);
PURG_OFFSET(purg_linear_map, root, 0x08);
PURG_OFFSET(purg_linear_map, va, 0x10);
PURG_OFFSET(purg_linear_map, pa, 0x18);
PURG_OFFSET(purg_linear_map, tcr, 0x20);
PURG_OFFSET(purg_linear_map, budget, 0x28);
PURG_OFFSET(purg_linear_map, range_count, 0x2c);
PURG_OFFSET(purg_linear_map, region, 0x30);
PURG_OFFSET(purg_linear_map, region_size, 0x38);
PURG_OFFSET(purg_linear_map, range, 0x40);
PURG_SIZE(purg_linear_map, 0x240);

/* The parameter block. */
struct purg_params {
	uint64_t magic;     /* PURG_PARAMS_MAGIC; filled in by the image */
	uint16_t abi_major; /* filled in by the image, as are the next two */
	uint16_t abi_minor;
	uint32_t size;                          /* PURG_PARAMS_SIZE */
	uint32_t verify;                        /* PURG_VERIFY_* */
	uint32_t flags;                         /* PURG_FLAG_* */
	uint32_t segment_count;                 /* entries used in segment[] */
	uint32_t copy_count;                    /* entries used in copy[] */
	uint8_t digest[PURG_DIGEST_SIZE];       /* of the PURG_DIGEST_CONCAT segments, in table order */
	uint8_t block_digest[PURG_DIGEST_SIZE]; /* of this block with this field zero; zero: not given */
	uint8_t image_digest[PURG_DIGEST_SIZE]; /* of the image's first ro_size bytes; zero: not given */
	struct purg_console console[PURG_MAX_CONSOLES];
	struct purg_handoff handoff;
	struct purg_failure failure;
	struct purg_report_place report;
	uint8_t reserved[0x10];
	struct purg_linear_map linear_map;
	struct purg_copy copy[PURG_MAX_COPIES];
	uint8_t reserved2[0x40];
	struct purg_segment segment[PURG_MAX_SEGMENTS];
};
PURG_OFFSET(purg_params, magic, 0x000);
PURG_OFFSET(purg_params, abi_major, 0x008);
PURG_OFFSET(purg_params, abi_minor, 0x00a);
PURG_OFFSET(purg_params, size, 0x00c);
PURG_OFFSET(purg_params, verify, 0x010);
PURG_OFFSET(purg_params, flags, 0x014);
PURG_OFFSET(purg_params, segment_count, 0x018);
PURG_OFFSET(purg_params, copy_count, 0x01c);
PURG_OFFSET(purg_params, digest, 0x020);
PURG_OFFSET(purg_params, block_digest, 0x040);
PURG_OFFSET(purg_params, image_digest, 0x060);
PURG_OFFSET(purg_params, console, 0x080);
PURG_OFFSET(purg_params, handoff, 0x0c0);
PURG_OFFSET(purg_params, failure, 0x160);
PURG_OFFSET(purg_params, report, 0x260);
PURG_OFFSET(purg_params, reserved, 0x270);
PURG_OFFSET(purg_params, linear_map, 0x280);
PURG_OFFSET(purg_params, copy, 0x4c0);
PURG_OFFSET(purg_params, reserved2, 0x6c0);
PURG_OFFSET(purg_params, segment, 0x700);
PURG_SIZE(purg_params, PURG_PARAMS_SIZE);

/*
 * What the purgatory leaves behind where purg_report_place says, whether the boot succeeds or is refused, from when the
 * place has been checked. Written by the purgatory only.
 */
struct purg_report {
	uint64_t magic; /* PURG_REPORT_MAGIC */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t size;                    /* sizeof(struct purg_report) */
	uint8_t digest[PURG_DIGEST_SIZE]; /* SHA-256 of this record with this field zero */
	uint32_t verdict;                 /* PURG_VERDICT_* */
	uint32_t code;                    /* PURG_OK or PURG_E_* */
	uint32_t stage;                   /* PURG_STAGE_*: how far it came */
	uint32_t segment;                 /* index of the segment that was at fault; 0xffffffff: none */
	char segment_name[PURG_NAME_SIZE];
	uint8_t expected[PURG_DIGEST_SIZE]; /* on a mismatch, of that segment, or with none of the concatenation */
	uint8_t computed[PURG_DIGEST_SIZE];
	char sha256[16];         /* name of the implementation that was used, padded with NUL: "sha-ni+avx512" */
	uint32_t cached;         /* 1: hashed and copied with caches on */
	uint32_t level;          /* arm64: exception level, and PURG_LEVEL_E2H. x86_64: 64 */
	uint32_t segment_count;  /* segments verified (none, if the boot was refused) ... */
	uint32_t skipped_count;  /* ... and skipped */
	uint64_t bytes;          /* bytes verified */
	uint64_t ticks_check;    /* counter ticks (CNTVCT_EL0, TSC): parameters and self-check, */
	uint64_t ticks_hash;     /* hashing, and turning the caches on and off for it, */
	uint64_t ticks_walk;     /* walking the old kernel's tables, */
	uint64_t ticks_copy;     /* copies */
	uint64_t ticks_hz;       /* ticks in a second; zero: not known */
	uint64_t cpu_id[2];      /* arm64: MIDR_EL1, MPIDR_EL1. x86_64: EAX of CPUID 1, APIC id */
	uint64_t walk_pages;     /* pages of segments that were looked up; a search adds what it found mapped */
	uint64_t walk_address;   /* PURG_WALK_MAPPED: the first such physical address; in doubt: what was doubted */
	uint64_t fault_syndrome; /* on an exception: ESR, or vector and error code; */
	uint64_t fault_pc;       /* ELR, or RIP; */
	uint64_t fault_address;  /* FAR, or CR2 */
	uint64_t walk_entries;   /* table entries that were read */
	uint64_t walk_leaves;    /* of which map something */
	uint32_t walk;           /* PURG_WALK_* */
	uint32_t reserved;
	uint64_t reserved2[5];
};
PURG_OFFSET(purg_report, digest, 0x010);
PURG_OFFSET(purg_report, verdict, 0x030);
PURG_OFFSET(purg_report, code, 0x034);
PURG_OFFSET(purg_report, stage, 0x038);
PURG_OFFSET(purg_report, segment, 0x03c);
PURG_OFFSET(purg_report, segment_name, 0x040);
PURG_OFFSET(purg_report, expected, 0x048);
PURG_OFFSET(purg_report, computed, 0x068);
PURG_OFFSET(purg_report, sha256, 0x088);
PURG_OFFSET(purg_report, cached, 0x098);
PURG_OFFSET(purg_report, level, 0x09c);
PURG_OFFSET(purg_report, segment_count, 0x0a0);
PURG_OFFSET(purg_report, skipped_count, 0x0a4);
PURG_OFFSET(purg_report, bytes, 0x0a8);
PURG_OFFSET(purg_report, ticks_check, 0x0b0);
PURG_OFFSET(purg_report, ticks_hash, 0x0b8);
PURG_OFFSET(purg_report, ticks_walk, 0x0c0);
PURG_OFFSET(purg_report, ticks_copy, 0x0c8);
PURG_OFFSET(purg_report, ticks_hz, 0x0d0);
PURG_OFFSET(purg_report, cpu_id, 0x0d8);
PURG_OFFSET(purg_report, walk_pages, 0x0e8);
PURG_OFFSET(purg_report, walk_address, 0x0f0);
PURG_OFFSET(purg_report, fault_syndrome, 0x0f8);
PURG_OFFSET(purg_report, fault_pc, 0x100);
PURG_OFFSET(purg_report, fault_address, 0x108);
PURG_OFFSET(purg_report, walk_entries, 0x110);
PURG_OFFSET(purg_report, walk_leaves, 0x118);
PURG_OFFSET(purg_report, walk, 0x120);
PURG_OFFSET(purg_report, reserved, 0x124);
PURG_OFFSET(purg_report, reserved2, 0x128);
PURG_SIZE(purg_report, 0x150);

#endif /* __ASSEMBLER__ */
#endif /* PURGATORY_ABI_H */
