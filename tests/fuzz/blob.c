/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The flat form: whatever is placed has its block inside its memory, and can be finished. */
#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#define MEMORY_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void place(const struct purg_header *header, const uint8_t *data, size_t size)
{
	uint8_t *memory = malloc(header->mem_size);
	struct purg_params *params;
	uint32_t count;

	require(purg_blob_place(memory, header->mem_size - 1, data, size) == PURG_ERR_ROOM);
	require(purg_blob_place(memory, header->mem_size, data, size) == header->mem_size);
	require(!memcmp(memory, data, header->file_size));
	params = purg_blob_params(memory, header->mem_size);
	require((uint8_t *)params == memory + header->params);
	require((uint8_t *)(params + 1) <= memory + header->mem_size);
	count = params->segment_count;
	require(purg_params_add(params, "fuzz", 1, 2, 0, memory) ==
		(count < PURG_MAX_SEGMENTS ? 0 : PURG_ERR_PARAMS_FULL));
	require(purg_params_finish(memory, header->mem_size) == 0);
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct purg_header header;

	if (purg_blob_check(data, size, 0, &header) == 0 && header.mem_size <= MEMORY_MAX)
		place(&header, data, size);
	return 0;
}
