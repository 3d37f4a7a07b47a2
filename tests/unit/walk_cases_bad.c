/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What lets nothing be skipped, or nothing but what is surely safe. */
#include <string.h>

#include <arch.h>

#include "walk_cases.h"

/* The page of the root: not mapped, mapped elsewhere, protected. */
void case_control(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		uint64_t root = case_world.manual.root,
			 entry = world_entry(&case_world, world_va(&case_world, root), 0);
		uint64_t leaf = memory_get(entry);

		memory_set(entry, manual_protect(leaf));
		case_walk(&case_world, PURG_WALK_CONTROL, 0);
		memory_set(entry, manual_leaf(&case_world.manual, 0, (root & -case_page()) + case_page()));
		case_walk(&case_world, PURG_WALK_CONTROL, 0);
		memory_set(entry, manual_leaf(&case_world.manual, 0, (root & -case_page()) - case_page()));
		case_walk(&case_world, PURG_WALK_CONTROL, 0);
		memory_set(entry, leaf | manual_leaf_noise);
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		/* What a wrong address of the linear map finds unmapped is not the segment. */
		case_world.params.linear_map.va += case_world.params.linear_map.va ? case_page() : 0;
		case_walk(&case_world, case_world.params.linear_map.va ? PURG_WALK_CONTROL : PURG_WALK_UNMAPPED,
			  !case_world.params.linear_map.va);
	}
}

/* The entry of some height above the pages of the segment; the tables are made. */
static uint64_t entry_above(uint32_t height)
{
	case_map_page(8);
	case_unmap_page(8);
	return world_entry(&case_world, world_va(&case_world, case_world.pa + 8 * case_page()), height);
}

/* Tables at the ends of a range, with one byte outside, and where memory cannot be read. */
void case_pointers(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_linear_map *map = &case_world.params.linear_map;
		uint64_t entry = entry_above(1), good = memory_get(entry), outside = map->range[0].start - case_page();
		uint64_t table = entry_above(0) & -case_page();

		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		for (uint64_t i = 0; i < 8 * CASE_PAGES; i += 8)
			memory_set(outside + i, memory_get(table + i));
		memory_set(entry, manual_table(&case_world.manual, outside));
		assert_int_equal(case_walk(&case_world, PURG_WALK_POINTER, 0)->address, outside);
		map->range[map->range_count++] = (struct purg_range){outside, case_page()};
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		map->range[1].size = case_page() - 1;
		case_walk(&case_world, PURG_WALK_POINTER, 0);
		map->range[1] = (struct purg_range){outside + 1, case_page() - 1};
		case_walk(&case_world, PURG_WALK_POINTER, 0);
		/* In two ranges, one behind the other, it lies in neither. */
		map->range[1] = (struct purg_range){outside, case_page() / 2};
		map->range[map->range_count++] = (struct purg_range){outside + case_page() / 2, case_page() / 2};
		case_walk(&case_world, PURG_WALK_POINTER, 0);
		memory_set(entry, good);
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		memory.unreachable = entry_above(0);
		assert_int_equal(case_walk(&case_world, PURG_WALK_POINTER, 0)->address, memory.unreachable);
		memory.unreachable = 0;
		/* The root itself. */
		map->range[0].size = case_world.manual.root - map->range[0].start + case_world.manual.root_size - 1;
		assert_int_equal(case_walk(&case_world, PURG_WALK_POINTER, 0)->address, case_world.manual.root);
	}
}

/* An entry that does not map its page and does not name it either: zero, another page's, none at some height. */
void case_unproven(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		bool search = case_world.params.linear_map.flags & PURG_LINEAR_MAP_SEARCH;
		uint64_t pa = case_world.pa + 8 * case_page(), root = case_world.manual.root;

		for (uint32_t height = 0; height <= case_world.manual.top; height++) {
			uint64_t entry = entry_above(height), good = memory_get(entry);
			bool above_root = entry == world_entry(&case_world, world_va(&case_world, root), height);
			uint64_t first = height ? case_world.pa + CASE_FIRST * case_page() : pa;
			const struct walk *walk;

			memory_set(entry, 0);
			walk = case_walk(&case_world, above_root ? PURG_WALK_CONTROL : PURG_WALK_UNPROVEN, 0);
			assert_int_equal(walk->address, search || above_root ? root : first);
			memory_set(entry, good);
		}
		for (int i = -1; i < 2; i += 2) {
			uint64_t leaf = manual_leaf(&case_world.manual, 0, pa + (uint64_t)i * case_page());

			memory_set(entry_above(0), manual_protect(leaf));
			case_walk(&case_world, PURG_WALK_UNPROVEN, 0);
		}
		case_map_page(8);
		case_walk(&case_world, PURG_WALK_MAPPED, 0);
		case_unmap_page(8);
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
	}
}

