/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The old kernel's page tables: 4-level and 5-level paging, SDM volume 3, 4.5. Linux leaves the crash kernel's memory
 * mapped, but read-only: what counts is whether it may be written. That is so if every entry on the way has R/W set;
 * with CR0.WP clear a kernel may write all that is mapped, but Linux sets WP for good.
 */
#include <walk.h>

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITABLE (1ull << 1)
#define ENTRY_LEAF (1ull << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

#define PAGE_SHIFT 12
#define LEVEL_BITS 9

/* The largest page is of 1 GiB. */
#define MAX_LEAF_SHIFT 30

const char old_tables_safe[] = "not writable through";
const char old_tables_exposed[] = " is mapped writable";

bool old_tables_geometry(const struct purg_linear_map *map, struct walk_geometry *geometry)
{
	/* What CR3 holds now is the loader's identity map. */
	if (map->flags & PURG_LINEAR_MAP_LIVE || (map->levels != 4 && map->levels != 5) || map->tcr)
		return false;
	*geometry = (struct walk_geometry){
		.root = map->root & ENTRY_ADDRESS,
		.bits = PAGE_SHIFT + map->levels * LEVEL_BITS,
		.page_shift = PAGE_SHIFT,
		.level_bits = LEVEL_BITS,
	};
	geometry->first = -(1ull << (geometry->bits - 1));
	return true;
}

/* Linux makes the leaves read-only, and nothing above them (set_memory_ro in arch/x86/mm/pat/set_memory.c). */
enum walk_entry old_tables_entry(const struct walk_geometry *geometry, uint32_t shift, uint64_t entry,
				 uint64_t *address)
{
	bool leaf = shift == PAGE_SHIFT || entry & ENTRY_LEAF;

	(void)geometry;
	if (!(entry & ENTRY_PRESENT) || !(leaf || entry & ENTRY_WRITABLE))
		return WALK_ABSENT;
	*address = entry & ENTRY_ADDRESS;
	if (!leaf)
		return WALK_TABLE;
	if (shift > MAX_LEAF_SHIFT)
		return WALK_BROKEN;
	*address &= -(1ull << shift);
	return entry & ENTRY_WRITABLE ? WALK_LEAF : WALK_GUARD;
}
