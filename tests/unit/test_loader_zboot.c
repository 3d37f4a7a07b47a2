/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* loader/zboot.c: headers made by hand, in blocks of exactly their size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <purgatory/loader.h>

#define HEADER 64
#define OFFSET 8
#define SIZE 12
#define NAME 24
#define NAME_SIZE 32
#define PAYLOAD 80
#define FILE_SIZE 100

static uint8_t good[FILE_SIZE] = {
	'M', 'Z', 0, 0, 'z', 'i', 'm', 'g', [OFFSET] = PAYLOAD, [SIZE] = 20, [NAME] = 'g', 'z', 'i', 'p'};

static int read_zboot(struct purg_zboot *zboot, const void *data, size_t size)
{
	uint8_t *block = malloc(size + 1);
	struct purg_zboot before;
	int error;

	memset(zboot, 0xa5, sizeof(*zboot));
	memcpy(&before, zboot, sizeof(before));
	memcpy(block + 1, data, size);
	error = purg_zboot_read(zboot, block + 1, size);
	if (error)
		assert_memory_equal(zboot, &before, sizeof(before));
	free(block);
	return error;
}

static void test_lengths(void **state)
{
	struct purg_zboot zboot;

	(void)state;
	for (size_t size = 0; size < FILE_SIZE; size++)
		assert_int_equal(read_zboot(&zboot, good, size),
				 size < HEADER ? PURG_ERR_KERNEL_UNKNOWN : PURG_ERR_ZBOOT_PAYLOAD);
	assert_int_equal(read_zboot(&zboot, good, FILE_SIZE), 0);
	assert_int_equal(zboot.offset, PAYLOAD);
	assert_int_equal(zboot.size, 20);
	assert_int_equal(zboot.compression, PURG_ZBOOT_GZIP);
}

static void test_magic(void **state)
{
	struct purg_zboot zboot;
	uint8_t file[FILE_SIZE];

	(void)state;
	/* Bytes 2 and 3 belong to no magic. */
	for (unsigned int bit = 0; bit < 64; bit++) {
		memcpy(file, good, FILE_SIZE);
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(read_zboot(&zboot, file, FILE_SIZE),
				 bit / 8 == 2 || bit / 8 == 3 ? 0 : PURG_ERR_KERNEL_UNKNOWN);
	}
}

static void test_compression(void **state)
{
	static const struct {
		char name[NAME_SIZE + 1];
		uint32_t compression; /* 0: refused */
	} cases[] = {
		{"gzip", PURG_ZBOOT_GZIP},
		{"zstd", PURG_ZBOOT_ZSTD},
		{"zstd22", PURG_ZBOOT_ZSTD},
		{"zstd1234567890123456789012345678", 0}, /* 32 characters, no NUL */
		{"zstd123456789012345678901234567", PURG_ZBOOT_ZSTD},
		{"zstd2x", 0},
		{"zst", 0},
		{"gzip9", 0},
		{"gzi", 0},
		{"lz4", 0},
		{"lzma", 0},
		{"lzo", 0},
		{"xzkern", 0},
		{"", 0},
	};
	struct purg_zboot zboot;
	uint8_t file[FILE_SIZE];

	(void)state;
	memcpy(file, good, FILE_SIZE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(file + NAME, cases[i].name, NAME_SIZE);
		assert_int_equal(read_zboot(&zboot, file, FILE_SIZE),
				 cases[i].compression ? 0 : PURG_ERR_ZBOOT_COMPRESSION);
		if (cases[i].compression)
			assert_int_equal(zboot.compression, cases[i].compression);
	}
}

static void test_payload(void **state)
{
	static const struct {
		uint32_t offset, size;
		int error;
	} cases[] = {
		{HEADER, FILE_SIZE - HEADER, 0},
		{HEADER, FILE_SIZE - HEADER + 1, PURG_ERR_ZBOOT_PAYLOAD},
		{HEADER - 1, 1, PURG_ERR_ZBOOT_PAYLOAD},
		{FILE_SIZE - 1, 1, 0},
		{FILE_SIZE, 1, PURG_ERR_ZBOOT_PAYLOAD},
		{FILE_SIZE, 0, PURG_ERR_ZBOOT_PAYLOAD},
		{HEADER, 0, PURG_ERR_ZBOOT_PAYLOAD},
		{UINT32_MAX, 1, PURG_ERR_ZBOOT_PAYLOAD},
		{HEADER, UINT32_MAX, PURG_ERR_ZBOOT_PAYLOAD},
		{UINT32_MAX, UINT32_MAX, PURG_ERR_ZBOOT_PAYLOAD},
	};
	struct purg_zboot zboot;
	uint8_t file[FILE_SIZE];

	(void)state;
	memcpy(file, good, FILE_SIZE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(file + OFFSET, &cases[i].offset, 4);
		memcpy(file + SIZE, &cases[i].size, 4);
		assert_int_equal(read_zboot(&zboot, file, FILE_SIZE), cases[i].error);
		if (cases[i].error)
			continue;
		assert_int_equal(zboot.offset, cases[i].offset);
		assert_int_equal(zboot.size, cases[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_magic),
		cmocka_unit_test(test_compression),
		cmocka_unit_test(test_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
