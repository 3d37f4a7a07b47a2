/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SDM volume 3, "4-Level Paging and 5-Level Paging": the formats of CR3 and of the entries. */
#include "walk_manual.h"

#define PRESENT (1 << 0)
#define WRITABLE (1 << 1)
#define PAGE_SIZE (1 << 7)
#define ADDRESS UINT64_C(0x000ffffffffff000)

/*
 * Table: U/S, PWT, PCD, A, bit 6, 11 to 8, 62 to 52, NX; bit 7 is none of them. Leaf: the same, D and G. Bit 7 of a
 * page's entry and bit 12 of a larger leaf's are PAT: the tests by hand have those.
 */
const uint64_t manual_table_noise = UINT64_C(0xfff0000000000f7c);
const uint64_t manual_leaf_noise = UINT64_C(0xfff0000000000f7c);

/* PCID, or PWT and PCD. */
const uint64_t manual_root_noise = 0xfff;

bool manual_regime(const struct purg_linear_map *map, uint64_t ttbr1, uint64_t tcr, struct manual *manual)
{
	(void)ttbr1;
	(void)tcr;
	if ((map->levels != 4 && map->levels != 5) || map->flags & ~(uint32_t)PURG_LINEAR_MAP_SEARCH || map->tcr)
		return false;
	*manual = (struct manual){
		.root = map->root & ADDRESS,
		.root_size = 4096,
		.root_align = 4096,
		.top = map->levels - 1,
		.first = ~UINT64_C(0) << (map->levels == 5 ? 56 : 47),
		.page_shift = 12,
		.stride = 9,
		.physical_bits = 52,
	};
	return true;
}

/* Pages of 4 KiB, 2 MiB, 1 GiB. */
bool manual_has_leaf(const struct manual *manual, uint32_t height)
{
	(void)manual;
	return height <= 2;
}

/* R/W: "if 0, writes may not be allowed" to all that the entry controls. PS "must be 0" in entries of PML4 and PML5. */
enum manual_entry manual_entry(const struct manual *manual, uint32_t height, uint64_t entry, uint64_t *address)
{
	bool leaf = height == 0 || entry & PAGE_SIZE;

	if (!(entry & PRESENT) || (!leaf && !(entry & WRITABLE)))
		return MANUAL_HOLE;
	*address = entry & ADDRESS;
	if (!leaf)
		return MANUAL_TABLE;
	if (!manual_has_leaf(manual, height))
		return MANUAL_INVALID;
	*address &= ~UINT64_C(0) << manual_shift(manual, height);
	return entry & WRITABLE ? MANUAL_LEAF : MANUAL_GUARD;
}

uint64_t manual_table(const struct manual *manual, uint64_t address)
{
	(void)manual;
	return address | PRESENT | WRITABLE;
}

uint64_t manual_leaf(const struct manual *manual, uint32_t height, uint64_t address)
{
	(void)manual;
	return address | PRESENT | WRITABLE | (height ? PAGE_SIZE : 0);
}

uint64_t manual_root(const struct manual *manual, uint64_t address)
{
	(void)manual;
	return address;
}

uint64_t manual_protect(uint64_t entry)
{
	return entry & ~(uint64_t)WRITABLE;
}
