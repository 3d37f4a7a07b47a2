/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Page tables as the architecture's manual tells of them: walk_manual_ARCH.c. A height counts from the pages upwards:
 * the entries of a table of height 0 map pages, those of height 1 point at such tables or map blocks.
 */
#ifndef WALK_MANUAL_H
#define WALK_MANUAL_H

#include <stdbool.h>
#include <stdint.h>

#include <purgatory/abi.h>

struct manual {
	uint64_t root;       /* where the top table lies, */
	uint64_t root_size;  /* how long it is, */
	uint64_t root_align; /* where it may lie, */
	uint32_t top;        /* and its height */
	uint64_t first;      /* the kernel's half of virtual addresses goes from here to the end */
	uint32_t page_shift;
	uint32_t stride;        /* bits of a virtual address that a table below the top one decodes */
	uint32_t physical_bits; /* of what the register and entries can say */
	bool lpa2, lpa,
		base_52; /* arm64: entries of 52 bits, in either encoding; 52 bits in the register of the root */
};

enum manual_entry {
	MANUAL_HOLE,  /* nothing mapped; x86: nothing that could be written */
	MANUAL_GUARD, /* the same, but the entry would be a leaf if it were not protected as Linux does it */
	MANUAL_TABLE,
	MANUAL_LEAF,
	MANUAL_INVALID, /* reserved, or not at this height */
};

/* False: the registers, or what stands for them, describe no tables. */
bool manual_regime(const struct purg_linear_map *map, uint64_t ttbr1, uint64_t tcr, struct manual *manual);

/* What an entry means, and the address in it. */
enum manual_entry manual_entry(const struct manual *manual, uint32_t height, uint64_t entry, uint64_t *address);

/* May an entry of this height map something? */
bool manual_has_leaf(const struct manual *manual, uint32_t height);

/* Entries, with nothing but what they need; and the register that points at the top table. */
uint64_t manual_table(const struct manual *manual, uint64_t address);
uint64_t manual_leaf(const struct manual *manual, uint32_t height, uint64_t address);
uint64_t manual_root(const struct manual *manual, uint64_t address);

/* The same entry, but so that it does not count, as Linux does it: not valid, or on x86 read-only. */
uint64_t manual_protect(uint64_t entry);

/* Bits that mean nothing to whoever asks what is mapped: of entries that point at tables, of leaves, of the register.
 */
extern const uint64_t manual_table_noise;
extern const uint64_t manual_leaf_noise;
extern const uint64_t manual_root_noise;

/* Of the virtual addresses that one entry covers. */
static inline uint32_t manual_shift(const struct manual *manual, uint32_t height)
{
	return manual->page_shift + height * manual->stride;
}

#endif
