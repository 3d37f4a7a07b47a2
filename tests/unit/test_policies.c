/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What follows a refusal, on the fake architecture: each policy, and how far a block is believed. */
#include <stdio.h>

#include "corridor.h"

static uint8_t spare[500], room[8];

/* Ends in this way after this line, which ends in these words. */
static void assert_ends(enum fake_end end, uint32_t code, const char *line, const char *words)
{
	char ending[64];

	fake_run();
	assert_int_equal(fake.end, end);
	if (end != FAKE_RESET)
		assert_int_equal(fake.code, code);
	snprintf(ending, sizeof(ending), " [code %u]; %s\r\n", code, words);
	assert_said(line);
	assert_said(ending);
}

static void reset(void)
{
	purg_params.failure.policy = PURG_FAIL_RESET;
	purg_params.failure.conduit = PURG_CONDUIT_SMC;
}

static void fallback(void)
{
	struct purg_failure *failure = &purg_params.failure;

	memset(spare, 0xb5, sizeof(spare));
	failure->policy = PURG_FAIL_FALLBACK;
	failure->fallback.start = (uintptr_t)spare;
	failure->fallback.size = sizeof(spare);
	memcpy(failure->fallback.name, "spare", 5);
	sha256(sha256_blocks_portable, spare, sizeof(spare), failure->fallback.digest);
	failure->fallback_handoff.arm64.pc = (uintptr_t)spare + 8;
}

/* Change a byte of the kernel after the digests were taken. */
static void damage(void)
{
	kernel[3] ^= 1;
}

/* The block's digest is wrong, so that nothing of it is checked. */
static void distrust(void)
{
	purg_params.block_digest[0] = 1;
}

#define MISMATCH "purgatory: refused: segment 0 (payload): the digest does not match: "
#define CHANGED "purgatory: refused: the parameter block was changed: "

static void resets(void **state)
{
	(void)state;
	reset();
	assert_jumped("verified 1 segment");
	damage();
	assert_ends(FAKE_RESET, PURG_E_DIGEST, MISMATCH, "resetting");
	assert_true(fake.reset_sound);
	distrust();
	assert_ends(FAKE_RESET, PURG_E_BLOCK, CHANGED, "resetting");
	assert_false(fake.reset_sound);
}

static void reset_without_effect(void **state)
{
	(void)state;
	reset();
	fake.no_reset = true;
	damage();
	assert_ends(FAKE_HALTED, PURG_E_DIGEST, MISMATCH, "resetting");
}

static void returns(void **state)
{
	(void)state;
	purg_params.failure.policy = PURG_FAIL_RETURN;
	assert_jumped("verified 1 segment");
	damage();
	assert_ends(FAKE_RETURNED, PURG_E_DIGEST, MISMATCH, "returning");
	distrust();
	assert_ends(FAKE_RETURNED, PURG_E_BLOCK, CHANGED, "returning");
	purg_params.magic ^= 1;
	assert_ends(FAKE_RETURNED, PURG_E_MAGIC, "refused: magic: not a parameter block", "returning");
}

/* Once a copy is made the caller may be gone. */
static void returns_not_after_a_copy(void **state)
{
	(void)state;
	purg_params.failure.policy = PURG_FAIL_RETURN;
	add_segment("room", room, sizeof(room));
	purg_params.copy_count = 1;
	purg_params.copy[0] = (struct purg_copy){.dst = (uintptr_t)room, .src = (uintptr_t)kernel, .size = 8};
	purg_params.handoff.checks = PURG_CHECK_KERNEL;
	fake.bad_kernel = true;
	assert_ends(FAKE_HALTED, PURG_E_KERNEL, "refused: handoff pc: no kernel there", "halted");
	damage();
	assert_ends(FAKE_RETURNED, PURG_E_DIGEST, MISMATCH, "returning");
}

static void falls_back(void **state)
{
	char line[128];

	(void)state;
	fallback();
	assert_jumped("verified 1 segment");
	damage();
	fake_run();
	assert_int_equal(fake.end, FAKE_JUMPED);
	assert_int_equal(fake.entry, (uintptr_t)spare + 8);
	assert_said(" [code 15]; falling back\r\n");
	snprintf(line, sizeof(line), "purgatory: verified the fallback, 500 bytes; jumping to %p\r\n",
		 (void *)(spare + 8));
	assert_said(line);
	assert_int_equal(fake.cachings, 3);
}

/* It is verified as well, to its last byte, and there is none behind it. */
static void damaged_fallback(void **state)
{
	(void)state;
	fallback();
	damage();
	spare[499] ^= 0x80;
	assert_ends(FAKE_HALTED, PURG_E_DIGEST, "refused: fallback (spare): the digest does not match: expected ",
		    "halted");
	assert_said("; falling back\r\n");
	assert_null(strstr(fake.transcript, "jumping"));
}

static void fallback_that_is_no_kernel(void **state)
{
	(void)state;
	fallback();
	damage();
	fake.bad_kernel = true;
	assert_ends(FAKE_HALTED, PURG_E_KERNEL, "refused: fallback (spare) pc: no kernel there", "halted");
}

/* Of an unchecked block nothing is entered. */
static void distrusted_fallback(void **state)
{
	(void)state;
	fallback();
	distrust();
	assert_ends(FAKE_HALTED, PURG_E_BLOCK, CHANGED, "halted");
}

/* Nor of one that has its digest, but breaks a rule: where the fallback lies and is entered may be unchecked. */
static void fallback_against_the_rules(void **state)
{
	(void)state;
	fallback();
	purg_params.failure.fallback_handoff.arm64.pc = (uintptr_t)spare + sizeof(spare);
	digest_block();
	assert_ends(FAKE_HALTED, PURG_E_ENTRY, "refused: fallback entry: ", "halted");
	purg_params.segment_count = PURG_MAX_SEGMENTS + 1;
	digest_block();
	assert_ends(FAKE_HALTED, PURG_E_COUNT, "refused: segment_count: ", "halted");
	assert_int_equal(fake.cachings, 0);
}

