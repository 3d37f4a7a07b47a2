/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The four functions that a compiler may call by itself even in freestanding code, and nothing else. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
