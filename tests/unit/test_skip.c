/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The corridor under PURG_VERIFY_UNLESS_UNMAPPED, on the fake architecture with x86_64's tables in the host's memory:
 * what is skipped, what is verified, and the lines that say so. The walk by itself has tests of its own.
 */
#include <stdio.h>

#include <walk.h>

#include "fake.h"

/* So that every address of a program is in the upper half: the linear map begins there. */
#define LINEAR 0xffff800000000000ull
#define PRESENT 1
#define WRITABLE 3
#define TABLES 32

/* What is loaded lies on pages of its own. */
static struct {
	_Alignas(FAKE_PAGE) uint8_t kernel[3 * FAKE_PAGE];
	_Alignas(FAKE_PAGE) uint8_t initrd[2 * FAKE_PAGE];
} region;
static _Alignas(FAKE_PAGE) uint8_t outside[FAKE_PAGE];

static _Alignas(FAKE_PAGE) uint64_t tables[TABLES][512];
static unsigned int used;

/* The last entry on the way to an address of the linear map. */
static uint64_t *entry_of(const void *address)
{
	uint64_t va = LINEAR + (uintptr_t)address;
	uint64_t *entry = &tables[0][va >> 39 & 511];

	for (int shift = 30; shift >= 12; shift -= 9) {
		if (!*entry) {
			assert_true(used < TABLES);
			*entry = (uintptr_t)tables[used++] | WRITABLE;
		}
		entry = (uint64_t *)(uintptr_t)(*entry & -(uint64_t)FAKE_PAGE) + (va >> shift & 511);
	}
	return entry;
}

static void map(const void *address, uint64_t flags)
{
	*entry_of(address) = ((uintptr_t)address & -(uint64_t)FAKE_PAGE) | flags;
}

static void add_segment(const char *name, const void *start, size_t size)
{
	struct purg_segment *segment = &purg_params.segment[purg_params.segment_count++];

	segment->start = (uintptr_t)start;
	segment->size = size;
	memcpy(segment->name, name, strlen(name));
	sha256(sha256_blocks_portable, start, size, segment->digest);
}

static int setup(void **state)
{
	struct purg_linear_map *linear_map = &purg_params.linear_map;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(tables, 0, sizeof(tables));
	memset(&region, 0x5a, sizeof(region));
	used = 1;
	fake_valid_block(&purg_params, region.kernel, sizeof(region.kernel) - 5);
	add_segment("initrd", region.initrd + 9, FAKE_PAGE);
	purg_params.verify = PURG_VERIFY_UNLESS_UNMAPPED;
	sha256(sha256_blocks_portable, &purg_header, purg_header.ro_size, purg_params.image_digest);
	linear_map->levels = 4;
	linear_map->root = (uintptr_t)tables;
	linear_map->va = LINEAR + 0x1000000;
	linear_map->pa = 0x1000000;
	linear_map->region = (uintptr_t)&region;
	linear_map->region_size = sizeof(region);
	linear_map->range_count = 1;
	linear_map->range[0] = (struct purg_range){(uintptr_t)tables, sizeof(tables)};
	map(tables, WRITABLE);
	for (size_t i = 0; i < sizeof(region); i += FAKE_PAGE)
		map((uint8_t *)&region + i, PRESENT);
	return 0;
}

static void finish(void)
{
	memset(purg_params.block_digest, 0, PURG_DIGEST_SIZE);
	sha256(sha256_blocks_portable, &purg_params, sizeof(purg_params), purg_params.block_digest);
}

