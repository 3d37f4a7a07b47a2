/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <fail_sentence.h>
#include <walk_sentence.h>

#include "bytes.h"
#include "digest.h"
#include "report_show.h"
#include "segment_name.h"

#define NO_SEGMENT 0xffffffff
#define LEVEL_X86_64 64
#define MILLISECONDS 1000.0

/* The ticks, by what they were for. */
static const struct {
	const char *name;
	size_t offset;
} laps[] = {
	{"check", offsetof(struct purg_report, ticks_check)},
	{"hash", offsetof(struct purg_report, ticks_hash)},
	{"walk", offsetof(struct purg_report, ticks_walk)},
	{"copy", offsetof(struct purg_report, ticks_copy)},
};

#define LAPS (sizeof(laps) / sizeof(laps[0]))

static uint64_t lap(const struct purg_report *report, size_t i)
{
	uint64_t ticks;

	memcpy(&ticks, (const uint8_t *)report + laps[i].offset, sizeof(ticks));
	return ticks;
}

static double milliseconds(const struct purg_report *report, size_t i)
{
	return (double)lap(report, i) * MILLISECONDS / (double)report->ticks_hz;
}

static const char *verdict_name(uint32_t verdict)
{
	switch (verdict) {
	case PURG_VERDICT_NONE:
		return "none";
	case PURG_VERDICT_VERIFIED:
		return "verified";
	case PURG_VERDICT_SKIPPED:
		return "skipped";
	case PURG_VERDICT_REFUSED:
		return "refused";
	default:
		return NULL;
	}
}

bool report_show_knows(const struct purg_report *report)
{
	return verdict_name(report->verdict);
}

static const char *stage_name(uint32_t stage)
{
	switch (stage) {
	case PURG_STAGE_PARAMETERS:
		return "parameters";
	case PURG_STAGE_VERIFY:
		return "verification";
	case PURG_STAGE_COPY:
		return "copies";
	case PURG_STAGE_HANDOFF:
		return "handoff";
	default:
		return "unknown";
	}
}

static const char *sentence(uint32_t code)
{
	const char *text = fail_sentence(code);

	return *text ? text : "for a reason that this command does not know";
}

static const char *doubt(uint32_t walk)
{
	const char *text = walk_sentence(walk);

	return *text ? text : "a doubt that this command does not know";
}

/* What is in a record of this machine's or of another one's is nobody's word: nothing but letters gets out. */
static void name_of(const struct purg_report *report, char name[SEGMENT_NAME_SIZE])
{
	struct purg_segment segment;

	memcpy(segment.name, report->segment_name, sizeof(segment.name));
	segment_name(&segment, name);
}

static void sha256_of(const struct purg_report *report, char text[sizeof(report->sha256) + 1])
{
	size_t i;

	for (i = 0; i < sizeof(report->sha256) && report->sha256[i]; i++)
		text[i] = report->sha256[i] > ' ' && report->sha256[i] <= '~' ? report->sha256[i] : '?';
	text[i] = '\0';
}

static bool has_digests(const struct purg_report *report)
{
	return !bytes_are_zero(report->expected, PURG_DIGEST_SIZE) ||
	       !bytes_are_zero(report->computed, PURG_DIGEST_SIZE);
}

static bool has_fault(const struct purg_report *report)
{
	return report->fault_syndrome || report->fault_pc || report->fault_address;
}

static void text_segments(uint32_t count)
{
	printf("%u segment%s", count, count == 1 ? "" : "s");
}

static void text_refusal(const struct purg_report *report)
{
	char name[SEGMENT_NAME_SIZE], expected[DIGEST_HEX_SIZE], computed[DIGEST_HEX_SIZE];

	name_of(report, name);
	printf("verdict   refused: ");
	if (report->segment != NO_SEGMENT)
		printf("segment %u (%s): ", report->segment, name);
	printf("%s [code %u]\n", sentence(report->code), report->code);
	printf("stage     %s\n", stage_name(report->stage));
	if (!has_digests(report))
		return;
	digest_hex(report->expected, expected);
	digest_hex(report->computed, computed);
	printf("expected  %s\ncomputed  %s\n", expected, computed);
}

static void text_success(const struct purg_report *report)
{
	if (report->verdict == PURG_VERDICT_NONE) {
		printf("verdict   NOT verified, by the loader's word\n");
		return;
	}
	printf("verdict   verified: ");
	text_segments(report->segment_count);
	printf(", %" PRIu64 " bytes", report->bytes);
	if (report->verdict == PURG_VERDICT_SKIPPED) {
		printf("; skipped: ");
		text_segments(report->skipped_count);
	}
	putchar('\n');
}

static void text_walk(const struct purg_report *report)
{
	switch (report->walk) {
	case PURG_WALK_NONE:
		return;
	case PURG_WALK_UNMAPPED:
		printf("walk      the old kernel could not write to what was skipped\n");
		break;
	case PURG_WALK_MAPPED:
		printf("walk      the old kernel could write to 0x%" PRIx64 "\n", report->walk_address);
		break;
	default:
		printf("walk      in doubt, so all was verified: %s", doubt(report->walk));
		if (report->walk_address)
			printf(": 0x%" PRIx64, report->walk_address);
		putchar('\n');
	}
	printf("          %" PRIu64 " pages looked at; %" PRIu64 " table entries, of which %" PRIu64 " map something\n",
	       report->walk_pages, report->walk_entries, report->walk_leaves);
}

