/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* loader/dtb_map.c: trees made with libfdt's sequential writer, in blocks of exactly their size. */
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
#define ROOM 16

static uint64_t fdt[BIG / 8];

static void ok(int result)
{
	assert_true(result >= 0);
}

static void put_big(uint8_t *to, uint64_t number, uint32_t cells)
{
	for (uint32_t i = cells * 4; i--; number >>= 8)
		to[i] = (uint8_t)number;
}

struct cells {
	uint32_t address, size; /* 0: missing */
};

static void put_cells(struct cells cells)
{
	if (cells.address)
		ok(fdt_property_u32(fdt, "#address-cells", cells.address));
	if (cells.size)
		ok(fdt_property_u32(fdt, "#size-cells", cells.size));
}

/* A property of ranges with these cells. */
static void put_ranges(const char *name, struct cells cells, const struct purg_range *range, uint32_t count)
{
	uint32_t step = (cells.address + cells.size) * 4;
	uint8_t value[256];

	for (uint32_t i = 0; i < count; i++) {
		put_big(value + i * step, range[i].start, cells.address);
		put_big(value + i * step + cells.address * 4, range[i].size, cells.size);
	}
	ok(fdt_property(fdt, name, value, (int)(count * step)));
}

static void begin(struct cells cells, const struct purg_range *reservation, uint32_t count)
{
	ok(fdt_create(fdt, BIG));
	for (uint32_t i = 0; i < count; i++)
		ok(fdt_add_reservemap_entry(fdt, reservation[i].start, reservation[i].size));
	ok(fdt_finish_reservemap(fdt));
	ok(fdt_begin_node(fdt, ""));
	put_cells(cells);
}

static void *end(size_t *size)
{
	void *copy;

	ok(fdt_end_node(fdt));
	ok(fdt_finish(fdt));
	*size = fdt_totalsize(fdt);
	copy = malloc(*size);
	memcpy(copy, fdt, *size);
	return copy;
}

static void node(const char *name, const char *type, const char *status)
{
	ok(fdt_begin_node(fdt, name));
	if (type)
		ok(fdt_property_string(fdt, "device_type", type));
	if (status)
		ok(fdt_property_string(fdt, "status", status));
}

/* One entry is there before, and stays. After an error there is no other. */
static void check(const struct purg_mem *expected, uint32_t count, uint32_t room, int64_t error)
{
	struct purg_mem *entry = malloc((room + 1) * sizeof(*entry));
	struct purg_map map = {.entry = entry, .count = 1, .room = room + 1};
	struct purg_mem first = {.start = 1, .size = 2, .type = PURG_MEM_NVS};
	size_t size;
	void *dtb = end(&size);

	entry[0] = first;
	assert_int_equal(purg_map_from_dtb(&map, dtb, size), error);
	assert_memory_equal(&entry[0], &first, sizeof(first));
	assert_int_equal(map.count, 1 + (error ? 0 : count));
	assert_int_equal(map.room, room + 1);
	for (uint32_t i = 0; i + 1 < map.count; i++) {
		assert_int_equal(entry[i + 1].start, expected[i].start);
		assert_int_equal(entry[i + 1].size, expected[i].size);
		assert_int_equal(entry[i + 1].type, expected[i].type);
	}
	free(dtb);
	free(entry);
}

static const struct cells two = {2, 2};
static const struct purg_range ram[] = {{0x40000000, 0x10000000}, {0, 0}, {0x880000000, 0x80000000}};

