/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Which part of a packed image's memory is in which part of its file. */
#ifndef EXTENT_H
#define EXTENT_H

#include <stdint.h>

/* arm64 has one, x86_64 one for each PT_LOAD. What mem_size has beyond file_size is zero. */
struct extent {
	uint64_t start; /* from the base */
	uint64_t mem_size;
	uint64_t file; /* from the file's first byte */
	uint64_t file_size;
};

#define EXTENT_MAX 4

#endif
