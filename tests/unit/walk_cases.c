/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <arch.h>

#include "walk_cases.h"

/* Random worlds for all kinds of tables together. */
#define WORLDS 8000
#define BUDGET_WORLDS 1000

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

static void begin_way(size_t i)
{
	begin(i / 2, way[i % 2]);
}

#define EACH_MAP_AND_WAY for (size_t w_ = 0; begins(w_); w_++)

static bool begins(size_t i)
{
	if (i < 2 * case_maps)
		begin_way(i);
	return i < 2 * case_maps;
}

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
		for (uint32_t round = 0; round < WORLDS / case_maps; round++) {
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
		for (uint32_t round = 0; round < BUDGET_WORLDS / case_maps; round++) {
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
	EACH_MAP_AND_WAY
	{
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
	uint32_t tried = 0;

	(void)state;
	EACH_MAP_AND_WAY
	{
		for (uint32_t height = 0; height <= world.manual.top; height++) {
			bool leaf = manual_has_leaf(&world.manual, height);
			uint64_t pa = world.pa + 5 * page(), entry;

			/* The tables are in the window's upper half. */
			if (world.window / 2 >> manual_shift(&world.manual, height) == 0)
				continue;
			begin_way(w_);
			assert_true(world_map(&world, world_va(&world, pa), height, pa));
			entry = world_entry(&world, world_va(&world, pa), height);
			memory_set(entry, memory_get(entry) | (world_random(UINT64_MAX) & manual_leaf_noise));
			case_walk(&world, leaf ? PURG_WALK_MAPPED : PURG_WALK_ENTRY, 0);
			memory_set(entry, manual_protect(memory_get(entry)));
			case_walk(&world, PURG_WALK_UNMAPPED, 1);
			tried++;
		}
	}
	assert_true(tried > 4 * case_maps);
}

static void map_page(uint32_t index)
{
	assert_true(world_map(&world, world_va(&world, world.pa + index * page()), 0, world.pa + index * page()));
}

static void unmap_page(uint32_t index)
{
	uint64_t entry = world_entry(&world, world_va(&world, world.pa + index * page()), 0);

	memory_set(entry, manual_protect(memory_get(entry)));
}

/* A few bytes, which make their pages count; several segments, of which some are exposed. */
void case_segments(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		world.params.segment_count = 0;
		world_segment(&world, world.pa + 6 * page() - 1, 2, PURG_DIGEST_SEGMENT);
		world_segment(&world, world.pa + 8 * page() + 1, 1, PURG_DIGEST_STRIPED);
		world_segment(&world, world.pa + 8 * page(), 0, PURG_DIGEST_SEGMENT);
		world_segment(&world, world.pa + 10 * page(), page(), PURG_DIGEST_SEGMENT);
		case_walk(&world, PURG_WALK_UNMAPPED, 0xb);
		for (uint32_t i = 0; i < CASE_PAGES; i++) {
			uint64_t exposed = i == 5 || i == 6 ? 1 : i == 8 ? 2 : i == 10 ? 8 : 0;

			map_page(i);
			case_walk(&world, exposed ? PURG_WALK_MAPPED : PURG_WALK_UNMAPPED, 0xb & ~exposed);
			unmap_page(i);
		}
		map_page(6);
		map_page(8);
		case_walk(&world, PURG_WALK_MAPPED, 8);
		map_page(10);
		case_walk(&world, PURG_WALK_MAPPED, 0);
	}
}

/* All of the concatenation or nothing; others as they are. */
void case_concat(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		world.params.segment_count = 0;
		world_segment(&world, world.pa + 2 * page(), page(), PURG_DIGEST_CONCAT);
		world_segment(&world, world.pa + 4 * page(), page(), PURG_DIGEST_SEGMENT);
		world_segment(&world, world.pa + 6 * page(), page(), PURG_DIGEST_CONCAT);
		case_walk(&world, PURG_WALK_UNMAPPED, 7);
		map_page(6);
		case_walk(&world, PURG_WALK_MAPPED, 2);
		map_page(4);
		case_walk(&world, PURG_WALK_MAPPED, 0);
		unmap_page(6);
		case_walk(&world, PURG_WALK_MAPPED, 5);
		unmap_page(4);
		/* One that lies elsewhere is verified, and so are the others. */
		world_segment(&world, world.pa + CASE_PAGES * page(), page(), PURG_DIGEST_CONCAT);
		case_walk(&world, PURG_WALK_UNMAPPED, 2);
	}
}

/* The page of the root: not mapped, mapped elsewhere, protected. */
void case_control(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		uint64_t root = world.manual.root, entry = world_entry(&world, world_va(&world, root), 0);
		uint64_t leaf = memory_get(entry);

		memory_set(entry, manual_protect(leaf));
		case_walk(&world, PURG_WALK_CONTROL, 0);
		memory_set(entry, manual_leaf(&world.manual, 0, (root & -page()) + page()));
		case_walk(&world, PURG_WALK_CONTROL, 0);
		memory_set(entry, manual_leaf(&world.manual, 0, (root & -page()) - page()));
		case_walk(&world, PURG_WALK_CONTROL, 0);
		memory_set(entry, leaf | manual_leaf_noise);
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		/* What a wrong address of the linear map finds unmapped is not the segment. */
		world.params.linear_map.va += world.params.linear_map.va ? page() : 0;
		case_walk(&world, world.params.linear_map.va ? PURG_WALK_CONTROL : PURG_WALK_UNMAPPED,
			  !world.params.linear_map.va);
	}
}

