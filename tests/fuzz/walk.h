/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The walk of the old kernel's tables: what the block says of the linear map, ranges, segments, then what memory holds,
 * as pairs of address and value. The oracle of the unit tests is the judge.
 */
#ifndef FUZZ_WALK_H
#define FUZZ_WALK_H

#include <stdlib.h>
#include <string.h>

#include <arch.h>

#include "../unit/walk_memory.h"
#include "../unit/walk_oracle.h"

/* So that neither of the two takes long. */
#define MAX_BUDGET 4096

struct input {
	uint8_t flags, levels, ranges, segments;
	uint16_t budget;
	uint16_t unreachable; /* the address of this pair; zero: none */
	uint64_t root, va, pa, tcr, region, region_size;
};

/* Copy so many bytes, or what there is of them. */
static void take(const uint8_t **data, size_t *size, void *out, size_t wanted)
{
	size_t got = wanted < *size ? wanted : *size;

	memcpy(out, *data, got);
	*data += got;
	*size -= got;
}

/* The block's other fields have been checked when the walk begins: what is no memory is not in it. */
static void add_segment(struct purg_params *params, const uint64_t segment[2])
{
	const uint32_t kind[] = {PURG_DIGEST_SEGMENT, PURG_DIGEST_CONCAT, PURG_DIGEST_STRIPED, PURG_DIGEST_CONCAT};
	uint64_t start = segment[0] % arch_physical_end(), size = segment[1] % arch_physical_end();

	if (size > arch_physical_end() - start)
		size = arch_physical_end() - start;
	params->segment[params->segment_count++] =
		(struct purg_segment){.start = start, .size = size, .kind = kind[segment[1] >> 62]};
}

static void set_map(const struct input *input, struct purg_linear_map *map)
{
	*map = (struct purg_linear_map){.flags = input->flags,
					.levels = input->levels,
					.root = input->root,
					.va = input->va,
					.pa = input->pa,
					.tcr = input->tcr,
					.budget = 1 + input->budget % MAX_BUDGET,
					.range_count = input->ranges,
					.region = input->region,
					.region_size = input->region_size};
	memory.ttbr1 = input->root;
	memory.tcr = input->tcr;
	if (map->flags & PURG_LINEAR_MAP_LIVE)
		map->root = map->tcr = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct purg_params params;
	struct input input = {0};
	uint64_t pair[2] = {0};
	struct walk walk;

	memory_clear();
	memset(&params, 0, sizeof(params));
	params.verify = PURG_VERIFY_UNLESS_UNMAPPED;
	params.block_digest[0] = params.image_digest[0] = 1;
	take(&data, &size, &input, sizeof(input));
	set_map(&input, &params.linear_map);
	for (uint32_t i = 0; i < input.ranges && i < PURG_MAX_RANGES; i++)
		take(&data, &size, &params.linear_map.range[i], sizeof(struct purg_range));
	for (uint32_t i = 0; i < input.segments && i < PURG_MAX_SEGMENTS; i++) {
		take(&data, &size, pair, sizeof(pair));
		add_segment(&params, pair);
	}
	for (uint32_t i = 1; size >= sizeof(pair); i++) {
		take(&data, &size, pair, sizeof(pair));
		memory_set(pair[0] & -UINT64_C(8), pair[1]);
		if (i == input.unreachable)
			memory.unreachable = pair[0] & -UINT64_C(8);
	}
	if (!oracle_agrees(&params, &walk))
		abort();
	return 0;
}

#endif