/* A word that is none of the policies, in a block that nobody vouches for. */
static void unknown_policy(void **state)
{
	(void)state;
	purg_params.failure.policy = 1;
	assert_ends(FAKE_HALTED, PURG_E_VALUE, "refused: failure policy: not a defined value: 0x1", "halted");
}

/* The counter must go on for as long as was asked for; it counts when it is looked at. */
static void delay(void **state)
{
	(void)state;
	reset();
	damage();
	purg_params.failure.delay = 3;
	fake.ticks_hz = 1000;
	fake.ticks_per_look = 10;
	fake.ticks = -100ull; /* wraps meanwhile */
	assert_ends(FAKE_RESET, PURG_E_DIGEST, MISMATCH, "resetting");
	assert_in_range(fake.looks, 300, 320);
	/* The block's own frequency comes first. */
	purg_params.failure.timer_hz = 2000;
	fake.looks = 0;
	assert_ends(FAKE_RESET, PURG_E_DIGEST, MISMATCH, "resetting");
	assert_in_range(fake.looks, 600, 620);
	/* But for one that no counter has, such as one with a flipped bit. */
	purg_params.failure.timer_hz |= 1ull << 40;
	fake.looks = 0;
	assert_ends(FAKE_RESET, PURG_E_DIGEST, MISMATCH, "resetting");
	assert_in_range(fake.looks, 300, 320);
}

/* Of an unchecked block neither a long delay is believed nor a frequency. */
static void distrusted_delay(void **state)
{
	(void)state;
	reset();
	purg_params.failure.delay = 3600;
	purg_params.failure.timer_hz = 1ull << 60;
	fake.ticks_hz = 1000;
	fake.ticks_per_look = 10;
	distrust();
	assert_ends(FAKE_RESET, PURG_E_BLOCK, CHANGED, "resetting");
	assert_in_range(fake.looks, 6000, 6020);
}

static void counter_stands_still(void **state)
{
	(void)state;
	reset();
	damage();
	purg_params.failure.delay = 3;
	fake.ticks_hz = 1000;
	assert_ends(FAKE_RESET, PURG_E_DIGEST, MISMATCH, "resetting");
	assert_true(fake.looks < 2000000);
}

#define EXCEPTION "an exception: 0x5678, syndrome 0x96000010, pc 0x1234"

static void exceptions(void **state)
{
	(void)state;
	fake.faults = 1;
	assert_ends(FAKE_HALTED, PURG_E_FAULT, EXCEPTION, "halted");
	reset();
	fake.faults = 1;
	assert_ends(FAKE_RESET, PURG_E_FAULT, EXCEPTION, "resetting");
	assert_true(fake.reset_sound);
	memset(&purg_params.failure, 0, sizeof(purg_params.failure));
	fallback();
	fake.faults = 1;
	fake.cachings = 0;
	fake_run();
	assert_int_equal(fake.end, FAKE_JUMPED);
	assert_said("; falling back\r\npurgatory: verified the fallback");
	assert_int_equal(fake.cachings, 1);
	/* It may have come before the fallback's cache lines were seen to. */
	assert_int_equal(fake.sync_count, 1);
	assert_int_equal(fake.syncs[0].start, (uintptr_t)spare);
	assert_int_equal(fake.syncs[0].size, sizeof(spare));
}

/* One that the fallback meets is told of, and there is no second try. */
static void exception_in_the_fallback(void **state)
{
	(void)state;
	fallback();
	damage();
	fake.faults = 2;
	assert_ends(FAKE_HALTED, PURG_E_FAULT, "purgatory: refused: address: " EXCEPTION, "halted");
	assert_said(" [code 15]; falling back\r\n");
	assert_null(strstr(fake.transcript, "jumping"));
}

/* The console that does not answer is forsaken, and another one tells of it. */
static void deaf_console(void **state)
{
	(void)state;
	purg_params.console[1] = purg_params.console[0];
	purg_params.console[1].base = FAKE_UART + 0x1000;
	fake.deaf = FAKE_UART;
	assert_ends(FAKE_HALTED, PURG_E_FAULT, "an exception: 0x9000018, syndrome 0x96000010, pc 0x1234", "halted");
	fake.deaf = FAKE_UART + 0x1000;
	assert_ends(FAKE_HALTED, PURG_E_FAULT, "an exception: 0x9001018, ", "halted");
	/* What is to be told does not change for its sake. */
	damage();
	assert_ends(FAKE_HALTED, PURG_E_DIGEST, MISMATCH, "halted");
	damage();
	memset(&purg_params.console[1], 0, sizeof(purg_params.console[1]));
	fake.deaf = FAKE_UART;
	fake_run();
	assert_int_equal(fake.end, FAKE_HALTED);
	assert_int_equal(fake.code, PURG_E_FAULT);
	assert_string_equal(fake.transcript, "");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(resets),
		TEST(reset_without_effect),
		TEST(returns),
		TEST(returns_not_after_a_copy),
		TEST(falls_back),
		TEST(damaged_fallback),
		TEST(fallback_that_is_no_kernel),
		TEST(distrusted_fallback),
		TEST(fallback_against_the_rules),
		TEST(unknown_policy),
		TEST(delay),
		TEST(distrusted_delay),
		TEST(counter_stands_still),
		TEST(exceptions),
		TEST(exception_in_the_fallback),
		TEST(deaf_console),
	};

	return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
