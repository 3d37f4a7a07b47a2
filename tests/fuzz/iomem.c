/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* /proc/iomem; and /sys/firmware/memmap, of which the first three lines are taken for the texts of files. */
#include "maps.h"

static void memmap(struct purg_map *map, const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *line[3], *rest;

	memcpy(text, data, size);
	text[size] = 0;
	rest = text;
	for (int i = 0; i < 3; i++)
		line[i] = rest ? strsep(&rest, "|") : text + size;
	if (purg_map_from_memmap(map, line[0], line[1], line[2]) == 0)
		check_map(map);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct purg_mem entry[ROOM], second[ROOM];
	struct purg_map map = {entry, 1, ROOM}, again = {second, 0, ROOM};
	int result;

	entry[0] = (struct purg_mem){.start = 0x1000, .size = 0x1000, .type = PURG_MEM_RAM};
	result = purg_map_from_iomem(&map, (const char *)data, size);
	MUST(result <= 0 && (result == 0 || map.count == 1));
	MUST(entry[0].start == 0x1000 && entry[0].size == 0x1000 && entry[0].type == PURG_MEM_RAM);
	if (result == 0) {
		MUST(purg_map_from_iomem(&again, (const char *)data, size) == 0 && again.count == map.count - 1);
		MUST(memcmp(second, entry + 1, again.count * sizeof(second[0])) == 0);
		check_map(&again);
	}
	map.count = 0;
	memmap(&map, data, size);
	return 0;
}
