/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The checks of the parameter block. It is input: a loader may be wrong, and a dying kernel may have written over it.
 * Whatever a field may not hold is refused here, so that the rest of the program can take each field at its word.
 */
#include <arch.h>
#include <console.h>
#include <params.h>
#include <range.h>

typedef uint64_t __attribute__((may_alias)) word;

/* Of both architectures, in bytes: SDM volume 2, 2.3.11. */
#define LONGEST_INSTRUCTION 15

/* Most of a block is unused: what is long, and begins at a multiple of eight, is looked at by eight words at once. */
static bool check_zero(struct finding *finding, const char *field, const void *start, size_t size)
{
	const word *words = start;
	size_t count = (uintptr_t)start % sizeof(word) ? 0 : size / sizeof(word);
	const uint8_t *p = (const uint8_t *)(words + count);
	uint64_t any = 0;

	for (; count >= 8; count -= 8, words += 8)
		any |= words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7];
	while (count--)
		any |= *words++;
	while (p < (const uint8_t *)start + size)
		any |= *p++;
	if (!any)
		return true;
	for (p = start; !*p;)
		p++;
	return refuse(finding, PURG_E_RESERVED, field, *p);
}

/* The whole range is physical memory, and none of it is ours. */
static bool check_range(struct finding *finding, const char *field, uint64_t start, uint64_t size)
{
	uint64_t end = arch_physical_end();

	if (size > end)
		return refuse(finding, PURG_E_RANGE, "size", size);
	if (start > end - size)
		return refuse(finding, PURG_E_RANGE, field, start);
	if (ranges_overlap(start, size, (uintptr_t)&purg_header, purg_header.mem_size))
		return refuse(finding, PURG_E_OVERLAP_SELF, field, start);
	return arch_mapped(start, size) || refuse(finding, PURG_E_UNMAPPED, field, start);
}

/* Nothing that is verified, or written by a copy, may lie where a console's registers are: the console is written to
 * afterwards. */
static bool check_no_console(const struct purg_params *params, struct finding *finding, const char *field,
			     uint64_t start, uint64_t size)
{
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		if (console_touches(&params->console[i], start, size))
			return refuse(finding, PURG_E_OVERLAP, field, start);
	return true;
}

static bool check_consoles(const struct purg_params *params, struct finding *finding)
{
	for (finding->index = 0; finding->index < PURG_MAX_CONSOLES; finding->index++) {
		const struct purg_console *console = &params->console[finding->index];

		if (!console_check(console, finding))
			return false;
		if (console_touches(console, (uintptr_t)&purg_header, purg_header.mem_size))
			return refuse(finding, PURG_E_OVERLAP_SELF, "base", console->base);
	}
	return true;
}

static bool check_policy(const struct purg_params *params, struct finding *finding)
{
	/* Under UNLESS_UNMAPPED the walk itself judges the linear map: what is wrong with it is no refusal. */
	switch (params->verify) {
	case PURG_VERIFY_ALWAYS:
	case PURG_VERIFY_NEVER:
		if (!check_zero(finding, "linear_map", &params->linear_map, sizeof(params->linear_map)))
			return false;
		break;
	case PURG_VERIFY_UNLESS_UNMAPPED:
		break;
	default:
		return refuse(finding, PURG_E_VALUE, "verify", params->verify);
	}
	if (params->flags & ~(PURG_FLAG_PORTABLE_SHA256 | arch_device_flags()))
		return refuse(finding, PURG_E_VALUE, "flags", params->flags);
	return check_zero(finding, "reserved", params->reserved, sizeof(params->reserved)) &&
	       check_zero(finding, "reserved2", params->reserved2, sizeof(params->reserved2));
}

/* 2, 4, 8 or 16. */
static bool check_lanes(uint32_t lanes)
{
	return lanes >= 2 && lanes <= SHA256_MAX_LANES && (lanes & (lanes - 1)) == 0;
}

