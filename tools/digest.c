/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdio.h>

#include "digest.h"
#include "number.h"
#include "progress.h"
#include "sha256.h"

void digest_of(const char *what, const uint8_t *data, uint64_t size, uint8_t digest[PURG_DIGEST_SIZE])
{
	struct sha256 ctx;

	sha256_init(&ctx, sha256_blocks_portable);
	progress_begin(what, size);
	for (uint64_t done = 0, n; done < size; done += n) {
		n = number_min(size - done, DIGEST_CHUNK);
		sha256_update(&ctx, data + done, n);
		progress_add(n);
	}
	progress_end();
	sha256_out(&ctx, digest);
}

void digest_hex(const uint8_t digest[PURG_DIGEST_SIZE], char hex[DIGEST_HEX_SIZE])
{
	for (unsigned int i = 0; i < PURG_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
