/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Arm ARM (DDI 0487), "The AArch64 Virtual Memory System Architecture": "Translation table descriptor formats", and the
 * descriptions of TCR_EL1 and TTBR1_EL1.
 */
#include "walk_manual.h"

/*
 * FEAT_LPA is not told by the registers: with 64 KiB entries are read as if it were there. Where it is not, the bits
 * that it has are zero, and its blocks are not made.
 */

/* Bits from high to low. */
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))
#define FIELD(value, high, low) (((value)&BITS(high, low)) >> (low))

#define KNOWN_FLAGS (PURG_LINEAR_MAP_LIVE | PURG_LINEAR_MAP_SEARCH)

#define PAGE_OR_TABLE 3
#define BLOCK 1
#define ACCESS_FLAG (1 << 10)

/* Table: NS, APTable, XNTable, PXNTable, and what is ignored. Leaf: AttrIndx, AP, AF, nG, GP, DBM, Contiguous, PXN,
 * UXN, what is ignored. Neither has SH, which LPA2 uses otherwise. */
const uint64_t manual_table_noise = BITS(63, 52) | BITS(7, 2);
const uint64_t manual_leaf_noise = BITS(63, 51) | BITS(11, 10) | BITS(7, 2);

/* ASID and CnP. */
const uint64_t manual_root_noise = BITS(63, 48) | 1;

bool manual_regime(const struct purg_linear_map *map, uint64_t ttbr1, uint64_t tcr, struct manual *manual)
{
	uint32_t bits, granule[4] = {0, 14, 12, 16}; /* TG1 */
	uint64_t ips;
	bool ds, live = map->flags & PURG_LINEAR_MAP_LIVE;

	if (map->levels || map->flags & ~(uint32_t)KNOWN_FLAGS || (live && (map->root || map->tcr)))
		return false;
	if (!live) {
		ttbr1 = map->root;
		tcr = map->tcr;
	}
	bits = 64 - (uint32_t)FIELD(tcr, 21, 16);
	ips = FIELD(tcr, 34, 32);
	ds = FIELD(tcr, 59, 59);
	*manual = (struct manual){.page_shift = granule[FIELD(tcr, 31, 30)]};
	/* EPD1: the upper half is not walked at all. */
	if (!manual->page_shift || FIELD(tcr, 23, 23))
		return false;
	manual->lpa2 = ds && manual->page_shift != 16;
	manual->lpa = manual->page_shift == 16;
	manual->base_52 = manual->lpa2 || (manual->lpa && ips == 6);
	manual->physical_bits = manual->base_52 ? 52 : 48;
	if (bits < 25 || bits > (manual->lpa2 || manual->page_shift == 16 ? 52 : 48))
		return false;
	manual->stride = manual->page_shift - 3;
	while (manual_shift(manual, manual->top + 1) < bits)
		manual->top++;
	manual->first = ~UINT64_C(0) << bits;
	manual->root_size = UINT64_C(8) << (bits - manual_shift(manual, manual->top));
	manual->root_align = manual->base_52 && manual->root_size < 64 ? 64 : manual->root_size;
	manual->root = ttbr1 & BITS(47, 1);
	if (manual->base_52)
		manual->root = (ttbr1 & BITS(47, 6)) | FIELD(ttbr1, 5, 2) << 48;
	return true;
}

/* 4 KiB: levels 1 and 2, 0 with LPA2. 16 KiB: level 2, 1 with LPA2. 64 KiB: level 2, 1 with LPA. Level 3 has pages. */
bool manual_has_leaf(const struct manual *manual, uint32_t height)
{
	int level = 3 - (int)height;

	switch (manual->page_shift) {
	case 12:
		return level >= 1 || (level == 0 && manual->lpa2);
	case 14:
		return level >= 2 || (level == 1 && manual->lpa2);
	default:
		return level >= 2 || (level == 1 && manual->lpa);
	}
}

static uint64_t address_in(const struct manual *manual, uint64_t entry, uint32_t shift)
{
	if (manual->lpa2)
		return (entry & BITS(49, shift)) | FIELD(entry, 9, 8) << 50;
	return (entry & BITS(47, shift)) | (manual->lpa ? FIELD(entry, 15, 12) << 48 : 0);
}

static uint64_t with_address(const struct manual *manual, uint64_t address)
{
	if (manual->lpa2)
		return (address & BITS(49, 0)) | FIELD(address, 51, 50) << 8;
	return (address & BITS(47, 0)) | (manual->lpa ? FIELD(address, 51, 48) << 12 : 0);
}

enum manual_entry manual_entry(const struct manual *manual, uint32_t height, uint64_t entry, uint64_t *address)
{
	uint64_t type = entry & 3;

	if (!(type & 1) && (height > 0 || !(type & 2)))
		return MANUAL_HOLE;
	if (!(type & 1)) {
		*address = address_in(manual, entry, manual->page_shift);
		return MANUAL_GUARD;
	}
	if (type == PAGE_OR_TABLE && height > 0) {
		*address = address_in(manual, entry, manual->page_shift);
		return MANUAL_TABLE;
	}
	if ((type == BLOCK) == (height == 0) || !manual_has_leaf(manual, height))
		return MANUAL_INVALID;
	*address = address_in(manual, entry, manual_shift(manual, height));
	return MANUAL_LEAF;
}

uint64_t manual_table(const struct manual *manual, uint64_t address)
{
	return with_address(manual, address) | PAGE_OR_TABLE;
}

uint64_t manual_leaf(const struct manual *manual, uint32_t height, uint64_t address)
{
	return with_address(manual, address) | ACCESS_FLAG | (height ? BLOCK : PAGE_OR_TABLE);
}

uint64_t manual_root(const struct manual *manual, uint64_t address)
{
	return manual->base_52 ? (address & BITS(47, 6)) | FIELD(address, 51, 48) << 2 : address;
}

uint64_t manual_protect(uint64_t entry)
{
	return entry & ~UINT64_C(1);
}
