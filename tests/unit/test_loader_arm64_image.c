/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* loader/arm64_image.c: headers made by hand, in blocks of exactly their size, and Debian's kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <purgatory/loader.h>

#define HEADER 64
#define TEXT_OFFSET 8
#define IMAGE_SIZE 16
#define FLAGS 24
#define MAGIC 56
#define PADDING 0x10000 /* more than there is of it, and of a signature, behind a kernel's last section */

static uint8_t good[HEADER] = {[IMAGE_SIZE + 2] = 8, [FLAGS] = 0xa, [MAGIC] = 'A', 'R', 'M', 0x64};

/* The result for these bytes, at an odd address; what it is read into must be untouched after an error. */
static int read_image(struct purg_arm64_image *image, const void *data, size_t size)
{
	uint8_t *block = malloc(size + 1);
	struct purg_arm64_image before;
	int error;

	memset(image, 0xa5, sizeof(*image));
	memcpy(&before, image, sizeof(before));
	memcpy(block + 1, data, size);
	error = purg_arm64_image_read(image, block + 1, size);
	if (error)
		assert_memory_equal(image, &before, sizeof(before));
	free(block);
	return error;
}

static int read_with(struct purg_arm64_image *image, size_t at, uint64_t value)
{
	uint8_t header[HEADER];

	memcpy(header, good, HEADER);
	memcpy(header + at, &value, sizeof(value));
	return read_image(image, header, HEADER);
}

static void test_fields(void **state)
{
	struct purg_arm64_image image;
	uint8_t file[0x90000] = {0};

	(void)state;
	assert_int_equal(read_image(&image, good, HEADER), 0);
	assert_int_equal(image.text_offset, 0);
	assert_int_equal(image.size, HEADER);
	assert_int_equal(image.mem_size, 0x80000);
	assert_int_equal(image.page_size, 4096);
	assert_true(image.anywhere);

	/* A file that is longer than image_size. */
	memcpy(file, good, HEADER);
	assert_int_equal(read_image(&image, file, sizeof(file)), 0);
	assert_int_equal(image.size, sizeof(file));
	assert_int_equal(image.mem_size, sizeof(file));
	assert_int_equal(read_with(&image, IMAGE_SIZE, UINT64_MAX), 0);
	assert_true(image.mem_size == UINT64_MAX);
}

static void test_flags(void **state)
{
	static const uint32_t pages[] = {0, 4096, 16384, 65536};
	struct purg_arm64_image image;

	(void)state;
	/* Bits above these are reserved, and say nothing. */
	for (uint64_t high = 0; high <= 1; high++)
		for (uint64_t flags = 0; flags < 16; flags++) {
			int error = read_with(&image, FLAGS, flags | (high ? ~UINT64_C(15) : 0));

			assert_int_equal(error, flags & 1 ? PURG_ERR_ARM64_ENDIAN : 0);
			if (error)
				continue;
			assert_int_equal(image.page_size, pages[flags >> 1 & 3]);
			assert_int_equal(image.anywhere, flags >> 3);
		}
}

static void test_text_offset(void **state)
{
	static const struct {
		uint64_t value;
		int error;
	} cases[] = {
		{4, 0},
		{0x80000, 0},
		{0x1ffffc, 0},
		{1, PURG_ERR_ARM64_OFFSET},
		{2, PURG_ERR_ARM64_OFFSET},
		{0x1fffff, PURG_ERR_ARM64_OFFSET},
		{0x200000, PURG_ERR_ARM64_OFFSET},
		{UINT64_C(1) << 63, PURG_ERR_ARM64_OFFSET},
	};
	struct purg_arm64_image image;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_with(&image, TEXT_OFFSET, cases[i].value), cases[i].error);
		if (!cases[i].error)
			assert_int_equal(image.text_offset, cases[i].value);
	}
	assert_int_equal(read_with(&image, IMAGE_SIZE, 0), PURG_ERR_ARM64_SIZE);
}

