/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The page tables that the purgatory was entered with: an access beyond them would end everything. 4-level and 5-level
 * paging: SDM volume 3, 4.5. Linux has the tables in its identity map; who has not, as Xen, or has bits of memory
 * encryption in them, leaves no way to tell what they map.
 */
#include <arch.h>
#include "probe.h"
#include "registers.h"

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_LEAF (1ull << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

#define PAGE_SHIFT 12
#define LEVEL_SHIFT 9
#define LEVEL_MASK 0x1ff

/* The size of the page that maps address to itself; what an entry covers that cannot be read; zero: there is none. */
static uint64_t identity_page(uint64_t address)
{
	uint64_t table = read_cr3() & ENTRY_ADDRESS;
	int shift = PAGE_SHIFT + LEVEL_SHIFT * (read_cr4() & CR4_LA57 ? 4 : 3);

	/* Not canonical: the upper half is not the identity of anything. */
	if (address >> (shift + LEVEL_SHIFT - 1))
		return 0;
	for (;; shift -= LEVEL_SHIFT) {
		uint64_t page = 1ull << shift;
		uint64_t entry;

		if (!probe_read(table + (address >> shift & LEVEL_MASK) * sizeof(entry), &entry))
			return page;
		if (!(entry & ENTRY_PRESENT))
			return 0;
		if (shift == PAGE_SHIFT || entry & ENTRY_LEAF)
			return ((entry & ENTRY_ADDRESS) ^ address) & -page ? 0 : page;
		table = entry & ENTRY_ADDRESS;
	}
}

bool arch_mapped(uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	uint64_t page = 1;

	while (page && start < end) {
		page = identity_page(start);
		start = (start & -page) + page;
	}
	return page;
}
