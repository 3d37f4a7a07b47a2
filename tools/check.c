/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "check_memory.h"
#include "check_structure.h"
#include "command.h"
#include "digest.h"
#include "error.h"
#include "packed.h"
#include "segment_name.h"

static const char help[] =
	"Usage: purgatory check FILE\n"
	"Verify offline what a packed image would verify when it boots: that it is well formed, and\n"
	"that each segment, and the purgatory itself, has the SHA-256 digest that was stored.\n"
	"\n"
	"  -h, --help            show this and exit\n"
	"\n"
	"Exit codes: 0 all is well; 1 a digest does not match; 2 bad usage, or a file that cannot be\n"
	"read or is not a well-formed packed image.";

/* Print one line about a digest; returns whether it is right. */
static bool compare(const struct packed *packed, const char *field, const uint8_t computed[PURG_DIGEST_SIZE],
		    const uint8_t expected[PURG_DIGEST_SIZE])
{
	char expected_hex[DIGEST_HEX_SIZE], computed_hex[DIGEST_HEX_SIZE];

	if (!memcmp(computed, expected, PURG_DIGEST_SIZE)) {
		printf("%s: ok\n", field);
		return true;
	}
	digest_hex(expected, expected_hex);
	digest_hex(computed, computed_hex);
	complain(packed->file.path, field, "digest mismatch: expected %s, computed %s", expected_hex, computed_hex);
	return false;
}

static bool compare_segment(const struct packed *packed, const struct purg_segment *segment,
			    const uint8_t computed[PURG_DIGEST_SIZE])
{
	char name[SEGMENT_NAME_SIZE], field[64];

	segment_name(segment, name);
	snprintf(field, sizeof(field), "segment %s", name);
	return compare(packed, field, computed, segment->digest);
}

static bool compare_image(const struct packed *packed, const uint8_t computed[PURG_DIGEST_SIZE])
{
	const struct purgatory_image *purgatory = &packed->purgatory;
	const uint8_t *expected = purgatory->params.image_digest;

	if (!(purgatory->header.features & PURG_FEATURE_SELF_DIGEST) && bytes_are_zero(expected, PURG_DIGEST_SIZE))
		return true;
	return compare(packed, "purgatory", computed, expected);
}

static bool check_params(const struct packed *packed)
{
	uint8_t digest[PURG_DIGEST_SIZE];

	digest_params(&packed->purgatory.params, digest);
	return compare(packed, "parameters", digest, packed->purgatory.params.block_digest);
}

/* The purgatory's code, and every segment: computed together, told in order. */
static bool check_digests(const struct packed *packed)
{
	const struct purgatory_image *purgatory = &packed->purgatory;
	struct digest_job jobs[DIGEST_JOBS_MAX] = {{.data = purgatory->data, .size = purgatory->header.ro_size}};
	const struct purg_segment *segment = purgatory->params.segment;
	uint32_t count = purgatory->params.segment_count;
	bool ok;

	for (uint32_t i = 0; i < count; i++)
		jobs[i + 1] = (struct digest_job){
			.data = packed_bytes(packed, segment[i].start, segment[i].size),
			.size = segment[i].size,
			.lanes = segment[i].lanes,
		};
	digest_all(jobs, count + 1);
	ok = compare_image(packed, jobs[0].digest);
	for (uint32_t i = 0; i < count; i++)
		ok &= compare_segment(packed, &segment[i], jobs[i + 1].digest);
	return ok;
}

static const char *parse(int argc, char **argv)
{
	static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {0}};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option != 'h')
			fail_usage("check", "'%s' is not an option", argv[optind - 1]);
		puts(help);
		exit(command_done(0));
	}
	if (argc - optind != 1)
		fail_usage("check", "one FILE is needed");
	return argv[optind];
}

int command_check(int argc, char **argv)
{
	static struct packed packed;
	bool ok;

	packed_open(&packed, parse(argc, argv));
	check_structure(&packed);
	check_memory(&packed);
	ok = check_params(&packed);
	ok &= check_digests(&packed);
	return command_done(ok ? 0 : EXIT_MISMATCH);
}