/* The root is mapped elsewhere, too, where nothing is on purpose: a search tries four of its mappings. */
void case_bases(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		uint64_t root = case_world.manual.root, half = -case_world.manual.first, other = case_world.va;
		bool search = case_world.params.linear_map.flags & PURG_LINEAR_MAP_SEARCH;

		for (uint64_t i = 1; i < 6; i++) {
			/* All before the linear map, if there is room. */
			other = case_world.manual.first + i * (half / 16) + case_page();
			if (other + half / 16 > case_world.va)
				break;
			assert_true(world_map(&case_world, other, 0, root));
			case_walk(&case_world, !search || i < 4 ? PURG_WALK_UNMAPPED : PURG_WALK_UNPROVEN,
				  !search || i < 4);
		}
	}
}

/* Each table on the way to the segment, in place of each one below it; and one that is on the way to something else. */
void case_cycles(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		uint64_t table[8], root_va = world_va(&case_world, case_world.manual.root);

		for (uint32_t height = 0; height <= case_world.manual.top; height++)
			table[height] = entry_above(height) & -case_page();
		table[case_world.manual.top] = case_world.manual.root;
		for (uint32_t height = 1; height <= case_world.manual.top; height++) {
			uint64_t entry = entry_above(height), good = memory_get(entry);

			for (uint32_t above = height; above <= case_world.manual.top; above++) {
				/* A short table at the top has no address that an entry could have, unless it is first.
				 */
				if (table[above] & (case_page() - 1))
					continue;
				memory_set(entry, manual_table(&case_world.manual, table[above]));
				assert_int_equal(case_walk(&case_world, PURG_WALK_CYCLE, 0)->address, table[above]);
			}
			memory_set(entry, good);
		}
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		/* Twice the same table is none: there, the root's page is mapped. */
		if (case_world.window / 2 >> manual_shift(&case_world.manual, 1) == 0)
			continue;
		memory_set(entry_above(1), memory_get(world_entry(&case_world, root_va, 1)));
		assert_true(world_agrees(&case_world, &(struct walk){0}));
	}
}

/* A linear map in which a segment reaches beyond the end of virtual addresses, or begins before the kernel's half. */
void case_address(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_linear_map *map = &case_world.params.linear_map;
		uint64_t root = case_world.manual.root, region = (root & -case_page()) + 64 * case_page();
		struct purg_segment *segment = &case_world.params.segment[0];

		if (map->flags & PURG_LINEAR_MAP_SEARCH)
			continue;
		map->region = segment->start = region;
		map->pa = region;
		for (uint64_t pages = 1; pages <= CASE_PAGES; pages++) {
			map->va = -(pages * case_page());
			case_world.pa = map->pa;
			case_world.va = map->va;
			assert_true(world_map(&case_world, world_va(&case_world, root), 0, root));
			world_guard(&case_world, region, pages * case_page());
			segment->size = pages * case_page();
			case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
			segment->size += pages < CASE_PAGES;
			if (pages < CASE_PAGES)
				assert_int_equal(case_walk(&case_world, PURG_WALK_ADDRESS, 0)->address, region);
		}
		/* The root is at the half's first page. */
		map->pa = root & -case_page();
		map->va = case_world.manual.first;
		assert_true(world_map(&case_world, map->va, 0, map->pa));
		map->region = segment->start = map->pa - case_page();
		segment->size = case_page();
		assert_int_equal(case_walk(&case_world, PURG_WALK_ADDRESS, 0)->address, segment->start);
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
		struct purg_linear_map *map = &case_world.params.linear_map;
		struct purg_range tables = map->range[0];

		for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
			map->range_count = 2;
			map->range[1] = (struct purg_range){range[i].start, range[i].size};
			case_walk(&case_world, range[i].good ? PURG_WALK_UNMAPPED : PURG_WALK_RANGES, range[i].good);
		}
		for (uint32_t i = 0; i < PURG_MAX_RANGES; i++)
			map->range[i] = i + 1 < PURG_MAX_RANGES ? (struct purg_range){8 * i, 8} : tables;
		for (uint32_t i = 0; i <= PURG_MAX_RANGES + 1; i++) {
			map->range_count = i;
			case_walk(&case_world,
				  !i || i > PURG_MAX_RANGES ? PURG_WALK_RANGES
				  : i == PURG_MAX_RANGES    ? PURG_WALK_UNMAPPED
							    : PURG_WALK_POINTER,
				  i == PURG_MAX_RANGES);
		}
		/* What lies behind the ranges in the block is none, even if it looks like one. */
		case_world.params.copy[0] = (struct purg_copy){.dst = tables.start, .src = tables.size};
		map->range_count = PURG_MAX_RANGES + 1;
		case_walk(&case_world, PURG_WALK_RANGES, 0);
		map->range_count = UINT32_MAX;
		case_walk(&case_world, PURG_WALK_RANGES, 0);
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
		const struct purg_range *range = &case_world.params.linear_map.range[0];
		uint64_t page = range->start & -UINT64_C(4096);

		for (size_t i = 0; i < sizeof(console) / sizeof(console[0]); i++) {
			struct purg_console *second = &case_world.params.console[1];

			*second =
				(struct purg_console){.kind = console[i].kind, .base = range->start - console[i].span};
			case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
			second->base++;
			case_walk(&case_world, PURG_WALK_RANGES, 0);
			second->base = page + range->size + 8191;
			case_walk(&case_world, PURG_WALK_RANGES, 0);
			second->base++;
			case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		}
		case_world.params.console[1] =
			(struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = range->start};
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
	}
}

