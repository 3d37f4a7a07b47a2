/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include "walk_memory.h"
#include "walk_oracle.h"
#include "walk_world.h"

static uint64_t random_state;

void world_seed(uint64_t seed)
{
	random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 88172645463325252;
}

uint64_t world_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % below;
}

static bool one_in(uint64_t n)
{
	return !world_random(n);
}

static uint64_t page_size(const struct world *world)
{
	return UINT64_C(1) << world->manual.page_shift;
}

static uint64_t some_page(const struct world *world, uint64_t size)
{
	return world_random(size >> world->manual.page_shift) << world->manual.page_shift;
}

/* As large as a few of the largest blocks, or smaller; and small enough for both address spaces. */
static void choose_window(struct world *world, uint32_t height)
{
	const struct manual *manual = &world->manual;
	uint64_t half = -manual->first, physical = UINT64_C(1) << manual->physical_bits;

	do
		world->window = UINT64_C(2) << manual_shift(manual, height--);
	while (world->window > half / 2 || world->window > physical / 4);
	world->pa = world_random(physical / world->window) * world->window;
	world->va = manual->first + world_random(half / world->window) * world->window;
	for (int i = 0; i < WORLD_PLACES; i++)
		world->place[i] = some_page(world, world->window) & -(world->window / 16);
}

/* Frames for tables in the map's ranges, in random order. */
static void add_range(struct world *world, uint64_t start, uint32_t frames)
{
	struct purg_linear_map *map = &world->params.linear_map;

	map->range[map->range_count++] = (struct purg_range){start, frames * page_size(world)};
	for (uint32_t i = 0; i < frames && world->frames < WORLD_FRAMES; i++) {
		uint32_t at = (uint32_t)world_random(world->frames + 1);

		world->frame[world->frames++] = world->frame[at];
		world->frame[at] = start + i * page_size(world);
	}
}

/* A top table that is shorter than a page lies anywhere in it. */
static void place_root(struct world *world)
{
	struct manual *manual = &world->manual;
	struct purg_linear_map *map = &world->params.linear_map;
	uint64_t tcr = map->tcr,
		 align = manual->root_align > manual->root_size ? manual->root_align : manual->root_size;

	manual->root = world->frame[--world->frames] + world_random(page_size(world) / align) * align;
	map->root = manual_root(manual, manual->root) | (world_random(UINT64_MAX) & manual_root_noise);
	memory.ttbr1 = world_random(UINT64_MAX);
	memory.tcr = world_random(UINT64_MAX);
	if (map->flags & PURG_LINEAR_MAP_LIVE) {
		memory.ttbr1 = map->root;
		memory.tcr = tcr;
		map->root = map->tcr = 0;
	}
}

static void begin(struct world *world, const struct purg_linear_map *map, bool random)
{
	memset(world, 0, sizeof(*world));
	memory_clear();
	world->params.verify = PURG_VERIFY_UNLESS_UNMAPPED;
	memset(world->params.block_digest, 1, PURG_DIGEST_SIZE);
	memset(world->params.image_digest, 2, PURG_DIGEST_SIZE);
	world->params.linear_map.flags = map->flags;
	world->params.linear_map.levels = map->levels;
	world->params.linear_map.tcr = map->tcr;
	manual_regime(&(struct purg_linear_map){.levels = map->levels, .tcr = map->tcr}, 0, 0, &world->manual);
	choose_window(world, random ? 1 + (uint32_t)world_random(world->manual.top + 1) : world->manual.top);
	if (!(map->flags & PURG_LINEAR_MAP_SEARCH)) {
		world->params.linear_map.va = world->va;
		world->params.linear_map.pa = world->pa;
	}
}

void world_begin(struct world *world, const struct purg_linear_map *map)
{
	begin(world, map, false);
	add_range(world, world->pa + world->window / 2, 40);
	place_root(world);
}

uint64_t world_va(const struct world *world, uint64_t pa)
{
	return pa - world->pa + world->va;
}

uint64_t world_entry(const struct world *world, uint64_t va, uint32_t height)
{
	const struct manual *manual = &world->manual;
	uint64_t table = manual->root, size = manual->root_size;

	for (uint32_t at = manual->top;; at--) {
		uint64_t entry = table + (va >> manual_shift(manual, at)) % (size / 8) * 8;

		if (at == height)
			return entry;
		if (manual_entry(manual, at, memory_get(entry), &table) != MANUAL_TABLE)
			return 0;
		size = page_size(world);
	}
}

