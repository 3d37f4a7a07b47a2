/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The walk of the old kernel's tables on arm64: each granule, size of the half, level, and width of an address. */
#include "walk_cases.h"

/* TCR_EL1. LINUX: what Linux sets of all else: T0SZ, cacheable and shareable walks of both halves, AS, TBI0, HA, HD. */
#define LINUX UINT64_C(0x000001b035003510)
#define T1SZ(bits) ((UINT64_C(64) - (bits)) << 16)
#define EPD1 (UINT64_C(1) << 23)
#define TG1(n) (UINT64_C(n) << 30)
#define TG1_16K TG1(1)
#define TG1_4K TG1(2)
#define TG1_64K TG1(3)
#define IPS_48 (UINT64_C(5) << 32)
#define IPS_52 (UINT64_C(6) << 32)
#define DS (UINT64_C(1) << 59)

#define LIVE PURG_LINEAR_MAP_LIVE

#define TCR(granule, bits, more) (LINUX | TG1_##granule | T1SZ(bits) | (more))
#define MAP(map_flags, granule, bits, more)                            \
	{                                                              \
		.flags = (map_flags), .tcr = TCR(granule, bits, more), \
	}

const struct purg_linear_map case_map[] = {
	MAP(0, 4K, 48, IPS_48),
	MAP(LIVE, 4K, 47, IPS_48),
	MAP(LIVE, 4K, 42, 0),
	MAP(LIVE, 4K, 39, IPS_48),
	MAP(0, 4K, 36, IPS_48),
	MAP(LIVE, 4K, 30, IPS_48),
	MAP(0, 4K, 25, IPS_48),
	MAP(LIVE, 4K, 52, IPS_52 | DS),
	MAP(0, 4K, 52, IPS_48 | DS),
	MAP(0, 4K, 48, IPS_52 | DS),
	MAP(LIVE, 4K, 39, IPS_52 | DS),
	/* As large as they can be, but without DS they have addresses of 48 bits. */
	MAP(0, 4K, 48, IPS_52),
	MAP(LIVE, 16K, 48, IPS_48),
	MAP(LIVE, 16K, 47, IPS_48),
	MAP(0, 16K, 42, IPS_48),
	MAP(0, 16K, 39, 0),
	MAP(LIVE, 16K, 36, IPS_48),
	MAP(0, 16K, 52, IPS_52 | DS),
	MAP(LIVE, 16K, 48, IPS_52 | DS),
	MAP(LIVE, 16K, 47, IPS_52 | DS),
	MAP(0, 64K, 48, IPS_48),
	MAP(LIVE, 64K, 47, IPS_48),
	MAP(0, 64K, 42, IPS_48),
	MAP(LIVE, 64K, 39, IPS_48),
	MAP(0, 64K, 36, 0),
	MAP(LIVE, 64K, 52, IPS_52),
	MAP(0, 64K, 52, IPS_48),
	MAP(0, 64K, 48, IPS_52),
	MAP(LIVE, 64K, 42, IPS_52),
};
const size_t case_maps = sizeof(case_map) / sizeof(case_map[0]);

#define ENTRIES(map, table) case_entries(&(const struct purg_linear_map)map, table, sizeof(table) / sizeof((table)[0]))

