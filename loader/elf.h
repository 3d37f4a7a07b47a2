/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * 64-bit little-endian ELF as the library reads it (System V gABI, chapters 4 and 5), and what its files share:
 *
 *  elf.c              the file: its headers, its symbols by name
 *  elf_relocatable.c  ET_REL: sections, where they go, their relocations
 *  elf_linked.c       ET_DYN and ET_EXEC: segments
 *  elf_dynamic.c      ET_DYN: the dynamic section's relocations
 *  elf_relocation.c   one relocation: its value, whether it fits, how it is stored
 *  elf_arm64.c        AAELF64's types (ELF for the Arm 64-bit Architecture)
 *  elf_x86_64.c       those of the System V psABI for x86-64
 *  core.c             ET_CORE, which is only written
 */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include <number.h>
#include <purgatory/loader.h>
#include <string.h>

#define ELF_REL 1
#define ELF_EXEC 2
#define ELF_DYN 3
#define ELF_CORE 4

struct elf_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t segments;
	uint64_t sections;
	uint32_t flags;
	uint16_t header_size;
	uint16_t segment_size;
	uint16_t segment_count;
	uint16_t section_size;
	uint16_t section_count;
	uint16_t names;
};

#define ELF_SECTION_NULL 0
#define ELF_SECTION_SYMBOLS 2
#define ELF_SECTION_STRINGS 3
#define ELF_SECTION_RELA 4
#define ELF_SECTION_NOBITS 8
#define ELF_SECTION_REL 9
#define ELF_SECTION_DYNAMIC_SYMBOLS 11
#define ELF_SECTION_CREL 0x40000014

#define ELF_FLAG_WRITE (1 << 0)
#define ELF_FLAG_ALLOC (1 << 1)
#define ELF_FLAG_EXECUTE (1 << 2)
#define ELF_FLAG_TLS (1 << 10)
#define ELF_FLAG_COMPRESSED (1 << 11)

struct elf_section {
	uint32_t name;
	uint32_t type;
	uint64_t flags;
	uint64_t address;
	uint64_t offset;
	uint64_t size;
	uint32_t link;
	uint32_t info;
	uint64_t align;
	uint64_t entry_size;
};

#define ELF_SEGMENT_LOAD 1
#define ELF_SEGMENT_DYNAMIC 2
#define ELF_SEGMENT_INTERPRETER 3
#define ELF_SEGMENT_NOTE 4
#define ELF_SEGMENT_TLS 7
#define ELF_SEGMENT_EXECUTE (1 << 0)

struct elf_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t virtual;
	uint64_t physical;
	uint64_t file_size;
	uint64_t mem_size;
	uint64_t align;
};

/* Instead of a section's number: undefined; from here on no number; absolute; common, of x86_64's large model too. */
#define ELF_UNDEFINED 0
#define ELF_RESERVED 0xff00
#define ELF_LARGE_COMMON 0xff02
#define ELF_ABSOLUTE 0xfff1
#define ELF_COMMON 0xfff2
#define ELF_ELSEWHERE 0xffff

#define ELF_LOCAL 0
#define ELF_WEAK 2
#define ELF_TLS 6
#define ELF_IFUNC 10
#define ELF_HIDDEN 2

struct elf_symbol {
	uint32_t name;
	uint8_t info;
	uint8_t other;
	uint16_t section;
	uint64_t value;
	uint64_t size;
};

struct elf_rela {
	uint64_t offset;
	uint32_t type;
	uint32_t symbol;
	uint64_t addend;
};

_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct elf_section) == 64, "Elf64_Shdr");
_Static_assert(sizeof(struct elf_segment) == 56, "Elf64_Phdr");
_Static_assert(sizeof(struct elf_symbol) == 24, "Elf64_Sym");
_Static_assert(sizeof(struct elf_rela) == 24, "Elf64_Rela");

/* ---- elf.c: of an index or offset that was checked. ---- */

struct elf_section elf_section(const struct purg_elf *elf, uint64_t index);
struct elf_segment elf_segment(const struct purg_elf *elf, uint64_t index);
struct elf_symbol elf_symbol(const struct purg_elf *elf, uint64_t index);
struct elf_rela elf_rela(const struct purg_elf *elf, uint64_t offset);

/* The name of a symbol is this. */
bool elf_named(const struct purg_elf *elf, const struct elf_symbol *symbol, const char *name);

static inline unsigned int elf_binding(const struct elf_symbol *symbol)
{
	return symbol->info >> 4;
}

static inline unsigned int elf_kind(const struct elf_symbol *symbol)
{
	return symbol->info & 15;
}

/*
 * ---- ET_REL; and ET_DYN, ET_EXEC. _open: the file's headers were checked, scratch is there. _fill: memory has
 * mem_size bytes. _find: where a symbol lies, or PURG_ERR_ELF_SYMBOL_PLACE. ----
 */

