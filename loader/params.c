/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What a loader puts into the parameter block beside what it decides itself. */
#include <arch.h>
#include <params_digest.h>
#include <string.h>

#include "blob.h"

/* Zero if the name is longer than the block can hold, too. */
static size_t name_length(const char *name)
{
	size_t length = 0;

	while (length < PURG_NAME_SIZE && name[length])
		length++;
	return name[length] ? 0 : length;
}

int purg_params_add(struct purg_params *params, const char *name, uint64_t start, uint64_t size, uint32_t lanes,
		    const uint8_t digest[PURG_DIGEST_SIZE])
{
	size_t length = name_length(name);
	struct purg_segment *segment;

	if (params->segment_count >= PURG_MAX_SEGMENTS)
		return PURG_ERR_PARAMS_FULL;
	if (!length)
		return PURG_ERR_PARAMS_NAME;
	if (lanes && !blob_lanes_known(lanes))
		return PURG_ERR_STRIPES;
	if (size && start > UINT64_MAX - (size - 1))
		return PURG_ERR_WRAP;
	segment = &params->segment[params->segment_count++];
	*segment = (struct purg_segment){
		.start = start,
		.size = size,
		.kind = lanes ? PURG_DIGEST_STRIPED : PURG_DIGEST_SEGMENT,
		.lanes = (uint16_t)lanes,
	};
	memcpy(segment->name, name, length);
	memcpy(segment->digest, digest, sizeof(segment->digest));
	return 0;
}

int purg_params_finish(void *memory, size_t size)
{
	struct purg_params *params;
	struct sha256_engine engine;
	struct purg_header header;
	int error = blob_check_placed(memory, size, &header);

	if (error || !(header.features & PURG_FEATURE_SELF_DIGEST))
		return error;
	params = (struct purg_params *)((uint8_t *)memory + header.params);
	arch_sha256(&engine, false);
	sha256(engine.blocks, memory, header.ro_size, params->image_digest);
	params_digest(params, engine.blocks, params->block_digest);
	return 0;
}
