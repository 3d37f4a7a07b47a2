/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdint.h>
#include <string.h>

typedef uint64_t __attribute__((may_alias)) word;

/* Eight bytes at a time where both ends allow it: with the MMU off every access goes to memory by itself. */
static void *copy_up(uint8_t *dst, const uint8_t *src, size_t size)
{
	size_t i = 0;

	if ((((uintptr_t)dst | (uintptr_t)src) & 7) == 0)
		for (; size - i >= 8; i += 8)
			*(word *)(dst + i) = *(const word *)(src + i);
	for (; i < size; i++)
		dst[i] = src[i];
	return dst;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t size)
{
	return copy_up(dst, src, size);
}

void *memmove(void *dst, const void *src, size_t size)
{
	if ((uintptr_t)dst - (uintptr_t)src >= size)
		return copy_up(dst, src, size);
	while (size--)
		((uint8_t *)dst)[size] = ((const uint8_t *)src)[size];
	return dst;
}

void *memset(void *dst, int byte, size_t size)
{
	uint8_t *p = dst;

	while (size--)
		*p++ = (uint8_t)byte;
	return dst;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *p = a;
	const uint8_t *q = b;

	if ((((uintptr_t)p | (uintptr_t)q) & 7) == 0)
		for (; size >= 8 && *(const word *)p == *(const word *)q; size -= 8, p += 8, q += 8)
			;
	for (; size--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}
