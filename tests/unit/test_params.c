/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Every rule of the parameter block, field by field: what is refused, with which code, and which field is named. */
#include <stdio.h>

#include "fake.h"

static uint8_t payload[256];
static struct purg_params block;

static int setup(void **state)
{
	(void)state;
	fake_valid_block(&block, payload, sizeof(payload));
	return 0;
}

/* A mode that does not reach the image, and a stub for it. */
#define LOW_END 0xa000000
#define FALLBACK 0xb000000
static void low_mode(uint64_t stub)
{
	fake.low_end = LOW_END;
	block.handoff.mode = PURG_HANDOFF_X86_32;
	block.handoff.stub = stub;
}

static struct finding check(void)
{
	struct finding finding = {.index = NO_INDEX};

	if (params_check_head(&block, &finding) && params_check_report(&block, &finding))
		params_check_fields(&block, &finding);
	return finding;
}

static void expect(uint32_t code, const char *table, const char *field)
{
	struct finding finding = check();

	assert_int_equal(finding.code, code);
	assert_string_equal(finding.field, field);
	if (table)
		assert_string_equal(finding.table, table);
	else
		assert_null(finding.table);
}

static void expect_accepted(void)
{
	assert_int_equal(check().code, PURG_OK);
}

/* One assignment to the block, and what it must lead to. */
#define REFUSES(name, assignment, code, table, field) \
	static void name(void **state)                \
	{                                             \
		(void)state;                          \
		assignment;                           \
		expect(code, table, field);           \
	}
#define ACCEPTS(name, assignment)      \
	static void name(void **state) \
	{                              \
		(void)state;           \
		assignment;            \
		expect_accepted();     \
	}

#define SELF ((uintptr_t)&purg_header)
#define END (1ull << FAKE_PHYSICAL_BITS)

static void two_segments(uint64_t start, uint64_t size)
{
	block.segment_count = 2;
	block.segment[1].start = start;
	block.segment[1].size = size;
}

static void one_copy(uint64_t dst, uint64_t src, uint64_t size)
{
	block.copy_count = 1;
	block.copy[0] = (struct purg_copy){.dst = dst, .src = src, .size = size};
}

/* The payload goes to 0x1000 and to 0x3000. */
static void two_copies(void)
{
	one_copy(0x1000, (uintptr_t)payload, 0x100);
	block.copy_count = 2;
	block.copy[1] = (struct purg_copy){.dst = 0x3000, .src = (uintptr_t)payload, .size = 0x100};
}

/* Unverified memory goes into a segment, and from there on. */
static void feeding_copies(void)
{
	two_copies();
	two_segments(0x5000, 0x100);
	block.copy[0] = (struct purg_copy){.dst = 0x50ff, .src = 0x8000, .size = 1, .flags = PURG_COPY_UNVERIFIED};
	block.copy[1].src = 0x5000;
}

static void concat(void)
{
	block.segment[0].kind = PURG_DIGEST_CONCAT;
	memset(block.segment[0].digest, 0, PURG_DIGEST_SIZE);
}

static void striped(uint16_t lanes)
{
	block.segment[0].kind = PURG_DIGEST_STRIPED;
	block.segment[0].lanes = lanes;
}

#define RECORD sizeof(struct purg_report)

static void report_at(uint64_t address)
{
	block.report.address = address;
	block.report.size = RECORD;
}

/* An entry that may be anywhere, beside a record. */
static void never_entry(uint64_t entry)
{
	block.verify = PURG_VERIFY_NEVER;
	block.handoff.arm64.pc = entry;
	report_at(0x10000);
}

ACCEPTS(valid, )
REFUSES(magic, block.magic ^= 1, PURG_E_MAGIC, NULL, "magic")
REFUSES(major, block.abi_major = 2, PURG_E_VERSION, NULL, "abi_major")
REFUSES(minor, block.abi_minor = PURG_ABI_MINOR + 1, PURG_E_VERSION, NULL, "abi_minor")
REFUSES(size_small, block.size--, PURG_E_SIZE, NULL, "size")
REFUSES(size_large, block.size++, PURG_E_SIZE, NULL, "size")

