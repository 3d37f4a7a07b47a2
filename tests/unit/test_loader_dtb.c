/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/dtb.c: trees are made with libfdt's sequential writer, and what comes out is read back with libfdt's reader;
 * tests/tools/test_loader.py has dtc for that. Every input and every room is a block of exactly its size.
 */
#include "dtb_made.h"

static void test_everything(void **state)
{
	static const char *const names[] = {NULL, "chosen", "chosen@0"};
	static const uint8_t usable[] = {0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0,
					 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 8,    0, 0, 0};
	static const uint8_t core[] = {0, 0, 0, 8, 0x8f, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0};
	static const uint8_t report[0x154];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tree tree = {2, 2, names[i], NULL, 0};
		size_t size;
		void *dtb = make(&tree, &size), *out, *again;
		struct purg_dtb in = everything(dtb, size);

		out = complete(&in);
		has_text(out, "/chosen", "bootargs", BOOTARGS);
		has_u64(out, "linux,initrd-start", 0x123456789000);
		has_u64(out, "linux,initrd-end", 0x123456789111);
		has_u64(out, "kaslr-seed", 0x1122334455667788);
		has(out, "/chosen", "rng-seed", seed, sizeof(seed));
		has(out, "/chosen", "linux,usable-memory-range", usable, sizeof(usable));
		has(out, "/chosen", "linux,elfcorehdr", core, sizeof(core));
		has(out, "/chosen", "purgatory,report", report, sizeof(report));
		check_rest(out, names[i]);

		/* What comes out can go in again, and stays the same size. */
		in.dtb = out;
		in.size = fdt_totalsize(out);
		again = complete(&in);
		assert_int_equal(fdt_totalsize(again), fdt_totalsize(out));
		check_rest(again, names[i]);
		free(again);
		free(out);
		free(dtb);
	}
}

/* Without a change the old kernel's things go, and the command line stays. */
static void test_nothing(void **state)
{
	static const char *const gone[] = {"linux,initrd-start", "linux,initrd-end",          "kaslr-seed",
					   "rng-seed",           "linux,usable-memory-range", "linux,elfcorehdr",
					   "purgatory,report"};
	size_t size;
	void *dtb = make(&used, &size), *out;
	struct purg_dtb in = {.dtb = dtb, .size = size};

	(void)state;
	out = complete(&in);
	has_text(out, "/chosen", "bootargs", "old");
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		has_not(out, gone[i]);
	check_rest(out, true);
	assert_true(fdt_totalsize(out) < size);
	free(out);
	in.bootargs = "";
	out = complete(&in);
	has_text(out, "/chosen", "bootargs", "");
	free(out);
	free(dtb);

	dtb = make(&plain, &size);
	in = (struct purg_dtb){.dtb = dtb, .size = size};
	out = complete(&in);
	assert_true(fdt_path_offset(out, "/chosen") > 0);
	has_not(out, "bootargs");
	free(out);
	free(dtb);
}

/* Each option alone, so that each one's size is right by itself. */
static void test_each(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 14; i++) {
		size_t size;
		void *dtb = make(i & 1 ? &used : &plain, &size), *out;
		struct purg_dtb all = everything(dtb, size), in = {.dtb = dtb, .size = size};

		in.bootargs = i / 2 == 0 ? all.bootargs : NULL;
		in.initrd = all.initrd;
		in.initrd_size = i / 2 == 1 ? all.initrd_size : 0;
		in.kaslr_seed = i / 2 == 2 ? all.kaslr_seed : 0;
		in.rng_seed = seed;
		in.rng_seed_size = i / 2 == 3 ? all.rng_seed_size : 0;
		in.usable = crash;
		in.usable_count = i / 2 == 4 ? 1 : 0;
		in.elfcorehdr = all.elfcorehdr;
		in.elfcorehdr_size = i / 2 == 5 ? all.elfcorehdr_size : 0;
		in.report = i / 2 == 6;
		out = complete(&in);
		check_rest(out, i & 1);
		free(out);
		free(dtb);
	}
}

static void put_big(uint8_t *to, uint64_t number, uint32_t cells)
{
	for (uint32_t i = cells * 4; i--; number >>= 8)
		to[i] = (uint8_t)number;
}

