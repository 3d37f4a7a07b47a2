/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The room for a record in a device tree: at a multiple of 8, wherever the property lies, and large enough. */
#include "dtb_made.h"

#define RECORD 0x150

static int64_t find(const void *dtb)
{
	return purg_dtb_report(dtb, fdt_totalsize(dtb));
}

/* A tree in which everything lies so many cells further behind. */
static void *shifted(int cells)
{
	static const uint8_t zeros[16];
	size_t size;
	void *dtb = make(&used, &size), *larger = malloc(BIG);

	ok(fdt_open_into(dtb, larger, BIG));
	ok(fdt_setprop(larger, 0, "pad", zeros, 4 * cells));
	free(dtb);
	return larger;
}

static const uint8_t *value_of(const void *dtb, int *length)
{
	return fdt_getprop(dtb, fdt_path_offset(dtb, "/chosen"), "purgatory,report", length);
}

static void test_place(void **state)
{
	unsigned int skipped = 0;

	(void)state;
	for (int cells = 0; cells < 4; cells++) {
		struct purg_dtb in = {.dtb = shifted(cells), .size = BIG, .report = 1};
		uint8_t *dtb = complete(&in);
		int length;
		const uint8_t *value = value_of(dtb, &length);
		int64_t at = find(dtb), skip = at - (value - dtb);

		assert_int_equal(at % 8, 0);
		assert_true(skip == 0 || skip == 4);
		assert_true(skip + RECORD <= length);
		skipped |= 1u << skip;
		free((void *)in.dtb);
		free(dtb);
	}
	assert_int_equal(skipped, 1 << 0 | 1 << 4);
}

/* Of every size, at both alignments. */
static void test_size(void **state)
{
	static const uint8_t zeros[RECORD + 16];
	int found = 0;

	(void)state;
	for (int cells = 0; cells < 2; cells++)
		for (int size = 0; size <= RECORD + 8; size++) {
			uint8_t *dtb = shifted(cells);
			unsigned int skip;
			const uint8_t *value;
			int length;

			ok(fdt_setprop(dtb, fdt_path_offset(dtb, "/chosen"), "purgatory,report", zeros, size));
			value = value_of(dtb, &length);
			skip = (uintptr_t)value % 8;
			if (skip + RECORD > (unsigned int)size) {
				assert_int_equal(find(dtb), PURG_ERR_REPORT_SIZE);
			} else {
				assert_int_equal(find(dtb), value + skip - dtb);
				found++;
			}
			free(dtb);
		}
	assert_int_equal(found, 9 + 5);
}

static void test_none(void **state)
{
	struct purg_dtb in = {0};
	uint8_t *dtb = complete(&in), *moved = malloc(BIG);
	size_t size = fdt_totalsize(dtb);
	void *tree;

	(void)state;
	assert_int_equal(find(dtb), PURG_ERR_REPORT_NONE);
	tree = make(&plain, &size);
	assert_int_equal(find(tree), PURG_ERR_REPORT_NONE);
	assert_int_equal(purg_dtb_report(tree, size - 1), PURG_ERR_DTB_DAMAGED);
	memcpy(moved + 4, tree, size);
	assert_int_equal(purg_dtb_report(moved + 4, size), PURG_ERR_ALIGN);
	free(tree);
	free(moved);
	free(dtb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
