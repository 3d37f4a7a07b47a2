/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* loader/dtb.c: trees that are cut, damaged, odd or too large, and rooms that are too small. */
#include "dtb_made.h"

static void test_every_length(void **state)
{
	size_t size;
	void *dtb = make(&used, &size);

	(void)state;
	for (size_t length = 0; length < size; length++) {
		void *cut = exact(dtb, length);
		struct purg_dtb in = everything(cut, length);

		fails(&in, PURG_ERR_DTB_DAMAGED);
		if (length >= 8) {
			fdt_set_totalsize(cut, (uint32_t)length);
			fails(&in, PURG_ERR_DTB_DAMAGED);
		}
		if (length >= 12) {
			fdt_set_off_dt_struct(cut, 0);
			fails(&in, PURG_ERR_DTB_DAMAGED);
		}
		free(cut);
	}
	free(dtb);
}

static void test_every_room(void **state)
{
	size_t size;
	void *dtb = make(&used, &size);
	struct purg_dtb in = everything(dtb, size);
	int64_t enough = purg_dtb_size(&in);

	(void)state;
	for (size_t room = 0; room < (size_t)enough; room++) {
		uint8_t *out = malloc(room ? room : 1);

		memset(out, 0xa5, room);
		assert_int_equal(purg_dtb_write(out, room, &in), PURG_ERR_ROOM);
		for (size_t i = 0; i < room; i++)
			assert_int_equal(out[i], 0xa5);
		free(out);
	}
	free(dtb);
}

static void test_alignment(void **state)
{
	size_t size;
	void *dtb = make(&used, &size);
	uint8_t *block = malloc(BIG);

	(void)state;
	for (size_t shift = 1; shift < 8; shift++) {
		struct purg_dtb in = everything(block + shift, size);

		memcpy(block + shift, dtb, size);
		fails(&in, PURG_ERR_ALIGN);
		in = everything(dtb, size);
		assert_int_equal(purg_dtb_write(block + shift, BIG - shift, &in), PURG_ERR_ALIGN);
	}
	free(block);
	free(dtb);
}

/* Slack at the end, other versions, a boot CPU, NOPs, what lies behind FDT_END. */
static void test_forms(void **state)
{
	size_t size;
	void *dtb = make(&used, &size), *larger = calloc(1, BIG), *out;
	struct purg_dtb in = everything(dtb, size);
	int64_t usual = purg_dtb_size(&in);

	(void)state;
	fdt_set_version(dtb, 16);
	fdt_set_size_dt_struct(dtb, UINT32_MAX);
	fdt_set_boot_cpuid_phys(dtb, 0x101);
	out = complete(&in);
	assert_int_equal(fdt_boot_cpuid_phys(out), 0x101);
	assert_int_equal(fdt_totalsize(out), usual);
	free(out);
	fdt_set_version(dtb, 15);
	fdt_set_last_comp_version(dtb, 15);
	fails(&in, PURG_ERR_DTB_DAMAGED);
	free(dtb);

	dtb = make(&used, &size);
	in = everything(larger, BIG);
	ok(fdt_open_into(dtb, larger, BIG));
	assert_int_equal(purg_dtb_size(&in), usual);
	/* The structure block is said to have more. */
	fdt_set_off_dt_strings(larger, BIG - fdt_size_dt_strings(larger));
	memcpy((char *)larger + fdt_off_dt_strings(larger), (char *)dtb + fdt_off_dt_strings(dtb),
	       fdt_size_dt_strings(dtb));
	fdt_set_size_dt_struct(larger, fdt_off_dt_strings(larger) - fdt_off_dt_struct(larger));
	out = complete(&in);
	assert_int_equal(fdt_totalsize(out), usual);
	free(out);
	ok(fdt_nop_property(larger, fdt_path_offset(larger, "/chosen"), "rng-seed"));
	ok(fdt_nop_node(larger, fdt_path_offset(larger, "/memory@40000000")));
	out = complete(&in);
	has(out, "/chosen", "rng-seed", seed, sizeof(seed));
	free(out);
	free(larger);
	free(dtb);
}

static void test_blocks(void **state)
{
	size_t size;
	void *dtb = make(&used, &size), *copy = exact(dtb, size);
	struct purg_dtb in = everything(copy, size);

	(void)state;
	fdt_set_off_mem_rsvmap(copy, fdt_off_mem_rsvmap(dtb) - 4);
	fails(&in, PURG_ERR_DTB_DAMAGED);
	memcpy(copy, dtb, size);
	fdt_set_size_dt_strings(copy, fdt_size_dt_strings(dtb) + 1);
	fails(&in, PURG_ERR_DTB_DAMAGED);
	fdt_set_size_dt_strings(copy, UINT32_MAX);
	fails(&in, PURG_ERR_DTB_DAMAGED);
	memset(copy, 0xff, size);
	fails(&in, PURG_ERR_DTB_DAMAGED);
	free(copy);

	/* A structure block that is whole, but where none may be. */
	copy = calloc(1, BIG);
	memcpy(copy, dtb, size);
	fdt_set_totalsize(copy, BIG);
	in = everything(copy, BIG);
	for (uint32_t i = 0; i <= 4; i++) {
		uint32_t at = BIG / 2 + i;

		memcpy((char *)copy + at, (char *)dtb + fdt_off_dt_struct(dtb), fdt_size_dt_struct(dtb));
		fdt_set_off_dt_struct(copy, at);
		if (i % 4)
			fails(&in, PURG_ERR_DTB_DAMAGED);
		else
			free(complete(&in));
	}
	free(copy);
	free(dtb);
}

