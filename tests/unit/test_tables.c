/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* arm64's translation tables, built on the host from random parameter blocks and looked up page by page. */
#include <stdlib.h>

#include "fake.h"
#include "../../arch/arm64/mmu.h"
#include "../../arch/arm64/tables.h"

#define PAGE 0x1000ull
#define TYPE_MASK 3
#define READ_ONLY (1ull << 7)
#define ADDRESS 0x0000fffffffff000ull
#define DEVICE (MAIR_DEVICE_NGNRE << 2)
#define NORMAL (MAIR_NORMAL_WB << 2 | 3 << 8)
#define ACCESSED (1 << 10)

/* Bits that nothing else uses, so that each is seen where it belongs. */
#define ALL (1ull << 55)
#define TEXT (1ull << 56)
#define NO_TEXT (1ull << 57)

static const struct tables_regime regime = {.all = ALL, .text = TEXT, .no_text = NO_TEXT};
static struct purg_params block;

/* The host's caches need nothing done. */
void mmu_sync_memory(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}

/* Nor is there a TLB. */
void mmu_forget(void)
{
}

void mmu_publish(void)
{
}

static uint64_t rnd(uint64_t below)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % below;
}

/* The attributes of the leaf that maps the address to itself; zero if none does. */
static uint64_t look_up(const struct tables *tables, uint64_t address)
{
	const uint64_t *table = (const uint64_t *)(uintptr_t)tables->root;
	int shift = (int)tables->bits - 9;

	if (address >> tables->bits)
		return 0;
	for (;; shift -= 9) {
		uint64_t entry = table[address >> shift & 511];
		uint64_t size = 1ull << shift;

		if (!entry)
			return 0;
		if (shift == 12 || (entry & TYPE_MASK) == 1) {
			assert_int_equal(entry & TYPE_MASK, shift == 12 ? 3 : 1);
			assert_true(shift <= 30);
			assert_int_equal(entry & ADDRESS, address & -size);
			return entry & ~ADDRESS & ~(uint64_t)TYPE_MASK;
		}
		assert_int_equal(entry & TYPE_MASK, 3);
		assert_int_equal(entry & ~ADDRESS, 3);
		table = (const uint64_t *)(uintptr_t)(entry & ADDRESS);
	}
}

static bool on_page(uint64_t page, uint64_t start, uint64_t size)
{
	return size && page >= (start & -PAGE) && page < start + size;
}

/* The same from the block: what comes later counts. */
static uint64_t expected(uint64_t page)
{
	uint64_t result = 0, data = NORMAL | ACCESSED | ALL | NO_TEXT;

	for (uint32_t i = 0; i < block.segment_count; i++)
		if (on_page(page, block.segment[i].start, block.segment[i].size))
			result = data | READ_ONLY;
	for (uint32_t i = 0; i < block.copy_count; i++)
		if (on_page(page, block.copy[i].src, block.copy[i].size))
			result = data | READ_ONLY;
	for (uint32_t i = 0; i < block.copy_count; i++)
		if (on_page(page, block.copy[i].dst, block.copy[i].size))
			result = data;
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		if (block.console[i].kind && on_page(page, block.console[i].base, PURG_CONSOLE_SPAN))
			result = DEVICE | ACCESSED | ALL | NO_TEXT;
	return result;
}

/* Pages at and around each end of a range, and somewhere within. */
static void compare(const struct tables *tables, uint64_t start, uint64_t size)
{
	const uint64_t places[] = {start - PAGE,
				   start,
				   start + PAGE,
				   start + size - PAGE,
				   start + size - 1,
				   start + size,
				   start + size + PAGE,
				   start + rnd(size + 1),
				   (start + 0x1fffff) & -0x200000ull,
				   (start + size) & -0x200000ull};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_int_equal(look_up(tables, places[i] & -PAGE), expected(places[i] & -PAGE));
}

static void compare_all(const struct tables *tables)
{
	for (uint32_t i = 0; i < block.segment_count; i++)
		compare(tables, block.segment[i].start, block.segment[i].size);
	for (uint32_t i = 0; i < block.copy_count; i++) {
		compare(tables, block.copy[i].src, block.copy[i].size);
		compare(tables, block.copy[i].dst, block.copy[i].size);
	}
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		if (block.console[i].kind)
			compare(tables, block.console[i].base, PURG_CONSOLE_SPAN);
}

/* Somewhere in a few GiB that begin at 4 TiB, mostly at odd places, of any order of magnitude. */
static uint64_t some_place(void)
{
	uint64_t place = (4ull << 40) + rnd(3ull << 30);

	return rnd(4) ? place : place & -0x200000ull;
}

