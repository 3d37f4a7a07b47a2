/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 (FIPS 180-4), freestanding, no allocation.
 *
 *	struct sha256 ctx;
 *	sha256_init(&ctx, sha256_blocks_portable);
 *	sha256_update(&ctx, data, size);	any number of times, any sizes
 *	sha256_out(&ctx, digest);		leaves ctx as it is: more may follow
 *
 * The block function is the seam for SHA instructions: one for each way a CPU can do it, all with the same result.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_DIGEST 32

/* Take `blocks` blocks of 64 bytes at data, of any alignment, into state. */
typedef void sha256_blocks_fn(uint32_t state[8], const uint8_t *data, size_t blocks);

struct sha256 {
	sha256_blocks_fn *blocks;
	uint32_t state[8];
	uint64_t size;
	uint8_t buffer[SHA256_BLOCK];
};

sha256_blocks_fn sha256_blocks_portable;

void sha256_init(struct sha256 *ctx, sha256_blocks_fn *blocks);
void sha256_update(struct sha256 *ctx, const void *data, size_t size);
void sha256_out(const struct sha256 *ctx, uint8_t digest[SHA256_DIGEST]);

/* All of the above for one piece of memory. */
void sha256(sha256_blocks_fn *blocks, const void *data, size_t size, uint8_t digest[SHA256_DIGEST]);

#endif