REFUSES(verify_unknown, block.verify = 1, PURG_E_VALUE, NULL, "verify")
ACCEPTS(verify_skip, block.verify = PURG_VERIFY_UNLESS_UNMAPPED)
ACCEPTS(skip_bad_map, (block.verify = PURG_VERIFY_UNLESS_UNMAPPED, block.linear_map.range_count = 33))
ACCEPTS(verify_never, block.verify = PURG_VERIFY_NEVER)
REFUSES(flags_unknown, block.flags = 8, PURG_E_VALUE, NULL, "flags")
REFUSES(flags_of_others, block.flags = PURG_FLAG_LEGACY_PIC, PURG_E_VALUE, NULL, "flags")
ACCEPTS(flags_known, block.flags = PURG_FLAG_PORTABLE_SHA256 | PURG_FLAG_RESET_VGA)
REFUSES(reserved, block.reserved[15] = 1, PURG_E_RESERVED, NULL, "reserved")
REFUSES(reserved2, block.reserved2[63] = 1, PURG_E_RESERVED, NULL, "reserved2")
REFUSES(linear_map, block.linear_map.range[31].size = 1, PURG_E_RESERVED, NULL, "linear_map")
REFUSES(never_linear_map, (block.verify = PURG_VERIFY_NEVER, block.linear_map.flags = 1), PURG_E_RESERVED, NULL,
	"linear_map")

REFUSES(segments_65, block.segment_count = 65, PURG_E_COUNT, NULL, "segment_count")
REFUSES(segments_max, block.segment_count = 0xffffffff, PURG_E_COUNT, NULL, "segment_count")
REFUSES(copies_17, block.copy_count = 17, PURG_E_COUNT, NULL, "copy_count")
REFUSES(nothing, block.segment_count = 0, PURG_E_NOTHING, NULL, "segment_count")
REFUSES(nothing_to_skip, (block.segment_count = 0, block.verify = PURG_VERIFY_UNLESS_UNMAPPED), PURG_E_NOTHING, NULL,
	"segment_count")
REFUSES(unused_segment, block.segment[1].digest[31] = 1, PURG_E_RESERVED, "segment", "(unused)")
REFUSES(last_segment, block.segment[63].start = 1, PURG_E_RESERVED, "segment", "(unused)")
REFUSES(unused_copy, block.copy[15].reserved = 1, PURG_E_RESERVED, "copy", "(unused)")
REFUSES(orphan_digest, block.digest[0] = 1, PURG_E_RESERVED, NULL, "digest")

REFUSES(kind_unknown, block.segment[0].kind = 1, PURG_E_VALUE, "segment", "kind")
REFUSES(striped_0, striped(0), PURG_E_VALUE, "segment", "lanes")
REFUSES(striped_1, striped(1), PURG_E_VALUE, "segment", "lanes")
ACCEPTS(striped_2, striped(2))
REFUSES(striped_3, striped(3), PURG_E_VALUE, "segment", "lanes")
ACCEPTS(striped_4, striped(4))
ACCEPTS(striped_8, striped(8))
REFUSES(striped_12, striped(12), PURG_E_VALUE, "segment", "lanes")
ACCEPTS(striped_16, striped(16))
REFUSES(striped_32, striped(32), PURG_E_VALUE, "segment", "lanes")
REFUSES(lanes, block.segment[0].lanes = 2, PURG_E_RESERVED, "segment", "lanes")
ACCEPTS(kind_concat, concat())
REFUSES(concat_digest, block.segment[0].kind = PURG_DIGEST_CONCAT, PURG_E_RESERVED, "segment", "digest")
REFUSES(concat_lanes, (concat(), block.segment[0].lanes = 1), PURG_E_RESERVED, "segment", "lanes")

REFUSES(too_large, block.segment[0].size = ~0ull, PURG_E_RANGE, "segment", "size")
REFUSES(wraps, two_segments(-16ull, 32), PURG_E_RANGE, "segment", "start")
REFUSES(beyond, two_segments(END - 15, 16), PURG_E_RANGE, "segment", "start")
ACCEPTS(to_the_end, two_segments(END - 16, 16))
ACCEPTS(empty_at_end, two_segments(END, 0))
ACCEPTS(at_zero, two_segments(0, 4096))
REFUSES(on_self, two_segments(SELF, 1), PURG_E_OVERLAP_SELF, "segment", "start")
REFUSES(on_self_last, two_segments(SELF + 2 * FAKE_PAGE - 1, 1), PURG_E_OVERLAP_SELF, "segment", "start")
REFUSES(around_self, two_segments(SELF - 1, 2 * FAKE_PAGE + 2), PURG_E_OVERLAP_SELF, "segment", "start")
ACCEPTS(before_self, two_segments(SELF - 16, 16))
ACCEPTS(behind_self, two_segments(SELF + 2 * FAKE_PAGE, 16))
REFUSES(on_segment, two_segments((uintptr_t)payload + 255, 1), PURG_E_OVERLAP, "segment", "start")
REFUSES(around_segment, two_segments((uintptr_t)payload - 1, 258), PURG_E_OVERLAP, "segment", "start")
ACCEPTS(behind_segment, two_segments((uintptr_t)payload + 256, 16))
ACCEPTS(empty_in_segment, two_segments((uintptr_t)payload + 8, 0))

