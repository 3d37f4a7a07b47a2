/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Places, held against a model that tries every one in a small address space; and that the same memory gives the same
 * places, whichever way its map came.
 */
#include "maps.h"

#define UNITS 48

static uint64_t seed;

static uint32_t below(uint32_t limit)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(seed >> 33) % limit;
}

/* The address space is [base, base + UNITS); it may end with the last byte that there is. */
struct model {
	uint64_t base;
	bool free[UNITS];
};

/* Free units as ranges, in a block of exactly this room. */
static struct purg_space space_of(const struct model *model, uint32_t spare)
{
	struct purg_space space = {0};
	struct purg_range range[UNITS];

	for (int i = 0; i < UNITS; i++) {
		if (!model->free[i])
			continue;
		if (i && model->free[i - 1])
			range[space.count - 1].size++;
		else
			range[space.count++] = (struct purg_range){model->base + (uint64_t)i, 1};
	}
	space.room = space.count + spare;
	space.range = malloc((space.room ? space.room : 1) * sizeof(range[0]));
	memcpy(space.range, range, space.count * sizeof(range[0]));
	return space;
}

static void expect_space(const struct model *model, const struct purg_space *space)
{
	struct purg_space wanted = space_of(model, 0);

	assert_int_equal(space->count, wanted.count);
	assert_memory_equal(space->range, wanted.range, wanted.count * sizeof(wanted.range[0]));
	free(wanted.range);
}

static bool fits(const struct model *model, const struct purg_need *need, int unit)
{
	uint64_t start = model->base + (uint64_t)unit;

	if (need->size > (uint64_t)(UNITS - unit) || start < need->min || start % need->align)
		return false;
	if (start + need->size - 1 > need->max)
		return false;
	for (uint64_t i = 0; i < need->size; i++)
		if (!model->free[(uint64_t)unit + i])
			return false;
	return true;
}

/* The unit, or -1. */
static int find(const struct model *model, const struct purg_need *need)
{
	for (int i = 0; i < UNITS; i++) {
		int unit = need->top_down ? UNITS - 1 - i : i;

		if (fits(model, need, unit))
			return unit;
	}
	return -1;
}

static void take(struct model *model, int unit, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		model->free[(uint64_t)unit + i] = false;
}

static uint32_t ranges_after(struct model model, int unit, uint64_t size)
{
	struct purg_space space;

	take(&model, unit, size);
	space = space_of(&model, 0);
	free(space.range);
	return space.count;
}

static struct purg_need random_need(const struct model *model)
{
	struct purg_need need = {.size = 1 + below(below(4) ? 6 : UNITS), .align = UINT64_C(1) << below(5)};

	need.min = below(3) ? 0 : model->base + below(UNITS);
	need.max = below(3) ? UINT64_MAX : model->base + below(UNITS);
	if (need.min > need.max)
		need.max = need.min;
	need.top_down = below(2);
	return need;
}

static void place_until_full(uint64_t base)
{
	struct model model = {.base = base};
	struct purg_space space;
	uint32_t density = 1 + below(8);

	for (int i = 0; i < UNITS; i++)
		model.free[i] = below(density) || (i % 8 && model.free[i - 1]);
	space = space_of(&model, below(4));
	for (int i = 0; i < 30; i++) {
		struct purg_need need = random_need(&model);
		int unit = find(&model, &need), result;
		uint64_t start = 0x5a5a;

		result = purg_space_place(&space, &need, &start);
		if (unit < 0) {
			assert_int_equal(result, PURG_ERR_NO_HOLE);
		} else if (ranges_after(model, unit, need.size) > space.room) {
			assert_int_equal(result, PURG_ERR_ROOM);
		} else {
			assert_int_equal(result, 0);
			assert_int_equal(start, base + (uint64_t)unit);
			take(&model, unit, need.size);
		}
		assert_true(result == 0 || start == 0x5a5a);
		expect_space(&model, &space);
	}
	free(space.range);
}

static void test_places(void **state)
{
	(void)state;
	seed = 1;
	for (int i = 0; i < 20000; i++) {
		place_until_full(0);
		place_until_full(0x100000000 - UNITS / 2 + below(16));
		place_until_full(-(uint64_t)UNITS);
	}
}

