/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <arch.h>
#include <verify.h>

#include "walk_manual.h"
#include "walk_memory.h"
#include "walk_oracle.h"

#define HEIGHTS 5

/* So many mappings of the root are tried. */
#define DELTAS 4

/* What must be found. */
struct oracle {
	uint32_t doubts;  /* bit PURG_WALK_*: there is this doubt; if any, nothing may be skipped */
	bool at_work;     /* the tables were looked at: there is one doubt at most, and address has what was doubted */
	uint32_t result;  /* without doubt */
	uint64_t address; /* PURG_WALK_MAPPED: the first one */
	uint64_t skip, pages, entries, leaves;
};

/* One translation: of a virtual address, down to what ends it. */
struct translation {
	enum manual_entry end; /* MANUAL_TABLE: the way is doubtful */
	uint32_t doubt;        /* then this PURG_WALK_*, ... */
	bool unread;           /* ... and true if no entry of the last table was read */
	uint32_t height;       /* of the table where it ended */
	uint64_t address;      /* MANUAL_LEAF: of the leaf's first byte; in doubt: of the table, or of the entry */
};

static void translate(const struct manual *manual, const struct purg_linear_map *map, uint64_t va,
		      struct translation *translation)
{
	uint64_t table = manual->root, size = manual->root_size, way[HEIGHTS] = {0};

	for (uint32_t height = manual->top;; height--) {
		uint64_t at = table + (va >> manual_shift(manual, height)) % (size / 8) * 8;

		*translation = (struct translation){MANUAL_TABLE, PURG_WALK_POINTER, true, height, table};
		if (!memory_declared(map, table, size))
			return;
		translation->doubt = PURG_WALK_CYCLE;
		for (uint32_t above = manual->top; above > height; above--)
			if (way[above] == table)
				return;
		way[height] = table;
		*translation = (struct translation){MANUAL_TABLE, PURG_WALK_POINTER, false, height, at};
		if (memory.unreachable && at == memory.unreachable)
			return;
		translation->end = manual_entry(manual, height, memory_get(at), &translation->address);
		if (translation->end == MANUAL_INVALID)
			*translation = (struct translation){MANUAL_TABLE, PURG_WALK_ENTRY, false, height, at};
		if (translation->doubt == PURG_WALK_ENTRY || translation->end != MANUAL_TABLE)
			return;
		table = translation->address;
		size = UINT64_C(1) << manual->page_shift;
	}
}

static bool is_physical(uint64_t start, uint64_t size)
{
	return size && start < arch_physical_end() && size <= arch_physical_end() - start;
}

/* Some bytes, all of them in the region. */
static bool is_candidate(const struct purg_linear_map *map, const struct purg_segment *segment)
{
	return segment->size && segment->start >= map->region && segment->size <= map->region_size &&
	       segment->start - map->region <= map->region_size - segment->size;
}

static bool ranges_wrong(const struct purg_params *params)
{
	const struct purg_linear_map *map = &params->linear_map;

	if (!map->range_count || map->range_count > PURG_MAX_RANGES)
		return true;
	for (uint32_t i = 0; i < map->range_count; i++) {
		uint64_t start = map->range[i].start, size = map->range[i].size, page = start / 4096 * 4096;

		if (!is_physical(start, size))
			return true;
		for (int j = 0; j < PURG_MAX_CONSOLES; j++) {
			const struct purg_console *console = &params->console[j];
			uint64_t span = console->kind == PURG_CONSOLE_VGA ? PURG_CONSOLE_VGA_SPAN : PURG_CONSOLE_SPAN;

			/* With room for the pages that have a part of the range. */
			if (console->kind && console->kind != PURG_CONSOLE_8250_PORT && page < console->base + span &&
			    console->base < page + size + 8192)
				return true;
		}
	}
	return false;
}

/* The entries that are read on the way to this address and were not on the way to one before it, from start on. */
static uint64_t new_entries(const struct manual *manual, uint64_t va, uint64_t start, uint32_t height)
{
	uint64_t entries = 0;

	for (uint32_t i = height; i <= manual->top; i++)
		entries += va == start || va % (UINT64_C(1) << manual_shift(manual, i)) == 0;
	return entries;
}

struct look {
	const struct purg_params *params;
	struct manual manual;
	uint64_t delta; /* from physical to virtual addresses */
	uint32_t segment;
	uint64_t limit; /* of entries */
	uint64_t pages; /* of one look-up */
	bool mapped[PURG_MAX_SEGMENTS], control;
	uint64_t delta_of_root[DELTAS]; /* a search: by the first mappings of the root's page */
	uint32_t deltas;
	struct oracle *oracle;
};

static void doubt(struct look *look, uint32_t result, uint64_t address)
{
	if (!look->oracle->doubts)
		look->oracle->address = address;
	look->oracle->doubts |= 1u << result;
}

/* Is told what there is at an address; the same for so many bytes. False: enough. */
typedef bool each_fn(struct look *look, uint64_t va, uint64_t size, const struct translation *translation);

