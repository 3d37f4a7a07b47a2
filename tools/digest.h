/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SHA-256 of what may take a while, by the purgatory's own code and on every CPU that there is. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

#include <purgatory/abi.h>

/* Space for a digest as sha256sum prints it, and its NUL. */
#define DIGEST_HEX_SIZE (2 * PURG_DIGEST_SIZE + 1)

/* Every segment, and the purgatory. */
#define DIGEST_JOBS_MAX (PURG_MAX_SEGMENTS + 1)

struct digest_job {
	const uint8_t *data;
	uint64_t size;
	uint32_t lanes; /* as in purg_segment: zero, or 2 to 16 for a striped digest */
	uint8_t digest[PURG_DIGEST_SIZE];
};

/* Fill in the digests of up to DIGEST_JOBS_MAX jobs. */
void digest_all(struct digest_job *jobs, unsigned int count);

/* purg_params.block_digest as it should be. */
void digest_params(const struct purg_params *params, uint8_t digest[PURG_DIGEST_SIZE]);

void digest_hex(const uint8_t digest[PURG_DIGEST_SIZE], char hex[DIGEST_HEX_SIZE]);

#endif