#define PAYLOAD ((uintptr_t)payload)
ACCEPTS(copy, one_copy(0x1000, PAYLOAD + 1, 255))
REFUSES(copy_unverified, one_copy(0x1000, 0x2000, 1), PURG_E_SOURCE, "copy", "src")
REFUSES(copy_half_verified, one_copy(0x1000, PAYLOAD + 1, 256), PURG_E_SOURCE, "copy", "src")
ACCEPTS(copy_as_it_is, (one_copy(0x1000, 0x2000, 0x1800), block.copy[0].flags = PURG_COPY_UNVERIFIED))
ACCEPTS(copy_never, (one_copy(0x1000, 0x2000, 1), block.verify = PURG_VERIFY_NEVER))
REFUSES(copy_flags, (one_copy(0x1000, PAYLOAD, 1), block.copy[0].flags = 2), PURG_E_VALUE, "copy", "flags")
REFUSES(copy_feeds_copy, feeding_copies(), PURG_E_OVERLAP, "copy", "dst")
REFUSES(copy_over_copy, (two_copies(), block.copy[1].dst = 0x10ff, block.copy[1].flags = PURG_COPY_UNVERIFIED),
	PURG_E_OVERLAP, "copy", "dst")
REFUSES(copy_over_entry_segment, (one_copy(PAYLOAD + 255, 0x2000, 16), block.copy[0].flags = PURG_COPY_UNVERIFIED),
	PURG_E_ENTRY, "handoff", "entry")
REFUSES(copy_on_console, one_copy(FAKE_UART, PAYLOAD, 1), PURG_E_OVERLAP, "copy", "dst")
REFUSES(copy_unmapped, one_copy(FAKE_UNMAPPED, PAYLOAD, 1), PURG_E_UNMAPPED, "copy", "dst")
REFUSES(copy_on_self, one_copy(SELF, 0x2000, 1), PURG_E_OVERLAP_SELF, "copy", "dst")
REFUSES(copy_from_self, one_copy(0x1000, SELF, 1), PURG_E_OVERLAP_SELF, "copy", "src")
REFUSES(copy_dst_wraps, one_copy(~0ull, 0, 2), PURG_E_RANGE, "copy", "dst")
REFUSES(copy_src_beyond, one_copy(0, END, 1), PURG_E_RANGE, "copy", "src")
REFUSES(copy_reserved, (one_copy(0, PAYLOAD, 0), block.copy[0].reserved = 1), PURG_E_RESERVED, "copy", "reserved")
REFUSES(segment_flags, block.segment[0].flags = 1, PURG_E_VALUE, "segment", "flags")
REFUSES(segment_unmapped, two_segments(FAKE_UNMAPPED - 1, 2), PURG_E_UNMAPPED, "segment", "start")
REFUSES(on_console, two_segments(FAKE_UART + 4, 1), PURG_E_OVERLAP, "segment", "start")
REFUSES(on_console_status, two_segments(FAKE_UART + 0x18, 1), PURG_E_OVERLAP, "segment", "start")
ACCEPTS(behind_console, two_segments(FAKE_UART + 96, 1))
REFUSES(console_on_self, block.console[0].base = SELF, PURG_E_OVERLAP_SELF, "console", "base")
REFUSES(console_into_self, block.console[0].base = SELF - 4, PURG_E_OVERLAP_SELF, "console", "base")
REFUSES(console_unmapped, block.console[0].base = FAKE_UNMAPPED, PURG_E_UNMAPPED, "console", "base")

