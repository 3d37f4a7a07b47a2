/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <params_digest.h>

const uint8_t zero_digest[PURG_DIGEST_SIZE];

void params_digest(const struct purg_params *params, sha256_blocks_fn *blocks, uint8_t digest[PURG_DIGEST_SIZE])
{
	const uint8_t *block = (const uint8_t *)params;
	size_t behind = offsetof(struct purg_params, block_digest) + sizeof(zero_digest);
	struct sha256 ctx;

	sha256_init(&ctx, blocks);
	sha256_update(&ctx, block, offsetof(struct purg_params, block_digest));
	sha256_update(&ctx, zero_digest, sizeof(zero_digest));
	sha256_update(&ctx, block + behind, params->size - behind);
	sha256_out(&ctx, digest);
}