static void test_memory(void **state)
{
	static const struct purg_range usable = {0x50000000, 0x1000};
	static const struct purg_mem expected[] = {
		{0x40000000, 0x10000000, PURG_MEM_RAM, 0}, {0x880000000, 0x80000000, PURG_MEM_RAM, 0},
		{0x50000000, 0x1000, PURG_MEM_RAM, 0},     {0x40000000, 0x10000000, PURG_MEM_RAM, 0},
		{0x40000000, 0x10000000, PURG_MEM_RAM, 0},
	};
	static const struct {
		const char *type, *status;
	} others[] = {{NULL, NULL},      {"memory", "disabled"}, {"memory", ""},     {"memor", NULL},
		      {"memory1", NULL}, {"memory", "okayish"},  {"memory", "okey"}, {"cpu", "okay"}};

	(void)state;
	begin(two, NULL, 0);
	node("memory@40000000", "memory", NULL);
	put_ranges("reg", two, ram, 3);
	ok(fdt_begin_node(fdt, "memory@0"));
	ok(fdt_property_string(fdt, "device_type", "memory"));
	put_ranges("reg", two, ram, 1);
	ok(fdt_end_node(fdt));
	ok(fdt_end_node(fdt));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		node("other", others[i].type, others[i].status);
		put_ranges("reg", two, ram, 1);
		ok(fdt_end_node(fdt));
	}
	node("usable", "memory", NULL);
	put_ranges("reg", two, ram, 1);
	put_ranges("linux,usable-memory", two, &usable, 1);
	ok(fdt_end_node(fdt));
	node("none-usable", "memory", NULL);
	put_ranges("reg", two, ram, 1);
	put_ranges("linux,usable-memory", two, &usable, 0);
	ok(fdt_end_node(fdt));
	node("without-nul", NULL, NULL);
	ok(fdt_property(fdt, "device_type", "memory", 6));
	put_ranges("reg", two, ram, 1);
	ok(fdt_end_node(fdt));
	node("without-reg", "memory", NULL);
	ok(fdt_end_node(fdt));
	node("okay", "memory", "okay");
	put_ranges("reg", two, ram, 1);
	ok(fdt_end_node(fdt));
	node("ok", "memory", "ok");
	put_ranges("reg", two, ram, 1);
	ok(fdt_end_node(fdt));
	check(expected, 5, 5, 0);
}

static void test_reserved(void **state)
{
	static const struct purg_range reservation[] = {{0x1000, 0x20}, {UINT64_MAX, 1}};
	static const struct purg_range pools[] = {{0x70000000, 0x1000}, {0x71000000, 0x2000}};
	static const struct purg_mem expected[] = {
		{0x70000000, 0x1000, PURG_MEM_KEPT, 0}, {0x71000000, 0x2000, PURG_MEM_KEPT, 0},
		{0x70000000, 0x1000, PURG_MEM_KEPT, 0}, {0x1000, 0x20, PURG_MEM_KEPT, 0},
		{UINT64_MAX, 1, PURG_MEM_KEPT, 0},
	};

	(void)state;
	begin(two, reservation, 2);
	ok(fdt_begin_node(fdt, "reserved-memory"));
	put_cells(two);
	ok(fdt_property(fdt, "ranges", NULL, 0));
	node("fixed@70000000", NULL, NULL);
	put_ranges("reg", two, pools, 2);
	ok(fdt_end_node(fdt));
	node("no-map@70000000", NULL, "okay");
	ok(fdt_property(fdt, "no-map", NULL, 0));
	put_ranges("reg", two, pools, 1);
	ok(fdt_end_node(fdt));
	node("disabled@70000000", NULL, "disabled");
	put_ranges("reg", two, pools, 1);
	ok(fdt_end_node(fdt));
	node("dynamic", NULL, NULL);
	put_ranges("size", two, pools, 1);
	ok(fdt_end_node(fdt));
	ok(fdt_end_node(fdt));
	check(expected, 5, 5, 0);
}

/* The root's cells and those of /reserved-memory, which has the root's if it does not say. */
static void check_cells(struct cells root, struct cells child)
{
	static const struct purg_mem expected[] = {{0x40000000, 0x10000000, PURG_MEM_RAM, 0},
						   {0x40000000, 0x10000000, PURG_MEM_KEPT, 0}};
	struct cells memory = {root.address ? root.address : 1, root.size ? root.size : 1};
	struct cells reserved = {child.address ? child.address : memory.address, child.size ? child.size : memory.size};
	bool good = root.address <= 2 && root.size <= 2 && child.address <= 2 && child.size <= 2;

	begin(root, NULL, 0);
	node("memory", "memory", NULL);
	put_ranges("reg", memory, ram, 1);
	ok(fdt_end_node(fdt));
	ok(fdt_begin_node(fdt, "reserved-memory"));
	put_cells(child);
	node("child", NULL, NULL);
	put_ranges("reg", reserved, ram, 1);
	ok(fdt_end_node(fdt));
	ok(fdt_end_node(fdt));
	check(expected, 2, 2, good ? 0 : PURG_ERR_DTB_CELLS);
}

