/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 (FIPS 180-4), freestanding, no allocation.
 *
 *	struct sha256 ctx;
 *	sha256_init(&ctx, sha256_blocks_portable);
 *	sha256_update(&ctx, data, size);	any number of times, any sizes
 *	sha256_out(&ctx, digest);		leaves ctx as it is: more may follow
 *
 * The block function is the seam for SHA instructions: one for each way a CPU can do it, all with the same result. A
 * CPU that can take several messages side by side has lane functions as well, for striped digests. What a CPU has is
 * gathered in a struct sha256_engine by arch_sha256.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_DIGEST 32
#define SHA256_MAX_LANES 16

/* Section 4.2.2; aligned to a vector of four. */
extern const uint32_t sha256_k[64];

/* Take `blocks` blocks of 64 bytes at data, of any alignment, into state. */
typedef void sha256_blocks_fn(uint32_t state[8], const uint8_t *data, size_t blocks);

/* The same for several messages at once: message i lies at data[i], of any alignment, and goes into state[i]. */
typedef void sha256_lanes_fn(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);

/* A lane function, how many messages it takes, and from how many on it is worth calling; the rest are then dummies. */
struct sha256_way {
	sha256_lanes_fn *fn; /* NULL: no such function */
	uint32_t width;
	uint32_t least;
	const char *name; /* what to call it in a line, behind the engine's name; "" if the name says it already */
};

#define SHA256_LANE_FNS 2

struct sha256_engine {
	const char *name; /* of blocks */
	sha256_blocks_fn *blocks;
	struct sha256_way lanes[SHA256_LANE_FNS]; /* what is to be tried first comes first */
};

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

/*
 * The striped digest of one piece of memory, as docs/abi.md defines it: SHA-256 over the digests of its lanes, of which
 * there are 1 to SHA256_MAX_LANES. The first function does `count` of the lanes, from lane `first` on.
 */
void sha256_lane_digests(const struct sha256_engine *engine, const void *data, size_t size, uint32_t lanes,
			 uint32_t first, uint32_t count, uint8_t (*digests)[SHA256_DIGEST]);
void sha256_striped(const struct sha256_engine *engine, const void *data, size_t size, uint32_t lanes,
		    uint8_t digest[SHA256_DIGEST]);

/* The lane function that is used for `count` messages; NULL: none, they are hashed one after the other. */
const struct sha256_way *sha256_way_for(const struct sha256_engine *engine, uint32_t count);

#endif