/* The entry of some height above the pages of the segment; the tables are made. */
static uint64_t entry_above(uint32_t height)
{
	map_page(8);
	unmap_page(8);
	return world_entry(&world, world_va(&world, world.pa + 8 * page()), height);
}

/* Tables at the ends of a range, with one byte outside, and where memory cannot be read. */
void case_pointers(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_linear_map *map = &world.params.linear_map;
		uint64_t entry = entry_above(1), good = memory_get(entry), outside = map->range[0].start - page();

		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		memory_set(entry, manual_table(&world.manual, outside));
		assert_int_equal(case_walk(&world, PURG_WALK_POINTER, 0)->address, outside);
		map->range[map->range_count++] = (struct purg_range){outside, page()};
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		map->range[1].size = page() - 1;
		case_walk(&world, PURG_WALK_POINTER, 0);
		map->range[1] = (struct purg_range){outside + 1, page() - 1};
		case_walk(&world, PURG_WALK_POINTER, 0);
		/* In two ranges, one behind the other, it lies in neither. */
		map->range[1] = (struct purg_range){outside, page() / 2};
		map->range[map->range_count++] = (struct purg_range){outside + page() / 2, page() / 2};
		case_walk(&world, PURG_WALK_POINTER, 0);
		memory_set(entry, good);
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		memory.unreachable = entry_above(0);
		assert_int_equal(case_walk(&world, PURG_WALK_POINTER, 0)->address, memory.unreachable);
		memory.unreachable = 0;
		/* The root itself. */
		map->range[0].size = world.manual.root - map->range[0].start + world.manual.root_size - 1;
		assert_int_equal(case_walk(&world, PURG_WALK_POINTER, 0)->address, world.manual.root);
	}
}

/* Each table on the way to the segment, in place of each one below it; and one that is on the way to something else. */
void case_cycles(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		uint64_t table[8], root_va = world_va(&world, world.manual.root);

		for (uint32_t height = 0; height <= world.manual.top; height++)
			table[height] = entry_above(height) & -page();
		table[world.manual.top] = world.manual.root;
		for (uint32_t height = 1; height <= world.manual.top; height++) {
			uint64_t entry = entry_above(height), good = memory_get(entry);

			for (uint32_t above = height; above <= world.manual.top; above++) {
				/* A short table at the top has no address that an entry could have, unless it is first.
				 */
				if (table[above] & (page() - 1))
					continue;
				memory_set(entry, manual_table(&world.manual, table[above]));
				assert_int_equal(case_walk(&world, PURG_WALK_CYCLE, 0)->address, table[above]);
			}
			memory_set(entry, good);
		}
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		/* Twice the same table is none: there, the root's page is mapped. */
		if (world.window / 2 >> manual_shift(&world.manual, 1) == 0)
			continue;
		memory_set(entry_above(1), memory_get(world_entry(&world, root_va, 1)));
		assert_true(world_agrees(&world, &(struct walk){0}));
	}
}

/* What is memory and what is none; 32 ranges, of which the last one has the tables. */
void case_ranges(void **state)
{
	const uint64_t end = arch_physical_end();
	const struct {
		uint64_t start, size;
		bool good;
	} range[] = {
		{0, 1, true},
		{0, 0, false},
		{end - 1, 1, true},
		{0, end, true},
		{end, 1, false},
		{end, 0, false},
		{end - 1, 2, false},
		{0, end + 1, false},
		{1, UINT64_MAX, false},
		{UINT64_MAX, 1, false},
		{4096, -UINT64_C(4096), false},
	};

	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_linear_map *map = &world.params.linear_map;
		struct purg_range tables = map->range[0];

		for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
			map->range_count = 2;
			map->range[1] = (struct purg_range){range[i].start, range[i].size};
			case_walk(&world, range[i].good ? PURG_WALK_UNMAPPED : PURG_WALK_RANGES, range[i].good);
		}
		for (uint32_t i = 0; i < PURG_MAX_RANGES; i++)
			map->range[i] = i + 1 < PURG_MAX_RANGES ? (struct purg_range){8 * i, 8} : tables;
		for (uint32_t i = 0; i <= PURG_MAX_RANGES + 1; i++) {
			map->range_count = i;
			case_walk(&world,
				  !i || i > PURG_MAX_RANGES ? PURG_WALK_RANGES
				  : i == PURG_MAX_RANGES    ? PURG_WALK_UNMAPPED
							    : PURG_WALK_POINTER,
				  i == PURG_MAX_RANGES);
		}
		map->range_count = UINT32_MAX;
		case_walk(&world, PURG_WALK_RANGES, 0);
	}
}