/* Every address from start to last, until the first doubt. Those that one entry maps, or does not, are all alike. */
static void look_from(struct look *look, uint64_t start, uint64_t last, each_fn *each)
{
	const struct manual *manual = &look->manual;
	struct translation translation;
	uint64_t va = start, end;
	bool more;

	do {
		translate(manual, &look->params->linear_map, va, &translation);
		end = va | ((UINT64_C(1) << manual_shift(manual, translation.height)) - 1);
		if (end > last)
			end = last;
		look->oracle->entries += new_entries(manual, va, start, translation.height + translation.unread);
		if (look->oracle->entries > look->limit)
			doubt(look, PURG_WALK_BUDGET, 0);
		else if (translation.end == MANUAL_TABLE)
			doubt(look, translation.doubt, translation.address);
		look->oracle->leaves += translation.end == MANUAL_LEAF;
		more = !look->oracle->doubts && each(look, va, end - va + 1, &translation);
		va = end + 1;
	} while (more && end != last);
}

static void mapped(struct look *look, uint32_t segment, uint64_t address)
{
	if (look->oracle->result != PURG_WALK_MAPPED)
		look->oracle->address = address;
	look->oracle->result = PURG_WALK_MAPPED;
	look->mapped[segment] = true;
}

static uint64_t address_at(const struct look *look, uint64_t va, const struct translation *translation)
{
	return translation->address + va % (UINT64_C(1) << manual_shift(&look->manual, translation->height));
}

/* What is not mapped must name the page that it does not map. */
static bool each_of_segment(struct look *look, uint64_t va, uint64_t size, const struct translation *translation)
{
	bool leaf = translation->end == MANUAL_LEAF;
	uint64_t pa = va - look->delta;

	look->pages += leaf ? 1 : size >> look->manual.page_shift;
	if (leaf)
		mapped(look, look->segment, pa);
	else if (translation->end != MANUAL_GUARD || address_at(look, va, translation) != pa)
		doubt(look, PURG_WALK_UNPROVEN, pa);
	return !leaf && !look->oracle->doubts;
}

static uint64_t page_of(const struct look *look, uint64_t address)
{
	return address >> look->manual.page_shift << look->manual.page_shift;
}

static bool each_of_root(struct look *look, uint64_t va, uint64_t size, const struct translation *translation)
{
	(void)size;
	look->control = translation->end == MANUAL_LEAF &&
			address_at(look, va, translation) == page_of(look, look->manual.root);
	return false;
}

static bool each_of_half(struct look *look, uint64_t va, uint64_t size, const struct translation *translation)
{
	const struct purg_params *params = look->params;
	uint64_t pa = translation->address;

	if (translation->end != MANUAL_LEAF)
		return true;
	look->oracle->pages += size >> look->manual.page_shift;
	if (look->manual.root - pa < size && look->deltas < DELTAS)
		look->delta_of_root[look->deltas++] = va - pa;
	for (uint32_t i = 0; i < params->segment_count; i++) {
		const struct purg_segment *segment = &params->segment[i];
		uint64_t first = page_of(look, segment->start);

		if (is_candidate(&params->linear_map, segment) && pa + size > segment->start &&
		    segment->start + segment->size > pa)
			mapped(look, i, pa > first ? pa : first);
	}
	return true;
}

/* The pages that hold any of the memory, at their virtual addresses. */
static void look_up(struct look *look, uint64_t pa, uint64_t size, each_fn *each)
{
	uint64_t page = UINT64_C(1) << look->manual.page_shift, start = pa + look->delta, last = start + (size - 1);

	if (look->oracle->doubts)
		return;
	look->pages = 0;
	if (start < look->manual.first || last < start || look->delta % page)
		doubt(look, PURG_WALK_ADDRESS, pa);
	else
		look_from(look, start & -page, last | (page - 1), each);
	if (!look->oracle->doubts)
		look->oracle->pages += look->pages;
}

static void look_up_segments(struct look *look)
{
	const struct purg_params *params = look->params;

	for (look->segment = 0; look->segment < params->segment_count; look->segment++) {
		const struct purg_segment *segment = &params->segment[look->segment];

		if (is_candidate(&params->linear_map, segment) && !look->mapped[look->segment])
			look_up(look, segment->start, segment->size, each_of_segment);
	}
}

/* The root first: if the tables do not map that, they are not what they should be. */
static void look_up_all(struct look *look)
{
	look_up(look, look->manual.root, 1, each_of_root);
	if (!look->oracle->doubts && !look->control)
		doubt(look, PURG_WALK_CONTROL, look->manual.root);
	look_up_segments(look);
}

/* Then one of the mappings of the root must be that in which what is not mapped is not so on purpose. */
static void search(struct look *look)
{
	look_from(look, look->manual.first, UINT64_MAX, each_of_half);
	if (look->oracle->doubts)
		return;
	for (uint32_t i = 0; i < look->deltas; i++) {
		struct look before = *look;
		struct oracle found = *look->oracle;

		look->delta = look->delta_of_root[i];
		look_up_segments(look);
		if (look->oracle->doubts >> PURG_WALK_BUDGET & 1)
			return;
		if (!look->oracle->doubts && memcmp(look->mapped, before.mapped, sizeof(before.mapped)) == 0)
			return;
		*look = before;
		look->oracle->doubts = 0;
		look->oracle->result = found.result;
		look->oracle->address = found.address;
	}
	doubt(look, look->deltas ? PURG_WALK_UNPROVEN : PURG_WALK_CONTROL, look->manual.root);
}

