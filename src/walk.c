/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <console.h>
#include <range.h>
#include <verify.h>
#include <walk.h>
#include <walk_sentence.h>

/* x86_64 with 5-level paging, and arm64 with 52 bits of address in pages of 4 KiB, have so many. */
#define MAX_LEVELS 5

/* A search may find the root's page mapped by the linear map, by that of the kernel's image, and a few times more. */
#define MAX_BASES 4

/* The walk at work. */
struct look {
	const struct purg_params *params;
	struct walk *walk;
	struct walk_geometry geometry;
	uint32_t top_shift;        /* log2 of what an entry of the top table covers */
	uint32_t budget;           /* entries that may yet be read */
	uint64_t concat;           /* bit i: segment i is of the concatenation */
	uint64_t candidates;       /* bit i: it may be skipped if it is unmapped */
	uint64_t exposed;          /* of these */
	uint64_t path[MAX_LEVELS]; /* the tables from the top one to the one at hand */
	/* A search: where physical address 0 is, by each mapping of the root's page. */
	bool searching;
	uint32_t base_count;
	uint64_t bases[MAX_BASES];
	/* A look-up: the same of the linear map; and what it has found, since it ends at the first leaf. */
	uint64_t base;
	uint64_t hit_va; /* zero: none */
	uint64_t hit_pa;
};

/* Stop: nothing is skipped. Always false. */
static bool doubt(struct look *look, uint32_t result, uint64_t address)
{
	look->walk->result = result;
	look->walk->address = address;
	return false;
}

static uint64_t page_size(const struct look *look)
{
	return 1ull << look->geometry.page_shift;
}

static bool searches(const struct purg_params *params)
{
	return params->linear_map.flags & PURG_LINEAR_MAP_SEARCH;
}

/* Only the first is told. */
static void expose(struct look *look, uint32_t segment, uint64_t address)
{
	if (!look->exposed)
		look->walk->address = address;
	look->exposed |= 1ull << segment;
}

/*
 * A search looks at every leaf: does it map the root, does it map a candidate? It has a page's every byte or none, so
 * it need not be asked about those that share a page with a segment.
 */
static void search_leaf(struct look *look, uint64_t va, uint64_t size, uint64_t pa)
{
	const struct purg_linear_map *map = &look->params->linear_map;

	look->walk->pages += size / page_size(look);
	if (range_within(look->geometry.root, 1, pa, size) && look->base_count < MAX_BASES)
		look->bases[look->base_count++] = va - pa;
	if (!ranges_overlap(pa, size, map->region, map->region_size))
		return;
	for (uint32_t i = 0; i < look->params->segment_count; i++) {
		const struct purg_segment *segment = &look->params->segment[i];
		uint64_t start = segment->start & -page_size(look);

		if (look->candidates >> i & 1 && ranges_overlap(pa, size, segment->start, segment->size))
			expose(look, i, pa > start ? pa : start);
	}
}

static bool take_leaf(struct look *look, uint64_t va, uint64_t size, uint64_t pa)
{
	look->walk->leaves++;
	if (look->searching) {
		search_leaf(look, va, size, pa);
		return true;
	}
	look->hit_va = va;
	look->hit_pa = pa;
	return false;
}

/*
 * What a look-up takes for unmapped must be so on purpose: its entry still names the page. One that was zeroed, or of a
 * part of the address space that is no linear map, does not.
 */
static bool take_guard(struct look *look, uint64_t va, uint64_t pa)
{
	return look->searching || pa == va - look->base || doubt(look, PURG_WALK_UNPROVEN, va - look->base);
}

static bool in_ranges(const struct purg_linear_map *map, uint64_t start, uint64_t size)
{
	for (uint32_t i = 0; i < map->range_count; i++)
		if (range_within(start, size, map->range[i].start, map->range[i].size))
			return true;
	return false;
}

static bool walk_table(struct look *look, uint32_t depth, uint32_t shift, uint64_t table, uint64_t va, uint64_t last);

static bool walk_entry(struct look *look, uint32_t depth, uint32_t shift, uint64_t where, uint64_t va, uint64_t last)
{
	uint64_t entry, address, offset = va & ((1ull << shift) - 1);

	if (!look->budget--)
		return doubt(look, PURG_WALK_BUDGET, where);
	if (!old_memory_read(where, &entry))
		return doubt(look, PURG_WALK_POINTER, where);
	look->walk->entries++;
	switch (old_tables_entry(&look->geometry, shift, entry, &address)) {
	case WALK_ABSENT:
		return look->searching || doubt(look, PURG_WALK_UNPROVEN, va - look->base);
	case WALK_GUARD:
		return take_guard(look, va, address + offset);
	case WALK_LEAF:
		return take_leaf(look, va, last - va + 1, address + offset);
	case WALK_TABLE:
		return walk_table(look, depth + 1, shift - look->geometry.level_bits, address, va, last);
	default:
		return doubt(look, PURG_WALK_ENTRY, where);
	}
}

