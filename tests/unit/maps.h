/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the tests of memory maps share. */
#ifndef MAPS_H
#define MAPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <purgatory/loader.h>

#define ROOM 512

struct efi_descriptor {
	uint32_t type, pad;
	uint64_t start, virtual_start, pages, attributes;
};

struct __attribute__((packed)) e820_entry {
	uint64_t start, size;
	uint32_t type;
};

/* What a map is asked. */
enum question {
	USABLE,
	USABLE_FOR_CRASH,
	DUMP,
	TELL,
	TELL_CRASH
};

/* A copy that ends where its memory ends, for the sanitizer; the caller frees it. */
static inline void *exact(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return size ? copy : (char *)copy + 1;
}

static inline void free_exact(void *copy, size_t size)
{
	free(size ? copy : (char *)copy - 1);
}

#endif
