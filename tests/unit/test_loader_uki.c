/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* loader/uki.c and loader/pe.c: PE files made by hand, in blocks of exactly their size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <purgatory/loader.h>

#define PE_AT 0x48 /* not where most have it */
#define COFF 24
#define OPTIONAL 18
#define TABLE (PE_AT + COFF + OPTIONAL)
#define SECTION 40
#define CONTENT 0x1000
#define FILE_SIZE 0x2000
#define MACHINE (PE_AT + 4)
#define COUNT (PE_AT + 6)
#define OPTIONAL_AT (PE_AT + 20)

/* Offset and sizes say which section it was. */
struct section {
	const char *name;
	uint32_t offset, raw, memory;
};

static uint8_t file[FILE_SIZE];

static void put(size_t at, uint64_t value, size_t size)
{
	memcpy(file + at, &value, size);
}

static void make(uint16_t machine, const struct section *sections, uint16_t count)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "MZ", 2);
	put(0x3c, PE_AT, 4);
	memcpy(file + PE_AT, "PE\0", 4);
	put(MACHINE, machine, 2);
	put(COUNT, count, 2);
	put(OPTIONAL_AT, OPTIONAL, 2);
	for (size_t i = 0; i < count; i++) {
		size_t at = TABLE + i * SECTION;

		strncpy((char *)file + at, sections[i].name, 8);
		put(at + 8, sections[i].memory, 4);
		put(at + 12, 0x77777777, 4);
		put(at + 16, sections[i].raw, 4);
		put(at + 20, sections[i].offset, 4);
	}
}

static int read_uki(struct purg_uki *uki, size_t size)
{
	uint8_t *block = malloc(size + 1);
	struct purg_uki before;
	int error;

	memset(uki, 0xa5, sizeof(*uki));
	memcpy(&before, uki, sizeof(before));
	memcpy(block + 1, file, size);
	error = purg_uki_read(uki, block + 1, size);
	if (error)
		assert_memory_equal(uki, &before, sizeof(before));
	free(block);
	return error;
}

static void is_part(const struct purg_part *part, uint64_t offset, uint64_t size)
{
	assert_int_equal(part->offset, offset);
	assert_int_equal(part->size, size);
}

static const struct section all[] = {
	{".text", 0xfffff000, 0x1000, 0x1000}, /* no business of ours, so that it may lie anywhere */
	{".osrel", 0xfffff000, 0x1000, 0x1000},
	{".cmdline", 0x1100, 16, 5},
	{".dtb", 0x1200, 7, 16},
	{".ucode", 0x1300, 9, 9},
	{".initrd", 0x1400, 20, 19},
	{".linux", 0x1800, 0x7fe, 0x800},
};

static void test_parts(void **state)
{
	struct purg_uki uki;

	(void)state;
	make(0xaa64, all, 7);
	assert_int_equal(read_uki(&uki, FILE_SIZE), 0);
	assert_int_equal(uki.arch, PURG_ARCH_ARM64);
	is_part(&uki.cmdline, 0x1100, 5);
	is_part(&uki.dtb, 0x1200, 7);
	is_part(&uki.ucode, 0x1300, 9);
	is_part(&uki.initrd, 0x1400, 19);
	is_part(&uki.kernel, 0x1800, 0x7fe);

	make(0x8664, all + 6, 1);
	assert_int_equal(read_uki(&uki, FILE_SIZE), 0);
	assert_int_equal(uki.arch, PURG_ARCH_X86_64);
	is_part(&uki.cmdline, 0, 0);
	is_part(&uki.dtb, 0, 0);
	is_part(&uki.ucode, 0, 0);
	is_part(&uki.initrd, 0, 0);
}

static void test_machines(void **state)
{
	static const uint16_t others[] = {0, 0x14c, 0x1c0, 0x5064, 0x6264, 0xaa65, 0x64aa};
	struct purg_uki uki;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		make(others[i], all, 7);
		assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_PE_MACHINE);
		make(others[i], all, 6);
		assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_UKI_LINUX);
	}
}

/* The last byte that is asked for is the kernel's, two before the end. */
static void test_lengths(void **state)
{
	struct purg_uki uki;

	(void)state;
	make(0xaa64, all, 7);
	for (size_t size = 0; size <= FILE_SIZE; size++) {
		int expected = 0;

		if (size < PE_AT + 4)
			expected = PURG_ERR_KERNEL_UNKNOWN;
		else if (size < TABLE + 7 * SECTION)
			expected = PURG_ERR_PE_HEADER;
		else if (size < 0x1ffe)
			expected = PURG_ERR_PE_SECTION;
		assert_int_equal(read_uki(&uki, size), expected);
	}
}

