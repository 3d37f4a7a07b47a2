/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Physical memory for the walk of the old kernel's tables: any address that 64 bits can say, zero where nothing was
 * written. It stands in for what the CPU reads, and tells whether it was read where it may be only.
 */
#ifndef WALK_MEMORY_H
#define WALK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <purgatory/abi.h>

struct memory {
	const struct purg_linear_map *map; /* whose ranges may be read, and nothing else */
	uint64_t ttbr1, tcr;               /* the CPU's registers */
	bool no_caches;                    /* old_memory_begin says no */
	uint64_t unreachable;              /* the eight bytes there cannot be read; zero: all can */
	bool open;                         /* old_memory_begin was called */
	uint64_t reads;
	uint64_t stray; /* reads outside the ranges, misaligned, or while memory is not open */
};

extern struct memory memory;

/* All is zero again, and nothing was read. */
void memory_clear(void);

/* Write and read eight bytes as a debugger does; false: there is no more room. */
bool memory_set(uint64_t address, uint64_t value);
uint64_t memory_get(uint64_t address);

/* Does all of it lie in one of the ranges? */
bool memory_declared(const struct purg_linear_map *map, uint64_t start, uint64_t size);

#endif
