/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Stage 1 translation tables, 4 KiB granule: Arm ARM, "Translation table descriptor formats". */
#include <console.h>
#include "mmu.h"
#include "tables.h"

#define PAGE_SHIFT 12
#define LEVEL_SHIFT 9
#define PAGE (1ull << PAGE_SHIFT)
#define ENTRIES (1 << LEVEL_SHIFT)

/* Where an address of so many bits begins to be looked up: level 1, and level 0. */
#define SMALL_BITS 39
#define LARGE_BITS 48

/* The largest block is of 1 GiB, at level 1. */
#define MAX_BLOCK_SHIFT 30

#define TYPE_MASK 3ull
#define TYPE_BLOCK 1ull
#define TYPE_TABLE 3ull /* at level 3: a page */

#define LEAF_DEVICE ((uint64_t)MAIR_DEVICE_NGNRE << 2)
#define LEAF_NORMAL ((uint64_t)MAIR_NORMAL_WB << 2 | LEAF_INNER_SHAREABLE)
#define LEAF_READ_ONLY (1ull << 7)
#define LEAF_INNER_SHAREABLE (3ull << 8)
#define LEAF_ACCESSED (1ull << 10)
#define ADDRESS_MASK 0x0000fffffffff000ull

/* linker/purgatory.lds.S puts them behind everything else. */
#define POOL_TABLES 16
__attribute__((section(".bss..tables"))) _Alignas(4096) static uint64_t pool[POOL_TABLES][ENTRIES];
static uint32_t pool_used;

/* A page of the image whose virtual address is lent to others, the entry that maps it, and what is behind it now. */
static _Alignas(4096) volatile uint64_t window[ENTRIES];
static uint64_t *window_entry;
static uint64_t window_page;

static uint64_t *new_table(void)
{
	uint64_t *table = pool[pool_used];

	if (pool_used == POOL_TABLES)
		return NULL;
	pool_used++;
	/* No dirty line of the old kernel's comes down on it later. */
	mmu_sync_memory((uintptr_t)table, sizeof(pool[0]));
	for (int i = 0; i < ENTRIES; i += 8) {
		table[i] = table[i + 1] = table[i + 2] = table[i + 3] = 0;
		table[i + 4] = table[i + 5] = table[i + 6] = table[i + 7] = 0;
	}
	return table;
}

static uint64_t *table_in(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & ADDRESS_MASK);
}

static void fill(uint64_t *entry, uint64_t leaf, uint64_t step, uint64_t count)
{
	for (; count--; leaf += step)
		*entry++ = leaf;
}

/* Put a table behind an entry that is none; if it was a block, the table maps the same. */
static bool split(uint64_t *entry, int shift)
{
	uint64_t *table = new_table();

	if (!table)
		return false;
	shift -= LEVEL_SHIFT;
	if (*entry & TYPE_MASK)
		fill(table, shift == PAGE_SHIFT ? *entry | TYPE_TABLE : *entry, 1ull << shift, ENTRIES);
	*entry = (uintptr_t)table | TYPE_TABLE;
	return true;
}

/* Map whole pages, in the table at hand, of which an entry covers 1 << shift bytes. False: the pool is exhausted. */
static bool map_in(uint64_t *table, int shift, uint64_t start, uint64_t end, uint64_t attributes)
{
	uint64_t size = 1ull << shift;
	uint64_t *entry = &table[start >> shift & (ENTRIES - 1)];

	if (shift == PAGE_SHIFT) {
		fill(entry, start | attributes | TYPE_TABLE, PAGE, (end - start) >> PAGE_SHIFT);
		return true;
	}
	for (uint64_t next; start < end; start = next, entry++) {
		bool is_table = (*entry & TYPE_MASK) == TYPE_TABLE;

		next = (start | (size - 1)) + 1;
		if (next > end)
			next = end;
		if (!is_table && *entry && (*entry & ~ADDRESS_MASK) == (attributes | TYPE_BLOCK))
			continue;
		if (!is_table && shift <= MAX_BLOCK_SHIFT && next - start == size) {
			*entry = start | attributes | TYPE_BLOCK;
			continue;
		}
		if (!is_table && !split(entry, shift))
			return false;
		if (!map_in(table_in(*entry), shift - LEVEL_SHIFT, start, next, attributes))
			return false;
	}
	return true;
}

static int root_shift(const struct tables *tables)
{
	return (int)tables->bits - LEVEL_SHIFT;
}

