/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Places for what is loaded: the lowest or the highest that is free, and it is free no more. */
#include <string.h>

#include <purgatory/loader.h>

#include "number.h"

/* The place in this range: the lowest or the highest within the limits. Last bytes are inclusive: none wraps. */
static bool find_in(const struct purg_range *range, const struct purg_need *need, uint64_t *start)
{
	uint64_t first = number_max(range->start, need->min);
	uint64_t last = number_min(range->start + (range->size - 1), need->max);

	if (!range->size || first > last || last - first < need->size - 1)
		return false;
	if (need->top_down) {
		*start = (last - (need->size - 1)) & ~(need->align - 1);
		return *start >= first;
	}
	return number_align(first, need->align, start) && *start <= last && last - *start >= need->size - 1;
}

/* Take [start, start + size) out of the range at this index, in which it lies. */
static int cut(struct purg_space *space, uint32_t index, uint64_t start, uint64_t size)
{
	struct purg_range *range = &space->range[index];
	uint64_t before = start - range->start, behind = range->size - before - size;
	size_t above = space->count - index - 1;

	if (before && behind) {
		if (space->count >= space->room)
			return PURG_ERR_ROOM;
		memmove(range + 2, range + 1, above * sizeof(*range));
		space->count++;
	} else if (!before && !behind) {
		memmove(range, range + 1, above * sizeof(*range));
		space->count--;
		return 0;
	}
	if (before)
		(range++)->size = before;
	if (behind)
		*range = (struct purg_range){start + size, behind};
	return 0;
}

int purg_space_place(struct purg_space *space, const struct purg_need *need, uint64_t *start)
{
	uint64_t found;

	if (!need->size || need->min > need->max || space->count > space->room)
		return PURG_ERR_ARGUMENT;
	if (!number_is_power_of_two(need->align))
		return PURG_ERR_ALIGN;
	for (uint32_t i = 0; i < space->count; i++) {
		uint32_t index = need->top_down ? space->count - 1 - i : i;

		if (find_in(&space->range[index], need, &found)) {
			int error = cut(space, index, found, need->size);

			if (!error)
				*start = found;
			return error;
		}
	}
	return PURG_ERR_NO_HOLE;
}

int purg_space_take(struct purg_space *space, uint64_t start, uint64_t size)
{
	struct purg_need need = {.size = size, .align = 1, .min = start, .max = start + (size - 1)};
	int error;

	if (size && need.max < start)
		return PURG_ERR_WRAP;
	error = purg_space_place(space, &need, &start);
	return error == PURG_ERR_NO_HOLE ? PURG_ERR_NOT_FREE : error;
}
