/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the clients of include/clients.h mean: one SHA-256 over all regions, one after the other, of which those of no
 * length count for nothing; skip_checks is the user's --no-checks. kexec-tools gives no regions with it, so a
 * skip_checks with regions is damage, and they are verified. To Linux there is no such thing.
 */
#include <arch.h>
#include <clients.h>
#include <compat.h>
#include <params.h>
#include <range.h>
#include <string.h>

/* Whether the block was filled in here. */
static bool used;

/* The image has filled in the head. Behind it nothing is, if the first word is zero, and each like the one before. */
static bool is_untouched(const struct purg_params *params)
{
	const uint64_t *rest = (const uint64_t *)params + 2;

	_Static_assert(offsetof(struct purg_params, verify) == 2 * sizeof(*rest), "the block's head");
	return *rest == 0 && memcmp(rest, rest + 1, sizeof(*params) - 3 * sizeof(*rest)) == 0;
}

/* A segment "region3" or "region12". */
static void add_region(struct purg_params *params, uint8_t number)
{
	struct purg_segment *segment = &params->segment[params->segment_count++];

	segment->start = client_sha256_regions[number].start;
	segment->size = client_sha256_regions[number].size;
	segment->kind = PURG_DIGEST_CONCAT;
	memcpy(segment->name, "region1", PURG_NAME_SIZE - 1);
	segment->name[PURG_NAME_SIZE - (number < 10 ? 2 : 1)] = (char)('0' + number % 10);
}

static void fill_regions(struct purg_params *params)
{
	for (uint8_t i = 0; i < CLIENT_REGIONS; i++)
		if (client_sha256_regions[i].size)
			add_region(params, i);
	if (params->segment_count)
		memcpy(params->digest, client_sha256_digest, sizeof(params->digest));
	else if (compat_client == COMPAT_KEXEC_TOOLS && client_skip_checks)
		params->verify = PURG_VERIFY_NEVER;
}

uint64_t compat_readable(const struct purg_params *params, uint64_t address)
{
	const struct purg_segment *segment = params_segment_around(params, address, 1);

	if (!segment || !range_within(segment->start, segment->size, 0, arch_physical_end()) ||
	    !arch_mapped(segment->start, segment->size))
		return 0;
	return segment->start + segment->size - address;
}

bool compat_fill(struct purg_params *params, struct finding *finding)
{
	used = compat_client && is_untouched(params);
	if (!used)
		return true;
	fill_regions(params);
	return arch_compat_fill(params, finding);
}

bool compat_finish(const struct purg_params *params, struct finding *finding)
{
	return !used || arch_compat_finish(params, finding);
}