static bool check_kind(const struct purg_segment *segment, struct finding *finding)
{
	if (segment->flags)
		return refuse(finding, PURG_E_VALUE, "flags", segment->flags);
	switch (segment->kind) {
	case PURG_DIGEST_SEGMENT:
		return check_zero(finding, "lanes", &segment->lanes, sizeof(segment->lanes));
	case PURG_DIGEST_CONCAT:
		return check_zero(finding, "lanes", &segment->lanes, sizeof(segment->lanes)) &&
		       check_zero(finding, "digest", segment->digest, sizeof(segment->digest));
	case PURG_DIGEST_STRIPED:
		return check_lanes(segment->lanes) || refuse(finding, PURG_E_VALUE, "lanes", segment->lanes);
	default:
		return refuse(finding, PURG_E_VALUE, "kind", segment->kind);
	}
}

static bool check_segment(const struct purg_params *params, uint32_t index, struct finding *finding)
{
	const struct purg_segment *segment = &params->segment[index];

	if (!check_kind(segment, finding) || !check_range(finding, "start", segment->start, segment->size) ||
	    !check_no_console(params, finding, "start", segment->start, segment->size))
		return false;
	for (uint32_t i = 0; i < index; i++)
		if (ranges_overlap(segment->start, segment->size, params->segment[i].start, params->segment[i].size))
			return refuse(finding, PURG_E_OVERLAP, "start", segment->start);
	return true;
}

static bool check_counts(const struct purg_params *params, struct finding *finding)
{
	if (params->segment_count > PURG_MAX_SEGMENTS)
		return refuse(finding, PURG_E_COUNT, "segment_count", params->segment_count);
	if (params->copy_count > PURG_MAX_COPIES)
		return refuse(finding, PURG_E_COUNT, "copy_count", params->copy_count);
	if (params->segment_count == 0 && params->verify != PURG_VERIFY_NEVER)
		return refuse(finding, PURG_E_NOTHING, "segment_count", 0);
	return true;
}

/* A digest of no segments would be one that nobody compares. */
static bool check_concat_digest(const struct purg_params *params, struct finding *finding)
{
	for (uint32_t i = 0; i < params->segment_count; i++)
		if (params->segment[i].kind == PURG_DIGEST_CONCAT)
			return true;
	return check_zero(finding, "digest", params->digest, sizeof(params->digest));
}

static bool check_segments(const struct purg_params *params, struct finding *finding)
{
	uint32_t count = params->segment_count;

	for (finding->index = 0; finding->index < count; finding->index++) {
		finding->name = params->segment[finding->index].name;
		if (!check_segment(params, finding->index, finding))
			return false;
	}
	finding->name = NULL;
	return check_zero(finding, "(unused)", &params->segment[count],
			  (PURG_MAX_SEGMENTS - count) * sizeof(params->segment[0]));
}

const struct purg_segment *params_segment_around(const struct purg_params *params, uint64_t start, uint64_t size)
{
	for (uint32_t i = 0; i < params->segment_count; i++)
		if (range_within(start, size, params->segment[i].start, params->segment[i].size))
			return &params->segment[i];
	return NULL;
}

bool params_may_write(const struct purg_params *params, uint64_t start, uint64_t size)
{
	struct finding finding;

	if (params->verify != PURG_VERIFY_NEVER)
		return params_segment_around(params, start, size);
	return check_range(&finding, NULL, start, size);
}

/* A copy of unverified memory may not meet any other copy, lest it be carried on as if it were verified. */
static bool meets_other_copy(const struct purg_params *params, const struct purg_copy *copy)
{
	for (const struct purg_copy *other = params->copy; other < params->copy + params->copy_count; other++)
		if (other != copy && (ranges_overlap(copy->dst, copy->size, other->dst, other->size) ||
				      ranges_overlap(copy->dst, copy->size, other->src, other->size)))
			return true;
	return false;
}

static bool check_source(const struct purg_params *params, const struct purg_copy *copy, struct finding *finding)
{
	if (params->verify == PURG_VERIFY_NEVER)
		return true;
	if (copy->flags & PURG_COPY_UNVERIFIED)
		return !meets_other_copy(params, copy) || refuse(finding, PURG_E_OVERLAP, "dst", copy->dst);
	return params_segment_around(params, copy->src, copy->size) || refuse(finding, PURG_E_SOURCE, "src", copy->src);
}