/* Map the pages that hold a byte of the range. */
static bool map(struct tables *tables, uint64_t start, uint64_t size, uint64_t attributes)
{
	uint64_t end = (start + size + PAGE - 1) & -PAGE;

	if (!size)
		return true;
	if (end > 1ull << tables->bits)
		tables->problem = "memory beyond 48 bits of address";
	else if (!map_in(table_in(tables->root), root_shift(tables), start & -PAGE, end, attributes))
		tables->problem = "too many pieces for the page tables";
	return !tables->problem;
}

/* The last entry on the way to an address: what maps it, or none. */
static uint64_t *entry_of(const struct tables *tables, uint64_t address)
{
	int shift = root_shift(tables);
	uint64_t *entry = &table_in(tables->root)[address >> shift & (ENTRIES - 1)];

	while (shift > PAGE_SHIFT && (*entry & TYPE_MASK) == TYPE_TABLE) {
		shift -= LEVEL_SHIFT;
		entry = &table_in(*entry)[address >> shift & (ENTRIES - 1)];
	}
	return entry;
}

/* The attributes that an address is mapped with; zero if it is not. */
static uint64_t mapped_as(const struct tables *tables, uint64_t address)
{
	return *entry_of(tables, address) & ~ADDRESS_MASK & ~TYPE_MASK;
}

/* A page cannot be memory and device at once. */
static bool map_console(struct tables *tables, const struct purg_console *console, uint64_t attributes)
{
	for (uint64_t end = console->base + PURG_CONSOLE_SPAN, at = console->base & -PAGE; at < end; at += PAGE) {
		uint64_t present = at >> tables->bits ? 0 : mapped_as(tables, at);

		if (present && present != attributes)
			tables->problem = "a console in the same page as other memory";
		else
			map(tables, at, PAGE, attributes);
		if (tables->problem)
			return false;
	}
	return true;
}

static bool map_memory(const struct purg_params *params, const struct tables_regime *regime, struct tables *tables)
{
	uint64_t image = (uintptr_t)&purg_header;
	uint64_t normal = LEAF_NORMAL | LEAF_ACCESSED | regime->all;
	uint64_t data = normal | regime->no_text;
	uint32_t i;

	if (!map(tables, image, purg_header.ro_size, normal | LEAF_READ_ONLY | regime->text) ||
	    !map(tables, image + purg_header.ro_size, purg_header.mem_size - purg_header.ro_size, data))
		return false;
	for (i = 0; i < params_segments_to_read(params); i++)
		if (!map(tables, params->segment[i].start, params->segment[i].size, data | LEAF_READ_ONLY))
			return false;
	for (i = 0; i < params->copy_count; i++)
		if (!map(tables, params->copy[i].src, params->copy[i].size, data | LEAF_READ_ONLY))
			return false;
	for (i = 0; i < params->copy_count; i++)
		if (!map(tables, params->copy[i].dst, params->copy[i].size, data))
			return false;
	return map(tables, params->failure.fallback.start, params->failure.fallback.size, data | LEAF_READ_ONLY);
}

static bool map_all(const struct purg_params *params, const struct tables_regime *regime, struct tables *tables)
{
	uint64_t device = LEAF_DEVICE | LEAF_ACCESSED | regime->all | regime->no_text;

	if (!map_memory(params, regime, tables))
		return false;
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		if (params->console[i].kind != PURG_CONSOLE_NONE && !map_console(tables, &params->console[i], device))
			return false;
	return true;
}

void tables_build(const struct purg_params *params, const struct tables_regime *regime, struct tables *tables)
{
	bool done = false;

	/* Fewer bits need a table less; whatever fails is tried once more, and that problem is told. */
	for (uint32_t bits = SMALL_BITS; !done && bits <= LARGE_BITS; bits += LEVEL_SHIFT) {
		pool_used = 0;
		*tables = (struct tables){.root = (uintptr_t)new_table(), .bits = bits};
		done = map_all(params, regime, tables);
	}
	tables->end = (uintptr_t)pool[pool_used];
	window_entry = entry_of(tables, (uintptr_t)window);
	window_page = (uintptr_t)window;
}

/* An entry in use must be none for a moment, or both pages might be seen: Arm ARM, "Using break-before-make". */
static void show(uint64_t page)
{
	uint64_t attributes = *window_entry & ~ADDRESS_MASK;

	*(volatile uint64_t *)window_entry = 0;
	mmu_forget();
	*(volatile uint64_t *)window_entry = page | attributes | LEAF_READ_ONLY;
	mmu_publish();
	window_page = page;
}

uint64_t tables_read(uint64_t address)
{
	if ((address & -PAGE) != window_page)
		show(address & -PAGE);
	return window[address % PAGE / sizeof(window[0])];
}
