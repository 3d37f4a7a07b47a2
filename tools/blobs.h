/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The flat purgatories and the front ends that are built into the command (blobs.S). */
#ifndef BLOBS_H
#define BLOBS_H

#include <stdint.h>

#include <purgatory/abi.h>

#include "pack.h"

struct blobs {
	const uint8_t *purgatory; /* header.file_size bytes */
	const uint8_t *front;     /* pack.front_size bytes */
	struct purg_header header;
	struct purg_pack pack;
};

/* Those of an architecture. They were built with this command; a mismatch means a broken build, and fails. */
void blobs_get(struct blobs *blobs, uint16_t arch);

#endif
