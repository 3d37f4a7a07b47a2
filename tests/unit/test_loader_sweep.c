/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The answers to random maps, however their entries overlap, held against a model that keeps a set of types for each
 * unit of a small address space; and the binary forms of maps.
 */
#include "maps.h"

#define UNITS 64

static uint64_t seed;

static uint32_t below(uint32_t limit)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(seed >> 33) % limit;
}

/* ---- The model ---- */

static const uint32_t kinds[] = {
	1,  1,          1,          1,          2,          3,          4,          5, 7,
	12, 0xefffffff, 0x80000001, 0x80000002, 0x80000002, 0x80000003, 0x80000004, 9 /* not known */};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct unit {
	bool has[KINDS], begins[KINDS];
};

static bool has(const struct unit *unit, uint32_t kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (unit->has[i] && kinds[i] == kind)
			return true;
	return false;
}

static bool begins(const struct unit *unit, uint32_t kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (unit->begins[i] && kinds[i] == kind)
			return true;
	return false;
}

static uint32_t firmware(const struct unit *unit)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < KINDS; i++) {
		uint32_t kind = kinds[i] == 9 ? 2 : kinds[i];

		if (unit->has[i] && (kind < 0x80000000 || kind == 0xefffffff) && kind > highest)
			highest = kind;
	}
	return highest;
}

static uint32_t expected(enum question question, const struct unit *unit)
{
	bool ram = firmware(unit) == 1, kept = has(unit, PURG_MEM_KEPT), crash = has(unit, PURG_MEM_CRASH);
	bool driver = has(unit, PURG_MEM_DRIVER);

	switch (question) {
	case USABLE:
		return ram && !kept && !crash && !driver;
	case USABLE_FOR_CRASH:
		return ram && crash && !kept && !driver;
	case DUMP:
		return (ram || driver) && !crash;
	default:
		if (!ram)
			return firmware(unit);
		return kept ? PURG_MEM_RESERVED : question == TELL || crash;
	}
}

/* The runs that the model has, as ranges; the same in both forms. */
static int64_t model(enum question question, const struct unit *units, uint64_t base, uint64_t unit_size,
		     struct purg_mem *out)
{
	int64_t count = 0;
	uint32_t last = 0;
	bool ram = false;

	for (int i = 0; i < UNITS; i++) {
		uint32_t type = expected(question, &units[i]);
		bool kept_apart = (type == 12 || type == 0xefffffff) && begins(&units[i], type);

		ram |= type == 1;
		if (type && type == last && !kept_apart)
			out[count - 1].size += unit_size;
		else if (type)
			out[count++] = (struct purg_mem){base + (uint64_t)i * unit_size, unit_size, type, 0};
		last = type;
	}
	return ram ? count : PURG_ERR_MAP_EMPTY;
}

static int64_t ask(enum question question, struct purg_map *map, struct purg_mem *out, uint32_t room)
{
	struct purg_range ranges[UNITS];
	int64_t count;

	memset(ranges, 0, sizeof(ranges));
	if (question == TELL)
		return purg_map_tell(map, PURG_FOR_NEXT, out, room);
	if (question == TELL_CRASH)
		return purg_map_tell(map, PURG_FOR_CRASH, out, room);
	if (question == DUMP)
		count = purg_map_dump(map, ranges, room);
	else
		count = purg_map_usable(map, question == USABLE ? PURG_FOR_NEXT : PURG_FOR_CRASH, ranges, room);
	for (int64_t i = 0; i < count; i++)
		out[i] = (struct purg_mem){ranges[i].start, ranges[i].size, 1, 0};
	return count;
}

static void check_random_map(uint64_t base, uint64_t unit_size)
{
	struct purg_mem *entry, out[UNITS], answer[UNITS];
	struct unit units[UNITS] = {0};
	struct purg_map map = {.count = below(24)};

	entry = malloc((map.count + 1) * sizeof(*entry));
	map.entry = entry;
	map.room = map.count;
	for (uint32_t i = 0; i < map.count; i++) {
		uint32_t start = below(UNITS), size = 1 + below(UNITS - start), kind = below(KINDS);

		if (below(2))
			size = 1 + below(size < 6 ? size : 6);
		if (size == UNITS && unit_size * UNITS == 0)
			size--;
		entry[i] = (struct purg_mem){base + start * unit_size, size * unit_size, kinds[kind], 0};
		units[start].begins[kind] = true;
		for (uint32_t j = start; j < start + size; j++)
			units[j].has[kind] = true;
	}
	for (enum question question = USABLE; question <= TELL_CRASH; question++) {
		int64_t count = model(question, units, base, unit_size, answer);

		memset(out, 0x5a, sizeof(out));
		assert_int_equal(ask(question, &map, out, UNITS), count);
		if (count > 0)
			assert_memory_equal(out, answer, (size_t)count * sizeof(out[0]));
	}
	free(entry);
}

