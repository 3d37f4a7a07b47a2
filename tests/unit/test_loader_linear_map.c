/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/linear_map.c: what the purgatory is told of the running kernel's page tables. What is right is written out;
 * which ranges are kept is asked of qsort. test_loader_vmcoreinfo.c has the reader of vmcoreinfo.
 */
#include "old_kernel.h"

static void check_map(const struct purg_linear_map *map, uint32_t flags, uint32_t levels, uint64_t root, uint64_t va)
{
	struct purg_linear_map expected = {
		.flags = flags,
		.levels = levels,
		.root = root,
		.va = va,
		.pa = va ? region.start : 0,
		.range_count = COUNT(memory),
		.region = region.start,
		.region_size = region.size,
	};

	memcpy(expected.range, memory, sizeof(memory));
	assert_memory_equal(map, &expected, sizeof(expected));
}

static void test_x86_64(void **state)
{
	struct purg_old_kernel old = x86_64();
	struct purg_params params;

	(void)state;
	assert_int_equal(fill_text(&params, old, X86_TEXT), 0);
	check_map(&params.linear_map, 0, 4, X86_ROOT, X86_LINEAR + region.start);
	/* What vmcoreinfo says goes before. */
	old.levels = 5;
	old.root = 0x5000;
	assert_int_equal(fill_text(&params, old, X86_TEXT), 0);
	check_map(&params.linear_map, 0, 4, X86_ROOT, X86_LINEAR + region.start);
}

/* Without vmcoreinfo it is what the caller knows; 0xff... is an address of five levels only. */
static void test_x86_64_by_caller(void **state)
{
	struct purg_old_kernel old = x86_64();
	struct purg_params params;

	(void)state;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_LEVELS);
	old.levels = 5;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_ROOT);
	old.root = 0x100000;
	old.linear_map = 0xff38fe9b80000000;
	assert_int_equal(fill_text(&params, old, "OSRELEASE=4.18\n"), 0);
	check_map(&params.linear_map, 0, 5, 0x100000, 0xff38fe9b80000000 + region.start);
	old.levels = 4;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_ADDRESS);
	old.levels = 6;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_LEVELS);
}

static void test_arm64(void **state)
{
	struct purg_old_kernel old = arm64();
	struct purg_params params;

	(void)state;
	assert_int_equal(fill_text(&params, old, ""), 0);
	check_map(&params.linear_map, PURG_LINEAR_MAP_LIVE, 0, 0, ARM64_LINEAR + region.start);
	assert_int_equal(fill_text(&params, old, ARM64_TEXT), 0);
	old.linear_map = 0;
	assert_int_equal(fill_text(&params, old, ARM64_TEXT), 0);
	check_map(&params.linear_map, PURG_LINEAR_MAP_LIVE, 0, 0, ARM64_LINEAR + region.start);
	old.linear_map = ARM64_LINEAR + 0x10000;
	assert_int_equal(fill_text(&params, old, ARM64_TEXT), PURG_ERR_OLD_ADDRESS);
	/* A kernel for 52 bits on a CPU for 48 has its memory begin so far below 0. */
	old.linear_map = 0;
	assert_int_equal(fill_text(&params, old,
				   "NUMBER(VA_BITS)=52\nNUMBER(PHYS_OFFSET)=0xfff1000040000000\n"
				   "NUMBER(TCR_EL1_T1SZ)=0x10\n"),
			 0);
	check_map(&params.linear_map, PURG_LINEAR_MAP_LIVE, 0, 0, ARM64_LINEAR + region.start);
}

/* The top table is a page, in memory that was declared. */
static void test_root(void **state)
{
	static const struct {
		uint64_t root;
		int error;
	} roots[] = {
		{0x1000, 0},
		{0x9e000, 0},
		{0x3ffdf000, 0},
		{0x9f000, PURG_ERR_OLD_ROOT},
		{0x1800, PURG_ERR_OLD_ROOT},
		{0, PURG_ERR_OLD_ROOT},
		{0x2f000000, PURG_ERR_OLD_ROOT},
		{0x3ffe0000, PURG_ERR_OLD_ROOT},
		{-0x1000, PURG_ERR_OLD_ROOT},
	};
	struct purg_old_kernel old = x86_64();
	struct purg_params params;

	(void)state;
	old.levels = 4;
	for (size_t i = 0; i < COUNT(roots); i++) {
		old.root = roots[i].root;
		if (fill_text(&params, old, "") != roots[i].error)
			fail_msg("0x%llx", (unsigned long long)old.root);
	}
}