static void take_at_random(uint64_t base)
{
	struct model model = {.base = base};
	struct purg_space space;

	for (int i = 0; i < UNITS; i++)
		model.free[i] = below(6);
	space = space_of(&model, below(3));
	for (int i = 0; i < 30; i++) {
		int unit = (int)below(UNITS);
		uint64_t size = 1 + below(1 + below(8));
		struct purg_need need = {size, 1, base + (uint64_t)unit, UINT64_MAX, false};
		int result = purg_space_take(&space, base + (uint64_t)unit, size);

		if (base + (uint64_t)unit + (size - 1) < base)
			assert_int_equal(result, PURG_ERR_WRAP);
		else if (!fits(&model, &need, unit))
			assert_int_equal(result, PURG_ERR_NOT_FREE);
		else if (ranges_after(model, unit, size) > space.room)
			assert_int_equal(result, PURG_ERR_ROOM);
		else
			take(&model, unit, size);
		expect_space(&model, &space);
	}
	free(space.range);
}

static void test_takes(void **state)
{
	(void)state;
	seed = 2;
	for (int i = 0; i < 20000; i++) {
		take_at_random(0x1000);
		take_at_random(-(uint64_t)UNITS);
	}
}

static void test_bad_needs(void **state)
{
	struct purg_range range[2] = {{0x1000, 0x1000}, {0x3000, 0x1000}};
	struct purg_space space = {range, 2, 2};
	struct purg_need need = {0x1000, 0x1000, 0, UINT64_MAX, false}, bad;
	uint64_t start = 7;

	(void)state;
	bad = need;
	bad.size = 0;
	assert_int_equal(purg_space_place(&space, &bad, &start), PURG_ERR_ARGUMENT);
	bad = need;
	bad.min = 0x2000;
	bad.max = 0x1fff;
	assert_int_equal(purg_space_place(&space, &bad, &start), PURG_ERR_ARGUMENT);
	space.room = 1;
	assert_int_equal(purg_space_place(&space, &need, &start), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_space_take(&space, 0x1000, 1), PURG_ERR_ARGUMENT);
	space.room = 2;
	bad = need;
	for (bad.align = 0; bad.align < 8; bad.align += 3)
		assert_int_equal(purg_space_place(&space, &bad, &start), PURG_ERR_ALIGN);
	bad.align = UINT64_C(1) << 63;
	assert_int_equal(purg_space_place(&space, &bad, &start), PURG_ERR_NO_HOLE);
	bad = need;
	bad.size = UINT64_MAX;
	assert_int_equal(purg_space_place(&space, &bad, &start), PURG_ERR_NO_HOLE);
	bad.top_down = true;
	assert_int_equal(purg_space_place(&space, &bad, &start), PURG_ERR_NO_HOLE);
	assert_int_equal(purg_space_take(&space, 0x1000, 0), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_space_take(&space, 0, 0), PURG_ERR_ARGUMENT);
	assert_int_equal(purg_space_take(&space, 0x1000, -0xfff), PURG_ERR_WRAP);
	assert_int_equal(purg_space_take(&space, 0x1000, 0x3000), PURG_ERR_NOT_FREE);
	assert_int_equal(start, 7);
	assert_int_equal(space.count, 2);
	/* Nothing is where a range has no bytes. */
	range[0] = (struct purg_range){0, 0};
	assert_int_equal(purg_space_place(&space, &need, &start), 0);
	assert_int_equal(start, 0x3000);
}

/* ---- One map, four ways ---- */

struct ways {
	char text[8192];
	struct e820_entry table[40];
	struct efi_descriptor efi[80];
	uint32_t e820_count, efi_count;
};

static void add_range(struct ways *ways, struct purg_map *memmap, uint64_t start, uint64_t size, int kind)
{
	static const struct {
		const char *name;
		uint32_t e820, efi[4];
	} kinds[] = {
		{"System RAM", 1, {7, 4, 1, 2}},      {"Reserved", 2, {0, 5, 6, 11}},
		{"ACPI Tables", 3, {9, 9, 9, 9}},     {"ACPI Non-volatile Storage", 4, {10, 10, 10, 10}},
		{"Unusable memory", 5, {8, 8, 8, 8}}, {"Persistent Memory", 7, {14, 14, 14, 14}},
	};
	char first[32], last[32];
	uint64_t cut = below(2) ? 0 : 0x1000 * below((uint32_t)(size >> 12));

	sprintf(first, "0x%lx\n", start);
	sprintf(last, "0x%lx\n", start + size - 1);
	assert_int_equal(purg_map_from_memmap(memmap, first, last, kinds[kind].name), 0);
	sprintf(ways->text + strlen(ways->text), "%08lx-%08lx : %s\n", start, start + size - 1, kinds[kind].name);
	if (kind == 0)
		sprintf(ways->text + strlen(ways->text), "  %08lx-%08lx : Kernel code\n", start, start + size / 2);
	else
		sprintf(ways->text + strlen(ways->text), "  %08lx-%08lx : device\n", start, start);
	ways->table[ways->e820_count++] = (struct e820_entry){start, size, kinds[kind].e820};
	/* Firmware has more and smaller descriptors. */
	if (cut)
		ways->efi[ways->efi_count++] =
			(struct efi_descriptor){kinds[kind].efi[below(4)], 0, start, 0, cut >> 12, 0xf};
	ways->efi[ways->efi_count++] =
		(struct efi_descriptor){kinds[kind].efi[below(4)], 0, start + cut, 0, (size - cut) >> 12, 0xf};
}

