/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory maps, and the questions to them. Each question is one sweep over the sorted entries: memory falls into pieces
 * within which the same types hold, and a piece's types say what becomes of it. For each type it is enough to know how
 * far its entries reach, so the time does not depend on how they overlap.
 */
#include <string.h>

#include "map.h"
#include "number.h"

/* The types by precedence, as far as they have one: firmware's in the order of their numbers. */
static const uint32_t types[] = {
	PURG_MEM_RAM,  PURG_MEM_RESERVED,      PURG_MEM_ACPI,   PURG_MEM_NVS,   PURG_MEM_UNUSABLE, PURG_MEM_PMEM,
	PURG_MEM_PRAM, PURG_MEM_SOFT_RESERVED, PURG_MEM_KERNEL, PURG_MEM_CRASH, PURG_MEM_KEPT,     PURG_MEM_DRIVER,
};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* A set of types is an integer with a bit for each: its index. */
enum {
	RAM = 1 << 0,
	PRAM = 1 << 6,
	SOFT_RESERVED = 1 << 7,
	KERNEL = 1 << 8,
	CRASH = 1 << 9,
	KEPT = 1 << 10,
	DRIVER = 1 << 11,
	FIRMWARE = KERNEL - 1,
};

/* ---- Entries ---- */

static int index_of(uint32_t type)
{
	for (unsigned int i = 0; i < TYPES; i++)
		if (types[i] == type)
			return i;
	return -1;
}

static uint64_t last_of(const struct purg_mem *mem)
{
	return mem->start + (mem->size - 1);
}

int map_add_to(struct purg_map *map, uint64_t start, uint64_t last, uint32_t type)
{
	if (last < start || last - start == UINT64_MAX)
		return PURG_ERR_MAP_RANGE;
	if (map->count >= map->room)
		return PURG_ERR_MAP_FULL;
	map->entry[map->count++] = (struct purg_mem){.start = start, .size = last - start + 1, .type = type};
	return 0;
}

int purg_map_add(struct purg_map *map, uint64_t start, uint64_t size, uint32_t type)
{
	if (index_of(type) < 0)
		return PURG_ERR_ARGUMENT;
	return map_add_to(map, start, start + (size - 1), type); /* of no bytes: a range that wraps */
}

int purg_map_from_e820(struct purg_map *map, const void *table, uint32_t entries)
{
	const uint8_t *at = table;
	uint32_t count = map->count;

	for (uint32_t i = 0; i < entries; i++) {
		struct __attribute__((packed)) {
			uint64_t start, size;
			uint32_t type;
		} entry;
		int index, error;

		memcpy(&entry, at + (size_t)i * sizeof(entry), sizeof(entry));
		if (!entry.size)
			continue;
		/* ACPI 6.5, table 15.4: what is not known is reserved. An operating system's types are no firmware's.
		 */
		index = index_of(entry.type);
		if (index < 0 || !(FIRMWARE >> index & 1))
			entry.type = PURG_MEM_RESERVED;
		error = purg_map_add(map, entry.start, entry.size, entry.type);
		if (error) {
			map->count = count;
			return error;
		}
	}
	return 0;
}

/* The larger children move up all the way to the bottom, then the root's entry climbs: it mostly belongs far below. */
static void sift(struct purg_mem *heap, size_t root, size_t count)
{
	struct purg_mem moved = heap[root];
	size_t hole = root, child;

	while ((child = 2 * hole + 1) < count) {
		child += child + 1 < count && heap[child + 1].start > heap[child].start;
		heap[hole] = heap[child];
		hole = child;
	}
	for (; hole > root && heap[(hole - 1) / 2].start < moved.start; hole = (hole - 1) / 2)
		heap[hole] = heap[(hole - 1) / 2];
	heap[hole] = moved;
}