static uint64_t some_size(void)
{
	uint64_t size = rnd(1ull << (5 + rnd(26)));

	return rnd(4) ? size : size & -0x200000ull;
}

static void random_blocks(void **state)
{
	struct tables tables;
	int built = 0, exhausted = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		memset(&block, 0, sizeof(block));
		block.segment_count = (uint32_t)rnd(6);
		for (uint32_t i = 0; i < block.segment_count; i++)
			block.segment[i] = (struct purg_segment){.start = some_place(), .size = some_size()};
		block.copy_count = (uint32_t)rnd(4);
		for (uint32_t i = 0; i < block.copy_count; i++)
			block.copy[i] = (struct purg_copy){some_place(), some_place(), some_size(), 0, 0};
		if (rnd(2))
			block.console[0] = (struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x9000000};
		tables_build(&block, &regime, &tables);
		if (tables.problem) {
			assert_string_equal(tables.problem, "too many pieces for the page tables");
			exhausted++;
			continue;
		}
		compare_all(&tables);
		built++;
	}
	assert_true(built > 1000);
	assert_true(exhausted > 10);
}

static void image(void **state)
{
	struct tables tables;
	uint64_t self = (uintptr_t)&purg_header;

	(void)state;
	memset(&block, 0, sizeof(block));
	tables_build(&block, &regime, &tables);
	assert_null(tables.problem);
	assert_int_equal(look_up(&tables, self - PAGE), 0);
	assert_int_equal(look_up(&tables, self), NORMAL | ACCESSED | ALL | TEXT | READ_ONLY);
	assert_int_equal(look_up(&tables, self + purg_header.ro_size), NORMAL | ACCESSED | ALL | NO_TEXT);
	assert_int_equal(look_up(&tables, self + purg_header.mem_size), 0);
}

/* A table of level 0 in the end, all of it. */
static void up_to_48_bits(void **state)
{
	struct tables tables;

	(void)state;
	memset(&block, 0, sizeof(block));
	block.segment_count = 1;
	block.segment[0] = (struct purg_segment){.start = (1ull << 48) - 0x1001, .size = 0x1001};
	tables_build(&block, &regime, &tables);
	assert_null(tables.problem);
	compare_all(&tables);
	/* 512 GiB, which could be one entry of level 0; but no block is that large. */
	block.segment[0] = (struct purg_segment){.start = 1ull << 39, .size = 1ull << 39};
	tables_build(&block, &regime, &tables);
	assert_null(tables.problem);
	compare_all(&tables);
	block.segment[0] = (struct purg_segment){.start = (1ull << 48) - 0x1001, .size = 0x1002};
	tables_build(&block, &regime, &tables);
	assert_string_equal(tables.problem, "memory beyond 48 bits of address");
	block.segment[0] = (struct purg_segment){.start = 1ull << 50, .size = 1};
	tables_build(&block, &regime, &tables);
	assert_string_equal(tables.problem, "memory beyond 48 bits of address");
}

/* 1 GiB in one entry, then a page of it made writable. */
static void blocks_are_split(void **state)
{
	struct tables tables;

	(void)state;
	memset(&block, 0, sizeof(block));
	block.segment_count = 1;
	block.segment[0] = (struct purg_segment){.start = 5ull << 30, .size = 3ull << 30};
	block.copy_count = 1;
	block.copy[0] = (struct purg_copy){.dst = (6ull << 30) + 0x12345678, .src = 5ull << 30, .size = 10};
	tables_build(&block, &regime, &tables);
	assert_null(tables.problem);
	for (uint64_t page = (5ull << 30) - PAGE; page <= 8ull << 30; page += PAGE)
		assert_int_equal(look_up(&tables, page), expected(page));
}

static void consoles(void **state)
{
	struct tables tables;

	(void)state;
	memset(&block, 0, sizeof(block));
	block.console[0] = (struct purg_console){.kind = PURG_CONSOLE_8250, .base = 0x9000fc0};
	block.console[1] = (struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x9000000};
	block.segment_count = 1;
	block.segment[0] = (struct purg_segment){.start = 0x9002000, .size = 1};
	tables_build(&block, &regime, &tables);
	assert_null(tables.problem);
	compare_all(&tables);
	block.segment[0].start = 0x9001fff;
	tables_build(&block, &regime, &tables);
	assert_string_equal(tables.problem, "a console in the same page as other memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_blocks),    cmocka_unit_test(image),    cmocka_unit_test(up_to_48_bits),
		cmocka_unit_test(blocks_are_split), cmocka_unit_test(consoles),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
