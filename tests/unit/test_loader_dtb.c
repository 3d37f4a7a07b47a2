/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/dtb.c: trees are made with libfdt's sequential writer, and what comes out is read back with libfdt's reader;
 * tests/tools/test_loader.py has dtc for that. Every input and every room is a block of exactly its size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include <purgatory/loader.h>

#define BIG 65536
#define MISSING 0
#define OLD_INITRD 0x48000000
#define OLD_INITRD_SIZE 0x2345
#define BOOTARGS "console=ttyAMA0 root=/dev/vda"

static void ok(int result)
{
	assert_true(result >= 0);
}

static void *exact(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return copy;
}

static void begin(void *fdt, uint32_t address_cells, uint32_t size_cells)
{
	ok(fdt_begin_node(fdt, ""));
	if (address_cells != MISSING)
		ok(fdt_property_u32(fdt, "#address-cells", address_cells));
	if (size_cells != MISSING)
		ok(fdt_property_u32(fdt, "#size-cells", size_cells));
}

/* What the old kernel was told, and what else there may be. */
static void write_chosen(void *fdt, const char *name)
{
	uint8_t ranges[32] = {1, 2, 3};

	ok(fdt_begin_node(fdt, name));
	ok(fdt_property_string(fdt, "stdout-path", "/uart"));
	ok(fdt_property_string(fdt, "bootargs", "old"));
	ok(fdt_property_string(fdt, "boot", "begins as bootargs do"));
	ok(fdt_property_u64(fdt, "linux,initrd-start", OLD_INITRD));
	ok(fdt_property_u32(fdt, "linux,initrd-end", OLD_INITRD + OLD_INITRD_SIZE));
	ok(fdt_property_u64(fdt, "kaslr-seed", 0));
	ok(fdt_property_u64(fdt, "kaslr-seed", 1));
	ok(fdt_property(fdt, "rng-seed", ranges, 7));
	ok(fdt_property(fdt, "linux,usable-memory-range", ranges, 32));
	ok(fdt_property_u64(fdt, "linux,uefi-system-table", 0x13f000000));
	ok(fdt_property(fdt, "linux,elfcorehdr", ranges, 16));
	ok(fdt_property_u64(fdt, "linux,kho-fdt", 0));
	ok(fdt_property_u64(fdt, "linux,kho-scratch", 0));
	ok(fdt_begin_node(fdt, "module@0"));
	ok(fdt_property_string(fdt, "bootargs", "the module's own"));
	ok(fdt_end_node(fdt));
	ok(fdt_end_node(fdt));
}

struct tree {
	uint32_t address_cells, size_cells;
	const char *chosen; /* NULL: none */
	const struct purg_range *reservation;
	size_t reservation_count;
};

static void *make(const struct tree *tree, size_t *size)
{
	static uint64_t fdt[BIG / 8];

	ok(fdt_create(fdt, BIG));
	for (size_t i = 0; i < tree->reservation_count; i++)
		ok(fdt_add_reservemap_entry(fdt, tree->reservation[i].start, tree->reservation[i].size));
	ok(fdt_finish_reservemap(fdt));
	begin(fdt, tree->address_cells, tree->size_cells);
	ok(fdt_property_string(fdt, "model", "odd"));
	ok(fdt_begin_node(fdt, "memory@40000000"));
	ok(fdt_property_string(fdt, "not-bootargs", "its end is a name"));
	ok(fdt_end_node(fdt));
	if (tree->chosen)
		write_chosen(fdt, tree->chosen);
	ok(fdt_begin_node(fdt, "chosenx"));
	ok(fdt_property_string(fdt, "bootargs", "not these"));
	ok(fdt_end_node(fdt));
	ok(fdt_end_node(fdt));
	ok(fdt_finish(fdt));
	*size = fdt_totalsize(fdt);
	return exact(fdt, *size);
}

static const struct tree plain = {.address_cells = 2, .size_cells = 2};
static const struct tree used = {.address_cells = 2, .size_cells = 2, .chosen = "chosen"};
static const struct purg_range crash[] = {{0x880000000, 0x10000000}, {0x70000000, 0x8000000}};
static const uint8_t seed[] = "seventeen bytes.";

static struct purg_dtb everything(const void *dtb, size_t size)
{
	return (struct purg_dtb){
		.dtb = dtb,
		.size = size,
		.bootargs = BOOTARGS,
		.initrd = 0x123456789000,
		.initrd_size = 0x111,
		.kaslr_seed = 0x1122334455667788,
		.rng_seed = seed,
		.rng_seed_size = sizeof(seed),
		.usable_count = 2,
		.usable = crash,
		.elfcorehdr = 0x88ffff000,
		.elfcorehdr_size = 0x1000,
	};
}