REFUSES(mode_unknown, block.handoff.mode = 1, PURG_E_VALUE, "handoff", "mode")
REFUSES(mode_x86_16, block.handoff.mode = PURG_HANDOFF_X86_16, PURG_E_VALUE, "handoff", "mode")
ACCEPTS(low_image, (low_mode(0), fake.low_end = SELF + 2 * FAKE_PAGE))
REFUSES(low_image_above, (low_mode(0), fake.low_end = SELF + 2 * FAKE_PAGE - 1), PURG_E_PLACEMENT, "handoff", "image")
ACCEPTS(low_stub, low_mode(0x10000))
ACCEPTS(low_stub_last, low_mode(LOW_END - PURG_STUB_SIZE))
REFUSES(low_stub_above, low_mode(LOW_END), PURG_E_PLACEMENT, "handoff", "stub")
REFUSES(low_stub_far_above, low_mode(-(uint64_t)PURG_STUB_SIZE), PURG_E_PLACEMENT, "handoff", "stub")
REFUSES(low_stub_misaligned, low_mode(0x10010), PURG_E_PLACEMENT, "handoff", "stub")
REFUSES(low_stub_unmapped, low_mode(FAKE_UNMAPPED), PURG_E_UNMAPPED, "handoff", "stub")
REFUSES(low_stub_on_console, low_mode(FAKE_UART), PURG_E_OVERLAP, "handoff", "stub")
REFUSES(low_stub_on_self, (low_mode(SELF), fake.low_end = END), PURG_E_OVERLAP_SELF, "handoff", "stub")
REFUSES(low_stub_beyond, (low_mode(END), fake.low_end = 2 * END), PURG_E_RANGE, "handoff", "stub")
REFUSES(low_stub_on_segment, (low_mode(0x10000), two_segments(0x10fff, 1)), PURG_E_OVERLAP, "handoff", "stub")
ACCEPTS(low_stub_before_segment, (low_mode(0x10000), two_segments(0x11000, 1)))
REFUSES(low_stub_on_dst, (low_mode(0x10000), one_copy(0xff01, PAYLOAD, 0x100)), PURG_E_OVERLAP, "handoff", "stub")
ACCEPTS(low_stub_behind_dst, (low_mode(0x10000), one_copy(0xff00, PAYLOAD, 0x100)))
ACCEPTS(low_stub_on_src,
	(low_mode(0x10000), one_copy(0x20000, 0x8000, 0x10000), block.copy[0].flags = PURG_COPY_UNVERIFIED))
REFUSES(low_regs_tail, (low_mode(0x10000), block.handoff.x86_64.rsi = 1ull << 32), PURG_E_RESERVED, "handoff",
	"(unused)")
REFUSES(low_reserved, (low_mode(0x10000), block.handoff.reserved = 1), PURG_E_RESERVED, "handoff", "reserved")
REFUSES(low_entry_outside, (low_mode(0x10000), block.handoff.arm64.pc += 256), PURG_E_ENTRY, "handoff", "entry")
REFUSES(checks_unknown, block.handoff.checks = PURG_CHECK_DTB, PURG_E_VALUE, "handoff", "checks")
ACCEPTS(checks_known, block.handoff.checks = PURG_CHECK_KERNEL)
REFUSES(regs_tail, block.handoff.x86_64.rdi = 1, PURG_E_RESERVED, "handoff", "(unused)")
REFUSES(stub, block.handoff.stub = 0x1000, PURG_E_RESERVED, "handoff", "(unused)")
REFUSES(handoff_reserved, block.handoff.reserved = 1, PURG_E_RESERVED, "handoff", "(unused)")
REFUSES(entry_outside, block.handoff.arm64.pc += 256, PURG_E_ENTRY, "handoff", "entry")
REFUSES(entry_before, block.handoff.arm64.pc--, PURG_E_ENTRY, "handoff", "entry")
ACCEPTS(entry_last, block.handoff.arm64.pc += 255)
REFUSES(entry_self, block.handoff.arm64.pc = SELF, PURG_E_OVERLAP_SELF, "handoff", "entry")
REFUSES(entry_beyond, block.handoff.arm64.pc = END, PURG_E_RANGE, "handoff", "entry")
ACCEPTS(entry_in_copy, (one_copy(0x1000, PAYLOAD, 0x100), block.handoff.arm64.pc = 0x10ff))
REFUSES(entry_in_other_copy,
	(one_copy(0x1000, 0x2000, 0x100), block.copy[0].flags = PURG_COPY_UNVERIFIED, block.handoff.arm64.pc = 0x10ff),
	PURG_E_ENTRY, "handoff", "entry")
REFUSES(entry_in_unverified_copy,
	(one_copy(0x1000, PAYLOAD, 0x200), block.copy[0].flags = PURG_COPY_UNVERIFIED, block.handoff.arm64.pc = 0x1000),
	PURG_E_ENTRY, "handoff", "entry")
ACCEPTS(entry_in_second_copy, (two_copies(), block.handoff.arm64.pc = 0x3010))
ACCEPTS(entry_unverified, (block.verify = PURG_VERIFY_NEVER, block.handoff.arm64.pc = 0x5000))

REFUSES(policy_unknown, block.failure.policy = 1, PURG_E_VALUE, "failure", "policy")

static void reset(void)
{
	block.failure.policy = PURG_FAIL_RESET;
	block.failure.conduit = PURG_CONDUIT_SMC;
}