#define WAYS 4
static void make_maps(struct purg_map map[WAYS])
{
	struct ways *ways = calloc(1, sizeof(*ways));
	uint64_t start = below(2) ? 0 : 0x40000000;

	for (int i = 0; i < 30; i++) {
		uint64_t size = 0x1000 * (1 + (uint64_t)below(below(2) ? 16 : 0x20000));

		add_range(ways, &map[1], start, size, i == 0 || below(2) ? 0 : (int)below(6));
		start += size + (below(2) ? 0 : 0x1000 * (uint64_t)below(0x10000));
	}
	for (uint32_t i = ways->efi_count; i-- > 1;) {
		uint32_t j = below(i + 1);
		struct efi_descriptor swapped = ways->efi[i];

		ways->efi[i] = ways->efi[j];
		ways->efi[j] = swapped;
	}
	assert_int_equal(purg_map_from_iomem(&map[0], ways->text, strlen(ways->text)), 0);
	assert_int_equal(purg_map_from_e820(&map[2], ways->table, ways->e820_count), 0);
	assert_int_equal(
		purg_map_from_efi(&map[3], ways->efi, ways->efi_count * sizeof(ways->efi[0]), sizeof(ways->efi[0]), 1),
		0);
	free(ways);
}

static void compare_maps(struct purg_map map[WAYS])
{
	struct purg_range range[WAYS][ROOM], dump[WAYS][ROOM];
	struct purg_mem told[WAYS][ROOM];
	struct purg_space space[WAYS];
	int64_t dumps[WAYS], tolds[WAYS];

	for (int i = 0; i < WAYS; i++) {
		int64_t count = purg_map_usable(&map[i], PURG_FOR_NEXT, range[i], ROOM);

		assert_true(count > 0);
		space[i] = (struct purg_space){range[i], (uint32_t)count, ROOM};
		dumps[i] = purg_map_dump(&map[i], dump[i], ROOM);
		tolds[i] = purg_map_tell(&map[i], PURG_FOR_NEXT, told[i], ROOM);
		assert_int_equal(dumps[i], dumps[0]);
		assert_int_equal(tolds[i], tolds[0]);
		assert_memory_equal(dump[i], dump[0], (size_t)dumps[0] * sizeof(dump[0][0]));
		assert_memory_equal(told[i], told[0], (size_t)tolds[0] * sizeof(told[0][0]));
	}
	for (int i = 0; i < 16; i++) {
		struct purg_need need = {0x1000 * (1 + (uint64_t)below(0x4000)), 0x1000ull << below(10), below(2) << 20,
					 below(4) ? UINT64_MAX : 0xffffffff, below(2)};
		uint64_t start[WAYS] = {0};
		int result[WAYS];

		for (int way = 0; way < WAYS; way++) {
			result[way] = purg_space_place(&space[way], &need, &start[way]);
			assert_int_equal(result[way], result[0]);
			assert_int_equal(start[way], start[0]);
			assert_int_equal(space[way].count, space[0].count);
			assert_memory_equal(range[way], range[0], space[0].count * sizeof(range[0][0]));
		}
	}
}

static void test_same_answers(void **state)
{
	struct purg_mem entry[WAYS][ROOM];

	(void)state;
	seed = 3;
	for (int i = 0; i < 2000; i++) {
		struct purg_map map[WAYS];

		for (int way = 0; way < WAYS; way++)
			map[way] = (struct purg_map){entry[way], 0, ROOM};
		make_maps(map);
		compare_maps(map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_takes),
		cmocka_unit_test(test_bad_needs),
		cmocka_unit_test(test_same_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
