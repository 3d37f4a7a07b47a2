/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What a loader does with a map of 10,000 ranges: find out what is free, and place 16 segments in it. All ranges of RAM
 * but the last few are too small for any of them, and so have to be looked at each time.
 */
#include <time.h>

#include <purgatory/loader.h>

#define RANGES 10000
#define SEGMENTS 16
#define SMALL 0x100000
#define LARGE 0x1000000

double place(int shuffled);

static struct purg_mem entry[RANGES];
static struct purg_range range[RANGES + SEGMENTS];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* By address, as every map comes; or shuffled, so that it has to be sorted: 7919 has no divisor in common with RANGES.
 */
static void make_map(int shuffled)
{
	for (uint32_t i = 0; i < RANGES; i++) {
		uint32_t j = shuffled ? i * 7919 % RANGES : i;
		uint64_t size = j < RANGES - SEGMENTS ? SMALL : LARGE;

		entry[i] = (struct purg_mem){(uint64_t)j * 2 * LARGE, size, PURG_MEM_RAM, 0};
	}
}

/* Seconds of CPU time; below zero if anything is not placed. */
double place(int shuffled)
{
	struct purg_map map = {entry, RANGES, RANGES};
	struct purg_space space = {range, 0, RANGES + SEGMENTS};
	double start;
	int64_t count;

	make_map(shuffled);
	start = now();
	count = purg_map_usable(&map, PURG_FOR_NEXT, range, RANGES);
	if (count != RANGES)
		return -1;
	space.count = (uint32_t)count;
	for (int i = 0; i < SEGMENTS; i++) {
		struct purg_need need = {LARGE / 2 + 0x1000 * (uint64_t)(i + 1), 0x1000, 0, UINT64_MAX, false};
		uint64_t at;

		if (purg_space_place(&space, &need, &at))
			return -1;
	}
	return now() - start;
}