/* By hand, from the manual's figures. 4 KiB: levels 0 to 3 are of 39, 30, 21 and 12 bits. */
static void entries_4k(void **state)
{
	static const struct case_entry entry[] = {
		{12, 0, WALK_ABSENT, 0},
		{12, 0xfffffffffffffffe, WALK_GUARD, 0xfffffffff000},
		{12, 0xfffffffffffffffc, WALK_ABSENT, 0},
		{12, 0x0068000123456702, WALK_GUARD, 0x123456000},
		{12, 0x0068000123456700, WALK_ABSENT, 0},
		{21, 0x0068000123600702, WALK_ABSENT, 0},
		{21, 0x0068000123600700, WALK_ABSENT, 0},
		{12, 0x0068000123456703, WALK_LEAF, 0x123456000},
		{12, 0xfff0fffffffffffb | 3, WALK_LEAF, 0xfffffffff000},
		{12, 0x0060000123456783, WALK_LEAF, 0x123456000},
		{12, 0x0068000123456303, WALK_LEAF, 0x123456000}, /* not accessed, and mapped all the same */
		{12, 0x0068000123456701, WALK_BROKEN, 0},
		{21, 0x0000000123456003, WALK_TABLE, 0x123456000},
		{21, 0xf800fffffffff003, WALK_TABLE, 0xfffffffff000},
		{21, 0x0068000123600701, WALK_LEAF, 0x123600000},
		{21, 0x0068000123601f01, WALK_LEAF, 0x123600000},
		{30, 0x0068000140000701, WALK_LEAF, 0x140000000},
		{30, 0x00680001ffffff01, WALK_LEAF, 0x1c0000000},
		{30, 0x0000000123456003, WALK_TABLE, 0x123456000},
		{39, 0x0000000123456003, WALK_TABLE, 0x123456000},
		{39, 0x0068008000000701, WALK_BROKEN, 0},
		{39, 0x0068008000000700, WALK_ABSENT, 0},
	};
	static const struct case_entry lpa2[] = {
		{12, 0x0068000123456403, WALK_LEAF, 0x123456000},
		{12, 0x0068000123456703, WALK_LEAF, 0xc000123456000},
		{12, 0x0068000123456702, WALK_GUARD, 0xc000123456000},
		{12, 0x006b000123456503, WALK_LEAF, 0x7000123456000},
		{21, 0x0002000123456203, WALK_TABLE, 0xa000123456000},
		{21, 0x0068000123600501, WALK_LEAF, 0x4000123600000},
		{30, 0x0068000140000601, WALK_LEAF, 0x8000140000000},
		{39, 0x0068008000000701, WALK_LEAF, 0xc008000000000},
		{39, 0x0000000123456003, WALK_TABLE, 0x123456000},
		{48, 0x0000000123456303, WALK_TABLE, 0xc000123456000},
		{48, 0x0001000000000701, WALK_BROKEN, 0},
	};

	(void)state;
	ENTRIES(MAP(0, 4K, 48, IPS_48), entry);
	ENTRIES(MAP(0, 4K, 48, IPS_52), entry);
	ENTRIES(MAP(0, 4K, 52, IPS_52 | DS), lpa2);
	ENTRIES(MAP(0, 4K, 48, DS), lpa2);
}

/* 16 KiB: levels 0 to 3 are of 47, 36, 25 and 14 bits. */
static void entries_16k(void **state)
{
	static const struct case_entry entry[] = {
		{14, 0x0068000123454703, WALK_LEAF, 0x123454000},  {14, 0x0068000123457703, WALK_LEAF, 0x123454000},
		{14, 0x0068000123454701, WALK_BROKEN, 0},          {25, 0x0068000122000701, WALK_LEAF, 0x122000000},
		{25, 0x0000000123457003, WALK_TABLE, 0x123454000}, {36, 0x0068001000000701, WALK_BROKEN, 0},
		{36, 0x0000000123454003, WALK_TABLE, 0x123454000}, {47, 0x0068800000000701, WALK_BROKEN, 0},
	};
	static const struct case_entry lpa2[] = {
		{14, 0x0068000123454703, WALK_LEAF, 0xc000123454000},
		{25, 0x0069000122000601, WALK_LEAF, 0x9000122000000},
		{25, 0x0002000123454103, WALK_TABLE, 0x6000123454000},
		{36, 0x0068001000000701, WALK_LEAF, 0xc001000000000},
		{47, 0x0068800000000701, WALK_BROKEN, 0},
		{47, 0x0000000123454303, WALK_TABLE, 0xc000123454000},
	};

	(void)state;
	ENTRIES(MAP(0, 16K, 47, IPS_48), entry);
	ENTRIES(MAP(0, 16K, 52, IPS_52 | DS), lpa2);
}

/* 64 KiB: levels 1 to 3 are of 42, 29 and 16 bits. */
static void entries_64k(void **state)
{
	static const struct case_entry entry[] = {
		{16, 0x0068000123450703, WALK_LEAF, 0x123450000},
		{16, 0x006800012345a703, WALK_LEAF, 0xa000123450000},
		{16, 0x006800012345a702, WALK_GUARD, 0xa000123450000},
		{16, 0x0068000123450701, WALK_BROKEN, 0},
		{29, 0x0068000120000701, WALK_LEAF, 0x120000000},
		{29, 0x006800012000f701, WALK_LEAF, 0xf000120000000},
		{29, 0x0000000123455003, WALK_TABLE, 0x5000123450000},
		{42, 0x0068040000003701, WALK_LEAF, 0x3040000000000},
		{42, 0x0000000123455003, WALK_TABLE, 0x5000123450000},
	};

	(void)state;
	ENTRIES(MAP(0, 64K, 48, IPS_48), entry);
	ENTRIES(MAP(0, 64K, 52, IPS_52), entry);
	/* DS is of the other granules alone. */
	ENTRIES(MAP(0, 64K, 52, IPS_52 | DS), entry);
}

