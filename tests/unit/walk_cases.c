/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "walk_cases.h"

/* Random worlds for all kinds of tables together. */
#define WORLDS 8000
#define BUDGET_WORLDS 1000

struct world case_world;

uint64_t case_page(void)
{
	return UINT64_C(1) << case_world.manual.page_shift;
}

void case_begin(struct world *made, const struct purg_linear_map *map)
{
	uint64_t size, root;

	world_begin(made, map);
	root = made->manual.root;
	assert_true(world_map(made, world_va(made, root), 0, root));
	size = UINT64_C(1) << made->manual.page_shift;
	made->params.linear_map.region = made->pa;
	made->params.linear_map.region_size = CASE_PAGES * size;
	world_guard(made, made->pa, CASE_PAGES * size);
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

/* Both ways of looking. */
static const uint32_t way[] = {0, PURG_LINEAR_MAP_SEARCH};

bool case_begins(size_t which)
{
	struct purg_linear_map map;

	if (which >= 2 * case_maps)
		return false;
	map = case_map[which / 2];
	map.flags |= way[which % 2];
	world_seed(which / 2);
	case_begin(&case_world, &map);
	return true;
}

void case_entries(const struct purg_linear_map *map, const struct case_entry *entry, size_t count)
{
	struct walk_geometry geometry;
	uint64_t address;

	assert_true(old_tables_geometry(map, &geometry));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(old_tables_entry(&geometry, entry[i].shift, entry[i].entry, &address), entry[i].is);
		if (entry[i].is != WALK_ABSENT && entry[i].is != WALK_BROKEN)
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
		for (uint32_t round = 0; round < WORLDS / case_maps; round++) {
			world_seed(i << 32 | round);
			world_make(&case_world, &map);
			if (!world_agrees(&case_world, &walk))
				fail_msg("map %zu, round %u", i, round);
			seen[walk.result]++;
		}
	}
	for (uint32_t i = PURG_WALK_UNMAPPED; i <= PURG_WALK_UNPROVEN; i++)
		assert_true(seen[i] >= least[i]);
}

void case_random_look_up(void **state)
{
	const uint32_t least[32] = {[PURG_WALK_UNMAPPED] = 100, [PURG_WALK_MAPPED] = 100, [PURG_WALK_POINTER] = 100,
				    [PURG_WALK_CYCLE] = 10,     [PURG_WALK_ENTRY] = 10,   [PURG_WALK_BUDGET] = 5,
				    [PURG_WALK_CONTROL] = 50,   [PURG_WALK_REGION] = 5,   [PURG_WALK_UNPROVEN] = 100};

	(void)state;
	random_worlds(0, least);
}

void case_random_search(void **state)
{
	const uint32_t least[32] = {[PURG_WALK_UNMAPPED] = 100, [PURG_WALK_MAPPED] = 100, [PURG_WALK_POINTER] = 100,
				    [PURG_WALK_CYCLE] = 10,     [PURG_WALK_ENTRY] = 10,   [PURG_WALK_BUDGET] = 5,
				    [PURG_WALK_CONTROL] = 50,   [PURG_WALK_REGION] = 5,   [PURG_WALK_UNPROVEN] = 100};

	(void)state;
	random_worlds(PURG_LINEAR_MAP_SEARCH, least);
}

void case_budget(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * case_maps; i++) {
		struct purg_linear_map map = case_map[i / 2];

		map.flags |= way[i % 2];
		for (uint32_t round = 0; round < BUDGET_WORLDS / case_maps; round++) {
			world_seed(i << 32 | round);
			world_make(&case_world, &map);
			if (!world_agrees_on_budget(&case_world))
				fail_msg("map %zu, round %u", i / 2, round);
		}
	}
}

/* The pages of the segment, and those beside it, one by one. */
void case_edges(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		for (uint32_t i = 0; i <= CASE_PAGES; i++) {
			uint64_t pa = case_world.pa + i * case_page(), va = world_va(&case_world, pa);
			bool inside = i >= CASE_FIRST && i < CASE_PAGES;
			const struct walk *walk;

			assert_true(world_map(&case_world, va, 0, pa));
			walk = case_walk(&case_world, inside ? PURG_WALK_MAPPED : PURG_WALK_UNMAPPED, !inside);
			assert_true(!inside || walk->address == pa);
			memory_set(world_entry(&case_world, va, 0),
				   manual_protect(memory_get(world_entry(&case_world, va, 0))));
		}
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
	}
}

