/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The loader library and the record of a boot: every length, every byte, records of later versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <purgatory/loader.h>
#include <sha256.h>

#define DIGEST 0x10
#define RECORD sizeof(struct purg_report)
#define LATER (RECORD + 40)

/* Room for a record of a later minor version. */
static uint8_t memory[LATER];

static struct purg_report *record(void)
{
	return (struct purg_report *)memory;
}

static void seal(size_t size)
{
	memset(memory + DIGEST, 0, PURG_DIGEST_SIZE);
	sha256(sha256_blocks_portable, memory, size, memory + DIGEST);
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 7);
	record()->magic = PURG_REPORT_MAGIC;
	record()->abi_major = PURG_ABI_MAJOR;
	record()->abi_minor = PURG_ABI_MINOR;
	record()->size = RECORD;
	seal(RECORD);
	return 0;
}

/* Of a copy of exactly this size, at an odd address; what is given back is the record, or untouched. */
static int check(size_t size)
{
	struct purg_report found, before;
	uint8_t *copy = malloc(size + 1);
	int error;

	memcpy(copy + 1, memory, size);
	memset(&found, 0xa5, sizeof(found));
	before = found;
	error = purg_report_check(copy + 1, size, &found);
	assert_memory_equal(&found, error ? (const void *)&before : memory, RECORD);
	free(copy);
	return error;
}

static void every_length(void **state)
{
	(void)state;
	for (size_t size = 0; size < RECORD; size++)
		assert_int_equal(check(size), PURG_ERR_REPORT_SIZE);
	assert_int_equal(check(RECORD), 0);
	assert_int_equal(check(LATER), 0);
}

static void every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORD; i++) {
		memory[i] ^= 0x10;
		if (i < 8)
			assert_int_equal(check(RECORD), PURG_ERR_REPORT_NONE);
		else if (i < 10)
			assert_int_equal(check(RECORD), PURG_ERR_REPORT_VERSION);
		else if (i >= 12 && i < 16)
			assert_int_equal(check(RECORD), PURG_ERR_REPORT_SIZE);
		else
			assert_int_equal(check(RECORD), PURG_ERR_REPORT_DIGEST);
		memory[i] ^= 0x10;
	}
}

/* Its digest is over all of it, and the part that is known is given. */
static void later_version(void **state)
{
	(void)state;
	record()->abi_minor = PURG_ABI_MINOR + 1;
	record()->size = LATER;
	seal(LATER);
	assert_int_equal(check(LATER), 0);
	assert_int_equal(check(LATER - 1), PURG_ERR_REPORT_SIZE);
	memory[LATER - 1] ^= 1;
	assert_int_equal(check(LATER), PURG_ERR_REPORT_DIGEST);
}

static void short_record(void **state)
{
	(void)state;
	record()->size = RECORD - 8;
	seal(RECORD - 8);
	assert_int_equal(check(LATER), PURG_ERR_REPORT_SIZE);
}

static void sentences(void **state)
{
	(void)state;
	for (int64_t error = PURG_ERR_REPORT_DIGEST; error <= PURG_ERR_REPORT_NONE; error++)
		assert_string_not_equal(purg_strerror(error), purg_strerror(1));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_length), TEST(every_byte), TEST(later_version), TEST(short_record), TEST(sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
