/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the loader library's parts that deal with the parameter block share. */
#ifndef LOADER_BLOB_H
#define LOADER_BLOB_H

#include <number.h>
#include <purgatory/loader.h>
#include <sha256.h>

/* Of a striped digest, as docs/abi.md has it: 2, 4, 8 or 16. */
static inline bool blob_lanes_known(uint32_t lanes)
{
	return lanes >= 2 && lanes <= SHA256_MAX_LANES && number_is_power_of_two(lanes);
}

/* As purg_blob_check, of a purgatory with all of its memory: mem_size bytes. */
int blob_check_placed(const void *memory, size_t size, struct purg_header *header);

#endif