/* All of the concatenation, or nothing of it. */
static uint64_t skip(const struct look *look)
{
	const struct purg_params *params = look->params;
	uint64_t safe = 0, concat = 0;

	for (uint32_t i = 0; i < params->segment_count; i++) {
		if (params->segment[i].kind == PURG_DIGEST_CONCAT)
			concat |= UINT64_C(1) << i;
		if (is_candidate(&params->linear_map, &params->segment[i]) && !look->mapped[i])
			safe |= UINT64_C(1) << i;
	}
	return (safe & concat) == concat ? safe : safe & ~concat;
}

/* Doubts that come before anything is looked at. */
static uint32_t doubts_of_block(const struct purg_params *params, struct manual *manual)
{
	const struct purg_linear_map *map = &params->linear_map;
	bool any = false;
	uint32_t doubts = 0;

	for (uint32_t i = 0; i < params->segment_count; i++)
		any |= is_candidate(map, &params->segment[i]);
	if (!verify_is_given(params->block_digest) || !verify_is_given(params->image_digest))
		doubts |= 1u << PURG_WALK_DIGEST;
	if (!any || !is_physical(map->region, map->region_size))
		doubts |= 1u << PURG_WALK_REGION;
	if (ranges_wrong(params))
		doubts |= 1u << PURG_WALK_RANGES;
	if (!manual_regime(map, memory.ttbr1, memory.tcr, manual) || manual->root % manual->root_align ||
	    (map->flags & PURG_LINEAR_MAP_SEARCH && (map->va || map->pa)))
		doubts |= 1u << PURG_WALK_GEOMETRY;
	if (memory.no_caches)
		doubts |= 1u << PURG_WALK_CACHES;
	return doubts;
}

/* By what the block says and what memory holds. */
static void look_at(const struct purg_params *params, struct oracle *oracle)
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
	oracle->at_work = true;
	if (map->flags & PURG_LINEAR_MAP_SEARCH)
		search(&look);
	else
		look_up_all(&look);
	if (!oracle->doubts)
		oracle->skip = skip(&look);
}

/* What is wrong with a block may be found in any order; in a walk there is but one first doubt. */
static bool agrees(const struct oracle *oracle, const struct walk *walk)
{
	bool same_address = walk->address == oracle->address;

	if (walk->skip != oracle->skip)
		return false;
	if (oracle->doubts)
		return walk->result < 32 && oracle->doubts >> walk->result & 1 &&
		       (!oracle->at_work || walk->result == PURG_WALK_BUDGET || same_address);
	return walk->result == oracle->result && walk->pages == oracle->pages && walk->entries == oracle->entries &&
	       walk->leaves == oracle->leaves && (walk->result == PURG_WALK_MAPPED ? same_address : !walk->address);
}

/* What must hold of every walk, whatever it has found: what could not be read counts as a read, but not as an entry. */
static bool is_sane(const struct purg_params *params, const struct walk *walk)
{
	uint64_t budget = params->linear_map.budget ? params->linear_map.budget : PURG_DEFAULT_BUDGET, all = 0;

	if (params->segment_count)
		all = UINT64_MAX >> (64 - params->segment_count);
	if (walk->skip & ~all || (walk->skip && walk->result != PURG_WALK_UNMAPPED && walk->result != PURG_WALK_MAPPED))
		return false;
	return !memory.stray && memory.reads - walk->entries <= (memory.unreachable != 0) && walk->entries <= budget &&
	       walk->leaves <= walk->entries;
}

bool oracle_agrees(const struct purg_params *params, struct walk *walk)
{
	struct oracle oracle;

	look_at(params, &oracle);
	memory.map = &params->linear_map;
	memory.reads = 0;
	memory.open = false;
	memset(walk, 0x5a, sizeof(*walk));
	walk_old_tables(params, walk);
	if (agrees(&oracle, walk) && is_sane(params, walk))
		return true;
	fprintf(stderr,
		"walk: result %u, address %#" PRIx64 ", skip %#" PRIx64 ", pages %" PRIu64 ", entries %" PRIu64
		", leaves %" PRIu64 ", reads %" PRIu64 ", stray %" PRIu64
		"; expected: doubts %#x, result %u, address %#" PRIx64 ", skip %#" PRIx64 ", pages %" PRIu64
		", entries %" PRIu64 ", leaves %" PRIu64 "\n",
		walk->result, walk->address, walk->skip, walk->pages, walk->entries, walk->leaves, memory.reads,
		memory.stray, oracle.doubts, oracle.result, oracle.address, oracle.skip, oracle.pages, oracle.entries,
		oracle.leaves);
	return false;
}