/* A leaf of each height that there may be, and none of others; protected, too. */
void case_heights(void **state)
{
	uint32_t tried = 0;

	(void)state;
	EACH_MAP_AND_WAY
	{
		for (uint32_t height = 0; height <= case_world.manual.top; height++) {
			bool leaf = manual_has_leaf(&case_world.manual, height);
			uint64_t pa = case_world.pa + 5 * case_page(), entry;
			enum manual_entry is;

			/* The tables are in the window's upper half. */
			if (case_world.window / 2 >> manual_shift(&case_world.manual, height) == 0)
				continue;
			case_begins(which);
			assert_true(world_map(&case_world, world_va(&case_world, pa), height, pa));
			entry = world_entry(&case_world, world_va(&case_world, pa), height);
			memory_set(entry, memory_get(entry) | (world_random(UINT64_MAX) & manual_leaf_noise));
			case_walk(&case_world, leaf ? PURG_WALK_MAPPED : PURG_WALK_ENTRY, 0);
			memory_set(entry, manual_protect(memory_get(entry)));
			is = manual_entry(&case_world.manual, height, memory_get(entry), &pa);
			case_walk(&case_world,
				  is == MANUAL_GUARD     ? PURG_WALK_UNMAPPED
				  : is == MANUAL_INVALID ? PURG_WALK_ENTRY
							 : PURG_WALK_UNPROVEN,
				  is == MANUAL_GUARD);
			tried++;
		}
	}
	assert_true(tried > 4 * case_maps);
}

void case_map_page(uint32_t index)
{
	assert_true(world_map(&case_world, world_va(&case_world, case_world.pa + index * case_page()), 0,
			      case_world.pa + index * case_page()));
}

void case_unmap_page(uint32_t index)
{
	uint64_t entry = world_entry(&case_world, world_va(&case_world, case_world.pa + index * case_page()), 0);

	memory_set(entry, manual_protect(memory_get(entry)));
}

/* A few bytes, which make their pages count; several segments, of which some are exposed. */
void case_segments(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		case_world.params.segment_count = 0;
		world_segment(&case_world, case_world.pa + 6 * case_page() - 1, 2, PURG_DIGEST_SEGMENT);
		world_segment(&case_world, case_world.pa + 8 * case_page() + 1, 1, PURG_DIGEST_STRIPED);
		world_segment(&case_world, case_world.pa + 8 * case_page(), 0, PURG_DIGEST_SEGMENT);
		world_segment(&case_world, case_world.pa + 10 * case_page(), case_page(), PURG_DIGEST_SEGMENT);
		case_walk(&case_world, PURG_WALK_UNMAPPED, 0xb);
		for (uint32_t i = 0; i < CASE_PAGES; i++) {
			uint64_t exposed = i == 5 || i == 6 ? 1 : i == 8 ? 2 : i == 10 ? 8 : 0;

			case_map_page(i);
			case_walk(&case_world, exposed ? PURG_WALK_MAPPED : PURG_WALK_UNMAPPED, 0xb & ~exposed);
			case_unmap_page(i);
		}
		case_map_page(6);
		case_map_page(8);
		case_walk(&case_world, PURG_WALK_MAPPED, 8);
		case_map_page(10);
		case_walk(&case_world, PURG_WALK_MAPPED, 0);
	}
}

/* All of the concatenation or nothing; others as they are. */
void case_concat(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		case_world.params.segment_count = 0;
		world_segment(&case_world, case_world.pa + 2 * case_page(), case_page(), PURG_DIGEST_CONCAT);
		world_segment(&case_world, case_world.pa + 4 * case_page(), case_page(), PURG_DIGEST_SEGMENT);
		world_segment(&case_world, case_world.pa + 6 * case_page(), case_page(), PURG_DIGEST_CONCAT);
		case_walk(&case_world, PURG_WALK_UNMAPPED, 7);
		case_map_page(6);
		case_walk(&case_world, PURG_WALK_MAPPED, 2);
		case_map_page(4);
		case_walk(&case_world, PURG_WALK_MAPPED, 0);
		case_unmap_page(6);
		case_walk(&case_world, PURG_WALK_MAPPED, 5);
		case_unmap_page(4);
		/* One that lies elsewhere is verified, and so are the others. */
		world_segment(&case_world, case_world.pa + CASE_PAGES * case_page(), case_page(), PURG_DIGEST_CONCAT);
		case_walk(&case_world, PURG_WALK_UNMAPPED, 2);
	}
}
