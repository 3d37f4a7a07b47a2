/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <params_digest.h>
#include <string.h>
#include <verify.h>

static bool matches(const uint8_t *expected, uint32_t code, struct finding *finding)
{
	if (memcmp(finding->computed, expected, PURG_DIGEST_SIZE) == 0)
		return true;
	finding->code = code;
	finding->expected = expected;
	return false;
}

bool verify_is_given(const uint8_t digest[PURG_DIGEST_SIZE])
{
	return memcmp(digest, zero_digest, PURG_DIGEST_SIZE) != 0;
}

bool verify_self(const struct purg_params *params, const struct sha256_engine *engine, struct finding *finding)
{
	if (verify_is_given(params->block_digest)) {
		params_digest(params, engine->blocks, finding->computed);
		if (!matches(params->block_digest, PURG_E_BLOCK, finding))
			return false;
	}
	if (verify_is_given(params->image_digest)) {
		/* A number in memory, and what it is a part of may have been changed. */
		if (purg_header.ro_size > purg_header.mem_size)
			return refuse(finding, PURG_E_IMAGE, "ro_size", purg_header.ro_size);
		sha256(engine->blocks, &purg_header, purg_header.ro_size, finding->computed);
		if (!matches(params->image_digest, PURG_E_IMAGE, finding))
			return false;
	}
	return true;
}

/* A striped segment, or one with a digest of its own. */
static void digest_segment(const struct purg_segment *segment, const struct sha256_engine *engine, uint8_t *digest,
			   struct verified *verified)
{
	const void *start = (const void *)(uintptr_t)segment->start;
	const struct sha256_way *lanes;

	if (segment->kind != PURG_DIGEST_STRIPED) {
		sha256(engine->blocks, start, segment->size, digest);
		return;
	}
	lanes = sha256_way_for(engine, segment->lanes);
	if (lanes && *lanes->name && segment->size >= (uint64_t)segment->lanes * SHA256_BLOCK)
		verified->lanes_name = lanes->name;
	sha256_striped(engine, start, segment->size, segment->lanes, digest);
}

bool verify_segment(const struct purg_segment *segment, const struct sha256_engine *engine, struct finding *finding,
		    struct verified *verified)
{
	digest_segment(segment, engine, finding->computed, verified);
	return matches(segment->digest, PURG_E_DIGEST, finding);
}

bool verify_segments(const struct purg_params *params, uint64_t skip, const struct sha256_engine *engine,
		     struct finding *finding, struct verified *verified)
{
	struct sha256 concat;
	bool any_concat = false;

	sha256_init(&concat, engine->blocks);
	for (uint32_t i = 0; i < params->segment_count; i++) {
		const struct purg_segment *segment = &params->segment[i];

		if (skip >> i & 1) {
			verified->skipped++;
			continue;
		}
		verified->segments++;
		verified->bytes += segment->size;
		finding->table = "segment";
		finding->index = i;
		finding->name = segment->name;
		if (segment->kind == PURG_DIGEST_CONCAT) {
			sha256_update(&concat, (const void *)(uintptr_t)segment->start, segment->size);
			any_concat = true;
		} else if (!verify_segment(segment, engine, finding, verified)) {
			return false;
		}
	}
	finding->table = NULL;
	finding->name = NULL;
	finding->index = NO_INDEX;
	if (!any_concat)
		return true;
	sha256_out(&concat, finding->computed);
	return matches(params->digest, PURG_E_CONCAT, finding);
}
