/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A picture of memory, as text: a line for each range, the gaps between them, and a bar for the size. */
#ifndef MEMORY_MAP_H
#define MEMORY_MAP_H

#include <stdint.h>

/* What a bar is drawn with. */
#define MEMORY_MAP_VERIFIED '#'
#define MEMORY_MAP_OTHER '.'
#define MEMORY_MAP_RESERVED 'x'
#define MEMORY_MAP_FREE ' '

struct memory_map_range {
	uint64_t start;
	uint64_t size;
	char name[32];
	char fill;
};

struct memory_map {
	struct memory_map_range *range;
	unsigned int count;
	unsigned int room;
};

/* Add a range, unless it is empty. */
void memory_map_add(struct memory_map *map, uint64_t start, uint64_t size, const char *name, char fill);

/* Draw the ranges in their order from base on; gaps are shown between them and up to end. The map is empty then. */
void memory_map_draw(struct memory_map *map, uint64_t base, uint64_t end);

/* A size as people say it, in a buffer of at least 16 bytes. */
#define MEMORY_MAP_SIZE 16
const char *memory_map_size(uint64_t size, char text[MEMORY_MAP_SIZE]);

#endif
