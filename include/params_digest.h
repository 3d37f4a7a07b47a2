/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef PARAMS_DIGEST_H
#define PARAMS_DIGEST_H

#include <purgatory/abi.h>
#include <sha256.h>

/* What stands where no digest is given. */
extern const uint8_t zero_digest[PURG_DIGEST_SIZE];

/* purg_params.block_digest as it should be: over the block as it is before the digest is put into it. */
void params_digest(const struct purg_params *params, sha256_blocks_fn *blocks, uint8_t digest[PURG_DIGEST_SIZE]);

#endif
