/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the tests of loader/dtb.c share: trees, all that can be said of one, and what is then in it. */
#ifndef DTB_MADE_H
#define DTB_MADE_H

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

static inline void ok(int result)
{
	assert_true(result >= 0);
}

static inline void *exact(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return copy;
}

static inline void begin(void *fdt, uint32_t address_cells, uint32_t size_cells)
{
	ok(fdt_begin_node(fdt, ""));
	if (address_cells != MISSING)
		ok(fdt_property_u32(fdt, "#address-cells", address_cells));
	if (size_cells != MISSING)
		ok(fdt_property_u32(fdt, "#size-cells", size_cells));
}

/* What the old kernel was told, and what else there may be. */
static inline void write_chosen(void *fdt, const char *name)
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
	ok(fdt_property(fdt, "purgatory,report", ranges, 32));
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

static inline void *make(const struct tree *tree, size_t *size)
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

static inline struct purg_dtb everything(const void *dtb, size_t size)
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
		.report = 1,
	};
}

static inline void fails(const struct purg_dtb *in, int64_t error)
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
static inline void *complete(const struct purg_dtb *in)
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

static inline void has(const void *fdt, const char *path, const char *name, const void *value, int size)
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

static inline void has_text(const void *fdt, const char *path, const char *name, const char *text)
{
	has(fdt, path, name, text, (int)strlen(text) + 1);
}

static inline void has_u64(const void *fdt, const char *name, uint64_t value)
{
	fdt64_t big = cpu_to_fdt64(value);

	has(fdt, "/chosen", name, &big, sizeof(big));
}

static inline void has_not(const void *fdt, const char *name)
{
	int size;

	assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &size));
	assert_int_equal(size, -FDT_ERR_NOTFOUND);
}

static inline void check_rest(const void *out, bool chosen)
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

#endif
