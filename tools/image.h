/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A packed image in the making: what goes where, in memory and in the file. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#include <purgatory/abi.h>

#include "blobs.h"
#include "extent.h"
#include "kernel.h"
#include "pack.h"
#include "piece.h"

struct image {
	const char *path; /* of the output */
	struct blobs blobs;
	const struct kernel *kernel;
	uint32_t stripes;           /* lanes of the digests of large segments; 1: none is striped */
	uint8_t *front;             /* a copy, to be completed: it carries pack */
	uint8_t *purgatory;         /* mem_size bytes, to be completed */
	struct purg_params *params; /* in it */
	struct purg_pack pack;
	struct piece piece[PURG_MAX_SEGMENTS];
	unsigned int piece_count;
	struct extent extent[EXTENT_MAX];
	unsigned int extent_count;
	uint64_t end; /* of what was placed so far */
};

/* Begin an image for a kernel, with the front end and the purgatory in place. */
void image_begin(struct image *image, const char *path, const struct kernel *kernel);

/* Place a segment behind all that is there. Returns where; fails if there are too many or the sum wraps. */
uint64_t image_add(struct image *image, const char *name, const void *data, uint64_t size, uint64_t align);

/* Take memory behind all that is there, that is not in the file unless something follows it in its extent. */
uint64_t image_reserve(struct image *image, uint64_t size, uint64_t align);

/* Go on at this place, which is a multiple of the page and not below the end, with another extent. */
void image_move_to(struct image *image, uint64_t start);

/* Compute the digests and write the file. If an input changes meanwhile, the image is one that is refused. */
void image_write(struct image *image);

#endif
