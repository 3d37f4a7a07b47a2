/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SHA-256, FIPS 180-4. Names as there: a to h, W, Ch, Maj, the four sigmas. */
#include <sha256.h>
#include <string.h>

_Alignas(16) const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Section 5.3.3. */
_Alignas(8) static const uint32_t H[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static inline uint32_t rotr(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static inline uint32_t Ch(uint32_t x, uint32_t y, uint32_t z)
{
	return z ^ (x & (y ^ z));
}

static inline uint32_t Maj(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) | (z & (x | y));
}

static inline uint32_t Sigma0(uint32_t x)
{
	return rotr(x, 2) ^ rotr(x, 13) ^ rotr(x, 22);
}

static inline uint32_t Sigma1(uint32_t x)
{
	return rotr(x, 6) ^ rotr(x, 11) ^ rotr(x, 25);
}

static inline uint32_t sigma0(uint32_t x)
{
	return rotr(x, 7) ^ rotr(x, 18) ^ x >> 3;
}

static inline uint32_t sigma1(uint32_t x)
{
	return rotr(x, 17) ^ rotr(x, 19) ^ x >> 10;
}

/* The message is big-endian, the machine little-endian. */
static void load_block(uint32_t W[16], const uint8_t *data)
{
	memcpy(W, data, SHA256_BLOCK);
	for (int t = 0; t < 16; t++)
		W[t] = __builtin_bswap32(W[t]);
}

/* Section 6.2.2, with the message schedule in a ring of sixteen words. */
static void one_block(uint32_t state[8], const uint8_t *data)
{
	_Alignas(8) uint32_t W[16];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	load_block(W, data);
	for (int t = 0; t < 64; t++) {
		uint32_t w = W[t & 15];
		uint32_t T1 = h + Sigma1(e) + Ch(e, f, g) + sha256_k[t] + w;
		uint32_t T2 = Sigma0(a) + Maj(a, b, c);

		W[t & 15] = w + sigma0(W[(t + 1) & 15]) + W[(t + 9) & 15] + sigma1(W[(t + 14) & 15]);
		h = g;
		g = f;
		f = e;
		e = d + T1;
		d = c;
		c = b;
		b = a;
		a = T1 + T2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_blocks_portable(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	for (; blocks--; data += SHA256_BLOCK)
		one_block(state, data);
}

void sha256_init(struct sha256 *ctx, sha256_blocks_fn *blocks)
{
	ctx->blocks = blocks;
	ctx->size = 0;
	memcpy(ctx->state, H, sizeof(H));
}

void sha256_update(struct sha256 *ctx, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t used = ctx->size % SHA256_BLOCK;
	size_t fill = SHA256_BLOCK - used;

	ctx->size += size;
	if (used && size >= fill) {
		memcpy(ctx->buffer + used, p, fill);
		ctx->blocks(ctx->state, ctx->buffer, 1);
		p += fill;
		size -= fill;
		used = 0;
	}
	if (!used && size >= SHA256_BLOCK) {
		ctx->blocks(ctx->state, p, size / SHA256_BLOCK);
		p += size - size % SHA256_BLOCK;
		size %= SHA256_BLOCK;
	}
	if (size)
		memcpy(ctx->buffer + used, p, size);
}

/* Section 5.1.1: a one bit, zeros, and the length in bits, big-endian, at the end of the last block. */
void sha256_out(const struct sha256 *ctx, uint8_t digest[SHA256_DIGEST])
{
	struct sha256 last = *ctx;
	size_t used = ctx->size % SHA256_BLOCK;
	uint64_t bits = __builtin_bswap64(ctx->size << 3);

	last.buffer[used++] = 0x80;
	memset(last.buffer + used, 0, SHA256_BLOCK - used);
	if (used > SHA256_BLOCK - sizeof(bits)) {
		last.blocks(last.state, last.buffer, 1);
		memset(last.buffer, 0, SHA256_BLOCK);
	}
	memcpy(last.buffer + SHA256_BLOCK - sizeof(bits), &bits, sizeof(bits));
	last.blocks(last.state, last.buffer, 1);
	for (int i = 0; i < 8; i++)
		last.state[i] = __builtin_bswap32(last.state[i]);
	memcpy(digest, last.state, SHA256_DIGEST);
}

void sha256(sha256_blocks_fn *blocks, const void *data, size_t size, uint8_t digest[SHA256_DIGEST])
{
	struct sha256 ctx;

	sha256_init(&ctx, blocks);
	sha256_update(&ctx, data, size);
	sha256_out(&ctx, digest);
}