/* Where the linear map may have the region: its first byte in the kernel's half, its last below the kernel's map. */
static void test_addresses(void **state)
{
	static const struct {
		uint16_t arch;
		uint32_t levels;
		uint64_t va;
		int error;
	} cases[] = {
		{PURG_ARCH_X86_64, 4, 0xffff800000000000, 0},
		{PURG_ARCH_X86_64, 4, 0xffff7fffffffffff, PURG_ERR_OLD_ADDRESS},
		{PURG_ARCH_X86_64, 5, 0xff00000000000000, 0},
		{PURG_ARCH_X86_64, 5, 0xfeffffffffffffff, PURG_ERR_OLD_ADDRESS},
		{PURG_ARCH_X86_64, 4, 0xffffffff70000000, 0},
		{PURG_ARCH_X86_64, 4, 0xffffffff70000001, PURG_ERR_OLD_ADDRESS},
		{PURG_ARCH_X86_64, 4, 0xfffffffff8000000, PURG_ERR_OLD_ADDRESS},
		{PURG_ARCH_X86_64, 4, 0x1000, PURG_ERR_OLD_ADDRESS},
		{PURG_ARCH_ARM64, 0, 0xfff0000000000000, 0},
		{PURG_ARCH_ARM64, 0, 0xffefffffffffffff, PURG_ERR_OLD_ADDRESS},
		{PURG_ARCH_ARM64, 0, 0xfffffffff0000000, 0},
		{PURG_ARCH_ARM64, 0, 0xfffffffff0000001, PURG_ERR_OLD_ADDRESS},
	};
	struct purg_params params;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct purg_old_kernel old = x86_64();

		old.arch = cases[i].arch;
		old.levels = cases[i].levels;
		old.root = 0x1000;
		old.linear_map = cases[i].va - region.start;
		if (fill_text(&params, old, "") != cases[i].error)
			fail_msg("0x%llx", (unsigned long long)cases[i].va);
		if (!cases[i].error)
			assert_int_equal(params.linear_map.va, cases[i].va);
	}
}

static void test_memory(void **state)
{
	static const struct {
		struct purg_range memory, region;
		int error;
	} cases[] = {
		{{MIB, MIB}, {3 * MIB, MIB}, 0},
		{{MIB, MIB}, {2 * MIB, MIB}, 0},
		{{MIB, MIB}, {0x1000, MIB - 0x1000}, 0},
		{{MIB, MIB}, {2 * MIB - 1, MIB}, PURG_ERR_OLD_REGION},
		{{MIB, MIB}, {0x1000, MIB - 0xfff}, PURG_ERR_OLD_REGION},
		{{MIB, MIB}, {3 * MIB, 0}, PURG_ERR_OLD_REGION},
		{{MIB, MIB}, {(1ULL << 52) - MIB, MIB + 1}, PURG_ERR_OLD_REGION},
		{{MIB, MIB}, {-0x1000ULL, 0x2000}, PURG_ERR_OLD_REGION},
		{{MIB, 0}, {3 * MIB, MIB}, PURG_ERR_OLD_MEMORY},
		{{MIB, (1ULL << 52)}, {0x1000, 0x1000}, PURG_ERR_OLD_MEMORY},
		{{-0x1000ULL, 0x2000}, {3 * MIB, MIB}, PURG_ERR_OLD_MEMORY},
	};
	struct purg_old_kernel old = arm64();
	struct purg_params params;

	(void)state;
	old.memory_count = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		old.memory = &cases[i].memory;
		old.region = cases[i].region;
		if (fill_text(&params, old, "") != cases[i].error)
			fail_msg("case %zu", i);
	}
	old = arm64();
	old.memory_count = 0;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_MEMORY);
	old = arm64();
	old.arch = 40;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_ARGUMENT);
}