static void falls_back(void)
{
	block.failure.policy = PURG_FAIL_FALLBACK;
	block.failure.fallback.start = FALLBACK;
	block.failure.fallback.size = 0x100;
	block.failure.fallback_handoff.arm64.pc = FALLBACK + 0x10;
}

/* Its stub may lie anywhere, even where the fallback does. */
static void low_fallback(uint64_t stub)
{
	falls_back();
	fake.low_end = FALLBACK + 0x10000;
	block.failure.fallback_handoff.mode = PURG_HANDOFF_X86_32;
	block.failure.fallback_handoff.stub = stub;
}

ACCEPTS(policy_reset, reset())
REFUSES(policy_reset_no_conduit, block.failure.policy = PURG_FAIL_RESET, PURG_E_VALUE, "failure", "conduit")
REFUSES(policy_reset_fallback, (reset(), block.failure.fallback.size = 1), PURG_E_RESERVED, "failure", "(unused)")
ACCEPTS(policy_return, block.failure.policy = PURG_FAIL_RETURN)
REFUSES(policy_return_conduit, (reset(), block.failure.policy = PURG_FAIL_RETURN), PURG_E_RESERVED, "failure",
	"(unused)")
REFUSES(halt_delay, block.failure.delay = 1, PURG_E_RESERVED, "failure", "delay")
REFUSES(delay_without_hz, (reset(), block.failure.delay = 1), PURG_E_VALUE, "failure", "timer_hz")
ACCEPTS(delay_with_hz, (reset(), block.failure.delay = 1, block.failure.timer_hz = 1))
ACCEPTS(delay_with_counter, (reset(), block.failure.delay = 1, fake.ticks_hz = 1))
REFUSES(hz_for_nothing, (reset(), block.failure.timer_hz = 1), PURG_E_RESERVED, "failure", "timer_hz")
ACCEPTS(policy_fallback, falls_back())
ACCEPTS(fallback_striped,
	(falls_back(), block.failure.fallback.kind = PURG_DIGEST_STRIPED, block.failure.fallback.lanes = 4))
REFUSES(fallback_concat, (falls_back(), block.failure.fallback.kind = PURG_DIGEST_CONCAT), PURG_E_VALUE, "fallback",
	"kind")
REFUSES(fallback_kind, (falls_back(), block.failure.fallback.kind = 1), PURG_E_VALUE, "fallback", "kind")
REFUSES(fallback_wraps, (falls_back(), block.failure.fallback.size = -1ull), PURG_E_RANGE, "fallback", "size")
REFUSES(fallback_self, (falls_back(), block.failure.fallback.start = (uintptr_t)&purg_header), PURG_E_OVERLAP_SELF,
	"fallback", "start")
REFUSES(fallback_console, (falls_back(), block.failure.fallback.start = FAKE_UART), PURG_E_OVERLAP, "fallback", "start")
REFUSES(fallback_copy, (falls_back(), one_copy(FALLBACK, PAYLOAD, 1)), PURG_E_OVERLAP, "fallback", "start")
REFUSES(fallback_entry, (falls_back(), block.failure.fallback_handoff.arm64.pc = FALLBACK + 0x100), PURG_E_ENTRY,
	"fallback", "entry")
REFUSES(fallback_entry_below, (falls_back(), block.failure.fallback_handoff.arm64.pc = FALLBACK - 1), PURG_E_ENTRY,
	"fallback", "entry")
REFUSES(fallback_mode, (falls_back(), block.failure.fallback_handoff.mode = 1), PURG_E_VALUE, "fallback", "mode")
REFUSES(fallback_checks, (falls_back(), block.failure.fallback_handoff.checks = 2), PURG_E_VALUE, "fallback", "checks")
REFUSES(fallback_reserved, (falls_back(), block.failure.fallback_handoff.reserved = 1), PURG_E_RESERVED, "fallback",
	"(unused)")
REFUSES(fallback_stub, low_fallback(FALLBACK & -(uint64_t)PURG_STUB_SIZE), PURG_E_OVERLAP, "fallback", "stub")
REFUSES(fallback_on_stub, (low_fallback(0x10000), low_mode(0x20000), block.failure.fallback.start = 0x20fff),
	PURG_E_OVERLAP, "handoff", "stub")
ACCEPTS(fallback_and_stubs, (low_fallback(0x10000), low_mode(0x20000)))
REFUSES(conduit, block.failure.conduit = PURG_CONDUIT_SMC, PURG_E_RESERVED, "failure", "(unused)")
REFUSES(fallback, block.failure.fallback_handoff.reserved = 1, PURG_E_RESERVED, "failure", "(unused)")
REFUSES(timer, block.failure.timer_hz = 1, PURG_E_RESERVED, "failure", "timer_hz")
ACCEPTS(timer_for_report, (report_at(0x1000), block.failure.timer_hz = 1))