/* Registers are no memory; ports are elsewhere. */
void case_consoles(void **state)
{
	const struct {
		uint32_t kind;
		uint64_t span;
	} console[] = {{PURG_CONSOLE_PL011, PURG_CONSOLE_SPAN},
		       {PURG_CONSOLE_8250, PURG_CONSOLE_SPAN},
		       {PURG_CONSOLE_SINK, PURG_CONSOLE_SPAN},
		       {PURG_CONSOLE_VGA, PURG_CONSOLE_VGA_SPAN}};

	(void)state;
	EACH_MAP_AND_WAY
	{
		const struct purg_range *range = &world.params.linear_map.range[0];

		for (size_t i = 0; i < sizeof(console) / sizeof(console[0]); i++) {
			struct purg_console *second = &world.params.console[1];

			*second =
				(struct purg_console){.kind = console[i].kind, .base = range->start - console[i].span};
			case_walk(&world, PURG_WALK_UNMAPPED, 1);
			second->base++;
			case_walk(&world, PURG_WALK_RANGES, 0);
			second->base = range->start + range->size - 1;
			case_walk(&world, PURG_WALK_RANGES, 0);
			second->base++;
			case_walk(&world, PURG_WALK_UNMAPPED, 1);
		}
		world.params.console[1] = (struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = range->start};
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
	}
}

/* A segment that is one byte too long, too low, too high; regions that are none. */
void case_region(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_linear_map *map = &world.params.linear_map;
		struct purg_segment *segment = &world.params.segment[0];
		uint64_t start = segment->start, size = segment->size;

		map->region = start;
		map->region_size = size;
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		segment->size = size + 1;
		case_walk(&world, PURG_WALK_REGION, 0);
		segment->size = size;
		segment->start = start - 1;
		case_walk(&world, PURG_WALK_REGION, 0);
		segment->start = start + 1;
		case_walk(&world, PURG_WALK_REGION, 0);
		segment->size = size - 1;
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		segment->size = 0;
		case_walk(&world, PURG_WALK_REGION, 0);
		segment->size = 1;
		map->region_size = 0;
		case_walk(&world, PURG_WALK_REGION, 0);
		map->region_size = UINT64_MAX;
		case_walk(&world, PURG_WALK_REGION, 0);
		map->region_size = arch_physical_end() - map->region + 1;
		case_walk(&world, PURG_WALK_REGION, 0);
		map->region_size--;
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		map->region = 0;
		map->region_size = arch_physical_end();
		case_walk(&world, PURG_WALK_UNMAPPED, 1);
		world.params.segment_count = 0;
		case_walk(&world, PURG_WALK_REGION, 0);
	}
}

/* No other policy looks at anything; digests of block and image, and caches, must be there. */
void case_policy(void **state)
{
	const uint32_t policy[] = {PURG_VERIFY_ALWAYS, PURG_VERIFY_NEVER, PURG_VERIFY_UNLESS_UNMAPPED ^ 1, UINT32_MAX};

	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_params *params = &world.params;

		for (size_t i = 0; i < sizeof(policy) / sizeof(policy[0]); i++) {
			params->verify = policy[i];
			case_walk(&world, PURG_WALK_NONE, 0);
			assert_int_equal(memory.reads, 0);
		}
		params->verify = PURG_VERIFY_UNLESS_UNMAPPED;
		for (int i = 0; i < 4; i++) {
			memset(params->block_digest, 0, PURG_DIGEST_SIZE);
			memset(params->image_digest, 0, PURG_DIGEST_SIZE);
			params->block_digest[0] = i & 1;
			params->image_digest[PURG_DIGEST_SIZE - 1] = i & 2;
			case_walk(&world, i == 3 ? PURG_WALK_UNMAPPED : PURG_WALK_DIGEST, i == 3);
		}
		memory.no_caches = true;
		case_walk(&world, PURG_WALK_CACHES, 0);
		assert_int_equal(memory.reads, 0);
	}
}

/* Each word of the linear map at its extremes and at random, and each bit of it changed. */
void case_fields(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		const uint64_t value[] = {0,
					  1,
					  7,
					  page() - 1,
					  UINT64_C(1) << 31,
					  UINT64_MAX >> 32,
					  UINT64_C(1) << 47,
					  (UINT64_C(1) << 52) - 1,
					  UINT64_C(1) << 52,
					  UINT64_C(1) << 63,
					  -page(),
					  UINT64_MAX,
					  world_random(UINT64_MAX),
					  world_random(UINT64_MAX)};
		uint64_t *word = (uint64_t *)&world.params.linear_map;
		struct walk walk;

		world.params.linear_map.range_count = 2;
		world.params.linear_map.range[1] = (struct purg_range){0, page()};
		for (size_t i = 0; i < offsetof(struct purg_linear_map, range[2]) / 8; i++) {
			uint64_t good = word[i];

			for (size_t j = 0; j < sizeof(value) / sizeof(value[0]) + 64; j++) {
				word[i] = j < 64 ? good ^ UINT64_C(1) << j : value[j - 64];
				if (!world_agrees(&world, &walk))
					fail_msg("map %zu, word %zu is %#llx", w_ / 2, i, (unsigned long long)word[i]);
			}
			word[i] = good;
		}
	}
}