/* Without an address all is searched, if 7/8 of the default budget are entries enough for all pages. */
static void test_search(void **state)
{
	struct purg_range two[] = {{GIB, GIB}, {4ULL * GIB, GIB}};
	struct purg_old_kernel old = arm64();
	struct purg_params params;
	uint64_t left = PURG_DEFAULT_BUDGET / 8 * 7ULL * 4096 - 2ULL * GIB;

	(void)state;
	old.linear_map = 0;
	assert_int_equal(fill_text(&params, old, ""), 0);
	check_map(&params.linear_map, PURG_LINEAR_MAP_LIVE | PURG_LINEAR_MAP_SEARCH, 0, 0, 0);
	old.memory = two;
	old.memory_count = 2;
	old.region = (struct purg_range){16ULL * GIB, left};
	assert_int_equal(fill_text(&params, old, ""), 0);
	old.region.size++;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_SEARCH);
	old.region.size--;
	two[1].size++;
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_SEARCH);
	two[1].size = 1ULL << 50;
	old.region = (struct purg_range){0x1000, 0x1000};
	assert_int_equal(fill_text(&params, old, ""), PURG_ERR_OLD_SEARCH);
	/* A look-up may have any memory. */
	old.linear_map = ARM64_LINEAR;
	assert_int_equal(fill_text(&params, old, ""), 0);
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = ((const struct purg_range *)a)->size, right = ((const struct purg_range *)b)->size;

	return left < right ? 1 : left > right ? -1 : 0;
}

static bool holds(const struct purg_linear_map *map, const struct purg_range *range)
{
	for (uint32_t i = 0; i < map->range_count; i++)
		if (map->range[i].start == range->start)
			return map->range[i].size == range->size;
	return false;
}

/* Of this many ranges of sizes that differ, the root in one of them: the largest are taken, in their order, and it. */
static void check_ranges(uint32_t count, uint32_t root, uint32_t seed)
{
	struct purg_range *ranges = calloc(count, sizeof(*ranges)), *sorted = calloc(count, sizeof(*sorted));
	struct purg_old_kernel old = x86_64();
	uint32_t kept = count < PURG_MAX_RANGES ? count : PURG_MAX_RANGES;
	struct purg_params params;
	bool root_is_large = false;

	for (uint32_t i = 0; i < count; i++) /* 1009 is prime, and so the sizes differ */
		ranges[i] = (struct purg_range){GIB + i * 16ULL * MIB, 0x1000 * (1 + i * seed % 1009ULL)};
	memcpy(sorted, ranges, count * sizeof(*ranges));
	qsort(sorted, count, sizeof(*sorted), by_size);
	for (uint32_t i = 0; i < kept; i++)
		root_is_large |= sorted[i].start == ranges[root].start;
	old.levels = 4;
	old.root = ranges[root].start;
	old.memory = ranges;
	old.memory_count = count;
	assert_int_equal(fill_text(&params, old, ""), 0);
	assert_int_equal(params.linear_map.range_count, kept);
	assert_true(holds(&params.linear_map, &ranges[root]));
	for (uint32_t i = 0; i < kept - !root_is_large; i++)
		assert_true(holds(&params.linear_map, &sorted[i]));
	for (uint32_t i = 1; i < kept; i++)
		assert_true(params.linear_map.range[i - 1].start < params.linear_map.range[i].start);
	for (uint32_t i = kept; i < PURG_MAX_RANGES; i++)
		assert_true(!params.linear_map.range[i].start && !params.linear_map.range[i].size);
	free(ranges);
	free(sorted);
}

static void test_ranges(void **state)
{
	static const uint32_t counts[] = {1, 31, 32, 33, 34, 64, 200};

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++)
		for (uint32_t root = 0; root < counts[i]; root++)
			for (uint32_t seed = 1; seed < 1009; seed += 101)
				check_ranges(counts[i], root, seed);
}

/* arm64: the root is not in the block, but its range is kept, since vmcoreinfo says where it is. */
static void test_arm64_range_of_root(void **state)
{
	struct purg_range ranges[PURG_MAX_RANGES + 1];
	struct purg_old_kernel old = arm64();
	struct purg_params params;

	(void)state;
	for (uint32_t i = 0; i < COUNT(ranges); i++)
		ranges[i] = (struct purg_range){(i + 1ULL) * GIB, i ? MIB : 0x1000};
	old.memory = ranges;
	old.memory_count = COUNT(ranges);
	assert_int_equal(fill_text(&params, old, ""), 0);
	assert_false(holds(&params.linear_map, &ranges[0]));
	assert_int_equal(fill_text(&params, old,
				   "SYMBOL(swapper_pg_dir)=ffffa8cf3a58f000\n"
				   "NUMBER(kimage_voffset)=0xffffa8cefa58f000\n"),
			 0);
	assert_true(holds(&params.linear_map, &ranges[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64),
		cmocka_unit_test(test_x86_64_by_caller),
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_arm64_range_of_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
