/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The texts of /proc/iomem and of /sys/firmware/memmap, word by word: what is read, and what is refused. */
#include "maps.h"

static int read_text(const char *text, struct purg_map *map)
{
	char *copy = exact(text, strlen(text));
	int result = purg_map_from_iomem(map, copy, strlen(text));

	free_exact(copy, strlen(text));
	return result;
}

static void test_texts(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint32_t count;
	} tests[] = {
		{"", 0, 0},
		{"1000-1fff : System RAM\n", 0, 1},
		{"1000-1fff : \n", 0, 0},
		{"0-0 : System RAM\n1-1 : System RAM\n", 0, 2},
		{"0-fffffffffffffffe : System RAM\n", 0, 1},
		{"1-ffffffffffffffff : System RAM\n", 0, 1},
		{"0-ffffffffffffffff : PCI mem\n  0-fff : System RAM\n", 0, 1},
		{"0-ffffffffffffffff : System RAM\n", PURG_ERR_MAP_RANGE, 0},
		{"2000-1fff : System RAM\n", PURG_ERR_MAP_RANGE, 0},
		{"2000-1fff : device\n", PURG_ERR_MAP_RANGE, 0},
		{"1000-1fff : System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-1fff : System RAM\n\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-1fff: System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-1fff :System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000 1fff : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000- : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"-1fff : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"0x1000-0x1fff : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-1FFF : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-1ffg : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-10000000000000000 : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"1000-0000000000001fff : System RAM\n", 0, 1},
		{"1000-1fff : device\n 1000-1fff : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"\t1000-1fff : System RAM\n", PURG_ERR_MAP_SYNTAX, 0},
		{"  1000-1fff : System RAM\n", PURG_ERR_MAP_NESTING, 0},
		{"1000-1fff : device\n    1000-1fff : System RAM\n", PURG_ERR_MAP_NESTING, 0},
		{"1000-1fff : device\n  fff-1fff : System RAM\n", PURG_ERR_MAP_NESTING, 0},
		{"1000-1fff : device\n  1000-2000 : System RAM\n", PURG_ERR_MAP_NESTING, 0},
		{"1000-1fff : a\n  1000-17ff : b\n  1800-1fff : c\n    1700-18ff : d\n", PURG_ERR_MAP_NESTING, 0},
		{"1000-1fff : a\n2000-2fff : b\n  1000-17ff : c\n", PURG_ERR_MAP_NESTING, 0},
		{"1000-1fff : a\n  1000-1fff : b\n    1000-1fff : c\n2000-2fff : d\n    1000-1fff : e\n",
		 PURG_ERR_MAP_NESTING, 0},
		/* What holds inside RAM, and what does not. */
		{"1000-1fff : System RAM\n  1000-1fff : Kernel code\n", 0, 2},
		{"1000-1fff : Kernel code\n", 0, 0},
		{"1000-1fff : Crash kernel\n", 0, 0},
		{"1000-1fff : System RAMs\n", 0, 0},
		{"1000-1fff : System RA\n", 0, 0},
		{"1000-1fff : Reserved\n  1000-1fff : System RAM\n", 0, 2},
		{"1000-1fff : CXL Window 0\n  1000-1fff : System RAM\n    1000-10ff : x\n", 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct purg_mem entry[ROOM] = {{.start = 7, .size = 7, .type = 1}};
		struct purg_map map = {.entry = entry, .count = 1, .room = ROOM};

		assert_int_equal(read_text(tests[i].text, &map), tests[i].result);
		assert_int_equal(map.count, 1 + tests[i].count);
		assert_int_equal(entry[0].start, 7);
	}
}

/* As deep as the reader follows, and one deeper. */
static void test_depth(void **state)
{
	char text[8192] = "";
	struct purg_mem entry[ROOM];
	struct purg_map map = {.entry = entry, .room = ROOM};

	(void)state;
	for (int level = 0; level < 32; level++)
		sprintf(text + strlen(text), "%*s1000-1fff : %s\n", 2 * level, "", level == 15 ? "System RAM" : "x");
	assert_int_equal(read_text(text, &map), 0);
	assert_int_equal(map.count, 1 + 16);
	strcat(text, "                                                                1000-1fff : x\n");
	assert_int_equal(read_text(text, &map), PURG_ERR_MAP_SYNTAX);
	assert_int_equal(map.count, 1 + 16);
}

static void test_memmap(void **state)
{
	static const struct {
		const char *start, *end, *type;
		int result;
		uint32_t kind;
	} tests[] = {
		{"0x0\n", "0x9fbff\n", "System RAM\n", 0, PURG_MEM_RAM},
		{"0x0", "0x0", "Reserved", 0, PURG_MEM_RESERVED},
		{"0x0", "0xfff", "reserved", 0, PURG_MEM_RESERVED},
		{"0x0", "0xfff", "ACPI Tables", 0, PURG_MEM_ACPI},
		{"0x0", "0xfff", "ACPI Non-volatile Storage\n", 0, PURG_MEM_NVS},
		{"0x0", "0xfff", "Unusable memory", 0, PURG_MEM_UNUSABLE},
		{"0x0", "0xfff", "Persistent Memory", 0, PURG_MEM_PMEM},
		{"0x0", "0xfff", "Persistent Memory (legacy)", 0, PURG_MEM_PRAM},
		{"0x0", "0xfff", "Soft Reserved", 0, PURG_MEM_SOFT_RESERVED},
		{"0x0", "0xfff", "Unknown E820 type", 0, PURG_MEM_RESERVED},
		{"0x0", "0xfff", "something of the future that is a long name", 0, PURG_MEM_RESERVED},
		{"0x1", "0xffffffffffffffff", "System RAM", 0, PURG_MEM_RAM},
		{"0x0", "0xffffffffffffffff", "System RAM", PURG_ERR_MAP_RANGE, 0},
		{"0x1000", "0xfff", "System RAM", PURG_ERR_MAP_RANGE, 0},
		{"1000", "0x1fff", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x", "0x1fff", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x1fff ", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x1fff\n\n", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x1fff\n0", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x10000000000000000", "System RAM", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x1fff", "", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x1fff", "\n", PURG_ERR_MAP_SYNTAX, 0},
		{"0x0", "0x1fff", "System RAM\nx", PURG_ERR_MAP_SYNTAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct purg_mem entry = {0};
		struct purg_map map = {.entry = &entry, .room = 1};
		char *text[3] = {strdup(tests[i].start), strdup(tests[i].end), strdup(tests[i].type)};

		assert_int_equal(purg_map_from_memmap(&map, text[0], text[1], text[2]), tests[i].result);
		assert_int_equal(map.count, tests[i].result == 0);
		assert_int_equal(entry.type, tests[i].kind);
		if (!tests[i].result)
			assert_int_equal(purg_map_from_memmap(&map, text[0], text[1], text[2]), PURG_ERR_MAP_FULL);
		for (int j = 0; j < 3; j++)
			free(text[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_memmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
