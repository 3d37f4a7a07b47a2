/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What must hold of any map that a reader has accepted, and of all answers to it. */
#ifndef FUZZ_MAPS_H
#define FUZZ_MAPS_H

#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#define ROOM 4096
#define OUT_ROOM (2 * ROOM + 1)

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static inline uint64_t last_of(uint64_t start, uint64_t size)
{
	MUST(size && start + (size - 1) >= start);
	return start + (size - 1);
}

/* Does any entry hold here that overwriting would destroy, and any of RAM? By looking at all of them. */
static inline void look_at(const struct purg_map *map, uint64_t address, bool *ram, bool *in_the_way)
{
	*ram = *in_the_way = false;
	for (uint32_t i = 0; i < map->count; i++) {
		if (address - map->entry[i].start >= map->entry[i].size)
			continue;
		*ram |= map->entry[i].type == PURG_MEM_RAM;
		*in_the_way |= map->entry[i].type != PURG_MEM_RAM && map->entry[i].type != PURG_MEM_KERNEL;
	}
}

static inline void check_usable(struct purg_map *map)
{
	static struct purg_range range[OUT_ROOM];
	int64_t count = purg_map_usable(map, PURG_FOR_NEXT, range, OUT_ROOM);
	bool ram, in_the_way;

	MUST(count != PURG_ERR_MAP_FULL); /* every entry can cut another one but once */
	for (int64_t i = 0; i < count; i++) {
		uint64_t last = last_of(range[i].start, range[i].size);

		MUST(!i || range[i].start > last_of(range[i - 1].start, range[i - 1].size));
		if (map->count > 200)
			continue;
		look_at(map, range[i].start, &ram, &in_the_way);
		MUST(ram && !in_the_way);
		look_at(map, last, &ram, &in_the_way);
		MUST(ram && !in_the_way);
		if (last != UINT64_MAX && (i + 1 == count || range[i + 1].start != last + 1)) {
			look_at(map, last + 1, &ram, &in_the_way);
			MUST(!ram || in_the_way);
		}
	}
	if (count > 0)
		MUST(purg_map_usable(map, PURG_FOR_NEXT, range, (uint32_t)count - 1) == PURG_ERR_MAP_FULL);
}

static inline void check_told(struct purg_map *map, int whom)
{
	static struct purg_mem told[OUT_ROOM];
	int64_t count = purg_map_tell(map, whom, told, OUT_ROOM), again;
	struct purg_map second = {told, (uint32_t)count, OUT_ROOM};
	static struct purg_mem told2[OUT_ROOM];

	MUST(count != PURG_ERR_MAP_FULL);
	if (count < 0)
		return;
	for (int64_t i = 0; i < count; i++) {
		last_of(told[i].start, told[i].size);
		MUST(told[i].type && (told[i].type <= PURG_MEM_PRAM || told[i].type == PURG_MEM_SOFT_RESERVED));
		MUST(!i || told[i].start > last_of(told[i - 1].start, told[i - 1].size));
	}
	/* What was told is a map, and it says of itself what it is. */
	again = purg_map_tell(&second, PURG_FOR_NEXT, told2, OUT_ROOM);
	MUST(again == count && memcmp(told, told2, (size_t)count * sizeof(told[0])) == 0);
}

static inline void check_map(struct purg_map *map)
{
	static struct purg_range range[OUT_ROOM];

	for (uint32_t i = 0; i < map->count; i++)
		last_of(map->entry[i].start, map->entry[i].size);
	check_usable(map);
	MUST(purg_map_usable(map, PURG_FOR_CRASH, range, OUT_ROOM) != PURG_ERR_MAP_FULL);
	MUST(purg_map_dump(map, range, OUT_ROOM) != PURG_ERR_MAP_FULL);
	check_told(map, PURG_FOR_NEXT);
	check_told(map, PURG_FOR_CRASH);
}

#endif
