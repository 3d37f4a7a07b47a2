/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "inspect.h"
#include "memory_map.h"
#include "segment_name.h"

static void add_kernel_memory(struct memory_map *map, const struct packed *packed, const struct purg_segment *kernel)
{
	uint64_t size = packed_kernel_memory(packed, kernel);

	if (size > kernel->size)
		memory_map_add(map, kernel->start + kernel->size, size - kernel->size, "kernel: bss", MEMORY_MAP_OTHER);
}

static void add_segments(struct memory_map *map, const struct packed *packed)
{
	const struct purg_params *params = &packed->purgatory.params;
	bool kernel_seen = false;
	char name[SEGMENT_NAME_SIZE];

	for (unsigned int i = 0; i < params->segment_count; i++) {
		segment_name(&params->segment[i], name);
		memory_map_add(map, params->segment[i].start, params->segment[i].size, name, MEMORY_MAP_VERIFIED);
		if (!kernel_seen && !strcmp(name, "kernel")) {
			add_kernel_memory(map, packed, &params->segment[i]);
			kernel_seen = true;
		}
	}
}

static void add_purgatory(struct memory_map *map, const struct purgatory_image *purgatory, uint64_t at)
{
	const struct purg_header *header = &purgatory->header;
	const struct purg_params *params = &purgatory->params;
	uint64_t params_end = (uint64_t)header->params + header->params_size;

	memory_map_add(map, at, header->ro_size, "purgatory: code",
		       bytes_are_zero(params->image_digest, PURG_DIGEST_SIZE) ? MEMORY_MAP_OTHER : MEMORY_MAP_VERIFIED);
	memory_map_add(map, at + header->ro_size, header->params - header->ro_size, "purgatory: data",
		       MEMORY_MAP_OTHER);
	memory_map_add(map, at + header->params, header->params_size, "purgatory: params",
		       bytes_are_zero(params->block_digest, PURG_DIGEST_SIZE) ? MEMORY_MAP_OTHER : MEMORY_MAP_VERIFIED);
	memory_map_add(map, at + params_end, header->mem_size - params_end, "purgatory: bss", MEMORY_MAP_OTHER);
}

static void add_pack(struct memory_map *map, const struct packed *packed)
{
	const struct purg_pack *pack = &packed->pack;

	if (pack->front_mem > pack->front_size)
		memory_map_add(map, pack->front_size, pack->front_mem - pack->front_size, "front: bss",
			       MEMORY_MAP_OTHER);
	memory_map_add(map, pack->room, pack->room_size, "room", MEMORY_MAP_OTHER);
}

void inspect_map(const struct packed *packed)
{
	bool is_image = packed->form == PACKED_IMAGE;
	struct memory_map map = {0};

	printf("memory map (%s; '#' verified, '.' not; one for each doubling)\n",
	       !is_image      ? "offsets from the image's start"
	       : packed->base ? "physical addresses"
			      : "offsets from a multiple of 2 MiB");
	if (is_image) {
		add_segments(&map, packed);
		add_pack(&map, packed);
	}
	add_purgatory(&map, &packed->purgatory, is_image ? packed->pack.purgatory : 0);
	memory_map_draw(&map, packed->base, is_image ? packed->pack.image_size : packed->purgatory.header.mem_size);
}
