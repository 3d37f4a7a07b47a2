/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Ranges of memory, as start and size; none of them may wrap. */
#ifndef RANGE_H
#define RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* True if the two share a byte. */
static inline bool ranges_overlap(uint64_t start, uint64_t size, uint64_t start2, uint64_t size2)
{
	return size && size2 && start < start2 + size2 && start2 < start + size;
}

/* True if the first lies within the second. */
static inline bool range_within(uint64_t start, uint64_t size, uint64_t start2, uint64_t size2)
{
	return size <= size2 && start - start2 <= size2 - size;
}

#endif
