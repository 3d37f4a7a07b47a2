/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The door of loaders that patch symbols, on the fake architecture: what they mean, in the terms of the block. */
#include <stdio.h>

#include <compat.h>

#include "fake.h"

static uint8_t kernel[1000], initrd[777];

static void digest_of_both(uint8_t *digest)
{
	struct sha256 hash;

	sha256_init(&hash, sha256_blocks_portable);
	sha256_update(&hash, kernel, sizeof(kernel));
	sha256_update(&hash, initrd, sizeof(initrd));
	sha256_out(&hash, digest);
}

/* The block is as the image has it; two regions, in this order, with holes around them. */
static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(kernel, 0x11, sizeof(kernel));
	memset(initrd, 0x22, sizeof(initrd));
	memset(&purg_params, 0, sizeof(purg_params));
	purg_params.magic = PURG_PARAMS_MAGIC;
	purg_params.abi_major = PURG_ABI_MAJOR;
	purg_params.size = PURG_PARAMS_SIZE;
	memset(fake_regions, 0, sizeof(fake_regions));
	fake_regions[3] = (struct client_region){(uintptr_t)kernel, sizeof(kernel)};
	fake_regions[15] = (struct client_region){(uintptr_t)initrd, sizeof(initrd)};
	digest_of_both(fake_digest);
	fake_skip_checks = 0;
	fake_compat_client = COMPAT_KEXEC_TOOLS;
	fake.client_entry = (uintptr_t)kernel;
	return 0;
}

static void assert_said(const char *expected)
{
	if (!strstr(fake.transcript, expected))
		fail_msg("no \"%s\" in \"%s\"", expected, fake.transcript);
}

static void assert_jumped(const char *line)
{
	fake_run();
	assert_said(line);
	assert_int_equal(fake.end, FAKE_JUMPED);
	assert_int_equal(fake.entry, kernel);
}

static void assert_refused(uint32_t code, const char *line)
{
	fake_run();
	assert_said(line);
	assert_int_equal(fake.end, FAKE_HALTED);
	assert_int_equal(fake.code, code);
}

/* A region without length ends nothing and hashes nothing, whatever its start. */
static void regions(void **state)
{
	(void)state;
	fake_regions[0].start = 0x1234;
	fake_regions[9].start = FAKE_UNMAPPED;
	assert_jumped("verified 2 segments, 1777 bytes");
	assert_string_equal(purg_params.segment[0].name, "region3");
	assert_memory_equal(purg_params.segment[1].name, "region15", PURG_NAME_SIZE);
}

static void all_sixteen(void **state)
{
	struct sha256 hash;

	(void)state;
	sha256_init(&hash, sha256_blocks_portable);
	for (unsigned int i = 0; i < CLIENT_REGIONS; i++) {
		fake_regions[i] = (struct client_region){(uintptr_t)kernel + 60 * i, 60};
		sha256_update(&hash, kernel + 60 * i, 60);
	}
	sha256_out(&hash, fake_digest);
	assert_jumped("verified 16 segments, 960 bytes");
	assert_string_equal(purg_params.segment[9].name, "region9");
	assert_memory_equal(purg_params.segment[10].name, "region10", PURG_NAME_SIZE);
}

static void every_flipped_byte_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(initrd); i++) {
		setup(NULL);
		initrd[i] ^= 1;
		assert_refused(PURG_E_CONCAT, "the concatenation's digest does not match: expected ");
	}
}

static void the_order_counts(void **state)
{
	struct client_region first = fake_regions[3];

	(void)state;
	fake_regions[3] = fake_regions[15];
	fake_regions[15] = first;
	assert_refused(PURG_E_CONCAT, "does not match");
}

static void wrong_digest(void **state)
{
	(void)state;
	memset(fake_digest, 0, sizeof(fake_digest));
	assert_refused(PURG_E_CONCAT, "does not match");
}

static void no_checks(void **state)
{
	(void)state;
	memset(fake_regions, 0, sizeof(fake_regions));
	memset(fake_digest, 0, sizeof(fake_digest));
	fake_skip_checks = 1;
	assert_jumped("NOT verified, by the loader's word");
}

/* kexec-tools never asks for both: one flipped bit does not turn verification off. */
static void no_checks_with_regions_is_damage(void **state)
{
	(void)state;
	fake_skip_checks = 1;
	assert_jumped("verified 2 segments");
	setup(NULL);
	fake_skip_checks = 1;
	kernel[5] ^= 1;
	assert_refused(PURG_E_CONCAT, "does not match");
}

static void a_client_that_fills_in_nothing(void **state)
{
	(void)state;
	memset(fake_regions, 0, sizeof(fake_regions));
	assert_refused(PURG_E_NOTHING, "segment_count: nothing to verify");
	setup(NULL);
	fake.client_entry = 0;
	assert_refused(PURG_E_ENTRY, "entry: misaligned, or in nothing that was verified: 0x0");
}

/* Linux has no --no-checks: what is where that would be is nothing that it said. */
static void no_checks_of_linux(void **state)
{
	(void)state;
	memset(fake_regions, 0, sizeof(fake_regions));
	fake_skip_checks = 1;
	fake_compat_client = COMPAT_LINUX;
	assert_refused(PURG_E_NOTHING, "segment_count: nothing to verify");
}