static void test_unknown(void **state)
{
	struct purg_arm64_image image;
	uint8_t header[HEADER];

	(void)state;
	for (size_t size = 0; size < HEADER; size++)
		assert_int_equal(read_image(&image, good, size), PURG_ERR_KERNEL_UNKNOWN);
	for (unsigned int bit = 0; bit < 32; bit++) {
		memcpy(header, good, HEADER);
		header[MAGIC + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(read_image(&image, header, HEADER), PURG_ERR_KERNEL_UNKNOWN);
	}
}

static void test_debian(void **state)
{
	FILE *file = fopen("build/debian/arm64/vmlinuz", "rb");
	struct purg_arm64_image image;
	uint8_t *data;
	long size;

	(void)state;
	if (!file)
		skip();
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	data = malloc((size_t)size);
	rewind(file);
	assert_int_equal(fread(data, 1, (size_t)size, file), size);
	fclose(file);
	for (long cut = size - PADDING; cut > 1000; cut = cut * 3 / 4)
		assert_int_equal(purg_arm64_image_read(&image, data, (size_t)cut), PURG_ERR_KERNEL_CUT);
	assert_int_equal(purg_arm64_image_read(&image, data, (size_t)size), 0);
	free(data);
	assert_int_equal(image.text_offset, 0);
	assert_int_equal(image.size, size);
	assert_true(image.mem_size > image.size && image.mem_size < 2 * image.size);
	assert_int_equal(image.page_size, 4096);
	assert_true(image.anywhere);
}

/* An Image with an EFI stub, of one section: DOS header, PE header at 64 without an optional one, section table. */
#define PE_AT 64
#define SECTION_AT (PE_AT + 24)
#define CONTENT_AT (SECTION_AT + 40)

static void put32(uint8_t *file, size_t at, uint32_t value)
{
	memcpy(file + at, &value, sizeof(value));
}

static void make_stub(uint8_t *file, uint32_t virtual_size, uint32_t raw_size, uint32_t offset)
{
	memcpy(file, good, HEADER);
	memcpy(file, "MZ", 2);
	put32(file, 0x3c, PE_AT);
	memcpy(file + PE_AT, "PE\0\0", 4);
	put32(file, PE_AT + 4, 0x1aa64); /* machine, one section */
	put32(file, SECTION_AT + 8, virtual_size);
	put32(file, SECTION_AT + 16, raw_size);
	put32(file, SECTION_AT + 20, offset);
}

static void test_cut(void **state)
{
	struct purg_arm64_image image;
	uint8_t file[CONTENT_AT + 100] = {0};

	(void)state;
	make_stub(file, 100, 100, CONTENT_AT);
	for (size_t size = PE_AT + 4; size < sizeof(file); size++)
		assert_int_equal(read_image(&image, file, size), PURG_ERR_KERNEL_CUT);
	assert_int_equal(read_image(&image, file, sizeof(file)), 0);
	/* Padding of the file, and zeros of memory, need not be there. */
	make_stub(file, 100, 101, CONTENT_AT);
	assert_int_equal(read_image(&image, file, sizeof(file)), 0);
	make_stub(file, 101, 100, CONTENT_AT);
	assert_int_equal(read_image(&image, file, sizeof(file)), 0);
	make_stub(file, 101, 101, CONTENT_AT);
	assert_int_equal(read_image(&image, file, sizeof(file)), PURG_ERR_KERNEL_CUT);
	make_stub(file, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	assert_int_equal(read_image(&image, file, sizeof(file)), PURG_ERR_KERNEL_CUT);
	/* Two bytes alone are an instruction. */
	memcpy(file + PE_AT, "PE\0\1", 4);
	assert_int_equal(read_image(&image, file, sizeof(file)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),  cmocka_unit_test(test_flags), cmocka_unit_test(test_text_offset),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_cut),   cmocka_unit_test(test_debian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