ACCEPTS(report, report_at(0x1000))
ACCEPTS(report_roomy, (report_at(0x1008), block.report.size = 0xffffffff))
REFUSES(report_unaligned, report_at(0x1004), PURG_E_PLACEMENT, "report", "address")
REFUSES(report_short, (report_at(0x1000), block.report.size--), PURG_E_SIZE, "report", "size")
REFUSES(report_reserved, (report_at(0x1000), block.report.reserved = 1), PURG_E_RESERVED, "report", "reserved")
REFUSES(report_size, block.report.size = 1, PURG_E_RESERVED, "report", "(unused)")
REFUSES(report_only_reserved, block.report.reserved = 1, PURG_E_RESERVED, "report", "(unused)")
ACCEPTS(report_at_end, report_at(END - RECORD))
REFUSES(report_beyond, report_at(END - RECORD + 8), PURG_E_RANGE, "report", "address")
REFUSES(report_wraps, report_at(-8ull), PURG_E_RANGE, "report", "address")
REFUSES(report_unmapped, report_at(FAKE_UNMAPPED + 8 - RECORD), PURG_E_UNMAPPED, "report", "address")
ACCEPTS(report_before_unmapped, report_at(FAKE_UNMAPPED - RECORD))
REFUSES(report_on_self, report_at(SELF), PURG_E_OVERLAP_SELF, "report", "address")
REFUSES(report_into_self, report_at(SELF + 8 - RECORD), PURG_E_OVERLAP_SELF, "report", "address")
REFUSES(report_on_console, report_at(FAKE_UART + 0x18), PURG_E_OVERLAP, "report", "address")
REFUSES(report_into_console, report_at(FAKE_UART + 8 - RECORD), PURG_E_OVERLAP, "report", "address")
ACCEPTS(report_before_console, report_at(FAKE_UART - RECORD))
ACCEPTS(report_in_segment, (report_at(0x10000), two_segments(0x10000, 0x1000)))
ACCEPTS(report_across_segment, (report_at(0x10000), two_segments(0x10001, 0x10)))
REFUSES(report_on_dst, (report_at(0x10000), one_copy(0x10000 + RECORD - 1, PAYLOAD, 1)), PURG_E_OVERLAP, "report",
	"address")
ACCEPTS(report_before_dst, (report_at(0x10000), one_copy(0x10000 + RECORD, PAYLOAD, 1)))
REFUSES(report_on_src, (report_at(0x10000), two_segments(0xf000, 0x1008), one_copy(0x2000, 0x10007, 1)), PURG_E_OVERLAP,
	"report", "address")
ACCEPTS(report_behind_src, (report_at(0x10008), two_segments(0xf000, 0x1008), one_copy(0x2000, 0x10007, 1)))
REFUSES(report_on_last_copy, (report_at(0x10000), block.copy[15] = (struct purg_copy){.dst = 0x10000, .size = 1}),
	PURG_E_OVERLAP, "report", "address")
REFUSES(report_copies_max, (report_at(0x10000), block.copy_count = 0xffffffff), PURG_E_COUNT, NULL, "copy_count")
REFUSES(report_on_stub, (low_mode(0x10000), report_at(0x10ff8)), PURG_E_OVERLAP, "report", "address")
REFUSES(report_on_fallback_stub, (low_fallback(0x10000), report_at(0x10ff8)), PURG_E_OVERLAP, "report", "address")
ACCEPTS(report_behind_fallback_stub, (low_fallback(0x10000), report_at(0x11000)))
ACCEPTS(report_behind_stub, (low_mode(0x10000), report_at(0x11000)))
ACCEPTS(report_low, report_at(8))
REFUSES(report_on_entry, never_entry(0x10000 + RECORD - 1), PURG_E_OVERLAP, "report", "address")
REFUSES(report_in_entry, never_entry(0x10000 - 14), PURG_E_OVERLAP, "report", "address")
ACCEPTS(report_before_entry, never_entry(0x10000 + RECORD))
ACCEPTS(report_behind_entry, never_entry(0x10000 - 15))
REFUSES(report_on_fallback,
	(report_at(0x10000), block.failure.fallback.start = 0x10001, block.failure.fallback.size = 1), PURG_E_OVERLAP,
	"report", "address")

