/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <arch.h>

#include "walk_cases.h"

#define ROUNDS 250

static struct world world;

static uint64_t page(void)
{
	return UINT64_C(1) << world.manual.page_shift;
}

void case_begin(struct world *made, const struct purg_linear_map *map)
{
	uint64_t size = 0, root;

	world_begin(made, map);
	root = made->manual.root;
	assert_true(world_map(made, world_va(made, root), 0, root));
	size = UINT64_C(1) << made->manual.page_shift;
	made->params.linear_map.region = made->pa;
	made->params.linear_map.region_size = CASE_PAGES * size;
	world_segment(made, made->pa + CASE_FIRST * size, (CASE_PAGES - CASE_FIRST) * size, PURG_DIGEST_SEGMENT);
}

const struct walk *case_walk(const struct world *made, uint32_t result, uint64_t skip)
{
	static struct walk walk;

	assert_true(world_agrees(made, &walk));
	assert_int_equal(walk.result, result);
	assert_int_equal(walk.skip, skip);
	return &walk;
}

static void begin(size_t i, uint32_t flags)
{
	struct purg_linear_map map = case_map[i];

	map.flags |= flags;
	world_seed(i);
	case_begin(&world, &map);
}

/* Both ways of looking. */
static const uint32_t way[] = {0, PURG_LINEAR_MAP_SEARCH};

#define EACH_MAP_AND_WAY                                \
	for (size_t w_ = 0; w_ < 2 * case_maps; w_++)   \
		for (int once_ = (begin(w_ / 2, way[w_ % 2]), 1); once_; once_ = 0)

void case_entries(const struct purg_linear_map *map, const struct case_entry *entry, size_t count)
{
	struct walk_geometry geometry;
	uint64_t address;

	assert_true(old_tables_geometry(map, &geometry));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(old_tables_entry(&geometry, entry[i].shift, entry[i].entry, &address), entry[i].is);
		if (entry[i].is == WALK_TABLE || entry[i].is == WALK_LEAF)
			assert_int_equal(address, entry[i].address);
	}
}

/* Each result as often as this at least, in so many rounds of any. */
static void random_worlds(uint32_t flags, const uint32_t *least)
{
	uint32_t seen[32] = {0};
	struct walk walk;

	for (size_t i = 0; i < case_maps; i++) {
		struct purg_linear_map map = case_map[i];

		map.flags |= flags;
		for (uint32_t round = 0; round < ROUNDS; round++) {
			world_seed(i << 32 | round);
			world_make(&world, &map);
			if (!world_agrees(&world, &walk))
				fail_msg("map %zu, round %u", i, round);
			seen[walk.result]++;
		}
	}
	for (uint32_t i = PURG_WALK_UNMAPPED; i <= PURG_WALK_CACHES; i++) {
		print_message("result %u: %u\n", i, seen[i]);
		assert_true(seen[i] >= least[i]);
	}
}

void case_random_look_up(void **state)
{
	const uint32_t least[32] = {[PURG_WALK_UNMAPPED] = 100, [PURG_WALK_MAPPED] = 100, [PURG_WALK_POINTER] = 100,
				    [PURG_WALK_CYCLE] = 10,     [PURG_WALK_ENTRY] = 10,   [PURG_WALK_BUDGET] = 5,
				    [PURG_WALK_CONTROL] = 50,   [PURG_WALK_REGION] = 5};

	(void)state;
	random_worlds(0, least);
}

void case_random_search(void **state)
{
	const uint32_t least[32] = {[PURG_WALK_UNMAPPED] = 100, [PURG_WALK_MAPPED] = 100, [PURG_WALK_POINTER] = 100,
				    [PURG_WALK_CYCLE] = 10,     [PURG_WALK_ENTRY] = 10,   [PURG_WALK_BUDGET] = 5,
				    [PURG_WALK_CONTROL] = 50,   [PURG_WALK_REGION] = 5};

	(void)state;
	random_worlds(PURG_LINEAR_MAP_SEARCH, least);
}

void case_budget(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * case_maps; i++) {
		struct purg_linear_map map = case_map[i / 2];

		map.flags |= way[i % 2];
		for (uint32_t round = 0; round < 20; round++) {
			world_seed(i << 32 | round);
			world_make(&world, &map);
			if (!world_agrees_on_budget(&world))
				fail_msg("map %zu, round %u", i / 2, round);
		}
	}
}

/* The pages of the segment, and those beside it, one by one. */
void case_edges(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY {
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		for (uint32_t i = 0; i <= CASE_PAGES; i++) {
			uint64_t pa = world.pa + i * page(), va = world_va(&world, pa);
			bool inside = i >= CASE_FIRST && i < CASE_PAGES;
			const struct walk *walk;

			assert_true(world_map(&world, va, 0, pa));
			walk = case_walk(&world, inside ? PURG_WALK_MAPPED : PURG_WALK_UNMAPPED, !inside);
			assert_true(!inside || walk->address == pa);
			memory_set(world_entry(&world, va, 0), manual_protect(memory_get(world_entry(&world, va, 0))));
		}
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
	}
}

/* A leaf of each height that there may be, and none of others; protected, too. */
void case_heights(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * case_maps; i++) {
		begin(i / 2, way[i % 2]);
		for (uint32_t height = 0; height <= world.manual.top; height++) {
			uint64_t pa, entry, noise = world_random(UINT64_MAX) & manual_leaf_noise;

			begin(i / 2, way[i % 2]);
			pa = world.pa + 5 * page();
			if (manual_shift(&world.manual, height) > 60 || world.manual.top == 0)
				continue;
			/* Away from the tables, which the block would be in the way of. */
			memory_set(world_entry(&world, world_va(&world, world.manual.root), 0),
				   manual_leaf(&world.manual, 0, world.manual.root & -page()));
			if (!world_map(&world, world_va(&world, pa), height, pa)) {
				assert_true(height > 0);
				continue;
			}
			entry = world_entry(&world, world_va(&world, pa), height);
			memory_set(entry, memory_get(entry) | noise);
			if (height <= world.manual.top && world_entry(&world, world_va(&world, world.manual.root), 0))
				case_walk(&world, manual_has_leaf(&world.manual, height) ? PURG_WALK_MAPPED : PURG_WALK_ENTRY,
					  0);
			memory_set(entry, manual_protect(memory_get(entry)));
			if (world_entry(&world, world_va(&world, world.manual.root), 0))
				case_walk(&world, PURG_WALK_UNMAPPED, 1);
		}
	}
}
