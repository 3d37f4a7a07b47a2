/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "inspect.h"
#include "number.h"
#include "segment_name.h"

struct range {
	uint64_t start;
	uint64_t size;
	char name[32];
	char fill; /* what the bar is drawn with */
};

struct map {
	struct range range[PURG_MAX_SEGMENTS + 8];
	unsigned int count;
};

#define FILL_VERIFIED '#'
#define FILL_OTHER '.'

const char *inspect_size(uint64_t size, char text[INSPECT_SIZE])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned int unit = 0;
	uint64_t rest = 0;

	for (; size >= 1024; size /= 1024, unit++)
		rest = size % 1024;
	if (unit && size < 100)
		snprintf(text, INSPECT_SIZE, "%u.%u %s", (unsigned int)size, (unsigned int)(rest * 10 / 1024),
			 units[unit]);
	else
		snprintf(text, INSPECT_SIZE, "%u %s", (unsigned int)size, units[unit]);
	return text;
}

static void add(struct map *map, uint64_t start, uint64_t size, const char *name, char fill)
{
	struct range *range = &map->range[map->count];

	if (!size)
		return;
	*range = (struct range){.start = start, .size = size, .fill = fill};
	snprintf(range->name, sizeof(range->name), "%s", name);
	map->count++;
}

static void add_kernel_memory(struct map *map, const struct packed *packed, const struct purg_segment *kernel)
{
	uint64_t size = packed_kernel_memory(packed, kernel);

	if (size > kernel->size)
		add(map, kernel->start + kernel->size, size - kernel->size, "kernel: bss", FILL_OTHER);
}

static void add_segments(struct map *map, const struct packed *packed)
{
	const struct purg_params *params = &packed->purgatory.params;
	bool kernel_seen = false;
	char name[SEGMENT_NAME_SIZE];

	for (unsigned int i = 0; i < params->segment_count; i++) {
		segment_name(&params->segment[i], name);
		add(map, params->segment[i].start, params->segment[i].size, name, FILL_VERIFIED);
		if (!kernel_seen && !strcmp(name, "kernel")) {
			add_kernel_memory(map, packed, &params->segment[i]);
			kernel_seen = true;
		}
	}
}

static void add_purgatory(struct map *map, const struct purgatory_image *purgatory, uint64_t at)
{
	const struct purg_header *header = &purgatory->header;
	const struct purg_params *params = &purgatory->params;
	uint64_t params_end = (uint64_t)header->params + header->params_size;

	add(map, at, header->ro_size, "purgatory: code",
	    bytes_are_zero(params->image_digest, PURG_DIGEST_SIZE) ? FILL_OTHER : FILL_VERIFIED);
	add(map, at + header->ro_size, header->params - header->ro_size, "purgatory: data", FILL_OTHER);
	add(map, at + header->params, header->params_size, "purgatory: params",
	    bytes_are_zero(params->block_digest, PURG_DIGEST_SIZE) ? FILL_OTHER : FILL_VERIFIED);
	add(map, at + params_end, header->mem_size - params_end, "purgatory: bss", FILL_OTHER);
}

static void add_pack(struct map *map, const struct packed *packed)
{
	const struct purg_pack *pack = &packed->pack;

	if (pack->front_mem > pack->front_size)
		add(map, pack->front_size, pack->front_mem - pack->front_size, "front: bss", FILL_OTHER);
	add(map, pack->room, pack->room_size, "room", FILL_OTHER);
}

static int by_start(const void *a, const void *b)
{
	uint64_t left = ((const struct range *)a)->start, right = ((const struct range *)b)->start;

	return left < right ? -1 : left > right;
}

/* The bar grows by one for each doubling: a linear one would show the initrd and nothing else. */
static void draw(uint64_t start, uint64_t size, const char *name, char fill)
{
	char text[INSPECT_SIZE], bar[65];
	unsigned int length = 0;

	while (length < sizeof(bar) - 1 && size >> length)
		bar[length++] = fill;
	bar[length] = '\0';
	printf("  0x%011" PRIx64 " %10s  %-18s |%s\n", start, inspect_size(size, text), name, bar);
}

static void draw_all(struct map *map, uint64_t base, uint64_t end)
{
	uint64_t at = 0;

	qsort(map->range, map->count, sizeof(map->range[0]), by_start);
	for (unsigned int i = 0; i < map->count; i++) {
		const struct range *range = &map->range[i];

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
}

void inspect_map(const struct packed *packed)
{
	bool is_image = packed->form == PACKED_IMAGE;
	struct map map = {.count = 0};

	printf("memory map (%s; '#' verified, '.' not; one for each doubling)\n",
	       !is_image      ? "offsets from the image's start"
	       : packed->base ? "physical addresses"
			      : "offsets from a multiple of 2 MiB");
	if (is_image) {
		add_segments(&map, packed);
		add_pack(&map, packed);
	}
	add_purgatory(&map, &packed->purgatory, is_image ? packed->pack.purgatory : 0);
	draw_all(&map, packed->base, is_image ? packed->pack.image_size : packed->purgatory.header.mem_size);
}