static bool check_copy(const struct purg_params *params, const struct purg_copy *copy, struct finding *finding)
{
	if (copy->flags & ~(uint32_t)PURG_COPY_UNVERIFIED)
		return refuse(finding, PURG_E_VALUE, "flags", copy->flags);
	return check_range(finding, "dst", copy->dst, copy->size) &&
	       check_range(finding, "src", copy->src, copy->size) &&
	       check_no_console(params, finding, "dst", copy->dst, copy->size) && check_source(params, copy, finding) &&
	       check_zero(finding, "reserved", &copy->reserved, sizeof(copy->reserved));
}

static bool check_copies(const struct purg_params *params, struct finding *finding)
{
	uint32_t count = params->copy_count;

	for (finding->index = 0; finding->index < count; finding->index++)
		if (!check_copy(params, &params->copy[finding->index], finding))
			return false;
	return check_zero(finding, "(unused)", &params->copy[count],
			  (PURG_MAX_COPIES - count) * sizeof(params->copy[0]));
}

/*
 * What is executed next must have been verified: follow it back through the copies to the segment in which it was
 * loaded. Nothing unverified may be copied onto that segment.
 */
static bool entry_is_verified(const struct purg_params *params, uint64_t entry)
{
	const struct purg_copy *copies = params->copy;
	const struct purg_segment *segment;

	for (uint32_t i = params->copy_count; i--;) {
		if (!range_within(entry, 1, copies[i].dst, copies[i].size))
			continue;
		if (copies[i].flags & PURG_COPY_UNVERIFIED)
			return false;
		entry += copies[i].src - copies[i].dst;
	}
	segment = params_segment_around(params, entry, 1);
	if (!segment)
		return false;
	for (uint32_t i = 0; i < params->copy_count; i++)
		if (copies[i].flags & PURG_COPY_UNVERIFIED &&
		    ranges_overlap(copies[i].dst, copies[i].size, segment->start, segment->size))
			return false;
	return true;
}

/*
 * What a copy reads may lie there, as memory that is saved may: the stub is written when the copies are made. The
 * fallback may be unchecked: a range that wraps overlaps nothing, and is refused later.
 */
static bool check_free(const struct purg_params *params, struct finding *finding, const char *field, uint64_t start,
		       uint64_t size)
{
	const struct purg_segment *fallback = &params->failure.fallback;
	const struct purg_segment *segment = params->segment;
	const struct purg_copy *copy = params->copy;

	if (ranges_overlap(start, size, fallback->start, fallback->size))
		return refuse(finding, PURG_E_OVERLAP, field, start);
	for (; segment < params->segment + params->segment_count; segment++)
		if (ranges_overlap(start, size, segment->start, segment->size))
			return refuse(finding, PURG_E_OVERLAP, field, start);
	for (; copy < params->copy + params->copy_count; copy++)
		if (ranges_overlap(start, size, copy->dst, copy->size))
			return refuse(finding, PURG_E_OVERLAP, field, start);
	return true;
}

/* What enters a mode of fewer address bits must lie where that mode reaches: in the stub, or else in the image. */
static bool check_stub(const struct purg_params *params, const struct purg_handoff *handoff, struct finding *finding)
{
	uint64_t end = arch_low_end(handoff->mode);
	uint64_t stub = handoff->stub;

	if (!end)
		return true;
	if (!check_zero(finding, "reserved", &handoff->reserved, sizeof(handoff->reserved)))
		return false;
	if (!stub)
		return range_within((uintptr_t)&purg_header, purg_header.mem_size, 0, end) ||
		       refuse(finding, PURG_E_PLACEMENT, "image", (uintptr_t)&purg_header);
	if (stub % PURG_STUB_SIZE || stub >= end)
		return refuse(finding, PURG_E_PLACEMENT, "stub", stub);
	return check_range(finding, "stub", stub, PURG_STUB_SIZE) &&
	       check_no_console(params, finding, "stub", stub, PURG_STUB_SIZE) &&
	       check_free(params, finding, "stub", stub, PURG_STUB_SIZE);
}

