/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* vmcoreinfo, for a kernel of each architecture of which nothing else is known, or all. */
#include "maps.h"

#define MEMORY 0x40000000
#define REGION 0x10000000

static const struct purg_range memory = {0x100000, MEMORY};

/* What is filled in makes sense, whatever the text says. */
static void check(const struct purg_linear_map *map, const struct purg_old_kernel *old)
{
	MUST(map->region == old->region.start && map->region_size == old->region.size);
	MUST(map->range_count == 1 && map->range[0].start == memory.start && map->range[0].size == memory.size);
	if (map->flags & PURG_LINEAR_MAP_SEARCH)
		MUST(!map->va && !map->pa && !old->linear_map);
	else
		MUST(map->pa == map->region && map->va >> 52 >= 0xff0 && map->va + map->region_size - 1 > map->va);
	if (old->arch == PURG_ARCH_ARM64) {
		MUST(map->flags & PURG_LINEAR_MAP_LIVE && !map->root && !map->levels);
		return;
	}
	MUST(map->levels == 4 || map->levels == 5);
	MUST(map->root % 4096 == 0 && map->root >= memory.start && map->root <= memory.start + MEMORY - 4096);
	MUST(!(map->flags & PURG_LINEAR_MAP_LIVE));
}

static void fill(const uint8_t *data, size_t size, uint16_t arch, bool known)
{
	static const struct purg_params zero;
	struct purg_params params = {0};
	struct purg_old_kernel old = {
		.arch = arch,
		.levels = known ? 4 : 0,
		.vmcoreinfo = (const char *)data,
		.vmcoreinfo_size = size,
		.root = known ? 0x200000 : 0,
		.linear_map = known ? 0xffff888000000000 : 0,
		.memory = &memory,
		.memory_count = 1,
		.region = {0x80000000, REGION},
	};

	if (purg_params_unless_unmapped(&params, &old) == 0) {
		MUST(params.verify == PURG_VERIFY_UNLESS_UNMAPPED);
		check(&params.linear_map, &old);
	} else {
		MUST(!memcmp(&params, &zero, sizeof(zero)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int known = 0; known < 2; known++) {
		fill(data, size, PURG_ARCH_ARM64, known);
		fill(data, size, PURG_ARCH_X86_64, known);
	}
	return 0;
}
