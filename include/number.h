/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Arithmetic on sizes that come from files: nothing wraps in silence. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All formats here are little-endian and are read in place; sizes of several GiB are mapped. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "all of this runs on little-endian machines only");
_Static_assert(sizeof(size_t) == 8, "all of this runs on 64-bit machines only");

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define PAGE 4096

/* *sum = a + b, or false if that wraps. */
static inline bool number_add(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

static inline bool number_is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* *up = the first multiple of align, a power of two, that is not below n; or false if there is none. */
static inline bool number_align(uint64_t n, uint64_t align, uint64_t *up)
{
	if (!number_add(n, align - 1, up))
		return false;
	*up &= ~(align - 1);
	return true;
}

/* Is [start, start + size) inside [0, limit)? */
static inline bool number_inside(uint64_t start, uint64_t size, uint64_t limit)
{
	return size <= limit && start <= limit - size;
}

static inline uint64_t number_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t number_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