/* The rules of a handoff in itself: of the next program's, or of the fallback's. */
static bool check_way(const struct purg_params *params, const struct purg_handoff *handoff, struct finding *finding)
{
	size_t used = PURG_HANDOFF_REGS + arch_regs_size(handoff->mode);
	size_t end = arch_low_end(handoff->mode) ? offsetof(struct purg_handoff, stub) : sizeof(*handoff);

	if (!arch_mode_known(handoff->mode))
		return refuse(finding, PURG_E_VALUE, "mode", handoff->mode);
	if (handoff->checks & ~arch_known_checks())
		return refuse(finding, PURG_E_VALUE, "checks", handoff->checks);
	return check_zero(finding, "(unused)", (const uint8_t *)handoff + used, end - used) &&
	       check_stub(params, handoff, finding) && check_range(finding, "entry", arch_entry(handoff), 1);
}

static bool check_handoff(const struct purg_params *params, struct finding *finding)
{
	uint64_t entry = arch_entry(&params->handoff);

	return check_way(params, &params->handoff, finding) &&
	       (params->verify == PURG_VERIFY_NEVER || entry_is_verified(params, entry) ||
		refuse(finding, PURG_E_ENTRY, "entry", entry));
}

/* It has a digest of its own, no copy changes it, and it is entered within what was verified. */
static bool check_fallback(const struct purg_params *params, struct finding *finding)
{
	const struct purg_segment *segment = &params->failure.fallback;
	const struct purg_handoff *handoff = &params->failure.fallback_handoff;
	uint64_t entry = arch_entry(handoff);

	if (segment->kind == PURG_DIGEST_CONCAT)
		return refuse(finding, PURG_E_VALUE, "kind", segment->kind);
	if (!check_kind(segment, finding) || !check_range(finding, "start", segment->start, segment->size) ||
	    !check_no_console(params, finding, "start", segment->start, segment->size))
		return false;
	for (uint32_t i = 0; i < params->copy_count; i++)
		if (ranges_overlap(segment->start, segment->size, params->copy[i].dst, params->copy[i].size))
			return refuse(finding, PURG_E_OVERLAP, "start", segment->start);
	if (!check_way(params, handoff, finding))
		return false;
	return range_within(entry, 1, segment->start, segment->size) || refuse(finding, PURG_E_ENTRY, "entry", entry);
}

/* What else the policy has: what it has not must be zero, but for timer_hz, of which the record has use as well. */
static bool check_failure(const struct purg_params *params, struct finding *finding)
{
	const struct purg_failure *failure = &params->failure;
	bool fallback = failure->policy == PURG_FAIL_FALLBACK;

	switch (failure->policy) {
	case PURG_FAIL_HALT:
	case PURG_FAIL_RETURN:
	case PURG_FAIL_FALLBACK:
		if (!check_zero(finding, "(unused)", &failure->conduit,
				offsetof(struct purg_failure, timer_hz) - offsetof(struct purg_failure, conduit)))
			return false;
		break;
	case PURG_FAIL_RESET:
		if (!arch_reset_check(failure, finding))
			return false;
		break;
	default:
		return refuse(finding, PURG_E_VALUE, "policy", failure->policy);
	}
	if (failure->policy == PURG_FAIL_HALT && !check_zero(finding, "delay", &failure->delay, sizeof(failure->delay)))
		return false;
	if (failure->delay && !failure->timer_hz && !arch_ticks_hz())
		return refuse(finding, PURG_E_VALUE, "timer_hz", 0);
	if (!failure->delay && !params->report.address &&
	    !check_zero(finding, "timer_hz", &failure->timer_hz, sizeof(failure->timer_hz)))
		return false;
	return fallback || check_zero(finding, "(unused)", &failure->fallback,
				      sizeof(*failure) - offsetof(struct purg_failure, fallback));
}