bool world_map(struct world *world, uint64_t va, uint32_t height, uint64_t pa)
{
	const struct manual *manual = &world->manual;

	for (uint32_t at = manual->top; at > height; at--) {
		uint64_t entry = world_entry(world, va, at);

		if (!entry)
			return false;
		if (memory_get(entry))
			continue;
		if (!world->frames || !memory_set(entry, manual_table(manual, world->frame[--world->frames])))
			return false;
	}
	if (!world_entry(world, va, height))
		return false;
	pa = pa >> manual_shift(manual, height) << manual_shift(manual, height);
	return memory_set(world_entry(world, va, height), manual_leaf(manual, height, pa));
}

void world_guard(struct world *world, uint64_t pa, uint64_t size)
{
	uint64_t page = page_size(world);

	for (uint64_t at = pa & -page; at < pa + size; at += page) {
		uint64_t entry;

		if (!world_map(world, world_va(world, at), 0, at))
			return;
		entry = world_entry(world, world_va(world, at), 0);
		memory_set(entry, manual_protect(memory_get(entry)));
	}
}

struct purg_segment *world_segment(struct world *world, uint64_t start, uint64_t size, uint32_t kind)
{
	struct purg_segment *segment = &world->params.segment[world->params.segment_count++];

	*segment = (struct purg_segment){.start = start, .size = size, .kind = kind};
	return segment;
}

/* Of a leaf that there may be, and mostly not larger than the window: both its addresses are multiples of that. */
static uint32_t some_height(const struct world *world)
{
	uint32_t height = (uint32_t)world_random(world->manual.top + 1);
	bool fits = world->window >> manual_shift(&world->manual, height);

	if (!manual_has_leaf(&world->manual, height) || world_random(3) || (!fits && world_random(20)))
		return 0;
	return height;
}

/* Somewhere at one of the places, within some pages. */
static uint64_t near_place(const struct world *world, uint64_t pages)
{
	uint64_t span = pages * page_size(world), room = world->window / 16;

	return world->pa + world->place[world_random(WORLD_PLACES)] + some_page(world, span < room ? span : room);
}

static void make_ranges(struct world *world)
{
	uint64_t count = 1 + world_random(4);

	while (count--)
		add_range(world, near_place(world, 2000), 4 + (uint32_t)world_random(WORLD_FRAMES / 2));
	place_root(world);
}

static void make_segments(struct world *world)
{
	struct purg_linear_map *map = &world->params.linear_map;
	uint64_t pages = 8 + world_random(200), page = page_size(world),
		 limit = UINT64_C(1) << world->manual.physical_bits;
	uint64_t end;
	const uint32_t kind[] = {PURG_DIGEST_SEGMENT, PURG_DIGEST_CONCAT, PURG_DIGEST_STRIPED};
	uint32_t some_kind = kind[world_random(3)];

	map->region = near_place(world, 600) + (one_in(3) ? world_random(page) : 0);
	map->region_size = pages * page - (one_in(3) ? world_random(page) : 0);
	end = map->region + map->region_size;
	for (uint64_t i = 1 + world_random(5); i--;) {
		uint64_t start = map->region + world_random(pages) * page, size = (1 + world_random(40)) * page;

		if (one_in(2))
			start += world_random(page);
		if (one_in(2))
			size -= one_in(10) ? size : world_random(page);
		if (one_in(8))
			start = near_place(world, 2000);
		if (start + size > end && world_random(4))
			start = map->region;
		if (start + size > end && world_random(4))
			size = end - start;
		if (start < limit && size <= limit - start)
			world_segment(world, start, size, one_in(2) ? some_kind : kind[world_random(3)]);
	}
}

/* Somewhere in a segment, or just beside it; if there is none, anywhere. */
static uint64_t some_target(const struct world *world)
{
	const struct purg_segment *segment = world->params.segment;
	uint64_t page = page_size(world);

	if (!world->params.segment_count)
		return near_place(world, 2000);
	segment += world_random(world->params.segment_count);
	switch (world_random(4)) {
	case 0:
		return (segment->start & -page) - page;
	case 1:
		return (segment->start + segment->size + page - 1) & -page;
	case 2:
		return segment->start + segment->size;
	default:
		return segment->start + world_random(segment->size + 1);
	}
}

static void map_some(struct world *world, uint64_t pa)
{
	uint32_t height = some_height(world);

	world_map(world, world_va(world, pa), height, one_in(20) ? some_target(world) : pa);
	if (one_in(6))
		world_map(world, world->manual.first + world_random(-world->manual.first), height, pa);
}