/* Before anything is checked: to the end of a region that can be memory, and nothing else. */
static void what_may_be_read(void **state)
{
	struct purg_params params = {.segment_count = 2};
	struct purg_segment *segment = &params.segment[1];

	(void)state;
	*segment = (struct purg_segment){.start = 0x10000, .size = 0x1000};
	assert_int_equal(compat_readable(&params, 0x10000), 0x1000);
	assert_int_equal(compat_readable(&params, 0x10fff), 1);
	assert_int_equal(compat_readable(&params, 0x11000), 0);
	assert_int_equal(compat_readable(&params, 0xffff), 0);
	assert_int_equal(compat_readable(&params, 0), 0);
	params.segment_count = 1;
	assert_int_equal(compat_readable(&params, 0x10000), 0);
	params.segment_count = 2;
	segment->start = FAKE_UNMAPPED - 0x1000;
	assert_int_equal(compat_readable(&params, segment->start), 0x1000);
	segment->size = 0x1001;
	assert_int_equal(compat_readable(&params, segment->start), 0);
	segment->start = (1ull << FAKE_PHYSICAL_BITS) - 0x1000;
	assert_int_equal(compat_readable(&params, segment->start), 0);
	segment->start = -0x1000ull;
	segment->size = 0x2000;
	assert_int_equal(compat_readable(&params, segment->start), 0);
	assert_int_equal(compat_readable(&params, 0), 0);
}

static void a_region_is_named(void **state)
{
	(void)state;
	fake_regions[15].start = FAKE_UNMAPPED;
	assert_refused(PURG_E_UNMAPPED, "segment 1 (region15) start: not in the identity map: 0x7000000");
	setup(NULL);
	fake_regions[3].size = ~0ull;
	assert_refused(PURG_E_RANGE, "segment 0 (region3) size: beyond the physical address space");
	setup(NULL);
	fake_regions[3].start = (uintptr_t)&purg_header;
	assert_refused(PURG_E_OVERLAP_SELF, "segment 0 (region3) start: overlaps the purgatory");
}

static void the_entry_must_be_in_a_region(void **state)
{
	(void)state;
	fake.client_entry = (uintptr_t)kernel + sizeof(kernel);
	assert_refused(PURG_E_ENTRY, "handoff entry: ");
}

/* The flat form has no clients: nothing that lies where their symbols are is looked at. */
static void a_closed_door(void **state)
{
	(void)state;
	fake_compat_client = 0;
	fake_run();
	assert_int_equal(fake.end, FAKE_HALTED);
	assert_int_equal(fake.code, PURG_E_NOTHING);
	assert_int_equal(fake.length, 0);
}

/* Who fills in the block is not asked for symbols; who touches it anywhere has filled it in. */
static void the_block_comes_first(void **state)
{
	(void)state;
	fake_valid_block(&purg_params, initrd, sizeof(initrd));
	fake.bad_finish = (uintptr_t)&purg_header;
	fake_run();
	assert_int_equal(fake.end, FAKE_JUMPED);
	assert_int_equal(fake.entry, initrd);
	for (size_t i = 16; i < sizeof(purg_params); i++) {
		setup(NULL);
		((uint8_t *)&purg_params)[i] = 0x80;
		fake_run();
		assert_int_equal(fake.end, FAKE_HALTED);
	}
}

/* What a client wants written must be in a region; under --no-checks, anywhere but in the purgatory. */
static void what_may_be_written(void **state)
{
	(void)state;
	fake.bad_finish = (uintptr_t)initrd + sizeof(initrd) - 1;
	assert_jumped("verified 2 segments");
	setup(NULL);
	fake.bad_finish = (uintptr_t)initrd + sizeof(initrd);
	assert_refused(PURG_E_RANGE, "bad_finish: beyond the physical address space");
	setup(NULL);
	fake.bad_finish = (uintptr_t)initrd + sizeof(initrd);
	no_checks(NULL);
	setup(NULL);
	fake.bad_finish = (uintptr_t)&purg_header;
	memset(fake_regions, 0, sizeof(fake_regions));
	fake_skip_checks = 1;
	assert_refused(PURG_E_RANGE, "bad_finish: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(regions, setup),
		cmocka_unit_test_setup(all_sixteen, setup),
		cmocka_unit_test_setup(every_flipped_byte_is_refused, setup),
		cmocka_unit_test_setup(the_order_counts, setup),
		cmocka_unit_test_setup(wrong_digest, setup),
		cmocka_unit_test_setup(no_checks, setup),
		cmocka_unit_test_setup(no_checks_with_regions_is_damage, setup),
		cmocka_unit_test_setup(no_checks_of_linux, setup),
		cmocka_unit_test_setup(what_may_be_read, setup),
		cmocka_unit_test_setup(a_client_that_fills_in_nothing, setup),
		cmocka_unit_test_setup(a_region_is_named, setup),
		cmocka_unit_test_setup(the_entry_must_be_in_a_region, setup),
		cmocka_unit_test_setup(a_closed_door, setup),
		cmocka_unit_test_setup(the_block_comes_first, setup),
		cmocka_unit_test_setup(what_may_be_written, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
