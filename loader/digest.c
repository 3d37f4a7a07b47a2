/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The purgatory's own SHA-256, for loaders. */
#include <arch.h>
#include <purgatory/loader.h>
#include <string.h>

#include "blob.h"

_Static_assert(sizeof(struct purg_sha256) >= sizeof(struct sha256), "the public stream must hold the internal one");

void purg_sha256_begin(struct purg_sha256 *stream)
{
	struct sha256_engine engine;
	struct sha256 ctx;

	arch_sha256(&engine, false);
	sha256_init(&ctx, engine.blocks);
	memset(ctx.buffer, 0, sizeof(ctx.buffer));
	memcpy(stream, &ctx, sizeof(ctx));
}

/* Copied out and back, since the caller's is of another type. */
void purg_sha256_add(struct purg_sha256 *stream, const void *data, size_t size)
{
	struct sha256 ctx;

	memcpy(&ctx, stream, sizeof(ctx));
	sha256_update(&ctx, data, size);
	memcpy(stream, &ctx, sizeof(ctx));
}

void purg_sha256_end(const struct purg_sha256 *stream, uint8_t digest[PURG_DIGEST_SIZE])
{
	struct sha256 ctx;

	memcpy(&ctx, stream, sizeof(ctx));
	sha256_out(&ctx, digest);
}

int purg_digest(const void *data, size_t size, uint32_t lanes, uint8_t digest[PURG_DIGEST_SIZE])
{
	struct sha256_engine engine;

	if (lanes && !blob_lanes_known(lanes))
		return PURG_ERR_STRIPES;
	arch_sha256(&engine, false);
	if (lanes)
		sha256_striped(&engine, data, size, lanes, digest);
	else
		sha256(engine.blocks, data, size, digest);
	return 0;
}