/* Heapsort: in place, and n log n at the worst. Most maps are sorted as they come. */
static void sort(struct purg_mem *entry, uint32_t count)
{
	uint32_t sorted = 1;

	while (sorted < count && entry[sorted - 1].start <= entry[sorted].start)
		sorted++;
	if (sorted >= count)
		return;
	for (size_t root = count / 2; root-- > 0;)
		sift(entry, root, count);
	while (--count) {
		struct purg_mem highest = entry[0];

		entry[0] = entry[count];
		entry[count] = highest;
		sift(entry, 0, count);
	}
}

/* Entries are the caller's, who may have written them himself. */
static int check_and_sort(struct purg_map *map, int whom)
{
	if (map->count > map->room || (whom != PURG_FOR_NEXT && whom != PURG_FOR_CRASH))
		return PURG_ERR_ARGUMENT;
	for (uint32_t i = 0; i < map->count; i++)
		if (!map->entry[i].size || last_of(&map->entry[i]) < map->entry[i].start)
			return PURG_ERR_MAP_RANGE;
	sort(map->entry, map->count);
	return 0;
}

/* ---- The sweep ---- */

struct piece {
	uint64_t start, last;
	unsigned int types;  /* that hold in all of it */
	unsigned int begins; /* those of entries that start with it */
};

struct sweep {
	const struct purg_mem *next, *end; /* the entries that start behind the piece */
	uint64_t reach[TYPES];             /* the farthest last byte of each type that holds behind the piece */
	unsigned int types;                /* those that do */
	struct piece piece;
};

static void begin_entry(struct sweep *sweep)
{
	int index = index_of(sweep->next->type);
	uint64_t last = last_of(sweep->next++);

	if (index < 0)
		index = index_of(PURG_MEM_RESERVED);
	if (!(sweep->types >> index & 1) || sweep->reach[index] < last)
		sweep->reach[index] = last;
	sweep->types |= 1u << index;
	sweep->piece.begins |= 1u << index;
}

/* On to the next piece in which anything holds; false if there is none. */
static bool step(struct sweep *sweep)
{
	struct piece *piece = &sweep->piece;

	if (sweep->types)
		piece->start = piece->last + 1;
	else if (sweep->next < sweep->end)
		piece->start = sweep->next->start;
	else
		return false;
	piece->begins = 0;
	while (sweep->next < sweep->end && sweep->next->start == piece->start)
		begin_entry(sweep);
	piece->types = sweep->types;
	piece->last = sweep->next < sweep->end ? sweep->next->start - 1 : UINT64_MAX;
	for (unsigned int set = piece->types; set; set &= set - 1)
		piece->last = number_min(piece->last, sweep->reach[__builtin_ctz(set)]);
	for (unsigned int set = piece->types; set; set &= set - 1)
		if (sweep->reach[__builtin_ctz(set)] == piece->last)
			sweep->types &= ~(set & -set);
	return true;
}

/* ---- The questions: of which type is a piece for whom asks, or zero if it is not for him? ---- */

enum question {
	USABLE_FOR_NEXT,
	USABLE_FOR_CRASH,
	TOLD_TO_NEXT,
	TOLD_TO_CRASH,
	DUMPED
};

static uint32_t told(unsigned int set, bool to_crash)
{
	for (unsigned int i = TYPES; i-- > 1;)
		if ((set & FIRMWARE) >> i & 1)
			return types[i];
	if (!(set & RAM) || (to_crash && !(set & (CRASH | KEPT))))
		return 0;
	return set & KEPT ? PURG_MEM_RESERVED : PURG_MEM_RAM;
}

static uint32_t answer(enum question question, unsigned int set)
{
	switch (question) {
	case USABLE_FOR_NEXT:
		return (set & ~KERNEL) == RAM ? PURG_MEM_RAM : 0;
	case USABLE_FOR_CRASH:
		return (set & ~KERNEL) == (RAM | CRASH) ? PURG_MEM_RAM : 0;
	case TOLD_TO_NEXT:
	case TOLD_TO_CRASH:
		return told(set, question == TOLD_TO_CRASH);
	default:
		return !(set & CRASH) && ((set & FIRMWARE) == RAM || set & DRIVER) ? PURG_MEM_RAM : 0;
	}
}

