/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <arch.h>

#include "walk_memory.h"
#include "walk_oracle.h"

#define HEIGHTS 5

void oracle_translate(const struct manual *manual, const struct purg_linear_map *map, uint64_t va,
		      struct translation *translation)
{
	uint64_t table = manual->root, size = manual->root_size, way[HEIGHTS];

	for (uint32_t height = manual->top;; height--) {
		uint64_t at = table + (va >> manual_shift(manual, height)) % (size / 8) * 8, entry = memory_get(at);

		*translation = (struct translation){MANUAL_TABLE, PURG_WALK_POINTER, height, table};
		if (!memory_declared(map, table, size) || (memory.unreachable && at == memory.unreachable))
			return;
		translation->doubt = PURG_WALK_CYCLE;
		for (uint32_t above = manual->top; above > height; above--)
			if (way[above] == table)
				return;
		way[height] = table;
		translation->end = manual_entry(manual, height, entry, &translation->address);
		translation->doubt = PURG_WALK_NONE;
		if (translation->end == MANUAL_INVALID) {
			translation->end = MANUAL_TABLE;
			translation->doubt = PURG_WALK_ENTRY;
			return;
		}
		if (translation->end != MANUAL_TABLE)
			return;
		table = translation->address;
		size = UINT64_C(1) << manual->page_shift;
	}
}

static bool zero(const uint8_t *digest)
{
	for (int i = 0; i < PURG_DIGEST_SIZE; i++)
		if (digest[i])
			return false;
	return true;
}

static bool in_region(const struct purg_linear_map *map, const struct purg_segment *segment)
{
	return segment->start >= map->region && segment->size <= map->region_size &&
	       segment->start - map->region <= map->region_size - segment->size;
}

static bool ranges_wrong(const struct purg_params *params)
{
	const struct purg_linear_map *map = &params->linear_map;

	if (!map->range_count || map->range_count > PURG_MAX_RANGES)
		return true;
	for (uint32_t i = 0; i < map->range_count; i++) {
		uint64_t start = map->range[i].start, size = map->range[i].size, end = arch_physical_end();

		if (start > end || size > end - start)
			return true;
		for (int j = 0; j < PURG_MAX_CONSOLES; j++) {
			const struct purg_console *console = &params->console[j];
			uint64_t span = console->kind == PURG_CONSOLE_VGA ? PURG_CONSOLE_VGA_SPAN : PURG_CONSOLE_SPAN;

			if (console->kind && console->kind != PURG_CONSOLE_8250_PORT && size &&
			    start < console->base + span && console->base < start + size)
				return true;
		}
	}
	return false;
}

/* What the entries on the way to this address count, if no address before it, from start on, has counted them. */
static uint64_t entries_on_way(const struct manual *manual, uint64_t va, uint64_t start, uint32_t height)
{
	uint64_t entries = 0;

	for (uint32_t i = height; i <= manual->top; i++)
		entries += va == start || va % (UINT64_C(1) << manual_shift(manual, i)) == 0;
	return entries;
}

/* Every address from start to last; each() is told what there is. One entry's pages are all alike. */
struct look {
	const struct purg_params *params;
	struct manual manual;
	uint64_t delta; /* of the virtual to the physical address; look-up only */
	uint32_t segment;
	uint64_t limit; /* of entries */
	bool mapped[PURG_MAX_SEGMENTS], control;
	struct oracle *oracle;
};

typedef void each_fn(struct look *look, uint64_t va, uint64_t size, const struct translation *translation);

static void look_from(struct look *look, uint64_t start, uint64_t last, each_fn *each)
{
	const struct manual *manual = &look->manual;
	struct translation translation;
	uint64_t va = start, end;

	do {
		oracle_translate(manual, &look->params->linear_map, va, &translation);
		end = va | ((UINT64_C(1) << manual_shift(manual, translation.height)) - 1);
		if (end > last)
			end = last;
		look->oracle->entries += entries_on_way(manual, va, start, translation.height);
		if (look->oracle->entries > look->limit)
			look->oracle->doubts |= 1 << PURG_WALK_BUDGET;
		if (translation.end == MANUAL_TABLE)
			look->oracle->doubts |= 1 << translation.doubt;
		else
			each(look, va, end - va + 1, &translation);
		va = end + 1;
	} while (end != last && look->oracle->entries <= look->limit);
}

static void mapped(struct look *look, uint32_t segment, uint64_t address)
{
	if (look->oracle->result != PURG_WALK_MAPPED)
		look->oracle->address = address;
	look->oracle->result = PURG_WALK_MAPPED;
	look->mapped[segment] = true;
}

static void each_of_segment(struct look *look, uint64_t va, uint64_t size, const struct translation *translation)
{
	uint64_t pa = va - look->delta, start = look->params->segment[look->segment].start;

	look->oracle->pages += size >> look->manual.page_shift;
	if (translation->end == MANUAL_LEAF)
		mapped(look, look->segment, pa < start ? start : pa);
}

static void each_of_root(struct look *look, uint64_t va, uint64_t size, const struct translation *translation)
{
	uint64_t span = UINT64_C(1) << manual_shift(&look->manual, translation->height);
	uint64_t page = look->manual.root >> look->manual.page_shift << look->manual.page_shift;

	(void)size;
	look->control = translation->end == MANUAL_LEAF && translation->address + va % span == page;
}

