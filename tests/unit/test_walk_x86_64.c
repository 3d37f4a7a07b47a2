/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The walk of the old kernel's tables on x86_64: 4 and 5 levels, leaves of each size, what may be written. */
#include "walk_cases.h"

#define WRITABLE 2

const struct purg_linear_map case_map[] = {{.levels = 4}, {.levels = 5}};
const size_t case_maps = sizeof(case_map) / sizeof(case_map[0]);

/* By hand, from the manual's figures. PTE, PDE, PDPTE, PML4E and PML5E are of 12, 21, 30, 39 and 48 bits. */
static void entries(void **state)
{
	static const struct case_entry entry[] = {
		{12, 0, WALK_ABSENT, 0},
		{12, 0xfffffffffffffffe, WALK_ABSENT, 0},
		{12, 0xfffffffffffffffd, WALK_GUARD, 0xffffffffff000},
		{12, 0x8000000123456163, WALK_LEAF, 0x123456000},
		{12, 0x80000001234561e3, WALK_LEAF, 0x123456000}, /* bit 7 is PAT */
		{12, 0x8000000123456161, WALK_GUARD, 0x123456000},
		{12, 0xffffffffffffffff, WALK_LEAF, 0xffffffffff000},
		{21, 0x0000000123456063, WALK_TABLE, 0x123456000},
		{21, 0xfff0000123456f67, WALK_TABLE, 0x123456000},
		{21, 0x0000000123456061, WALK_ABSENT, 0},
		{21, 0x80000001236001e3, WALK_LEAF, 0x123600000},
		{21, 0x80000001236011e3, WALK_LEAF, 0x123600000}, /* bit 12 is PAT */
		{21, 0x80000001236011e1, WALK_GUARD, 0x123600000},
		{30, 0x00000001400001e3, WALK_LEAF, 0x140000000},
		{30, 0x00000001400011e3, WALK_LEAF, 0x140000000},
		{30, 0x00000001400001e1, WALK_GUARD, 0x140000000},
		{30, 0x0000000123456063, WALK_TABLE, 0x123456000},
		{39, 0x0000000123456067, WALK_TABLE, 0x123456000},
		{39, 0x00000080000000e7, WALK_BROKEN, 0},
		{39, 0x0000000123456065, WALK_ABSENT, 0},
		{39, 0x00000080000000e5, WALK_BROKEN, 0},
		{39, 0x00000080000000e4, WALK_ABSENT, 0},
		{48, 0x0000000123456067, WALK_TABLE, 0x123456000},
		{48, 0x00010000000000e7, WALK_BROKEN, 0},
	};

	(void)state;
	for (size_t i = 0; i < case_maps; i++)
		case_entries(&case_map[i], entry, sizeof(entry) / sizeof(entry[0]));
}

/* CR3 with PCID, PWT, PCD; levels; what must be zero. */
static void registers(void **state)
{
	struct walk_geometry geometry;
	struct purg_linear_map map = {.levels = 4, .root = 0x123456fff};

	(void)state;
	assert_true(old_tables_geometry(&map, &geometry));
	assert_int_equal(geometry.root, 0x123456000);
	assert_int_equal(geometry.first, 0xffff800000000000);
	assert_int_equal(geometry.bits, 48);
	map.levels = 5;
	map.root = 0xffffffffff000;
	assert_true(old_tables_geometry(&map, &geometry));
	assert_int_equal(geometry.root, 0xffffffffff000);
	assert_int_equal(geometry.first, 0xff00000000000000);
	assert_int_equal(geometry.bits, 57);
	for (uint32_t levels = 0; levels < 300; levels++) {
		map.levels = levels;
		assert_int_equal(old_tables_geometry(&map, &geometry), levels == 4 || levels == 5);
	}
	map.levels = 4;
	map.tcr = 1;
	assert_false(old_tables_geometry(&map, &geometry));
	map.tcr = 0;
	map.flags = PURG_LINEAR_MAP_LIVE;
	assert_false(old_tables_geometry(&map, &geometry));
}

/* A page that may be written, below tables of which one says no: at each level. */
static void protected_above(void **state)
{
	static struct world world;

	(void)state;
	for (size_t i = 0; i < 4 * case_maps; i++) {
		struct purg_linear_map map = case_map[i / 4];
		uint32_t leaf = i / 2 % 2;
		uint64_t va, entry;

		map.flags |= i % 2 ? PURG_LINEAR_MAP_SEARCH : 0;
		case_begin(&world, &map);
		va = world_va(&world, world.pa + 8 * 4096);
		assert_true(world_map(&world, va, leaf, world.pa + 8 * 4096));
		case_walk(&world, PURG_WALK_MAPPED, 0);
		for (uint32_t height = leaf; height <= world.manual.top; height++) {
			bool root_too;

			entry = world_entry(&world, va, height);
			root_too = entry == world_entry(&world, world_va(&world, world.manual.root), height);
			memory_set(entry, memory_get(entry) & ~(uint64_t)WRITABLE);
			/* Of a table that says so, Linux knows nothing. */
			case_walk(&world,
				  root_too         ? PURG_WALK_CONTROL
				  : height == leaf ? PURG_WALK_UNMAPPED
						   : PURG_WALK_UNPROVEN,
				  !root_too && height == leaf);
			memory_set(entry, memory_get(entry) | WRITABLE);
		}
		case_walk(&world, PURG_WALK_MAPPED, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(registers),
		cmocka_unit_test(protected_above),
		CASES,
	};

	return cmocka_run_group_tests_name("walk_x86_64", tests, NULL, NULL);
}