/*
 * Look at what a table has of the virtual addresses from va to last, which are among those that it translates. False:
 * there was a hit, or a doubt.
 */
static bool walk_table(struct look *look, uint32_t depth, uint32_t shift, uint64_t table, uint64_t va, uint64_t last)
{
	uint32_t bits = depth ? shift + look->geometry.level_bits : look->geometry.bits;
	uint64_t span = (1ull << shift) - 1, end;

	if (!in_ranges(&look->params->linear_map, table, 8ull << (bits - shift)))
		return doubt(look, PURG_WALK_POINTER, table);
	for (uint32_t i = 0; i < depth; i++)
		if (look->path[i] == table)
			return doubt(look, PURG_WALK_CYCLE, table);
	look->path[depth] = table;
	do {
		end = va | span;
		if (end > last)
			end = last;
		if (!walk_entry(look, depth, shift, table + ((va & ((1ull << bits) - 1)) >> shift << 3), va, end))
			return false;
		va = end + 1;
	} while (end != last);
	return true;
}

static bool walk_range(struct look *look, uint64_t va, uint64_t last)
{
	return walk_table(look, 0, look->top_shift, look->geometry.root, va, last);
}

/* Look up the pages of a piece of memory in the linear map. True: none is mapped, and each entry says so. */
static bool look_up(struct look *look, uint64_t start, uint64_t size)
{
	uint64_t page = page_size(look);
	uint64_t va = look->base + start, last = va + size - 1;
	bool guarded;

	look->hit_va = 0;
	/* An address with another offset in its page is none of a linear map. */
	if (va < look->geometry.first || last < va || look->base % page)
		return doubt(look, PURG_WALK_ADDRESS, start);
	va &= -page;
	guarded = walk_range(look, va, last);
	if (guarded || look->hit_va)
		look->walk->pages += ((guarded ? last : look->hit_va) - va) / page + 1;
	return guarded;
}

/* The linear map's own address of the root must lead to it. False: doubt. */
static bool look_up_root(struct look *look)
{
	uint64_t root = look->geometry.root;
	bool guarded = look_up(look, root, 1);

	look->walk->pages = 0;
	if (look->hit_va && look->hit_pa == (root & -page_size(look)))
		return true;
	return (guarded || look->hit_va || look->walk->result == PURG_WALK_UNPROVEN) &&
	       doubt(look, PURG_WALK_CONTROL, root);
}

/* Those that are known to be exposed need no look. False: doubt. */
static bool look_up_segments(struct look *look)
{
	for (uint32_t i = 0; i < look->params->segment_count; i++) {
		const struct purg_segment *segment = &look->params->segment[i];

		if (!((look->candidates & ~look->exposed) >> i & 1) || look_up(look, segment->start, segment->size))
			continue;
		if (!look->hit_va)
			return false;
		expose(look, i, look->hit_va - look->base);
	}
	return true;
}

/*
 * One of the mappings of the root is the linear map, and has entries that say of what nothing maps that this is on
 * purpose. The others have not. False: doubt.
 */
static bool look_up_guards(struct look *look)
{
	uint64_t exposed = look->exposed, address = look->walk->address;

	look->searching = false;
	for (uint32_t i = 0; i < look->base_count; i++) {
		look->base = look->bases[i];
		look->walk->address = address;
		if (look_up_segments(look) && look->exposed == exposed)
			return true;
		if (look->walk->result == PURG_WALK_BUDGET)
			return false;
		look->exposed = exposed;
	}
	return doubt(look, look->base_count ? PURG_WALK_UNPROVEN : PURG_WALK_CONTROL, look->geometry.root);
}

/* False: doubt. */
static bool look_at_all(struct look *look)
{
	const struct purg_linear_map *map = &look->params->linear_map;

	look->base = map->va - map->pa;
	look->searching = searches(look->params);
	if (!look->searching)
		return look_up_root(look) && look_up_segments(look);
	if (map->va || map->pa)
		return doubt(look, PURG_WALK_GEOMETRY, map->va);
	return walk_range(look, look->geometry.first, UINT64_MAX) && look_up_guards(look);
}

/* Without them a changed block could say that all is well. */
static bool check_digests(struct look *look)
{
	return (verify_is_given(look->params->block_digest) && verify_is_given(look->params->image_digest)) ||
	       doubt(look, PURG_WALK_DIGEST, 0);
}