REFUSES(console_kind, block.console[0].kind ^= 1, PURG_E_VALUE, "console", "kind")
REFUSES(console_none, block.console[1].base = 1, PURG_E_RESERVED, "console", "(unused)")
REFUSES(console_width, block.console[0].width = 1, PURG_E_VALUE, "console", "width")
REFUSES(console_wide, block.console[0].width = 36, PURG_E_VALUE, "console", "width")
REFUSES(console_stride, block.console[0].stride = 4, PURG_E_VALUE, "console", "stride")
REFUSES(console_base, block.console[0].base = 2, PURG_E_RANGE, "console", "base")
REFUSES(console_far, block.console[0].base = END, PURG_E_RANGE, "console", "base")
ACCEPTS(console_at_end, block.console[0].base = END - PURG_CONSOLE_SPAN)
REFUSES(console_beyond_end, block.console[0].base = END - PURG_CONSOLE_SPAN + 4, PURG_E_RANGE, "console", "base")
REFUSES(console_baud, block.console[0].baud = 9600, PURG_E_VALUE, "console", "baud")
REFUSES(console_reserved, block.console[0].reserved = 1, PURG_E_RESERVED, "console", "reserved")
ACCEPTS(console_last_port, (block.console[0].kind = PURG_CONSOLE_8250_PORT, block.console[0].base = 0xfffa))
REFUSES(console_port, (block.console[0].kind = PURG_CONSOLE_8250_PORT, block.console[0].base = 0xfffb), PURG_E_RANGE,
	"console", "base")

/* Sixty-four segments, side by side, are the most. */
static void full_table(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < PURG_MAX_SEGMENTS; i++)
		block.segment[i] = (struct purg_segment){.start = 0x10000 + i * 16, .size = 16};
	block.segment_count = PURG_MAX_SEGMENTS;
	expect_accepted();
	block.segment[63].start--;
	expect(PURG_E_OVERLAP, "segment", "start");
}

/* The finding says which entry of a table is at fault. */
static void index_is_named(void **state)
{
	struct finding finding;

	(void)state;
	two_segments(SELF, 1);
	memcpy(block.segment[1].name, "initrd", sizeof("initrd"));
	finding = check();
	assert_int_equal(finding.index, 1);
	assert_ptr_equal(finding.name, block.segment[1].name);
	assert_int_equal(finding.value, SELF);
}

/* No byte of the block is without a rule or a digest: whatever one is changed to, the block is refused or still whole.
 */