/* Each byte, by some of its bits: an error, or a tree that is sound. */
static void test_every_byte(void **state)
{
	size_t size;
	void *dtb = make(&used, &size);
	unsigned int errors = 0;

	(void)state;
	for (size_t i = 0; i < size * 4; i++) {
		uint8_t *bad = exact(dtb, size);
		struct purg_dtb in = everything(bad, size);

		bad[i / 4] ^= (uint8_t)(0x81 >> i % 4 * 2);
		if (purg_dtb_size(&in) < 0)
			errors++;
		else
			free(complete(&in));
		free(bad);
	}
	assert_true(errors > size / 2 && errors < size * 4);
	free(dtb);
}

/* Every property's length as every number that leads back by less than the tree: libfdt before 1.7 would go round. */
static void test_lengths_that_wrap(void **state)
{
	size_t size;
	uint8_t *dtb = make(&used, &size);
	uint32_t at = fdt_off_dt_struct(dtb), end = at + fdt_size_dt_struct(dtb);

	(void)state;
	for (; at < end; at += 4) {
		uint8_t *length = dtb + at + 4, *kept;

		if (fdt32_ld((fdt32_t *)(dtb + at)) != FDT_PROP)
			continue;
		kept = exact(length, 4);
		for (uint32_t back = 1; back < 2 * (end - at); back++) {
			struct purg_dtb in = {.dtb = dtb, .size = size};

			fdt32_st(length, -back);
			assert_int_equal(purg_dtb_size(&in), PURG_ERR_DTB_DAMAGED);
		}
		memcpy(length, kept, 4);
		free(kept);
	}
	free(dtb);
}

/* Before version 17 libfdt reads a name wherever it lies; but the strings are what is copied. */
static void test_names_outside(void **state)
{
	size_t size;
	uint8_t *dtb = make(&used, &size);
	struct purg_dtb in = everything(dtb, size);
	uint32_t strings = fdt_size_dt_strings(dtb);

	(void)state;
	fdt_set_version(dtb, 16);
	free(complete(&in));
	for (uint32_t less = 1; less <= strings; less++) {
		fdt_set_size_dt_strings(dtb, strings - less);
		if (purg_dtb_size(&in) >= 0)
			free(complete(&in));
	}
	fdt_set_size_dt_strings(dtb, 1);
	fails(&in, PURG_ERR_DTB_DAMAGED);
	free(dtb);
}

/* A property's value takes a multiple of 4, so another one's name makes up for the rest of the limit. */
static void test_limit(void **state)
{
	size_t size;
	void *dtb = make(&plain, &size);
	char *args = calloc(1, PURG_DTB_MAX_SIZE + 1);
	struct purg_dtb in = {.dtb = dtb, .size = size, .bootargs = args, .rng_seed = seed, .usable = crash};
	size_t rest = -(size_t)purg_dtb_size(&in) % 4;

	(void)state;
	in.rng_seed_size = rest == sizeof("rng-seed") % 4;
	in.usable_count = rest == sizeof("linux,usable-memory-range") % 4;
	in.kaslr_seed = rest == sizeof("kaslr-seed") % 4;
	assert_int_equal(purg_dtb_size(&in) % 4, 0);
	/* The value that is empty takes 4 bytes already. */
	memset(args, 'x', PURG_DTB_MAX_SIZE - (size_t)purg_dtb_size(&in) + 3);
	assert_int_equal(purg_dtb_size(&in), PURG_DTB_MAX_SIZE);
	free(complete(&in));
	args[strlen(args)] = 'x';
	fails(&in, PURG_ERR_DTB_SIZE);
	memset(args, 'x', PURG_DTB_MAX_SIZE);
	fails(&in, PURG_ERR_DTB_SIZE);
	free(args);
	free(dtb);
}

static void test_too_large(void **state)
{
	size_t size;
	void *dtb = make(&plain, &size), *larger = calloc(1, 2 * PURG_DTB_MAX_SIZE);
	uint32_t count = UINT32_MAX / 1024;
	struct purg_range *usable = calloc(count, sizeof(*usable));
	struct purg_dtb in = {.dtb = dtb, .size = size, .usable = usable, .usable_count = count};

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		usable[i].size = 1;
	fails(&in, PURG_ERR_DTB_SIZE);
	in = (struct purg_dtb){.dtb = dtb, .size = size, .rng_seed_size = UINT32_MAX};
	fails(&in, PURG_ERR_DTB_SIZE);
	in = (struct purg_dtb){.dtb = larger, .size = 2 * PURG_DTB_MAX_SIZE};
	ok(fdt_open_into(dtb, larger, PURG_DTB_MAX_SIZE));
	free(complete(&in));
	ok(fdt_open_into(dtb, larger, PURG_DTB_MAX_SIZE + 1));
	fails(&in, PURG_ERR_DTB_SIZE);
	free(usable);
	free(larger);
	free(dtb);
}

static void test_long_names(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'n', sizeof(name));
	for (int length = 255; length <= 256; length++) {
		uint64_t *fdt = calloc(1, BIG);
		struct purg_dtb in = {.dtb = fdt, .size = BIG};

		name[length] = 0;
		ok(fdt_create(fdt, BIG));
		ok(fdt_finish_reservemap(fdt));
		begin(fdt, 2, 2);
		ok(fdt_property_u32(fdt, name, 1));
		ok(fdt_end_node(fdt));
		ok(fdt_finish(fdt));
		if (length == 255)
			free(complete(&in));
		else
			fails(&in, PURG_ERR_DTB_DAMAGED);
		name[length] = 'n';
		free(fdt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_room),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_lengths_that_wrap),
		cmocka_unit_test(test_names_outside),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