static void text_time(const struct purg_report *report)
{
	printf("time      ");
	for (size_t i = 0; i < LAPS; i++) {
		printf("%s%s ", i ? ", " : "", laps[i].name);
		if (report->ticks_hz)
			printf("%.3f ms", milliseconds(report, i));
		else
			printf("%" PRIu64, lap(report, i));
	}
	printf(report->ticks_hz ? "\n" : " ticks, of a length that is not known\n");
}

static void text_cpu(const struct purg_report *report)
{
	if (report->level == LEVEL_X86_64)
		printf("cpu       x86_64, signature 0x%" PRIx64 ", APIC id 0x%" PRIx64 "\n", report->cpu_id[0],
		       report->cpu_id[1]);
	else
		printf("cpu       arm64, EL%u%s, MIDR 0x%" PRIx64 ", MPIDR 0x%" PRIx64 "\n",
		       report->level & ~PURG_LEVEL_E2H, report->level & PURG_LEVEL_E2H ? " with E2H" : "",
		       report->cpu_id[0], report->cpu_id[1]);
}

void report_show_text(const struct purg_report *report)
{
	char sha256[sizeof(report->sha256) + 1];

	if (report->verdict == PURG_VERDICT_REFUSED)
		text_refusal(report);
	else
		text_success(report);
	if (has_fault(report))
		printf("fault     syndrome 0x%" PRIx64 ", pc 0x%" PRIx64 ", address 0x%" PRIx64 "\n",
		       report->fault_syndrome, report->fault_pc, report->fault_address);
	sha256_of(report, sha256);
	printf("sha256    %s, %s\n", *sha256 ? sha256 : "none", report->cached ? "cached" : "uncached");
	text_walk(report);
	text_time(report);
	text_cpu(report);
}

/* No name here has anything in it that JSON would have escaped, but for these. */
static void json_name(const char *label, const char *name)
{
	printf(", \"%s\": \"", label);
	for (; *name; name++)
		printf(*name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
	putchar('"');
}

static void json_digest(const char *label, const uint8_t digest[PURG_DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	printf(", \"%s\": \"%s\"", label, hex);
}

static void json_refusal(const struct purg_report *report)
{
	char name[SEGMENT_NAME_SIZE];

	json_name("reason", sentence(report->code));
	if (report->segment != NO_SEGMENT) {
		name_of(report, name);
		printf(", \"segment\": %u", report->segment);
		json_name("segment_name", name);
	}
	if (has_digests(report)) {
		json_digest("expected", report->expected);
		json_digest("computed", report->computed);
	}
}

static void json_walk(const struct purg_report *report)
{
	printf(",\n  \"walk\": {\"result\": %u, \"address\": %" PRIu64 ", \"pages\": %" PRIu64 ", \"entries\": %" PRIu64
	       ", \"leaves\": %" PRIu64,
	       report->walk, report->walk_address, report->walk_pages, report->walk_entries, report->walk_leaves);
	if (report->walk >= PURG_WALK_DIGEST)
		json_name("doubt", doubt(report->walk));
	putchar('}');
}

static void json_time(const struct purg_report *report)
{
	printf(",\n  \"ticks_hz\": %" PRIu64 ", \"ticks\": {", report->ticks_hz);
	for (size_t i = 0; i < LAPS; i++)
		printf("%s\"%s\": %" PRIu64, i ? ", " : "", laps[i].name, lap(report, i));
	putchar('}');
	if (!report->ticks_hz)
		return;
	printf(", \"milliseconds\": {");
	for (size_t i = 0; i < LAPS; i++)
		printf("%s\"%s\": %.6f", i ? ", " : "", laps[i].name, milliseconds(report, i));
	putchar('}');
}

void report_show_json(const struct purg_report *report, const uint64_t *offset)
{
	char sha256[sizeof(report->sha256) + 1];

	putchar('{');
	if (offset)
		printf("\"offset\": %" PRIu64 ", ", *offset);
	printf("\"verdict\": \"%s\", \"code\": %u", verdict_name(report->verdict), report->code);
	json_name("stage", stage_name(report->stage));
	if (report->verdict == PURG_VERDICT_REFUSED)
		json_refusal(report);
	printf(",\n  \"segments_verified\": %u, \"segments_skipped\": %u, \"bytes\": %" PRIu64, report->segment_count,
	       report->skipped_count, report->bytes);
	sha256_of(report, sha256);
	json_name("sha256", sha256);
	printf(", \"cached\": %s", report->cached ? "true" : "false");
	if (report->walk != PURG_WALK_NONE)
		json_walk(report);
	json_time(report);
	printf(",\n  \"arch\": \"%s\", \"level\": %u, \"cpu_id\": [%" PRIu64 ", %" PRIu64 "]",
	       report->level == LEVEL_X86_64 ? "x86_64" : "arm64", report->level, report->cpu_id[0], report->cpu_id[1]);
	if (has_fault(report))
		printf(", \"fault\": {\"syndrome\": %" PRIu64 ", \"pc\": %" PRIu64 ", \"address\": %" PRIu64 "}",
		       report->fault_syndrome, report->fault_pc, report->fault_address);
	putchar('}');
}