/* A range at the limit of the cells, and beyond it, by address and by size. */
static void check_cells(struct purg_dtb *in, uint32_t address_cells, uint32_t size_cells)
{
	static const struct purg_range ranges[] = {
		{UINT32_MAX, 1}, {UINT64_C(1) << 32, 1}, {0, UINT32_MAX},          {0, UINT64_C(1) << 32},
		{UINT64_MAX, 1}, {1, UINT64_MAX},        {UINT32_MAX, UINT32_MAX},
	};
	uint8_t value[16];

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		for (int core = 0; core < 2; core++) {
			bool fits = (address_cells == 2 || ranges[i].start <= UINT32_MAX) &&
				    (size_cells == 2 || ranges[i].size <= UINT32_MAX);
			void *out;

			in->elfcorehdr = ranges[i].start;
			in->elfcorehdr_size = core ? ranges[i].size : 0;
			in->usable = &ranges[i];
			in->usable_count = !core;
			if (!fits) {
				fails(in, PURG_ERR_DTB_FIT);
				continue;
			}
			out = complete(in);
			put_big(value, ranges[i].start, address_cells);
			put_big(value + address_cells * 4, ranges[i].size, size_cells);
			has(out, "/chosen", core ? "linux,elfcorehdr" : "linux,usable-memory-range", value,
			    (int)(address_cells + size_cells) * 4);
			free(out);
		}
}

static void test_cells(void **state)
{
	(void)state;
	for (uint32_t address = 0; address <= 4; address++)
		for (uint32_t size = 0; size <= 4; size++) {
			struct tree tree = {address, size, "chosen", NULL, 0};
			size_t dtb_size;
			void *dtb = make(&tree, &dtb_size);
			struct purg_dtb in = {.dtb = dtb, .size = dtb_size};

			if (address > 2 || size > 2)
				fails(&in, PURG_ERR_DTB_CELLS);
			else
				check_cells(&in, address == MISSING ? 1 : address, size == MISSING ? 1 : size);
			free(dtb);
		}
}

static void test_cells_damaged(void **state)
{
	static const char *const names[] = {"#address-cells", "#size-cells"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		size_t size;
		void *dtb = make(&plain, &size), *larger = malloc(BIG);
		struct purg_dtb in = {.dtb = larger, .size = BIG};

		ok(fdt_open_into(dtb, larger, BIG));
		if (i < 2)
			ok(fdt_setprop_u64(larger, 0, names[i], 2));
		else
			ok(fdt_setprop_u32(larger, 0, names[i - 2], 0));
		fails(&in, i < 2 ? PURG_ERR_DTB_PROPERTY : PURG_ERR_DTB_CELLS);
		free(larger);
		free(dtb);
	}
}

static void test_ranges(void **state)
{
	static const struct purg_range bad[] = {{0x1000, 0}, {UINT64_MAX, 2}, {2, UINT64_MAX}};
	size_t size;
	void *dtb = make(&plain, &size), *out;
	struct purg_dtb in = {.dtb = dtb, .size = size};

	(void)state;
	in.usable_count = 2;
	for (int i = 0; i < 3; i++)
		for (int at = 0; at < 2; at++) {
			struct purg_range ranges[2] = {{0, 1}, {0, 1}};

			ranges[at] = bad[i];
			in.usable = ranges;
			fails(&in, i ? PURG_ERR_WRAP : PURG_ERR_ARGUMENT);
		}
	in = (struct purg_dtb){.dtb = dtb, .size = size, .elfcorehdr = UINT64_MAX, .elfcorehdr_size = 2};
	fails(&in, PURG_ERR_WRAP);
	/* linux,initrd-end is the byte behind it. */
	in = (struct purg_dtb){.dtb = dtb, .size = size, .initrd = UINT64_MAX, .initrd_size = 1};
	fails(&in, PURG_ERR_WRAP);
	in.initrd--;
	out = complete(&in);
	has_u64(out, "linux,initrd-end", UINT64_MAX);
	free(out);
	free(dtb);
}