/* What TTBR1_EL1 says of the root, and TCR_EL1 of the half. */
static void registers(void **state)
{
	static const struct {
		uint64_t tcr, ttbr1, root, first;
		uint32_t bits;
	} of[] = {
		{TCR(4K, 48, IPS_48), 0x0000000123456000, 0x123456000, 0xffff000000000000, 48},
		{TCR(4K, 48, IPS_48), 0xabcd000123456001, 0x123456000, 0xffff000000000000, 48},
		{TCR(4K, 39, IPS_52), 0xabcdf00123456001, 0xf00123456000, 0xffffff8000000000, 39},
		{TCR(4K, 52, IPS_52 | DS), 0xabcd0001234560bd, 0xf000123456080, 0xfff0000000000000, 52},
		{TCR(4K, 48, IPS_48 | DS), 0xabcd000123456025, 0x9000123456000, 0xffff000000000000, 48},
		{TCR(16K, 47, IPS_48), 0xabcd000123454001, 0x123454000, 0xffff800000000000, 47},
		{TCR(16K, 36, IPS_48), 0xabcd000123454001, 0x123454000, 0xfffffff000000000, 36},
		{TCR(16K, 48, IPS_52 | DS), 0xabcd000123454041, 0x123454040, 0xffff000000000000, 48},
		{TCR(64K, 48, IPS_48), 0xabcd000123450201, 0x123450200, 0xffff000000000000, 48},
		{TCR(64K, 52, IPS_52), 0xabcd00012345203d, 0xf000123452000, 0xfff0000000000000, 52},
		{TCR(64K, 42, IPS_48 | DS), 0xabcd00012345003d, 0x12345003c, 0xfffffc0000000000, 42},
		{TCR(64K, 42, IPS_48), 0xabcd000123450001, 0x123450000, 0xfffffc0000000000, 42},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(of) / sizeof(of[0]); i++) {
		struct purg_linear_map map = {.root = of[i / 2].ttbr1, .tcr = of[i / 2].tcr};
		struct walk_geometry geometry;

		memory_clear();
		if (i % 2) {
			memory.ttbr1 = map.root;
			memory.tcr = map.tcr;
			map = (struct purg_linear_map){.flags = LIVE};
		}
		assert_true(old_tables_geometry(&map, &geometry));
		assert_int_equal(geometry.root, of[i / 2].root);
		assert_int_equal(geometry.first, of[i / 2].first);
		assert_int_equal(geometry.bits, of[i / 2].bits);
	}
}

/* Each size that there is, and each that there is not; no granule, walks switched off, what must be zero. */
static void bad_registers(void **state)
{
	static const struct {
		uint64_t tcr;
		uint32_t most;
	} kind[] = {{TG1_4K | IPS_52, 48},       {TG1_4K | DS, 52},      {TG1_16K | IPS_48, 48},
		    {TG1_16K | DS | IPS_52, 52}, {TG1_64K | IPS_48, 52}, {TG1_64K | IPS_52, 52},
		    {TG1(0) | DS | IPS_52, 0},   {TG1_4K | EPD1, 0}};
	struct walk_geometry geometry;
	struct purg_linear_map map = {.tcr = TCR(4K, 48, 0)};

	(void)state;
	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		for (uint32_t size = 0; size < 64; size++) {
			uint32_t bits = 64 - size;

			map.tcr = LINUX | kind[i].tcr | (uint64_t)size << 16;
			assert_int_equal(old_tables_geometry(&map, &geometry), bits >= 25 && bits <= kind[i].most);
		}
	}
	map.tcr = TCR(4K, 48, 0);
	map.levels = 4;
	assert_false(old_tables_geometry(&map, &geometry));
	memory.tcr = map.tcr;
	map = (struct purg_linear_map){.flags = LIVE};
	assert_true(old_tables_geometry(&map, &geometry));
	map.root = 0x1000;
	assert_false(old_tables_geometry(&map, &geometry));
	map.root = 0;
	map.tcr = 1;
	assert_false(old_tables_geometry(&map, &geometry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_4k), cmocka_unit_test(entries_16k),   cmocka_unit_test(entries_64k),
		cmocka_unit_test(registers),  cmocka_unit_test(bad_registers), CASES,
	};

	return cmocka_run_group_tests_name("walk_arm64", tests, NULL, NULL);
}
