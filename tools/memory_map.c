/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "memory_map.h"
#include "number.h"

const char *memory_map_size(uint64_t size, char text[MEMORY_MAP_SIZE])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned int unit = 0;
	uint64_t rest = 0;

	for (; size >= 1024; size /= 1024, unit++)
		rest = size % 1024;
	if (unit && size < 100)
		snprintf(text, MEMORY_MAP_SIZE, "%u.%u %s", (unsigned int)size, (unsigned int)(rest * 10 / 1024),
			 units[unit]);
	else
		snprintf(text, MEMORY_MAP_SIZE, "%u %s", (unsigned int)size, units[unit]);
	return text;
}

void memory_map_add(struct memory_map *map, uint64_t start, uint64_t size, const char *name, char fill)
{
	struct memory_map_range *range;

	if (!size)
		return;
	if (map->count == map->room) {
		map->room = map->room ? 2 * map->room : 64;
		map->range = reallocarray(map->range, map->room, sizeof(map->range[0]));
		if (!map->range)
			fail(NULL, NULL, "not enough memory");
	}
	range = &map->range[map->count++];
	*range = (struct memory_map_range){.start = start, .size = size, .fill = fill};
	snprintf(range->name, sizeof(range->name), "%s", name);
}

static int by_start(const void *a, const void *b)
{
	uint64_t left = ((const struct memory_map_range *)a)->start,
		 right = ((const struct memory_map_range *)b)->start;

	return left < right ? -1 : left > right;
}

/* The bar grows by one for each doubling: a linear one would show the initrd and nothing else. */
static void draw(uint64_t start, uint64_t size, const char *name, char fill)
{
	char text[MEMORY_MAP_SIZE], bar[65];
	unsigned int length = 0;

	while (length < sizeof(bar) - 1 && size >> length)
		bar[length++] = fill;
	bar[length] = '\0';
	printf("  0x%011" PRIx64 " %10s  %-18s |%s\n", start, memory_map_size(size, text), name, bar);
}

void memory_map_draw(struct memory_map *map, uint64_t base, uint64_t end)
{
	uint64_t at = 0;

	qsort(map->range, map->count, sizeof(map->range[0]), by_start);
	for (unsigned int i = 0; i < map->count; i++) {
		const struct memory_map_range *range = &map->range[i];

		if (range->start > at)
			draw(base + at, range->start - at, "-", ' ');
		draw(base + range->start, range->size, range->name, range->fill);
		if (range->start < at)
			printf("  %40s overlaps what is before it\n", "");
		/* A range of a hostile file may wrap: it ends where addresses end. */
		if (!number_add(range->start, range->size, &at))
			at = UINT64_MAX;
	}
	if (end > at)
		draw(base + at, end - at, "-", ' ');
	free(map->range);
	*map = (struct memory_map){0};
}