/* Pieces that adjoin and have one answer: a range. */
struct run {
	uint64_t start, last;
	uint32_t type;
};

struct runs {
	struct sweep sweep;
	enum question question;
	bool more; /* the sweep has a piece that is in no run yet */
};

static void runs_begin(struct runs *runs, const struct purg_map *map, enum question question)
{
	runs->question = question;
	runs->sweep.next = map->entry;
	runs->sweep.end = map->entry + map->count;
	runs->sweep.types = 0;
	runs->more = step(&runs->sweep);
}

/*
 * Boundaries of these types are kept, as Linux keeps them (e820_nomerge): they may be those of NUMA nodes. Nor may a
 * range become all of the address space, whose size is no uint64_t.
 */
static bool joins(const struct run *run, const struct piece *piece, uint32_t type)
{
	unsigned int kept = (type == PURG_MEM_PRAM ? PRAM : 0) | (type == PURG_MEM_SOFT_RESERVED ? SOFT_RESERVED : 0);

	return type == run->type && piece->start == run->last + 1 && !(piece->begins & kept) &&
	       piece->last - run->start != UINT64_MAX;
}

static bool runs_next(struct runs *runs, struct run *run)
{
	const struct piece *piece = &runs->sweep.piece;

	while (runs->more && !answer(runs->question, piece->types))
		runs->more = step(&runs->sweep);
	if (!runs->more)
		return false;
	*run = (struct run){piece->start, piece->last, answer(runs->question, piece->types)};
	while ((runs->more = step(&runs->sweep)) && joins(run, piece, answer(runs->question, piece->types)))
		run->last = piece->last;
	return true;
}

/* How many runs there will be, or why not. */
static int64_t count_runs(const struct purg_map *map, enum question question, uint32_t room)
{
	struct runs runs;
	struct run run;
	int64_t count = 0;
	bool ram = false;

	for (runs_begin(&runs, map, question); runs_next(&runs, &run); count++)
		ram |= run.type == PURG_MEM_RAM;
	if (!ram)
		return PURG_ERR_MAP_EMPTY;
	return count <= room ? count : PURG_ERR_MAP_FULL;
}

static int64_t collect(struct purg_map *map, enum question question, struct purg_range *ranges, uint32_t room)
{
	int64_t count = count_runs(map, question, room);
	struct runs runs;
	struct run run;

	if (count < 0)
		return count;
	for (runs_begin(&runs, map, question); runs_next(&runs, &run);)
		*ranges++ = (struct purg_range){run.start, run.last - run.start + 1};
	return count;
}

int64_t purg_map_usable(struct purg_map *map, int whom, struct purg_range *ranges, uint32_t room)
{
	int error = check_and_sort(map, whom);

	return error ? error : collect(map, whom == PURG_FOR_CRASH ? USABLE_FOR_CRASH : USABLE_FOR_NEXT, ranges, room);
}

int64_t purg_map_dump(struct purg_map *map, struct purg_range *ranges, uint32_t room)
{
	int error = check_and_sort(map, PURG_FOR_NEXT);

	return error ? error : collect(map, DUMPED, ranges, room);
}

int64_t purg_map_tell(struct purg_map *map, int whom, struct purg_mem *out, uint32_t room)
{
	enum question question = whom == PURG_FOR_CRASH ? TOLD_TO_CRASH : TOLD_TO_NEXT;
	int64_t count = check_and_sort(map, whom);
	struct runs runs;
	struct run run;

	if (count == 0)
		count = count_runs(map, question, room);
	if (count < 0)
		return count;
	for (runs_begin(&runs, map, question); runs_next(&runs, &run);)
		*out++ = (struct purg_mem){.start = run.start, .size = run.last - run.start + 1, .type = run.type};
	return count;
}