static void every_reserved_byte(void **state)
{
	static const struct {
		size_t start, end;
	} reserved[] = {
		{offsetof(struct purg_params, console[1]), offsetof(struct purg_params, handoff)},
		{offsetof(struct purg_params, handoff.arm64) + sizeof(struct purg_regs_arm64),
		 offsetof(struct purg_params, failure)},
		{offsetof(struct purg_params, failure), offsetof(struct purg_params, segment)},
		{offsetof(struct purg_params, segment[1]), sizeof(struct purg_params)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		for (size_t offset = reserved[i].start; offset < reserved[i].end; offset++) {
			((uint8_t *)&block)[offset] ^= 0x10;
			assert_int_not_equal(check().code, PURG_OK);
			((uint8_t *)&block)[offset] ^= 0x10;
		}
	expect_accepted();
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(valid),
		TEST(magic),
		TEST(major),
		TEST(minor),
		TEST(size_small),
		TEST(size_large),
		TEST(verify_unknown),
		TEST(verify_skip),
		TEST(skip_bad_map),
		TEST(verify_never),
		TEST(flags_unknown),
		TEST(flags_of_others),
		TEST(flags_known),
		TEST(reserved),
		TEST(reserved2),
		TEST(policy_reset),
		TEST(policy_reset_no_conduit),
		TEST(policy_reset_fallback),
		TEST(policy_return),
		TEST(policy_return_conduit),
		TEST(halt_delay),
		TEST(delay_without_hz),
		TEST(delay_with_hz),
		TEST(delay_with_counter),
		TEST(hz_for_nothing),
		TEST(policy_fallback),
		TEST(fallback_striped),
		TEST(fallback_concat),
		TEST(fallback_kind),
		TEST(fallback_wraps),
		TEST(fallback_self),
		TEST(fallback_console),
		TEST(fallback_copy),
		TEST(fallback_entry),
		TEST(fallback_entry_below),
		TEST(fallback_mode),
		TEST(fallback_checks),
		TEST(fallback_reserved),
		TEST(fallback_stub),
		TEST(fallback_on_stub),
		TEST(fallback_and_stubs),
		TEST(linear_map),
		TEST(never_linear_map),
		TEST(segments_65),
		TEST(segments_max),
		TEST(copies_17),
		TEST(nothing),
		TEST(nothing_to_skip),
		TEST(unused_segment),
		TEST(last_segment),
		TEST(unused_copy),
		TEST(orphan_digest),
		TEST(kind_unknown),
		TEST(striped_0),
		TEST(striped_1),
		TEST(striped_2),
		TEST(striped_3),
		TEST(striped_4),
		TEST(striped_8),
		TEST(striped_12),
		TEST(striped_16),
		TEST(striped_32),
		TEST(lanes),
		TEST(kind_concat),
		TEST(concat_digest),
		TEST(concat_lanes),
		TEST(too_large),
		TEST(wraps),
		TEST(beyond),
		TEST(to_the_end),
		TEST(empty_at_end),
		TEST(at_zero),
		TEST(on_self),
		TEST(on_self_last),
		TEST(around_self),
		TEST(before_self),
		TEST(behind_self),
		TEST(on_segment),
		TEST(around_segment),
		TEST(behind_segment),
		TEST(empty_in_segment),
		TEST(copy),
		TEST(copy_unverified),
		TEST(copy_half_verified),
		TEST(copy_as_it_is),
		TEST(copy_never),
		TEST(copy_flags),
		TEST(copy_feeds_copy),
		TEST(copy_over_copy),
		TEST(copy_over_entry_segment),
		TEST(copy_on_console),
		TEST(copy_unmapped),
		TEST(copy_on_self),
		TEST(copy_from_self),
		TEST(copy_dst_wraps),
		TEST(copy_src_beyond),
		TEST(copy_reserved),
		TEST(segment_flags),
		TEST(segment_unmapped),
		TEST(on_console),
		TEST(on_console_status),
		TEST(behind_console),
		TEST(console_on_self),
		TEST(console_into_self),
		TEST(console_unmapped),
		TEST(mode_unknown),
		TEST(mode_x86_16),
		TEST(low_image),
		TEST(low_image_above),
		TEST(low_stub),
		TEST(low_stub_last),
		TEST(low_stub_above),
		TEST(low_stub_far_above),
		TEST(low_stub_misaligned),
		TEST(low_stub_unmapped),
		TEST(low_stub_on_console),
		TEST(low_stub_on_self),
		TEST(low_stub_beyond),
		TEST(low_stub_on_segment),
		TEST(low_stub_before_segment),
		TEST(low_stub_on_dst),
		TEST(low_stub_behind_dst),
		TEST(low_stub_on_src),
		TEST(low_regs_tail),
		TEST(low_reserved),
		TEST(low_entry_outside),
		TEST(checks_unknown),
		TEST(checks_known),
		TEST(regs_tail),
		TEST(stub),
		TEST(handoff_reserved),
		TEST(entry_outside),
		TEST(entry_before),
		TEST(entry_last),
		TEST(entry_self),
		TEST(entry_beyond),
		TEST(entry_in_copy),
		TEST(entry_in_other_copy),
		TEST(entry_in_unverified_copy),
		TEST(entry_in_second_copy),
		TEST(entry_unverified),
		TEST(policy_unknown),
		TEST(conduit),
		TEST(fallback),
		TEST(timer),
		TEST(timer_for_report),
		TEST(report),
		TEST(report_roomy),
		TEST(report_unaligned),
		TEST(report_short),
		TEST(report_reserved),
		TEST(report_size),
		TEST(report_only_reserved),
		TEST(report_at_end),
		TEST(report_beyond),
		TEST(report_wraps),
		TEST(report_unmapped),
		TEST(report_before_unmapped),
		TEST(report_on_self),
		TEST(report_into_self),
		TEST(report_on_console),
		TEST(report_into_console),
		TEST(report_before_console),
		TEST(report_in_segment),
		TEST(report_across_segment),
		TEST(report_on_dst),
		TEST(report_before_dst),
		TEST(report_on_src),
		TEST(report_behind_src),
		TEST(report_on_last_copy),
		TEST(report_copies_max),
		TEST(report_on_stub),
		TEST(report_behind_stub),
		TEST(report_on_fallback_stub),
		TEST(report_behind_fallback_stub),
		TEST(report_low),
		TEST(report_on_entry),
		TEST(report_in_entry),
		TEST(report_before_entry),
		TEST(report_behind_entry),
		TEST(report_on_fallback),
		TEST(console_kind),
		TEST(console_none),
		TEST(console_width),
		TEST(console_wide),
		TEST(console_stride),
		TEST(console_base),
		TEST(console_far),
		TEST(console_at_end),
		TEST(console_beyond_end),
		TEST(console_last_port),
		TEST(console_baud),
		TEST(console_reserved),
		TEST(console_port),
		TEST(full_table),
		TEST(index_is_named),
		TEST(every_reserved_byte),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