static void test_random_maps(void **state)
{
	(void)state;
	seed = 1;
	for (int i = 0; i < 10000; i++) {
		check_random_map(0x40000000, 0x1000);
		check_random_map(0, 1);
		check_random_map(-(uint64_t)UNITS, 1); /* up to the last byte */
	}
}

/* Units of 2^58 fill the address space; what would be all of it comes in two pieces. */
static void test_whole_address_space(void **state)
{
	struct purg_mem entry[] = {{UINT64_C(1) << 63, UINT64_C(1) << 63, 1, 0}, {0, UINT64_C(1) << 63, 1, 0}};
	struct purg_map map = {entry, 2, 2};
	struct purg_range range[2];
	struct purg_mem told[2];

	(void)state;
	assert_int_equal(purg_map_usable(&map, PURG_FOR_NEXT, range, 2), 2);
	assert_int_equal(range[0].start, 0);
	assert_int_equal(range[0].size, UINT64_C(1) << 63);
	assert_int_equal(range[1].start, UINT64_C(1) << 63);
	assert_int_equal(range[1].size, UINT64_C(1) << 63);
	assert_int_equal(purg_map_tell(&map, PURG_FOR_NEXT, told, 2), 2);
	entry[0] = (struct purg_mem){1, UINT64_MAX, 1, 0};
	entry[1] = (struct purg_mem){0, 2, 1, 0};
	assert_int_equal(purg_map_dump(&map, range, 2), 2);
	assert_int_equal(range[0].size + range[1].size, 0);
	assert_true(range[0].size != 0);
}

/* Worst order, all over each other, each type: what is quadratic does not come to an end here. */
static void test_many_entries(void **state)
{
	uint32_t count = 400000;
	struct purg_mem *entry = malloc(count * sizeof(*entry)), *told = malloc(2 * count * sizeof(*told));
	struct purg_map map = {entry, count, count};
	int64_t got;

	(void)state;
	seed = 2;
	for (uint32_t i = 0; i < count; i++)
		entry[i] = (struct purg_mem){UINT64_C(0x1000) * (count - i), UINT64_C(0x2000) * (i + 1),
					     kinds[below(KINDS)], 0};
	entry[count - 1].type = PURG_MEM_RAM; /* it starts first, and reaches over all */
	got = purg_map_tell(&map, PURG_FOR_NEXT, told, 2 * count);
	assert_true(got > 0);
	for (uint32_t i = 1; i < count; i++)
		assert_true(entry[i - 1].start <= entry[i].start);
	for (int64_t i = 1; i < got; i++)
		assert_true(told[i - 1].start + told[i - 1].size <= told[i].start);
	free(entry);
	free(told);
}

static void test_bad_maps(void **state)
{
	struct purg_mem entry[2] = {{0x1000, 0x1000, 1, 0}, {0x3000, 0x1000, 1, 0}}, told[2];
	struct purg_map map = {entry, 2, 2};
	struct purg_range range[2] = {{1, 1}, {1, 1}};

	(void)state;
	assert_int_equal(purg_map_usable(&map, 2, range, 2), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_map_usable(&map, -1, range, 2), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_map_tell(&map, 2, told, 2), PURG_ERR_ARGUMENT);
	map.room = 1;
	assert_int_equal(purg_map_usable(&map, 0, range, 2), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_map_dump(&map, range, 2), PURG_ERR_ARGUMENT);
	map.room = 2;
	assert_int_equal(purg_map_usable(&map, PURG_FOR_NEXT, range, 1), PURG_ERR_MAP_FULL);
	assert_int_equal(purg_map_usable(&map, PURG_FOR_CRASH, range, 2), PURG_ERR_MAP_EMPTY);
	entry[1].size = 0;
	assert_int_equal(purg_map_usable(&map, 0, range, 2), PURG_ERR_MAP_RANGE);
	assert_int_equal(purg_map_tell(&map, 0, told, 2), PURG_ERR_MAP_RANGE);
	entry[1].start = 0;
	assert_int_equal(purg_map_dump(&map, range, 2), PURG_ERR_MAP_RANGE);
	entry[1].start = 0x3000;
	entry[1].size = -entry[1].start;
	assert_int_equal(purg_map_dump(&map, range, 2), 2);
	range[0].size = 1;
	entry[1].size++;
	assert_int_equal(purg_map_dump(&map, range, 2), PURG_ERR_MAP_RANGE);
	map.count = 0;
	assert_int_equal(purg_map_usable(&map, 0, range, 2), PURG_ERR_MAP_EMPTY);
	assert_int_equal(purg_map_dump(&map, range, 2), PURG_ERR_MAP_EMPTY);
	assert_int_equal(purg_map_tell(&map, 0, told, 2), PURG_ERR_MAP_EMPTY);
	assert_int_equal(range[0].size, 1);
}