/* A segment that is one byte too long, too low, too high; regions that are none. */
void case_region(void **state)
{
	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_linear_map *map = &case_world.params.linear_map;
		struct purg_segment *segment = &case_world.params.segment[0];
		uint64_t start = segment->start, size = segment->size;

		map->region = start;
		map->region_size = size;
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		segment->size = size + 1;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		segment->size = size;
		segment->start = start - 1;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		segment->start = start + 1;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		segment->size = size - 1;
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		segment->size = 0;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		segment->size = 1;
		map->region_size = 0;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		map->region_size = UINT64_MAX;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		map->region_size = arch_physical_end() - map->region + 1;
		case_walk(&case_world, PURG_WALK_REGION, 0);
		map->region_size--;
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		map->region = 0;
		map->region_size = arch_physical_end();
		case_walk(&case_world, PURG_WALK_UNMAPPED, 1);
		case_world.params.segment_count = 0;
		case_walk(&case_world, PURG_WALK_REGION, 0);
	}
}

/* No other policy looks at anything; digests of block and image, and caches, must be there. */
void case_policy(void **state)
{
	const uint32_t policy[] = {PURG_VERIFY_ALWAYS, PURG_VERIFY_NEVER, PURG_VERIFY_UNLESS_UNMAPPED ^ 1, UINT32_MAX};

	(void)state;
	EACH_MAP_AND_WAY
	{
		struct purg_params *params = &case_world.params;

		for (size_t i = 0; i < sizeof(policy) / sizeof(policy[0]); i++) {
			params->verify = policy[i];
			case_walk(&case_world, PURG_WALK_NONE, 0);
			assert_int_equal(memory.reads, 0);
		}
		params->verify = PURG_VERIFY_UNLESS_UNMAPPED;
		for (int i = 0; i < 4; i++) {
			memset(params->block_digest, 0, PURG_DIGEST_SIZE);
			memset(params->image_digest, 0, PURG_DIGEST_SIZE);
			params->block_digest[0] = i & 1;
			params->image_digest[PURG_DIGEST_SIZE - 1] = i & 2;
			case_walk(&case_world, i == 3 ? PURG_WALK_UNMAPPED : PURG_WALK_DIGEST, i == 3);
		}
		memory.no_caches = true;
		case_walk(&case_world, PURG_WALK_CACHES, 0);
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
					  case_page() - 1,
					  UINT64_C(1) << 31,
					  UINT64_MAX >> 32,
					  UINT64_C(1) << 47,
					  (UINT64_C(1) << 52) - 1,
					  UINT64_C(1) << 52,
					  UINT64_C(1) << 63,
					  -case_page(),
					  UINT64_MAX,
					  world_random(UINT64_MAX),
					  world_random(UINT64_MAX)};
		uint64_t *word = (uint64_t *)&case_world.params.linear_map;
		struct walk walk;

		case_world.params.linear_map.range_count = 2;
		case_world.params.linear_map.range[1] = (struct purg_range){0, case_page()};
		for (size_t i = 0; i < offsetof(struct purg_linear_map, range[2]) / 8; i++) {
			uint64_t good = word[i];

			for (size_t j = 0; j < sizeof(value) / sizeof(value[0]) + 64; j++) {
				word[i] = j < 64 ? good ^ UINT64_C(1) << j : value[j - 64];
				if (!world_agrees(&case_world, &walk))
					fail_msg("map %zu, word %zu is %#llx", which / 2, i,
						 (unsigned long long)word[i]);
			}
			word[i] = good;
		}
	}
}