static void fails(const struct purg_dtb *in, int64_t error)
{
	uint64_t out[8];
	uint8_t before[sizeof(out)];

	memset(out, 0xa5, sizeof(out));
	memcpy(before, out, sizeof(out));
	assert_int_equal(purg_dtb_size(in), error);
	assert_int_equal(purg_dtb_write(out, sizeof(out), in), error);
	assert_memory_equal(out, before, sizeof(out));
}

/* In room of exactly the size, as the specification wants it, and without a byte too many. */
static void *complete(const struct purg_dtb *in)
{
	int64_t size = purg_dtb_size(in);
	uint8_t *out;

	assert_true(size > 0);
	out = malloc((size_t)size);
	assert_int_equal(purg_dtb_write(out, (size_t)size, in), size);
	assert_int_equal(fdt_check_full(out, (size_t)size), 0);
	assert_int_equal(fdt_totalsize(out), size);
	assert_int_equal(fdt_version(out), 17);
	assert_int_equal(fdt_last_comp_version(out), 16);
	assert_int_equal(fdt_off_dt_struct(out) % 4, 0);
	assert_int_equal(fdt_off_mem_rsvmap(out), 40);
	assert_int_equal(fdt_off_dt_strings(out), fdt_off_dt_struct(out) + fdt_size_dt_struct(out));
	assert_int_equal(fdt_off_dt_strings(out) + fdt_size_dt_strings(out), size);
	return out;
}

static void has(const void *fdt, const char *path, const char *name, const void *value, int size)
{
	int found, node = fdt_path_offset(fdt, path), offset, count = 0;
	const void *data = fdt_getprop(fdt, node, name, &found);
	const char *other;

	assert_non_null(data);
	assert_int_equal(found, size);
	assert_memory_equal(data, value, (size_t)size);
	fdt_for_each_property_offset(offset, fdt, node)
	{
		assert_non_null(fdt_getprop_by_offset(fdt, offset, &other, NULL));
		count += !strcmp(name, other);
	}
	assert_int_equal(count, 1);
}

static void has_text(const void *fdt, const char *path, const char *name, const char *text)
{
	has(fdt, path, name, text, (int)strlen(text) + 1);
}

static void has_u64(const void *fdt, const char *name, uint64_t value)
{
	fdt64_t big = cpu_to_fdt64(value);

	has(fdt, "/chosen", name, &big, sizeof(big));
}

static void has_not(const void *fdt, const char *name)
{
	int size;

	assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &size));
	assert_int_equal(size, -FDT_ERR_NOTFOUND);
}

static void check_rest(const void *out, bool chosen)
{
	has_text(out, "/", "model", "odd");
	has_text(out, "/memory@40000000", "not-bootargs", "its end is a name");
	has_text(out, "/chosenx", "bootargs", "not these");
	has_not(out, "linux,kho-fdt");
	has_not(out, "linux,kho-scratch");
	if (!chosen)
		return;
	has_text(out, "/chosen", "stdout-path", "/uart");
	has_text(out, "/chosen", "boot", "begins as bootargs do");
	has_text(out, "/chosen/module@0", "bootargs", "the module's own");
	has_u64(out, "linux,uefi-system-table", 0x13f000000);
}

static void test_everything(void **state)
{
	static const char *const names[] = {NULL, "chosen", "chosen@0"};
	static const uint8_t usable[] = {0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0,
					 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 8,    0, 0, 0};
	static const uint8_t core[] = {0, 0, 0, 8, 0x8f, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0};

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
					   "rng-seed",           "linux,usable-memory-range", "linux,elfcorehdr"};
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
	for (unsigned int i = 0; i < 12; i++) {
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

/* A property's value takes a multiple of 4, so another one's name makes up for the rest of the limit. */
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
		cmocka_unit_test(test_everything),    cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_each),          cmocka_unit_test(test_cells),
		cmocka_unit_test(test_cells_damaged), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_reservations),  cmocka_unit_test(test_old),
		cmocka_unit_test(test_every_length),  cmocka_unit_test(test_every_room),
		cmocka_unit_test(test_alignment),     cmocka_unit_test(test_forms),
		cmocka_unit_test(test_blocks),        cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_limit),         cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_long_names),    cmocka_unit_test(test_empty),
		cmocka_unit_test(test_two_chosen),    cmocka_unit_test(test_lengths_that_wrap),
		cmocka_unit_test(test_names_outside), cmocka_unit_test(test_old_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
