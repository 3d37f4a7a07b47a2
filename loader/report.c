/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The record that the purgatory leaves: docs/abi.md, "The record". */
#include <arch.h>
#include <params_digest.h>
#include <purgatory/loader.h>
#include <string.h>

/* A later minor version's is longer; its digest is over all of it. */
static void digest_of(const uint8_t *memory, uint32_t size, uint8_t digest[PURG_DIGEST_SIZE])
{
	const size_t before = offsetof(struct purg_report, digest), behind = before + PURG_DIGEST_SIZE;
	struct sha256_engine engine;
	struct sha256 ctx;

	arch_sha256(&engine, false);
	sha256_init(&ctx, engine.blocks);
	sha256_update(&ctx, memory, before);
	sha256_update(&ctx, zero_digest, sizeof(zero_digest));
	sha256_update(&ctx, memory + behind, size - behind);
	sha256_out(&ctx, digest);
}

int purg_report_check(const void *memory, size_t size, struct purg_report *report)
{
	uint8_t digest[PURG_DIGEST_SIZE];
	struct purg_report found;

	if (size < sizeof(found))
		return PURG_ERR_REPORT_SIZE;
	memcpy(&found, memory, sizeof(found));
	if (found.magic != PURG_REPORT_MAGIC)
		return PURG_ERR_REPORT_NONE;
	if (found.abi_major != PURG_ABI_MAJOR)
		return PURG_ERR_REPORT_VERSION;
	if (found.size < sizeof(found) || found.size > size)
		return PURG_ERR_REPORT_SIZE;
	digest_of(memory, found.size, digest);
	if (memcmp(digest, found.digest, sizeof(digest)) != 0)
		return PURG_ERR_REPORT_DIGEST;
	*report = found;
	return 0;
}