/* OLD_INITRD lies from 0x48000000 to 0x48002345, and its last page ends at 0x48003000. */
static void test_reservations(void **state)
{
	static const struct purg_range dropped[] = {{0x50000000, 0x1000}, {0x60000001, 0x1fff}, {UINT64_MAX - 9, 10}};
	static const struct {
		struct purg_range range;
		bool kept;
	} cases[] = {
		{{0x40000000, 0x1000}, true},     {{OLD_INITRD, OLD_INITRD_SIZE}, false},
		{{OLD_INITRD, 0x3000}, false},    {{OLD_INITRD, 0x3001}, true},
		{{OLD_INITRD - 1, 2}, true},      {{OLD_INITRD + 0x2344, 1}, false},
		{{OLD_INITRD + 0x2345, 1}, true}, /* of the same page, but not the initrd's */
		{{0x50000000, 0x1000}, false},    {{0x50000000, 0x1001}, true},
		{{0x50000800, 0x10}, false},      {{0x4fffffff, 0x1000}, true},
		{{0x60000000, 0x2000}, true},     {{0x60000001, 0x1fff}, false},
		{{0x60000001, 0x2000}, true},     {{0x60001fff, 1}, false},
		{{0x60002000, 1}, true},          {{UINT64_MAX - 9, 10}, false},
		{{UINT64_MAX, 1}, false},         {{UINT64_MAX - 10, 10}, true},
		{{0, UINT64_MAX}, true},          {{0x50000000, UINT64_MAX}, true},
	};
	static const struct purg_range most = {
		0, UINT64_MAX}; /* all but the two that end behind it, and the one that wraps */
	struct purg_range reservation[sizeof(cases) / sizeof(cases[0])];
	struct tree tree = {2, 2, "chosen", reservation, sizeof(cases) / sizeof(cases[0])};
	struct purg_dtb in = {.dropped = dropped, .dropped_count = 3};
	uint64_t start, length;
	int at = 0;
	void *out;

	(void)state;
	for (size_t i = 0; i < tree.reservation_count; i++)
		reservation[i] = cases[i].range;
	in.dtb = make(&tree, &in.size);
	out = complete(&in);
	for (size_t i = 0; i < tree.reservation_count; i++) {
		if (!cases[i].kept)
			continue;
		ok(fdt_get_mem_rsv(out, at++, &start, &length));
		assert_int_equal(start, cases[i].range.start);
		assert_int_equal(length, cases[i].range.size);
	}
	assert_int_equal(fdt_num_mem_rsv(out), at);
	free(out);
	in.dropped = &most;
	in.dropped_count = 1;
	out = complete(&in);
	assert_int_equal(fdt_num_mem_rsv(out), 3);
	free(out);
	free((void *)in.dtb);
}

/* One property of /chosen, or two, and whether the reservation of 0x1000 bytes at 0x1000 goes. */
static void check_old(const char *name, const void *value, int size, const char *name2, const void *value2, int size2,
		      int64_t error, bool goes)
{
	static const struct purg_range reservation = {0x1000, 0x1000};
	struct tree tree = {2, 2, NULL, &reservation, 1};
	size_t dtb_size;
	void *dtb = make(&tree, &dtb_size), *larger = malloc(BIG), *out;
	struct purg_dtb in = {.dtb = larger, .size = BIG};
	int chosen;

	ok(fdt_open_into(dtb, larger, BIG));
	chosen = fdt_add_subnode(larger, 0, "chosen");
	ok(fdt_setprop(larger, chosen, name, value, size));
	if (name2)
		ok(fdt_setprop(larger, chosen, name2, value2, size2));
	if (error) {
		fails(&in, error);
	} else {
		out = complete(&in);
		has_not(out, name);
		assert_int_equal(fdt_num_mem_rsv(out), !goes);
		free(out);
	}
	free(larger);
	free(dtb);
}

