/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The whole corridor, purgatory_main, on the fake architecture: where it ends, and the line that it leaves. */
#include <stdio.h>

#include <fail.h>

#include "corridor.h"

static uint8_t room[2000];

static void one_segment(void **state)
{
	char line[128];

	(void)state;
	snprintf(line, sizeof(line),
		 "purgatory: verified 1 segment, 1000 bytes, sha256: portable, cached; jumping to %p\r\n",
		 (void *)kernel);
	assert_jumped(line);
	assert_string_equal(fake.transcript, line);
}

/* Without caches the line says so, and why. */
static void without_caches(void **state)
{
	(void)state;
	fake.uncached = "there are none";
	assert_jumped("verified 1 segment, 1000 bytes, sha256: portable, uncached: there are none; jumping to ");
}

/* A striped segment is verified as such, and any byte of it counts. */
static void striped_segment(void **state)
{
	struct sha256_engine engine = {.name = "portable", .blocks = sha256_blocks_portable};

	(void)state;
	add_initrd();
	purg_params.segment[1].kind = PURG_DIGEST_STRIPED;
	purg_params.segment[1].lanes = 4;
	sha256_striped(&engine, initrd, sizeof(initrd), 4, purg_params.segment[1].digest);
	assert_jumped("verified 2 segments, 1777 bytes");
	for (size_t i = 0; i < sizeof(initrd); i++) {
		initrd[i] ^= 1;
		assert_refused(PURG_E_DIGEST, "segment 1 (initrd)");
		initrd[i] ^= 1;
	}
}

static void two_segments(void **state)
{
	(void)state;
	add_initrd();
	assert_jumped("verified 2 segments, 1777 bytes");
}

