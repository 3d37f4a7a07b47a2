/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Places: 16 bytes of limits and alignment, size, how to search for each need; free memory is 64 bits of an address
 * space of 64 units, from the first 16 bytes. Each answer is held against all the places that there are.
 */
#include "maps.h"

static uint32_t free_ranges(uint64_t bits, uint64_t base, struct purg_range *range)
{
	uint32_t count = 0;

	for (int i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		if (i && bits >> (i - 1) & 1)
			range[count - 1].size++;
		else
			range[count++] = (struct purg_range){base + (uint64_t)i, 1};
	}
	return count;
}

/* The units of the place that the need asks for, or zero. */
static uint64_t find(uint64_t bits, uint64_t base, const struct purg_need *need)
{
	for (int i = 0; i < 64; i++) {
		int unit = need->top_down ? 63 - i : i;
		uint64_t start = base + (uint64_t)unit, wanted;

		if (need->size > 64 - (uint64_t)unit)
			continue;
		wanted = (need->size == 64 ? UINT64_MAX : (UINT64_C(1) << need->size) - 1) << unit;
		if ((bits & wanted) == wanted && start >= need->min && start + (need->size - 1) <= need->max &&
		    !(start & (need->align - 1)))
			return wanted;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct purg_range range[33], expected[33];
	struct purg_space space = {range, 0, 33};
	uint64_t bits, base;

	if (size < 16)
		return 0;
	memcpy(&bits, data, 8);
	memcpy(&base, data + 8, 8);
	if (base > -UINT64_C(64))
		base = -UINT64_C(64);
	space.count = free_ranges(bits, base, range);
	for (data += 16, size -= 16; size >= 4; data += 4, size -= 4) {
		struct purg_need need = {data[0], UINT64_C(1) << (data[1] & 63), 0, UINT64_MAX, data[1] >> 6 & 1};
		uint64_t start = 7, wanted;
		int result;

		need.min = base + (data[2] & 63);
		need.max = data[3] & 0x80 ? UINT64_MAX : base + (data[3] & 63);
		result = purg_space_place(&space, &need, &start);
		if (!need.size || need.min > need.max) {
			MUST(result == PURG_ERR_ARGUMENT && start == 7);
			continue;
		}
		wanted = find(bits, base, &need);
		MUST(result == (wanted ? 0 : PURG_ERR_NO_HOLE));
		MUST(start == (wanted ? base + (uint64_t)__builtin_ctzll(wanted) : 7));
		bits &= ~wanted;
		MUST(space.count == free_ranges(bits, base, expected));
		MUST(memcmp(range, expected, space.count * sizeof(range[0])) == 0);
	}
	return 0;
}
