/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef PARAMS_DIGEST_H
#define PARAMS_DIGEST_H

#include <purgatory/abi.h>
#include <sha256.h>

/* purg_params.block_digest as it should be: over the block as it is before the digest is put into it. */
void params_digest(const struct purg_params *params, sha256_blocks_fn *blocks, uint8_t digest[PURG_DIGEST_SIZE]);

#endif
