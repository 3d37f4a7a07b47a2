/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * An old kernel as the walk sees it: ranges of RAM, tables in them, a linear map, and what was loaded into the memory
 * that was kept for the crash kernel. Made at random, or by hand.
 */
#ifndef WALK_WORLD_H
#define WALK_WORLD_H

#include "walk_manual.h"

#define WORLD_FRAMES 48
#define WORLD_PLACES 3

struct world {
	struct purg_params params;
	struct manual manual;
	uint64_t pa, va, window;      /* the window of both address spaces in which all is that the linear map maps */
	uint64_t place[WORLD_PLACES]; /* offsets into the window near which things are */
	uint64_t frame[WORLD_FRAMES]; /* free ones, for tables */
	uint32_t frames;
};

/* Below the limit, from a generator that gives the same for the same seed. */
void world_seed(uint64_t seed);
uint64_t world_random(uint64_t below);

/*
 * An empty top table, digests, one range with frames for tables, and no segments. The map has flags, levels and tcr;
 * its root is filled in, or, if the map is live, the CPU's registers.
 */
void world_begin(struct world *world, const struct purg_linear_map *map);

/* The virtual address in the linear map. */
uint64_t world_va(const struct world *world, uint64_t pa);

/* Map the address by an entry of this height, making the tables above it; false: something is in the way, or no room.
 */
bool world_map(struct world *world, uint64_t va, uint32_t height, uint64_t pa);

/* Take the pages that have any of this memory out of the linear map, as Linux does it. */
void world_guard(struct world *world, uint64_t pa, uint64_t size);

/* Where the entry of this height lies, if there are tables down to it; else zero. */
uint64_t world_entry(const struct world *world, uint64_t va, uint32_t height);

/* Add a segment. */
struct purg_segment *world_segment(struct world *world, uint64_t start, uint64_t size, uint32_t kind);

/* All at random: places, ranges, segments, holes, blocks, aliases, and maybe some damage. */
void world_make(struct world *world, const struct purg_linear_map *map);

/* Walk, and hold it against the oracle and against what must hold of every walk; false if anything differs. */
bool world_agrees(const struct world *world, struct walk *walk);

/* The same with a budget that is just enough, and with one less. */
bool world_agrees_on_budget(struct world *world);

#endif
