/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A look at the page tables of the kernel that was left: can it have written to what was loaded for the next one? The
 * tables are input: a dying kernel may have written over them, and the loader may have described others. Whatever is in
 * doubt is not skipped.
 *
 * src/walk.c has the walk; arch/ARCH/old_tables.c knows what a table looks like. Reading one is for the CPU as it is.
 */
#ifndef WALK_H
#define WALK_H

#include <purgatory/abi.h>
#include <stdbool.h>

/* What the walk has shown. */
struct walk {
	uint32_t result;  /* PURG_WALK_* */
	uint64_t address; /* as purg_report.walk_address */
	uint64_t pages;   /* as purg_report.walk_pages */
	uint64_t entries; /* table entries that were read ... */
	uint64_t leaves;  /* ... of which map something */
	uint64_t skip;    /* bit i: segment i need not be verified */
};

/* Walk, if the block's policy asks for it; the block's fields were checked but for its linear map. */
void walk_old_tables(const struct purg_params *params, struct walk *walk);

/* Tell on the console what it has shown. */
void walk_tell(const struct purg_params *params, const struct walk *walk);

/* How the old kernel's tables are made. A table has 1 << level_bits entries of eight bytes, the top one maybe fewer. */
struct walk_geometry {
	uint64_t root;       /* physical address of the top table */
	uint64_t first;      /* the lowest virtual address of the half that is the kernel's; it ends at 2^64 */
	uint32_t bits;       /* of a virtual address that the top table translates */
	uint32_t page_shift; /* log2 of the bytes of a page */
	uint32_t level_bits;
	bool wide; /* arm64: entries have addresses of 52 bits */
};

/* What an entry is. */
enum walk_entry {
	WALK_ABSENT, /* nothing is mapped, or (x86) nothing below it may be written */
	WALK_GUARD,  /* as for one that is absent, but it names a page: unmapped, or (x86) read-only on purpose */
	WALK_TABLE,
	WALK_LEAF,   /* memory is mapped: on arm64 in any way, on x86 so that it may be written */
	WALK_BROKEN, /* its level has no such thing */
};

/* Read the geometry out of what the block says, or, if it says so, of the CPU's registers. False: it makes no sense. */
bool old_tables_geometry(const struct purg_linear_map *map, struct walk_geometry *geometry);

/* What this entry is, of a table in which an entry covers 1 << shift bytes; and the address that it points at. */
enum walk_entry old_tables_entry(const struct walk_geometry *geometry, uint32_t shift, uint64_t entry,
				 uint64_t *address);

/* For the console's lines: "unmapped from", "not writable through"; " is mapped", " is mapped writable". */
extern const char old_tables_safe[];
extern const char old_tables_exposed[];

/* arm64, for old_tables_geometry: TTBR1 and TCR as the old kernel had them. */
void old_memory_registers(uint64_t *ttbr1, uint64_t *tcr);

/* True if tables can be read as the old kernel saw them. */
bool old_memory_begin(void);

/* Read the eight bytes at a physical address, a multiple of eight, of memory; false if it cannot be reached. */
bool old_memory_read(uint64_t address, uint64_t *value);

#endif
