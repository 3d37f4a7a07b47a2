/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What is loaded, piece by piece: each becomes a segment of the purgatory's parameter block. */
#ifndef PIECE_H
#define PIECE_H

#include <stdint.h>

#include <purgatory/abi.h>

struct piece {
	char name[PURG_NAME_SIZE + 1];
	const uint8_t *data;
	uint64_t size;
	uint64_t start;
};

/*
 * Add the pieces to a block without segments, at most PURG_MAX_SEGMENTS, with their digests; the large ones striped if
 * stripes is more than 1.
 */
void pieces_describe(const struct piece *piece, unsigned int count, uint32_t stripes, struct purg_params *params);

#endif