static void test_headers(void **state)
{
	struct purg_uki uki;

	(void)state;
	for (unsigned int bit = 0; bit < 48; bit++) {
		make(0xaa64, all, 7);
		file[bit < 16 ? bit / 8 : PE_AT - 2 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_KERNEL_UNKNOWN);
	}
	make(0xaa64, all, 7);
	put(0x3c, UINT32_MAX, 4);
	assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_KERNEL_UNKNOWN);
	put(0x3c, FILE_SIZE - 4, 4);
	memcpy(file + FILE_SIZE - 4, "PE\0", 4);
	assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_PE_HEADER);
	make(0xaa64, all, 7);
	put(COUNT, UINT16_MAX, 2);
	assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_PE_HEADER);
	put(COUNT, 0, 2);
	assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_UKI_LINUX);
	make(0xaa64, all, 7);
	put(OPTIONAL_AT, UINT16_MAX, 2);
	assert_int_equal(read_uki(&uki, FILE_SIZE), PURG_ERR_PE_HEADER);
}

static int read_sections(struct purg_uki *uki, const struct section *sections, uint16_t count)
{
	make(0xaa64, sections, count);
	return read_uki(uki, FILE_SIZE);
}

static void test_places(void **state)
{
	static const struct {
		struct section section;
		int error;
	} cases[] = {
		{{".linux", CONTENT, FILE_SIZE - CONTENT, UINT32_MAX}, 0},
		{{".linux", CONTENT, UINT32_MAX, FILE_SIZE - CONTENT}, 0},
		{{".linux", CONTENT, UINT32_MAX, FILE_SIZE - CONTENT + 1}, PURG_ERR_PE_SECTION},
		{{".linux", FILE_SIZE, 1, 1}, PURG_ERR_PE_SECTION},
		{{".linux", UINT32_MAX, 1, 1}, PURG_ERR_PE_SECTION},
		{{".linux", UINT32_MAX, UINT32_MAX, UINT32_MAX}, PURG_ERR_PE_SECTION},
		{{".linux", CONTENT, 0, 5}, PURG_ERR_UKI_LINUX},
		{{".linux", CONTENT, 5, 0}, PURG_ERR_UKI_LINUX},
		{{".linuxx", CONTENT, 5, 5}, PURG_ERR_UKI_LINUX},
		{{".linu", CONTENT, 5, 5}, PURG_ERR_UKI_LINUX},
	};
	struct purg_uki uki;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(read_sections(&uki, &cases[i].section, 1), cases[i].error);
}

#define AT(name, number)                       \
	{                                      \
		name, CONTENT + (number), 1, 1 \
	}

static void test_twice(void **state)
{
	static const char *const names[] = {".linux", ".initrd", ".cmdline", ".ucode", ".dtb", ".osrel"};
	struct purg_uki uki;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct section sections[] = {AT(".linux", 0), AT(names[i], 1), AT(names[i], 2)};
		bool may = i >= 4;

		assert_int_equal(read_sections(&uki, sections, 3), may ? 0 : PURG_ERR_UKI_TWICE);
		if (i == 4)
			is_part(&uki.dtb, CONTENT + 1, 1);
	}
	for (size_t i = 1; i < 6; i++) {
		struct section sections[] = {AT(".linux", 0), AT(".profile", 9), AT(names[i], 1), AT(names[i], 2)};

		assert_int_equal(read_sections(&uki, sections, 4), i >= 4 ? 0 : PURG_ERR_UKI_TWICE);
	}
}

static void test_profiles(void **state)
{
	static const struct section sections[] = {
		AT(".linux", 1),    AT(".cmdline", 2), AT(".initrd", 3),     AT(".dtb", 4),     AT(".profile", 5),
		AT(".cmdline", 6),  AT(".ucode", 7),   AT(".dtb", 8),        AT(".profile", 9), AT(".linux", 10),
		AT(".cmdline", 11), AT(".linux", 12),  AT(".ucode", 0xfff0),
	};
	static const struct section empty[] = {
		AT(".cmdline", 1), AT(".profile", 2), {".cmdline", 5, 0, 0}, AT(".linux", 3)};
	struct purg_uki uki;

	(void)state;
	/* What profile 0 has goes before the base profile; profile 1 is not read at all. */
	assert_int_equal(read_sections(&uki, sections, 13), 0);
	is_part(&uki.kernel, CONTENT + 1, 1);
	is_part(&uki.cmdline, CONTENT + 6, 1);
	is_part(&uki.initrd, CONTENT + 3, 1);
	is_part(&uki.dtb, CONTENT + 8, 1);
	is_part(&uki.ucode, CONTENT + 7, 1);
	/* A section that is empty is there too. */
	assert_int_equal(read_sections(&uki, empty, 4), 0);
	is_part(&uki.kernel, CONTENT + 3, 1);
	is_part(&uki.cmdline, 0, 0);
	/* A kernel in profile 1 only. */
	assert_int_equal(read_sections(&uki, sections + 4, 9), PURG_ERR_UKI_LINUX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),    cmocka_unit_test(test_machines), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_headers),  cmocka_unit_test(test_places),   cmocka_unit_test(test_twice),
		cmocka_unit_test(test_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
