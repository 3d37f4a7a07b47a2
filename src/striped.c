/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Striped digests: docs/abi.md, "Striped digests". */
#include <sha256.h>
#include <string.h>

/* A piece of memory cut into lanes of equal size; the last one has what is left behind them as well. */
struct stripes {
	const uint8_t *data;
	size_t size;
	size_t lane_blocks;
	uint32_t lanes;
};

const struct sha256_way *sha256_way_for(const struct sha256_engine *engine, uint32_t count)
{
	for (int i = 0; i < SHA256_LANE_FNS; i++)
		if (engine->lanes[i].fn && count >= engine->lanes[i].least)
			return &engine->lanes[i];
	return NULL;
}

static const uint8_t *lane_start(const struct stripes *stripes, uint32_t lane)
{
	return stripes->data + lane * stripes->lane_blocks * SHA256_BLOCK;
}

/* The end of a lane whose whole blocks are in ctx already. */
static void finish(const struct stripes *stripes, uint32_t lane, struct sha256 *ctx, uint8_t digest[SHA256_DIGEST])
{
	size_t done = stripes->lanes * stripes->lane_blocks * SHA256_BLOCK;

	ctx->size = stripes->lane_blocks * SHA256_BLOCK;
	if (lane == stripes->lanes - 1)
		sha256_update(ctx, stripes->data + done, stripes->size - done);
	sha256_out(ctx, digest);
}

/* `count` lanes side by side, at most as many as the function takes; places left over get the first one again. */
static void side_by_side(const struct sha256_engine *engine, const struct sha256_way *way,
			 const struct stripes *stripes, uint32_t first, uint32_t count,
			 uint8_t (*digests)[SHA256_DIGEST])
{
	uint32_t state[SHA256_MAX_LANES][8];
	const uint8_t *data[SHA256_MAX_LANES];
	struct sha256 ctx;

	sha256_init(&ctx, engine->blocks);
	for (uint32_t i = 0; i < way->width; i++) {
		memcpy(state[i], ctx.state, sizeof(ctx.state));
		data[i] = lane_start(stripes, i < count ? first + i : first);
	}
	way->fn(state, data, stripes->lane_blocks);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(ctx.state, state[i], sizeof(ctx.state));
		finish(stripes, first + i, &ctx, digests[i]);
	}
}

static void alone(const struct sha256_engine *engine, const struct stripes *stripes, uint32_t lane,
		  uint8_t digest[SHA256_DIGEST])
{
	struct sha256 ctx;

	sha256_init(&ctx, engine->blocks);
	engine->blocks(ctx.state, lane_start(stripes, lane), stripes->lane_blocks);
	finish(stripes, lane, &ctx, digest);
}

void sha256_lane_digests(const struct sha256_engine *engine, const void *data, size_t size, uint32_t lanes,
			 uint32_t first, uint32_t count, uint8_t (*digests)[SHA256_DIGEST])
{
	const struct stripes stripes = {data, size, size / (SHA256_BLOCK * lanes), lanes};

	for (uint32_t n; count; first += n, digests += n, count -= n) {
		const struct sha256_way *way = sha256_way_for(engine, count);

		n = 1;
		if (way) {
			n = count < way->width ? count : way->width;
			side_by_side(engine, way, &stripes, first, n, digests);
		} else {
			alone(engine, &stripes, first, *digests);
		}
	}
}

void sha256_striped(const struct sha256_engine *engine, const void *data, size_t size, uint32_t lanes,
		    uint8_t digest[SHA256_DIGEST])
{
	uint8_t digests[SHA256_MAX_LANES][SHA256_DIGEST];

	sha256_lane_digests(engine, data, size, lanes, 0, lanes, digests);
	sha256(engine->blocks, digests, lanes * SHA256_DIGEST, digest);
}
