/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Maps of any entries. The first byte says which: entries of 20 bytes as in boot_params, or of 5 bytes, for a small
 * address space with all types in it.
 */
#include "maps.h"

static void small(struct purg_map *map, const uint8_t *data, size_t size)
{
	static const uint32_t types[] = {1,          2,          3,          4,          5, 7, 12, 0xefffffff,
					 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0, 9, 1,  1};

	for (; size >= 5 && map->count < map->room; data += 5, size -= 5) {
		uint64_t start = data[1] | (uint64_t)data[2] << 8 | (data[0] & 0x80 ? UINT64_MAX << 16 : 0);

		map->entry[map->count++] =
			(struct purg_mem){start, data[3] | (uint64_t)data[4] << 8, types[data[0] & 15], 0};
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct purg_mem entry[ROOM];
	static struct purg_range range[OUT_ROOM];
	struct purg_map map = {entry, 0, ROOM};
	int result;

	if (!size)
		return 0;
	if (data[0] & 1) {
		small(&map, data + 1, size - 1);
		if (purg_map_usable(&map, PURG_FOR_NEXT, range, OUT_ROOM) != PURG_ERR_MAP_RANGE)
			check_map(&map);
		return 0;
	}
	result = purg_map_from_e820(&map, data + 1, (uint32_t)((size - 1) / 20));
	MUST(result <= 0 && (result == 0 || map.count == 0));
	if (result == 0)
		check_map(&map);
	return 0;
}