/* Entries around, some of which are protected or have bits that mean nothing. */
static void make_map(struct world *world, uint64_t targets)
{
	uint64_t page = page_size(world), entry, address, root = world->manual.root;
	uint32_t height;

	for (uint32_t i = 0; i < world->params.segment_count; i++)
		if (world_random(12))
			world_guard(world, world->params.segment[i].start, world->params.segment[i].size);
	for (uint64_t i = world_random(20); i--;)
		map_some(world, near_place(world, 600));
	for (uint64_t i = 0; i < targets; i++)
		map_some(world, some_target(world));
	if (world_random(20))
		world_map(world, world_va(world, root), some_height(world), root);
	for (uint64_t i = world_random(12); i--;) {
		height = (uint32_t)world_random(world->manual.top + 1);
		entry = world_entry(world, world_va(world, near_place(world, 600)) & -page, height);
		if (!entry)
			continue;
		if (manual_entry(&world->manual, height, memory_get(entry), &address) == MANUAL_TABLE)
			memory_set(entry, memory_get(entry) | (world_random(UINT64_MAX) & manual_table_noise));
		else if (memory_get(entry))
			memory_set(entry, memory_get(entry) | (world_random(UINT64_MAX) & manual_leaf_noise));
		if (one_in(height ? 40 : 4))
			memory_set(entry, manual_protect(memory_get(entry)));
	}
}

/* The entry on the way to a segment, or to the root, of any height. */
static uint64_t some_entry(const struct world *world, uint32_t *height)
{
	uint64_t pa = one_in(6) ? world->manual.root : some_target(world), entry;

	*height = (uint32_t)world_random(world->manual.top + 1);
	while (!(entry = world_entry(world, world_va(world, pa), *height)))
		++*height;
	return entry;
}

/* Where a table must not be: around a range's ends, at the root, or at any other. */
static uint64_t some_pointer(const struct world *world)
{
	const struct purg_linear_map *map = &world->params.linear_map;
	const struct purg_range *range = &map->range[world_random(map->range_count)];

	switch (world_random(5)) {
	case 0:
		return range->start - page_size(world);
	case 1:
		return range->start + range->size;
	case 2:
		return world->manual.root & -page_size(world);
	case 3:
		return world_random(UINT64_C(1) << world->manual.physical_bits) & -page_size(world);
	default:
		return range->start + some_page(world, range->size);
	}
}

static void damage(struct world *world)
{
	struct purg_linear_map *map = &world->params.linear_map;
	struct purg_range *range = &map->range[world_random(map->range_count)];
	uint32_t height;
	uint64_t entry = some_entry(world, &height);

	switch (world_random(8)) {
	case 0:
		memory_set(entry, world_random(UINT64_MAX));
		break;
	case 1:
		memory_set(entry, memory_get(entry) ^ UINT64_C(1) << world_random(12));
		break;
	case 2:
		memory_set(entry, manual_leaf(&world->manual, height ? 1 : 0, some_target(world) & -page_size(world)));
		break;
	case 3:
		memory.unreachable = entry;
		break;
	case 4:
		range->size -= 8;
		break;
	case 5:
		range->start += 8;
		range->size -= 8;
		break;
	default:
		memory_set(entry, manual_table(&world->manual, some_pointer(world)));
	}
}

void world_make(struct world *world, const struct purg_linear_map *map)
{
	begin(world, map, true);
	make_ranges(world);
	make_segments(world);
	make_map(world, world_random(2) * world_random(20));
	if (one_in(2))
		damage(world);
	if (one_in(40))
		world->params.linear_map.budget = 1 + (uint32_t)world_random(one_in(2) ? 8 : 3000);
}

bool world_agrees(const struct world *world, struct walk *walk)
{
	return oracle_agrees(&world->params, walk);
}

bool world_agrees_on_budget(struct world *world)
{
	struct walk walk, again;
	uint64_t reads;

	world->params.linear_map.budget = 0;
	if (!world_agrees(world, &walk))
		return false;
	reads = memory.reads;
	if (reads < 2)
		return true;
	world->params.linear_map.budget = (uint32_t)reads;
	if (!world_agrees(world, &again) || memcmp(&again, &walk, sizeof(walk)) != 0)
		return false;
	world->params.linear_map.budget--;
	return world_agrees(world, &again) && again.result == PURG_WALK_BUDGET;
}