static void test_cells(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 256; i++)
		check_cells((struct cells){i & 3, i >> 2 & 3}, (struct cells){i >> 4 & 3, i >> 6});
}

static void put_memory(const char *property, int size)
{
	static const uint8_t zeros[64];

	node("memory", "memory", NULL);
	ok(fdt_property(fdt, property, zeros, size));
	ok(fdt_end_node(fdt));
}

static void test_sizes(void **state)
{
	(void)state;
	for (int size = 0; size <= 48; size++)
		for (int i = 0; i < 3; i++) {
			begin(two, NULL, 0);
			if (i < 2) {
				put_memory(i ? "reg" : "linux,usable-memory", size);
			} else {
				ok(fdt_begin_node(fdt, "reserved-memory"));
				put_memory("reg", size);
				ok(fdt_end_node(fdt));
			}
			/* Ranges of size zero are none. */
			check(NULL, 0, 2, size % 16 ? PURG_ERR_DTB_PROPERTY : 0);
		}
}

/* Two nodes, of which the first may be bad. */
static void put_two(const char *name, bool bad)
{
	node(name, "memory", NULL);
	put_ranges("reg", (struct cells){2, bad ? 1 : 2}, ram, 1);
	ok(fdt_end_node(fdt));
	node("good", "memory", NULL);
	put_ranges("reg", two, ram, 1);
	ok(fdt_end_node(fdt));
}

static void test_errors(void **state)
{
	static const struct purg_range wrapping[] = {{0x1000, 1}, {UINT64_MAX, 2}};
	static const struct purg_mem expected[] = {{0x40000000, 0x10000000, PURG_MEM_RAM, 0},
						   {0x880000000, 0x80000000, PURG_MEM_RAM, 0},
						   {0x1000, 1, PURG_MEM_KEPT, 0}};

	(void)state;
	for (uint32_t room = 0; room <= 3; room++) {
		begin(two, wrapping, 1);
		node("memory", "memory", NULL);
		put_ranges("reg", two, ram, 3);
		ok(fdt_end_node(fdt));
		check(expected, 3, room, room < 3 ? PURG_ERR_MAP_FULL : 0);
	}
	begin(two, NULL, 0);
	node("memory", "memory", NULL);
	put_ranges("reg", two, wrapping, 2);
	ok(fdt_end_node(fdt));
	check(NULL, 0, 3, PURG_ERR_MAP_RANGE);
	begin(two, wrapping, 2);
	check(NULL, 0, 3, PURG_ERR_MAP_RANGE);
	/* What comes after it does not hide it. */
	begin(two, wrapping + 1, 1);
	check(NULL, 0, 3, PURG_ERR_MAP_RANGE);
	for (int i = 0; i < 3; i++) {
		const struct purg_range reservation[] = {wrapping[i == 0], wrapping[0]};

		begin(two, reservation, 2);
		put_two("memory", i == 1);
		ok(fdt_begin_node(fdt, "reserved-memory"));
		put_two("child", i == 2);
		ok(fdt_end_node(fdt));
		check(NULL, 0, 8, i ? PURG_ERR_DTB_PROPERTY : PURG_ERR_MAP_RANGE);
	}
}

static void test_damaged(void **state)
{
	struct purg_mem entry[ROOM];
	struct purg_map map = {.entry = entry, .room = ROOM};
	uint8_t *dtb, *shifted;
	size_t size;

	(void)state;
	begin(two, ram, 1);
	node("memory", "memory", NULL);
	put_ranges("reg", two, ram, 3);
	ok(fdt_end_node(fdt));
	dtb = end(&size);
	for (size_t length = 0; length < size; length++) {
		uint8_t *cut = malloc(length + 1);

		memcpy(cut, dtb, length);
		assert_int_equal(purg_map_from_dtb(&map, cut, length), PURG_ERR_DTB_DAMAGED);
		free(cut);
	}
	shifted = malloc(size + 4);
	memcpy(shifted + 4, dtb, size);
	assert_int_equal(purg_map_from_dtb(&map, shifted + 4, size), PURG_ERR_ALIGN);
	assert_int_equal(map.count, 0);
	assert_int_equal(purg_map_from_dtb(&map, dtb, size), 0);
	assert_int_equal(map.count, 3);
	free(shifted);
	free(dtb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory), cmocka_unit_test(test_reserved), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_sizes),  cmocka_unit_test(test_errors),   cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