static void test_old(void **state)
{
	static const uint8_t low[12] = {0, 0, 0, 0, 0, 0, 0x10, 0}, high[12] = {0, 0, 0, 0, 0, 0, 0x20, 0}, zero[8];
	static const uint8_t range[20] = {0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x10, 0};
	const char *start = "linux,initrd-start", *end = "linux,initrd-end", *ima = "linux,ima-kexec-buffer";

	(void)state;
	for (int size = 0; size <= 12; size++) {
		int64_t error = size == 4 || size == 8 ? 0 : PURG_ERR_DTB_PROPERTY;

		check_old(start, low + (size == 4 ? 4 : 0), size, end, high, 8, error, true);
		check_old(start, low, 8, end, high + (size == 4 ? 4 : 0), size, error, true);
		check_old(start, low, size, NULL, NULL, 0, 0, false);
		check_old(end, high, size, NULL, NULL, 0, 0, false);
	}
	check_old(start, low, 8, end, low, 8, 0, false);
	check_old(start, high, 8, end, low, 8, 0, false);
	check_old(start, low, 8, end, zero, 8, 0, false);
	for (int size = 0; size <= 20; size++)
		if (size != 16)
			check_old(ima, range, size, NULL, NULL, 0, PURG_ERR_DTB_PROPERTY, false);
	check_old(ima, range, 16, NULL, NULL, 0, 0, true);
}

/* A value that is too short in a tree whose last block is the structure: nothing is read behind it. */
static void test_old_at_the_end(void **state)
{
	struct tree tree = {2, 2, NULL, NULL, 0};
	size_t size;
	char *dtb = make(&tree, &size), *last = malloc(BIG), *fdt = calloc(1, BIG);
	struct purg_dtb in;
	uint32_t structure;

	(void)state;
	ok(fdt_open_into(dtb, fdt, BIG));
	while (fdt_first_subnode(fdt, 0) >= 0)
		ok(fdt_del_node(fdt, fdt_first_subnode(fdt, 0)));
	ok(fdt_setprop(fdt, fdt_add_subnode(fdt, 0, "chosen"), "linux,ima-kexec-buffer", NULL, 0));
	ok(fdt_pack(fdt));
	structure = (fdt_totalsize(fdt) + 3) & ~3u;
	memcpy(last, fdt, fdt_totalsize(fdt));
	memcpy(last + structure, fdt + fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt));
	fdt_set_off_dt_struct(last, structure);
	fdt_set_totalsize(last, structure + fdt_size_dt_struct(fdt));
	in = (struct purg_dtb){.dtb = exact(last, fdt_totalsize(last)), .size = fdt_totalsize(last)};
	fails(&in, PURG_ERR_DTB_PROPERTY);
	free((void *)in.dtb);
	free(fdt);
	free(last);
	free(dtb);
}

static void test_empty(void **state)
{
	static const uint8_t two[] = {0, 0, 0, 2};
	struct purg_dtb in = everything(NULL, 0);
	uint8_t value[16];
	int nodes = 0, depth = 0, node;
	void *out = complete(&in);

	(void)state;
	has(out, "/", "#address-cells", two, 4);
	has(out, "/", "#size-cells", two, 4);
	has_text(out, "/chosen", "bootargs", BOOTARGS);
	put_big(value, in.elfcorehdr, 2);
	put_big(value + 8, in.elfcorehdr_size, 2);
	has(out, "/chosen", "linux,elfcorehdr", value, 16);
	for (node = 0; node >= 0 && depth >= 0; node = fdt_next_node(out, node, &depth))
		nodes++;
	assert_int_equal(nodes, 2);
	assert_int_equal(fdt_num_mem_rsv(out), 0);
	free(out);
}

/* The first is the one that Linux reads. */
static void test_two_chosen(void **state)
{
	uint64_t *fdt = calloc(1, BIG);
	struct purg_dtb in = everything(fdt, BIG);
	void *out;
	int first, second;

	(void)state;
	ok(fdt_create(fdt, BIG));
	ok(fdt_finish_reservemap(fdt));
	begin(fdt, 2, 2);
	write_chosen(fdt, "chosen@1");
	write_chosen(fdt, "chosen");
	ok(fdt_end_node(fdt));
	ok(fdt_finish(fdt));
	out = complete(&in);
	first = fdt_first_subnode(out, 0);
	second = fdt_next_subnode(out, first);
	assert_string_equal(fdt_getprop(out, first, "bootargs", NULL), BOOTARGS);
	assert_string_equal(fdt_getprop(out, second, "bootargs", NULL), "old");
	free(out);
	free(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),     cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_each),           cmocka_unit_test(test_cells),
		cmocka_unit_test(test_cells_damaged),  cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_reservations),   cmocka_unit_test(test_old),
		cmocka_unit_test(test_old_at_the_end), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_two_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