/* Every byte of every segment counts. */
static void any_flipped_byte(void **state)
{
	(void)state;
	add_initrd();
	for (size_t i = 0; i < sizeof(kernel); i++) {
		kernel[i] ^= 1;
		assert_refused(PURG_E_DIGEST, "segment 0 (payload): the digest does not match");
		kernel[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof(initrd); i++) {
		initrd[i] ^= 0x80;
		assert_refused(PURG_E_DIGEST, "segment 1 (initrd): the digest does not match");
		initrd[i] ^= 0x80;
	}
	assert_jumped("verified 2");
}

/* Every byte of an expected digest counts, and both digests are told. */
static void any_flipped_digest(void **state)
{
	uint8_t *digest = purg_params.segment[0].digest;
	char line[256];
	int length;

	(void)state;
	for (int i = 0; i < PURG_DIGEST_SIZE; i++) {
		digest[i] ^= 4;
		assert_refused(PURG_E_DIGEST, "segment 0");
		digest[i] ^= 4;
	}
	memset(digest, 0, PURG_DIGEST_SIZE);
	length = snprintf(line, sizeof(line), ": expected %064d, computed ", 0);
	assert_refused(PURG_E_DIGEST, line);
	sha256(sha256_blocks_portable, kernel, sizeof(kernel), digest);
	for (int i = 0; i < PURG_DIGEST_SIZE; i++)
		length += snprintf(line + length, sizeof(line) - (size_t)length, "%02x", digest[i]);
	assert_said(line);
}

static void concatenation(void **state)
{
	(void)state;
	make_concat();
	assert_jumped("verified 2 segments, 1777 bytes");
	initrd[776] ^= 1;
	assert_refused(PURG_E_CONCAT, "refused: the concatenation's digest does not match: expected ");
}

static void never(void **state)
{
	(void)state;
	purg_params.verify = PURG_VERIFY_NEVER;
	kernel[0] ^= 1;
	assert_jumped("purgatory: NOT verified, by the loader's word; jumping to ");
	memset(&purg_params.segment, 0, sizeof(purg_params.segment));
	purg_params.segment_count = 0;
	assert_jumped("NOT verified");
}

/* With a block digest, no bit of the block can change unnoticed, but for the digest's own disappearance. */
static void block_digest(void **state)
{
	(void)state;
	digest_block();
	assert_jumped("verified 1");
	for (size_t i = 0x10; i < 0x18; i++) {
		((uint8_t *)&purg_params)[i] ^= 1;
		assert_refused(PURG_E_BLOCK, "the parameter block was changed: expected ");
		((uint8_t *)&purg_params)[i] ^= 1;
	}
	for (size_t i = 0x20; i < sizeof(purg_params); i++) {
		if (i >= 0x80 && i < 0xa0)
			continue; /* the console itself: covered by the console's own tests */
		((uint8_t *)&purg_params)[i] ^= 1;
		assert_refused(PURG_E_BLOCK, "the parameter block was changed: expected ");
		((uint8_t *)&purg_params)[i] ^= 1;
	}
}

static void image_digest(void **state)
{
	(void)state;
	sha256(sha256_blocks_portable, &purg_header, purg_header.ro_size, purg_params.image_digest);
	assert_jumped("verified 1");
	purg_params.image_digest[31] ^= 1;
	assert_refused(PURG_E_IMAGE, "the purgatory's code was changed: expected ");
}

/* Overlapping either way, as memmove; and in order, the second from where the first put it. */
static void copies(void **state)
{
	uint8_t expected[sizeof(kernel)];

	(void)state;
	memcpy(expected, kernel, sizeof(kernel));
	memset(room, 0, sizeof(room));
	purg_params.copy_count = 3;
	add_segment("room", room, sizeof(room));
	purg_params.copy[0] = (struct purg_copy){(uintptr_t)room, (uintptr_t)kernel, sizeof(kernel), 0, 0};
	purg_params.copy[1] = (struct purg_copy){(uintptr_t)room + 3, (uintptr_t)room, sizeof(kernel), 0, 0};
	purg_params.copy[2] = (struct purg_copy){(uintptr_t)room + 1, (uintptr_t)room + 3, sizeof(kernel), 0, 0};
	assert_jumped("verified 2");
	assert_memory_equal(room + 1, expected, sizeof(expected));
	assert_int_equal(fake.cachings, 1);
}

static void nothing_is_copied_if_refused(void **state)
{
	(void)state;
	memset(room, 0, sizeof(room));
	purg_params.copy_count = 1;
	purg_params.copy[0] = (struct purg_copy){(uintptr_t)room, (uintptr_t)kernel, sizeof(kernel), 0, 0};
	kernel[500] ^= 1;
	assert_refused(PURG_E_DIGEST, "segment 0");
	for (size_t i = 0; i < sizeof(room); i++)
		assert_int_equal(room[i], 0);
}

static void cpu_state(void **state)
{
	(void)state;
	fake.bad_cpu = true;
	assert_refused(PURG_E_CPU, "refused: the CPU is in no state that the ABI allows [code 18]");
}

static void handoff(void **state)
{
	(void)state;
	fake.bad_kernel = true;
	assert_refused(PURG_E_KERNEL, "refused: handoff pc: no kernel there: 0x");
}

/* A console in the purgatory's own memory is not written to, not even to say so. */
static void console_in_image(void **state)
{
	(void)state;
	purg_params.console[0].base = (uintptr_t)&purg_header;
	fake_run();
	assert_int_equal(fake.end, FAKE_HALTED);
	assert_int_equal(fake.code, PURG_E_OVERLAP_SELF);
	assert_int_equal(fake.length, 0);
}

static void field_is_named(void **state)
{
	(void)state;
	add_initrd();
	purg_params.segment[1].start = (uintptr_t)kernel;
	fake_run();
	assert_said("purgatory: refused: segment 1 (initrd) start: overlaps a segment, a copy or a console: 0x");
}

/* A block that is no block still has its console used, since a console's kind is as good as a magic. */
static void bad_magic(void **state)
{
	(void)state;
	purg_params.magic = 0;
	assert_refused(PURG_E_MAGIC, "refused: magic: not a parameter block: 0x0 [code 1]");
}

/* And one without any console is refused in silence, but refused. */
static void silent(void **state)
{
	(void)state;
	memset(&purg_params, 0xff, sizeof(purg_params));
	fake_run();
	assert_int_equal(fake.end, FAKE_HALTED);
	assert_int_equal(fake.code, PURG_E_MAGIC);
	assert_int_equal(fake.length, 0);
}

/* A name is data: what cannot be printed is not sent to a terminal. */
static void hostile_name(void **state)
{
	(void)state;
	memcpy(purg_params.segment[0].name, "a\033[2J b\n", PURG_NAME_SIZE);
	kernel[0] ^= 1;
	assert_refused(PURG_E_DIGEST, "segment 0 (a?[2J?b?): ");
}

static void every_code_has_a_sentence(void **state)
{
	(void)state;
	assert_string_equal(fail_sentence(PURG_OK), "ok");
	assert_string_equal(fail_sentence(PURG_E_DTB), "the DTB has a bad magic, alignment or size");
	assert_string_equal(fail_sentence(PURG_E_SOURCE), "copies what was not verified");
	for (uint32_t code = 0; code <= PURG_E_FAULT; code++)
		assert_true(strlen(fail_sentence(code)) > 1);
}

/* Old devices are reset before anything is written, even if the block is refused: the line must be readable. */
static void devices_come_first(void **state)
{
	(void)state;
	purg_params.flags = PURG_FLAG_RESET_VGA;
	assert_jumped("verified 1 segment");
	assert_int_equal(fake.reset_flags, PURG_FLAG_RESET_VGA);
	purg_params.flags = PURG_FLAG_RESET_VGA | PURG_FLAG_LEGACY_PIC;
	purg_params.block_digest[0] = 1;
	assert_refused(PURG_E_BLOCK, "the parameter block was changed");
	assert_int_equal(fake.reset_flags, PURG_FLAG_RESET_VGA | PURG_FLAG_LEGACY_PIC);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_caches),
		TEST(striped_segment),
		TEST(one_segment),
		TEST(two_segments),
		TEST(any_flipped_byte),
		TEST(any_flipped_digest),
		TEST(concatenation),
		TEST(never),
		TEST(block_digest),
		TEST(image_digest),
		TEST(copies),
		TEST(nothing_is_copied_if_refused),
		TEST(cpu_state),
		TEST(handoff),
		TEST(console_in_image),
		TEST(field_is_named),
		TEST(bad_magic),
		TEST(silent),
		TEST(hostile_name),
		TEST(every_code_has_a_sentence),
		TEST(devices_come_first),
	};

	return cmocka_run_group_tests_name("main", tests, NULL, NULL);
}