static bool is_physical(uint64_t start, uint64_t size)
{
	return size && range_within(start, size, 0, arch_physical_end());
}

static bool find_candidates(struct look *look)
{
	const struct purg_linear_map *map = &look->params->linear_map;
	bool region = is_physical(map->region, map->region_size);

	for (uint32_t i = 0; i < look->params->segment_count; i++) {
		const struct purg_segment *segment = &look->params->segment[i];
		uint64_t bit = 1ull << i;

		if (segment->kind == PURG_DIGEST_CONCAT)
			look->concat |= bit;
		if (region && segment->size &&
		    range_within(segment->start, segment->size, map->region, map->region_size))
			look->candidates |= bit;
	}
	return look->candidates || doubt(look, PURG_WALK_REGION, map->region);
}

/* The smallest page of all. */
#define PAGE 0x1000ull

/* A console's registers are not memory, and neither they nor what is in a page with them is read as if they were. */
static bool check_range(const struct purg_params *params, const struct purg_range *range)
{
	if (!is_physical(range->start, range->size))
		return false;
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		if (console_touches(&params->console[i], range->start & -PAGE, range->size + 2 * PAGE))
			return false;
	return true;
}

static bool check_ranges(struct look *look)
{
	const struct purg_linear_map *map = &look->params->linear_map;

	if (!map->range_count || map->range_count > PURG_MAX_RANGES)
		return doubt(look, PURG_WALK_RANGES, map->range_count);
	for (uint32_t i = 0; i < map->range_count; i++)
		if (!check_range(look->params, &map->range[i]))
			return doubt(look, PURG_WALK_RANGES, map->range[i].start);
	return true;
}

static bool check_geometry(struct look *look)
{
	const struct purg_linear_map *map = &look->params->linear_map;
	const struct walk_geometry *geometry = &look->geometry;

	if (map->flags & ~(uint32_t)(PURG_LINEAR_MAP_LIVE | PURG_LINEAR_MAP_SEARCH) ||
	    !old_tables_geometry(map, &look->geometry))
		return doubt(look, PURG_WALK_GEOMETRY, 0);
	look->top_shift = geometry->page_shift;
	while (look->top_shift + geometry->level_bits < geometry->bits)
		look->top_shift += geometry->level_bits;
	return geometry->root % (8ull << (geometry->bits - look->top_shift)) == 0 ||
	       doubt(look, PURG_WALK_GEOMETRY, geometry->root);
}

/* The concatenation has one digest: its segments are skipped together or not at all. */
static uint64_t skippable(const struct look *look)
{
	uint64_t skip = look->candidates & ~look->exposed;

	return look->concat & ~skip ? skip & ~look->concat : skip;
}

/* Not inlined: what it needs of the stack is given back before the hashing begins. */
__attribute__((noinline)) void walk_old_tables(const struct purg_params *params, struct walk *walk)
{
	uint32_t budget = params->linear_map.budget;
	struct look look = {.params = params, .walk = walk, .budget = budget ? budget : PURG_DEFAULT_BUDGET};

	*walk = (struct walk){.result = PURG_WALK_NONE};
	if (params->verify != PURG_VERIFY_UNLESS_UNMAPPED || !check_digests(&look) || !find_candidates(&look) ||
	    !check_ranges(&look) || !check_geometry(&look))
		return;
	if (!old_memory_begin()) {
		doubt(&look, PURG_WALK_CACHES, 0);
		return;
	}
	if (!look_at_all(&look))
		return;
	walk->result = look.exposed ? PURG_WALK_MAPPED : PURG_WALK_UNMAPPED;
	walk->skip = skippable(&look);
}

static void tell_doubt(const struct walk *walk)
{
	console_puts(walk_sentence(walk->result));
	if (walk->address) {
		console_puts(": ");
		console_hex(walk->address);
	}
}

void walk_tell(const struct purg_params *params, const struct walk *walk)
{
	if (walk->result == PURG_WALK_NONE)
		return;
	if (walk->result == PURG_WALK_UNMAPPED) {
		console_puts("purgatory: skipped: crashkernel ");
		console_puts(old_tables_safe);
		console_puts(searches(params) ? " the old kernel's tables (" : " the linear map (");
		console_dec(walk->pages);
		console_puts(" pages looked at)");
	} else {
		console_puts("purgatory: verifying: ");
		if (walk->result == PURG_WALK_MAPPED) {
			console_hex(walk->address);
			console_puts(old_tables_exposed);
		} else {
			tell_doubt(walk);
		}
	}
	console_puts("\n");
}