int elf_relocatable_open(struct purg_elf *elf, const struct elf_header *header);
int elf_relocatable_fill(const struct purg_elf *elf, uint8_t *memory, uint64_t address);
int elf_relocatable_find(const struct purg_elf *elf, uint64_t index, uint64_t *offset);

int elf_linked_open(struct purg_elf *elf, const struct elf_header *header);
void elf_linked_fill(const struct purg_elf *elf, uint8_t *memory);
int elf_linked_find(const struct purg_elf *elf, uint64_t index, uint64_t *offset);

/* The loaded segment in which this range of virtual addresses lies, with its whole mem_size; or false. */
bool elf_linked_around(const struct purg_elf *elf, uint64_t address, uint64_t size, struct elf_segment *segment);

/* All that the dynamic section, if there is one, asks for: check it, or do it. */
int elf_dynamic_check(const struct purg_elf *elf);
void elf_dynamic_relocate(const struct purg_elf *elf, uint8_t *memory, uint64_t address);

/* ---- One relocation. ---- */

/* How its value is computed. S, A, P, G, GOT: as both psABIs have them; Page: of 4 KiB. */
enum elf_value {
	ELF_NOTHING,     /* R_*_NONE */
	ELF_SYMBOL,      /* S */
	ELF_BASE,        /* B + A; B: how far it lies from where it was linked for */
	ELF_ABS,         /* S + A */
	ELF_PREL,        /* S + A - P */
	ELF_PAGE,        /* Page(S + A) - Page(P) */
	ELF_SIZE,        /* the symbol's size + A */
	ELF_GOT_PREL,    /* GOT - P + A */
	ELF_FROM_GOT,    /* S + A - GOT */
	ELF_SLOT,        /* from here on a slot of the GOT is needed: its address + A */
	ELF_SLOT_PREL,   /* that - P */
	ELF_SLOT_PAGE,   /* Page(that) - Page(P) */
	ELF_SLOT_OFFSET, /* that - GOT */
	ELF_SLOT_IN_PAGE /* that - Page(GOT) */
};

/* Where it is stored: so many bytes of data, or a part of an instruction of arm64 (elf_arm64.c). */
enum elf_field {
	ELF_DATA1 = 1,
	ELF_DATA2 = 2,
	ELF_DATA4 = 4,
	ELF_DATA8 = 8,
	ELF_INSTRUCTION = 16, /* from here on */
	ELF_MOVE = ELF_INSTRUCTION,
	ELF_MOVE_SIGNED,
	ELF_ADR,
	ELF_ADRP,
	ELF_LITERAL,
	ELF_TEST_BRANCH,
	ELF_CONDITIONAL_BRANCH,
	ELF_BRANCH,
	ELF_ADD,
	ELF_LOAD_STORE,
};

/* What must hold of the value. */
enum elf_range {
	ELF_ANY,
	ELF_SIGNED,
	ELF_UNSIGNED,
	ELF_EITHER
};

struct elf_how {
	uint16_t type;
	uint8_t value; /* enum elf_value */
	uint8_t field; /* enum elf_field */
	uint8_t range; /* enum elf_range, ... */
	uint8_t bits;  /* ... of so many bits */
	uint8_t low;   /* the lowest bit that is stored; ... */
	bool aligned;  /* ... those below it must be zero */
};

struct elf_relocation {
	struct elf_how how;
	uint64_t place;  /* P */
	uint64_t symbol; /* S */
	uint64_t addend; /* A */
	uint64_t size;   /* of the symbol */
	uint64_t base;   /* B */
	uint64_t got;    /* GOT */
	uint64_t slot;   /* the slot's address */
	bool weak;       /* the symbol is weak and undefined */
};

/* The type in an object, or, `dynamic`, in what is linked; false: it is not known. */
bool elf_how(uint16_t arch, uint32_t type, bool dynamic, struct elf_how *how);
bool elf_arm64_how(uint32_t type, bool dynamic, struct elf_how *how);
bool elf_x86_64_how(uint32_t type, bool dynamic, struct elf_how *how);
bool elf_how_in(const struct elf_how *table, size_t count, uint32_t type, struct elf_how *how);

/* The bytes that it changes. */
static inline uint64_t elf_width(const struct elf_how *how)
{
	return how->field >= ELF_INSTRUCTION ? 4 : how->field;
}

/* PURG_ERR_ELF_RANGE or _MISALIGNED, or zero and it is done. */
int elf_relocate(const struct elf_relocation *relocation, uint8_t *bytes);

/* True if the instruction has the field. */
bool elf_arm64_has(const struct elf_how *how, uint32_t instruction);

/* The instruction with the value in its field. */
uint32_t elf_arm64_put(const struct elf_how *how, uint32_t instruction, uint64_t value);

#define ELF_ARM64_NOP 0xd503201f

#endif