static void each_of_half(struct look *look, uint64_t va, uint64_t size, const struct translation *translation)
{
	const struct purg_params *params = look->params;

	(void)va;
	if (translation->end != MANUAL_LEAF)
		return;
	look->oracle->pages += size >> look->manual.page_shift;
	look->control |= look->manual.root - translation->address < size;
	for (uint32_t i = 0; i < params->segment_count; i++) {
		uint64_t start = params->segment[i].start;

		if (!in_region(&params->linear_map, &params->segment[i]) || !params->segment[i].size ||
		    translation->address + size <= start ||
		    start + params->segment[i].size <= translation->address)
			continue;
		mapped(look, i, start > translation->address ? start : translation->address);
	}
}

/* The first and the last byte of the pages that hold any of the range, as virtual addresses; false: not in the half. */
static bool pages_of(const struct look *look, uint64_t pa, uint64_t size, uint64_t *start, uint64_t *last)
{
	uint64_t page = UINT64_C(1) << look->manual.page_shift;

	*start = pa + look->delta;
	*last = *start + (size - 1);
	if (*start < look->manual.first || *last < *start)
		return false;
	*start &= -page;
	*last |= page - 1;
	return true;
}

static void look_up(struct look *look)
{
	const struct purg_params *params = look->params;
	uint64_t start, last;

	for (uint32_t i = 0; i < params->segment_count; i++) {
		const struct purg_segment *segment = &params->segment[i];

		if (!in_region(&params->linear_map, segment) || !segment->size)
			continue;
		look->segment = i;
		if (!pages_of(look, segment->start, segment->size, &start, &last))
			look->oracle->doubts |= 1 << PURG_WALK_ADDRESS;
		else
			look_from(look, start, last, each_of_segment);
	}
	if (!pages_of(look, look->manual.root, 1, &start, &last))
		look->oracle->doubts |= 1 << PURG_WALK_CONTROL | 1 << PURG_WALK_ADDRESS;
	else
		look_from(look, start, last, each_of_root);
}

/* All of the concatenation, or nothing of it. */
static uint64_t skip(const struct look *look)
{
	const struct purg_params *params = look->params;
	uint64_t safe = 0, concat = 0;

	for (uint32_t i = 0; i < params->segment_count; i++) {
		if (params->segment[i].kind == PURG_DIGEST_CONCAT)
			concat |= UINT64_C(1) << i;
		if (in_region(&params->linear_map, &params->segment[i]) && !look->mapped[i])
			safe |= UINT64_C(1) << i;
	}
	return (safe & concat) == concat ? safe : safe & ~concat;
}

/* Doubts that come before anything is looked at. */
static uint32_t doubts_of_block(const struct purg_params *params, struct manual *manual)
{
	const struct purg_linear_map *map = &params->linear_map;
	bool search = map->flags & PURG_LINEAR_MAP_SEARCH, any = false;
	uint32_t doubts = 0;

	for (uint32_t i = 0; i < params->segment_count; i++)
		any |= in_region(map, &params->segment[i]);
	if (zero(params->block_digest) || zero(params->image_digest))
		doubts |= 1 << PURG_WALK_DIGEST;
	if (!map->region_size || map->region + (map->region_size - 1) < map->region || !any)
		doubts |= 1 << PURG_WALK_REGION;
	if (ranges_wrong(params))
		doubts |= 1 << PURG_WALK_RANGES;
	if (!manual_regime(map, memory.ttbr1, memory.tcr, manual) || (search && (map->va || map->pa)))
		doubts |= 1 << PURG_WALK_GEOMETRY;
	if (memory.no_caches)
		doubts |= 1 << PURG_WALK_CACHES;
	return doubts;
}

void oracle_look(const struct purg_params *params, struct oracle *oracle)
{
	const struct purg_linear_map *map = &params->linear_map;
	struct look look = {.params = params, .oracle = oracle, .delta = map->va - map->pa};

	*oracle = (struct oracle){.result = PURG_WALK_NONE};
	if (params->verify != PURG_VERIFY_UNLESS_UNMAPPED)
		return;
	oracle->result = PURG_WALK_UNMAPPED;
	oracle->doubts = doubts_of_block(params, &look.manual);
	look.limit = map->budget ? map->budget : PURG_DEFAULT_BUDGET;
	if (oracle->doubts)
		return;
	if (map->flags & PURG_LINEAR_MAP_SEARCH)
		look_from(&look, look.manual.first, UINT64_MAX, each_of_half);
	else
		look_up(&look);
	if (!oracle->doubts && !look.control)
		oracle->doubts = 1 << PURG_WALK_CONTROL;
	if (!oracle->doubts)
		oracle->skip = skip(&look);
}

bool oracle_agrees(const struct oracle *oracle, const struct walk *walk)
{
	bool same = walk->skip == oracle->skip;

	if (oracle->doubts)
		same = same && walk->result < 32 && oracle->doubts >> walk->result & 1;
	else
		same = same && walk->result == oracle->result && walk->pages == oracle->pages &&
		       (walk->result != PURG_WALK_MAPPED || walk->address == oracle->address);
	if (!same)
		fprintf(stderr,
			"walk: result %u, address %#" PRIx64 ", skip %#" PRIx64 ", pages %" PRIu64 ", entries %" PRIu64
			"; expected: doubts %#x, result %u, address %#" PRIx64 ", skip %#" PRIx64 ", pages %" PRIu64
			", entries %" PRIu64 "\n",
			walk->result, walk->address, walk->skip, walk->pages, walk->entries, oracle->doubts,
			oracle->result, oracle->address, oracle->skip, oracle->pages, oracle->entries);
	return same;
}