static void test_add(void **state)
{
	struct purg_mem entry[2] = {0};
	struct purg_map map = {entry, 0, 1};

	(void)state;
	assert_int_equal(purg_map_add(&map, 0x1000, 0, PURG_MEM_RAM), PURG_ERR_MAP_RANGE);
	assert_int_equal(purg_map_add(&map, 0, 0, PURG_MEM_RAM), PURG_ERR_MAP_RANGE);
	assert_int_equal(purg_map_add(&map, 0x1000, -0xfff, PURG_MEM_RAM), PURG_ERR_MAP_RANGE);
	assert_int_equal(purg_map_add(&map, 0x1000, 1, 0), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_map_add(&map, 0x1000, 1, 6), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_map_add(&map, 0x1000, 1, 0x80000005), PURG_ERR_ARGUMENT);
	assert_int_equal(map.count, 0);
	assert_int_equal(purg_map_add(&map, 0x1000, -0x1000, PURG_MEM_DRIVER), 0);
	assert_int_equal(map.count, 1);
	assert_int_equal(purg_map_add(&map, 0x1000, 1, PURG_MEM_RAM), PURG_ERR_MAP_FULL);
	assert_int_equal(map.count, 1);
	assert_int_equal(entry[0].size, -0x1000);
	assert_int_equal(entry[1].size, 0);
}

static int from_e820(struct purg_map *map, const struct e820_entry *table, uint32_t entries)
{
	void *copy = exact(table, entries * sizeof(*table));
	int result = purg_map_from_e820(map, copy, entries);

	free_exact(copy, entries * sizeof(*table));
	return result;
}

static void test_e820(void **state)
{
	static const uint32_t in[] = {0, 1,  2,   3,          4,          5,          6,         7,
				      8, 12, 128, 0x80000001, 0x80000003, 0xefffffff, 0xffffffff};
	static const uint32_t out[] = {2, 1, 2, 3, 4, 5, 2, 7, 2, 12, 2, 2, 2, 0xefffffff, 2};
	struct e820_entry table[16];
	struct purg_mem entry[16];
	struct purg_map map = {entry, 0, 15};

	(void)state;
	for (uint32_t i = 0; i < 15; i++)
		table[i] = (struct e820_entry){0x1000 * i, 0x800, in[i]};
	table[15] = (struct e820_entry){0x1000, 0, 1}; /* empty: left out */
	assert_int_equal(sizeof(table[0]), 20);
	assert_int_equal(from_e820(&map, table, 16), 0);
	assert_int_equal(map.count, 15);
	for (uint32_t i = 0; i < 15; i++) {
		assert_int_equal(entry[i].type, out[i]);
		assert_int_equal(entry[i].start, 0x1000 * i);
		assert_int_equal(entry[i].size, 0x800);
	}
	assert_int_equal(from_e820(&map, table, 1), PURG_ERR_MAP_FULL);
	map.count = 1;
	table[2].size = -table[2].start + 1;
	assert_int_equal(from_e820(&map, table, 3), PURG_ERR_MAP_RANGE);
	assert_int_equal(map.count, 1);
	assert_int_equal(from_e820(&map, table, 0), 0);
}

static int from_efi(struct purg_map *map, const void *descriptors, size_t size, uint32_t one, uint32_t version)
{
	void *copy = exact(descriptors, size);
	int result = purg_map_from_efi(map, copy, size, one, version);

	free_exact(copy, size);
	return result;
}

