/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A flat purgatory with its parameter block, from bytes that nobody vouches for. */
#ifndef PURGATORY_IMAGE_H
#define PURGATORY_IMAGE_H

#include <stdint.h>

#include <purgatory/abi.h>

struct purgatory_image {
	const uint8_t *data; /* at least header.file_size bytes */
	struct purg_header header;
	struct purg_params params;
};

/*
 * Read header and parameter block and check that they hold together, or fail in the name of path. There are size bytes,
 * file_size or more; those up to mem_size that are not there are zero.
 */
void purgatory_image_read(struct purgatory_image *image, const char *path, const uint8_t *data, uint64_t size);

const char *purgatory_image_arch(uint16_t arch);

#endif