static void assert_said(const char *format, ...)
{
	char expected[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	assert_string_equal(fake.transcript, expected);
}

static void run(enum fake_end end)
{
	finish();
	fake_run();
	assert_int_equal(fake.end, end);
}

/* The line of the walk, with its address if there is one, and that everything was verified. */
static void assert_verified_all(const char *sentence, uint64_t address, const char *rest)
{
	char where[32] = "";

	if (address)
		snprintf(where, sizeof(where), "%s0x%llx", *sentence ? ": " : "", (unsigned long long)address);
	assert_said("purgatory: verifying: %s%s%s\r\n"
		    "purgatory: verified 2 segments, 16379 bytes, sha256: portable, %s; jumping to %p\r\n",
		    sentence, where, rest, fake.uncached ? "uncached: none" : "cached", region.kernel);
}

static void all_skipped(void **state)
{
	(void)state;
	region.kernel[7] ^= 1;
	run(FAKE_JUMPED);
	assert_said("purgatory: skipped: crashkernel not writable through the linear map (5 pages looked at)\r\n"
		    "purgatory: skipped 2 segments; jumping to %p\r\n",
		    region.kernel);
}

/* A page that the two do not share. */
static void one_is_writable(void **state)
{
	(void)state;
	map(region.kernel + 2 * FAKE_PAGE, WRITABLE);
	region.initrd[9] ^= 1;
	run(FAKE_JUMPED);
	assert_said("purgatory: verifying: %p is mapped writable\r\n"
		    "purgatory: verified 1 segment, 12283 bytes, sha256: portable, cached; skipped 1 segment; jumping "
		    "to %p\r\n",
		    region.kernel + 2 * FAKE_PAGE, region.kernel);
	region.kernel[0] ^= 1;
	run(FAKE_HALTED);
	assert_int_equal(fake.code, PURG_E_DIGEST);
	assert_non_null(strstr(fake.transcript, "purgatory: refused: segment 0 (payload): the digest does not match"));
}

/* The last byte's page counts as the first one's. */
static void its_last_byte(void **state)
{
	(void)state;
	map(region.initrd + FAKE_PAGE, WRITABLE);
	run(FAKE_JUMPED);
	assert_non_null(strstr(fake.transcript, "; skipped 1 segment; jumping"));
	map(region.initrd + FAKE_PAGE, PRESENT);
	region.initrd[FAKE_PAGE + 8] ^= 1;
	run(FAKE_JUMPED);
	assert_non_null(strstr(fake.transcript, "skipped 2 segments"));
}

static void outside_the_region(void **state)
{
	(void)state;
	add_segment("outside", outside, sizeof(outside));
	run(FAKE_JUMPED);
	assert_non_null(strstr(fake.transcript, "verified 1 segment, 4096 bytes, "));
	assert_non_null(strstr(fake.transcript, "; skipped 2 segments; jumping"));
	outside[0] ^= 1;
	run(FAKE_HALTED);
	assert_non_null(strstr(fake.transcript, "segment 2 (outside): the digest does not match"));
	outside[0] ^= 1;
}

/* The concatenation's segments are skipped together or not at all. */
static void concatenation(void **state)
{
	struct sha256 ctx;

	(void)state;
	sha256_init(&ctx, sha256_blocks_portable);
	for (int i = 0; i < 2; i++) {
		struct purg_segment *segment = &purg_params.segment[i];

		segment->kind = PURG_DIGEST_CONCAT;
		memset(segment->digest, 0, PURG_DIGEST_SIZE);
		sha256_update(&ctx, (const void *)(uintptr_t)segment->start, segment->size);
	}
	sha256_out(&ctx, purg_params.digest);
	run(FAKE_JUMPED);
	assert_non_null(strstr(fake.transcript, "purgatory: skipped 2 segments; jumping"));
	map(region.initrd, WRITABLE);
	run(FAKE_JUMPED);
	assert_verified_all("", (uintptr_t)region.initrd, " is mapped writable");
	region.kernel[0] ^= 1;
	run(FAKE_HALTED);
	assert_int_equal(fake.code, PURG_E_CONCAT);
}

static void search(void **state)
{
	(void)state;
	purg_params.linear_map.flags = PURG_LINEAR_MAP_SEARCH;
	purg_params.linear_map.va = purg_params.linear_map.pa = 0;
	run(FAKE_JUMPED);
	assert_said("purgatory: skipped: crashkernel not writable through the old kernel's tables (6 pages looked "
		    "at)\r\npurgatory: skipped 2 segments; jumping to %p\r\n",
		    region.kernel);
	/* A zeroed entry of the linear map is no proof in a search either. */
	*entry_of(region.initrd) = 0;
	run(FAKE_JUMPED);
	assert_verified_all("not unmapped on purpose", (uintptr_t)tables, "");
	map(region.initrd, PRESENT);
	/* An alias, far from the linear map. */
	*entry_of((void *)0x123456789000) = (uintptr_t)(region.initrd + FAKE_PAGE) | WRITABLE;
	run(FAKE_JUMPED);
	assert_non_null(strstr(fake.transcript, " is mapped writable"));
	assert_non_null(strstr(fake.transcript, "; skipped 1 segment; jumping"));
}

/* In doubt everything is verified: how the doubt comes about, what the line says of it, and the address in it. */
#define DOUBTS(test, change, sentence, address)                               \
	static void test(void **state)                                        \
	{                                                                     \
		struct purg_linear_map *linear_map = &purg_params.linear_map; \
                                                                              \
		(void)state;                                                  \
		(void)linear_map;                                             \
		change;                                                       \
		finish();                                                     \
		run(FAKE_JUMPED);                                             \
		assert_verified_all(sentence, address, "");                   \
		region.initrd[9] ^= 1;                                        \
		run(FAKE_HALTED);                                             \
		assert_int_equal(fake.code, PURG_E_DIGEST);                   \
	}

DOUBTS(image_without_digest, memset(purg_params.image_digest, 0, PURG_DIGEST_SIZE),
       "no digest of the block or of the image", 0)
DOUBTS(no_region, linear_map->region_size = 0, "no segment in the crash kernel's region", linear_map->region)
DOUBTS(region_elsewhere, linear_map->region = 0x1000, "no segment in the crash kernel's region", 0x1000)
DOUBTS(region_wraps, (linear_map->region = -4096ull, linear_map->region_size = -1ull),
       "no segment in the crash kernel's region", -4096ull)
DOUBTS(no_ranges, linear_map->range_count = 0, "the ranges are not memory", 0)
DOUBTS(too_many_ranges, linear_map->range_count = 33, "the ranges are not memory", 33)
DOUBTS(all_ranges, linear_map->range_count = -1u, "the ranges are not memory", -1u)
DOUBTS(empty_range, linear_map->range_count = 2, "the ranges are not memory", 0)
DOUBTS(range_too_high, (linear_map->range_count = 2, linear_map->range[1] = (struct purg_range){1ull << 48, 4096}),
       "the ranges are not memory", 1ull << 48)
DOUBTS(range_wraps, (linear_map->range_count = 2, linear_map->range[1] = (struct purg_range){4096, -4096ull}),
       "the ranges are not memory", 4096)
DOUBTS(range_of_a_console,
       (linear_map->range_count = 2, linear_map->range[1] = (struct purg_range){FAKE_UART - 4096, 4097}),
       "the ranges are not memory", FAKE_UART - 4096)
DOUBTS(unknown_flag, linear_map->flags = 4, "not the tables of this architecture", 0)
DOUBTS(three_levels, linear_map->levels = 3, "not the tables of this architecture", 0)
DOUBTS(search_and_va, linear_map->flags = PURG_LINEAR_MAP_SEARCH, "not the tables of this architecture", linear_map->va)
DOUBTS(below_the_half, (linear_map->va = 0x1000, linear_map->pa = 0x1000), "not in the kernel's half", linear_map->root)
DOUBTS(within_a_page, linear_map->va += 8, "not in the kernel's half", linear_map->root)
DOUBTS(root_outside, linear_map->root += sizeof(tables), "a table outside the ranges", linear_map->root)
DOUBTS(table_outside, tables[0][(LINEAR + (uintptr_t)&region) >> 39 & 511] ^= 1ull << 45, "a table outside the ranges",
       (uintptr_t)tables[1] ^ 1ull << 45)
DOUBTS(cycle, *entry_of(region.kernel) = 0;
       tables[1][(LINEAR + (uintptr_t)&region) >> 30 & 511] = (uintptr_t)tables | WRITABLE, "a table within itself",
       (uintptr_t)tables)
DOUBTS(leaf_too_high, tables[0][(LINEAR + (uintptr_t)&region) >> 39 & 511] |= 0x80, "not an entry of its level",
       (uintptr_t)&tables[0][(LINEAR + (uintptr_t)&region) >> 39 & 511])
DOUBTS(budget, linear_map->budget = 3, "more entries than the budget", (uintptr_t)entry_of(tables))
DOUBTS(zeroed, *entry_of(region.initrd) = 0, "not unmapped on purpose", (uintptr_t)region.initrd)
DOUBTS(zeroed_table, tables[0][(LINEAR + (uintptr_t)&region) >> 39 & 511] = 0;
       map(tables, WRITABLE), "not unmapped on purpose", (uintptr_t)region.kernel)
DOUBTS(poisoned, *entry_of(region.kernel) = 0xcccccccccccccc4d, "not unmapped on purpose", (uintptr_t)region.kernel)
DOUBTS(root_unmapped, map(tables, PRESENT), "the tables do not map their root", (uintptr_t)tables)
DOUBTS(wrong_va, linear_map->va += FAKE_PAGE, "the tables do not map their root", (uintptr_t)tables)
DOUBTS(no_caches, fake.uncached = "none", "no caches", 0)

/* A block that nobody vouches for may say anything. */
static void block_without_digest(void **state)
{
	(void)state;
	fake_run();
	assert_int_equal(fake.end, FAKE_JUMPED);
	assert_verified_all("no digest of the block or of the image", 0, "");
}

static struct purg_report record;

static void assert_counted(uint32_t verdict, uint32_t verified, uint32_t skipped, uint64_t bytes)
{
	assert_int_equal(record.magic, PURG_REPORT_MAGIC);
	assert_int_equal(record.verdict, verdict);
	assert_int_equal(record.segment_count, verified);
	assert_int_equal(record.skipped_count, skipped);
	assert_int_equal(record.bytes, bytes);
}

static void assert_walked(uint32_t walk, uint64_t address, uint64_t pages, uint64_t leaves)
{
	assert_int_equal(record.walk, walk);
	assert_int_equal(record.walk_address, address);
	assert_int_equal(record.walk_pages, pages);
	assert_int_equal(record.walk_leaves, leaves);
	assert_int_equal(record.ticks_walk, 10);
}

/*
 * What the lines say stands in the record: entries are four for the root, and as many again where a segment begins, but
 * one only for each other page, unless it is in another table.
 */
static void recorded(void **state)
{
	(void)state;
	purg_params.report.address = (uintptr_t)&record;
	purg_params.report.size = sizeof(record);
	fake.ticks_per_look = 10;
	run(FAKE_JUMPED);
	assert_counted(PURG_VERDICT_SKIPPED, 0, 2, 0);
	assert_walked(PURG_WALK_UNMAPPED, 0, 5, 1);
	assert_in_range(record.walk_entries, 4 + (4 + 2) + (4 + 1), 4 + (4 + 2) + (4 + 1) + 4);

	map(region.kernel + 2 * FAKE_PAGE, WRITABLE);
	run(FAKE_JUMPED);
	assert_counted(PURG_VERDICT_SKIPPED, 1, 1, sizeof(region.kernel) - 5);
	assert_walked(PURG_WALK_MAPPED, (uintptr_t)region.kernel + 2 * FAKE_PAGE, 5, 2);

	region.kernel[0] ^= 1;
	run(FAKE_HALTED);
	assert_counted(PURG_VERDICT_REFUSED, 0, 0, 0);
	assert_walked(PURG_WALK_MAPPED, (uintptr_t)region.kernel + 2 * FAKE_PAGE, 5, 2);
	region.kernel[0] ^= 1;

	map(tables, PRESENT);
	run(FAKE_JUMPED);
	assert_counted(PURG_VERDICT_VERIFIED, 2, 0, 16379);
	assert_walked(PURG_WALK_CONTROL, (uintptr_t)tables, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_skipped),
		TEST(one_is_writable),
		TEST(its_last_byte),
		TEST(outside_the_region),
		TEST(concatenation),
		TEST(search),
		TEST(image_without_digest),
		TEST(block_without_digest),
		TEST(no_region),
		TEST(region_elsewhere),
		TEST(region_wraps),
		TEST(no_ranges),
		TEST(too_many_ranges),
		TEST(all_ranges),
		TEST(empty_range),
		TEST(range_too_high),
		TEST(range_wraps),
		TEST(range_of_a_console),
		TEST(unknown_flag),
		TEST(three_levels),
		TEST(search_and_va),
		TEST(below_the_half),
		TEST(within_a_page),
		TEST(root_outside),
		TEST(table_outside),
		TEST(cycle),
		TEST(leaf_too_high),
		TEST(budget),
		TEST(zeroed),
		TEST(zeroed_table),
		TEST(poisoned),
		TEST(root_unmapped),
		TEST(wrong_va),
		TEST(no_caches),
		TEST(recorded),
	};

	return cmocka_run_group_tests_name("skip", tests, NULL, NULL);
}