static void test_efi_types(void **state)
{
	static const uint32_t types[] = {2, 1, 1, 1, 1, 2, 2, 1, 5, 3, 4, 2, 2, 2, 7, 2, 2};
	struct purg_mem entry[2] = {0};
	struct purg_map map = {entry, 0, 1};

	(void)state;
	for (uint32_t type = 0; type < 18; type++) {
		struct efi_descriptor d = {type == 17 ? 0x80000001 : type, 0, 0x1000, 0, 2, 0xf};
		uint32_t plain = type == 17 ? 2 : types[type];

		map.count = 0;
		assert_int_equal(from_efi(&map, &d, sizeof(d), sizeof(d), 1), 0);
		assert_int_equal(map.count, 1);
		assert_int_equal(entry[0].type, plain);
		assert_int_equal(entry[0].start, 0x1000);
		assert_int_equal(entry[0].size, 0x2000);
		map.count = 0;
		d.attributes = 0x4000f;
		assert_int_equal(from_efi(&map, &d, sizeof(d), sizeof(d), 1), 0);
		assert_int_equal(entry[0].type, plain == 1 ? 0xefffffff : plain);
		map.count = 0;
		d.attributes = 0x7;
		assert_int_equal(from_efi(&map, &d, sizeof(d), sizeof(d), 1), 0);
		assert_int_equal(entry[0].type, plain == 1 ? 2 : plain);
		map.count = 0;
		d.attributes = 0x800000000000000f;
		assert_int_equal(from_efi(&map, &d, sizeof(d), sizeof(d), 1), 0);
		assert_int_equal(entry[0].type, plain == 1 ? 2 : plain);
	}
}

static void test_efi_errors(void **state)
{
	struct efi_descriptor d = {7, 0, 0x1000, 0, 1, 0xf};
	struct purg_mem entry[4] = {{7, 7, 1, 0}};
	struct purg_map map = {entry, 1, 4};
	uint8_t stride[3 * 49];

	(void)state;
	assert_int_equal(from_efi(&map, &d, 40, 40, 0), PURG_ERR_MAP_EFI);
	assert_int_equal(from_efi(&map, &d, 40, 40, 2), PURG_ERR_MAP_EFI);
	assert_int_equal(from_efi(&map, &d, 40, 0, 1), PURG_ERR_MAP_EFI);
	assert_int_equal(from_efi(&map, &d, 39, 39, 1), PURG_ERR_MAP_EFI);
	for (size_t size = 1; size < 40; size++)
		assert_int_equal(from_efi(&map, &d, size, 40, 1), PURG_ERR_MAP_EFI);
	assert_int_equal(from_efi(&map, &d, 0, 40, 1), 0);
	/* Empty ones are left out; sizes wrap at 2^64, in pages and in bytes. */
	d.pages = 0;
	assert_int_equal(from_efi(&map, &d, 40, 40, 1), 0);
	d.pages = UINT64_C(1) << 52;
	assert_int_equal(from_efi(&map, &d, 40, 40, 1), PURG_ERR_MAP_RANGE);
	d.pages = (UINT64_C(1) << 52) + 1;
	assert_int_equal(from_efi(&map, &d, 40, 40, 1), PURG_ERR_MAP_RANGE);
	d.pages = UINT64_C(1) << 51;
	d.start = (UINT64_C(1) << 63) + 1;
	assert_int_equal(from_efi(&map, &d, 40, 40, 1), PURG_ERR_MAP_RANGE);
	assert_int_equal(map.count, 1);
	d.start--;
	assert_int_equal(from_efi(&map, &d, 40, 40, 1), 0);
	assert_int_equal(map.count, 2);
	/* Larger descriptors, at any alignment; all or none. */
	memset(stride, 0xff, sizeof(stride));
	for (int i = 0; i < 3; i++)
		memcpy(stride + 49 * i, &(struct efi_descriptor){7, 0, 0x1000 * i, 0, 1, 8}, 40);
	assert_int_equal(from_efi(&map, stride, sizeof(stride), 49, 1), PURG_ERR_MAP_FULL);
	assert_int_equal(map.count, 2);
	assert_int_equal(from_efi(&map, stride, 2 * 49, 49, 1), 0);
	assert_int_equal(map.count, 4);
	assert_int_equal(entry[3].start, 0x1000);
	assert_int_equal(entry[0].start, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_maps),  cmocka_unit_test(test_whole_address_space),
		cmocka_unit_test(test_many_entries), cmocka_unit_test(test_bad_maps),
		cmocka_unit_test(test_add),          cmocka_unit_test(test_e820),
		cmocka_unit_test(test_efi_types),    cmocka_unit_test(test_efi_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