bool params_check_head(const struct purg_params *params, struct finding *finding)
{
	if (params->magic != PURG_PARAMS_MAGIC)
		return refuse(finding, PURG_E_MAGIC, "magic", params->magic);
	if (params->abi_major != PURG_ABI_MAJOR)
		return refuse(finding, PURG_E_VERSION, "abi_major", params->abi_major);
	if (params->abi_minor > PURG_ABI_MINOR)
		return refuse(finding, PURG_E_VERSION, "abi_minor", params->abi_minor);
	if (params->size != PURG_PARAMS_SIZE)
		return refuse(finding, PURG_E_SIZE, "size", params->size);
	return true;
}

static bool report_touches(const struct purg_params *params, uint64_t start, uint64_t size)
{
	return ranges_overlap(params->report.address, sizeof(struct purg_report), start, size);
}

static bool report_on_stub(const struct purg_params *params, const struct purg_handoff *handoff)
{
	return handoff->stub && report_touches(params, handoff->stub, PURG_STUB_SIZE);
}

/*
 * Where the record is written when all else is done: on a segment it may lie, but on nothing that a copy has made or
 * read, on no stub, and not on the instruction that comes next, of this boot or of the fallback. The rest of the block
 * is unchecked, or the record could not tell of it: a range that wraps overlaps nothing, and is refused later; and so
 * is a copy behind the last one.
 */
static bool report_is_free(const struct purg_params *params)
{
	const struct purg_copy *copy = params->copy;
	const struct purg_segment *fallback = &params->failure.fallback;

	for (; copy < params->copy + PURG_MAX_COPIES; copy++)
		if (report_touches(params, copy->dst, copy->size) || report_touches(params, copy->src, copy->size))
			return false;
	return !report_on_stub(params, &params->handoff) &&
	       !report_on_stub(params, &params->failure.fallback_handoff) &&
	       !report_touches(params, arch_entry(&params->handoff), LONGEST_INSTRUCTION) &&
	       !report_touches(params, fallback->start, fallback->size);
}

static bool check_report(const struct purg_params *params, struct finding *finding)
{
	const struct purg_report_place *report = &params->report;
	const uint64_t size = sizeof(struct purg_report);

	if (!report->address)
		return check_zero(finding, "(unused)", report, sizeof(*report));
	if (report->address % sizeof(uint64_t))
		return refuse(finding, PURG_E_PLACEMENT, "address", report->address);
	if (report->size < size)
		return refuse(finding, PURG_E_SIZE, "size", report->size);
	return check_zero(finding, "reserved", &report->reserved, sizeof(report->reserved)) &&
	       check_range(finding, "address", report->address, size) &&
	       check_no_console(params, finding, "address", report->address, size) &&
	       (report_is_free(params) || refuse(finding, PURG_E_OVERLAP, "address", report->address));
}

/* From here on the findings are in this group, or, with NULL, in the block itself. */
static bool enter_group(struct finding *finding, const char *table)
{
	finding->table = table;
	finding->index = NO_INDEX;
	return true;
}

bool params_check_report(const struct purg_params *params, struct finding *finding)
{
	return enter_group(finding, "report") && check_report(params, finding) && enter_group(finding, NULL);
}

bool params_check_fields(const struct purg_params *params, struct finding *finding)
{
	return enter_group(finding, "console") && check_consoles(params, finding) && enter_group(finding, NULL) &&
	       check_policy(params, finding) && check_counts(params, finding) && check_concat_digest(params, finding) &&
	       enter_group(finding, "segment") && check_segments(params, finding) && enter_group(finding, "copy") &&
	       check_copies(params, finding) && enter_group(finding, "handoff") && check_handoff(params, finding) &&
	       enter_group(finding, "failure") && check_failure(params, finding) && enter_group(finding, "fallback") &&
	       (params->failure.policy != PURG_FAIL_FALLBACK || check_fallback(params, finding)) &&
	       enter_group(finding, NULL);
}
