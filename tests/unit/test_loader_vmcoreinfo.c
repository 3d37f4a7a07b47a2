/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/linear_map.c: what it reads of vmcoreinfo. Of the recorded machines' what is right is read by strstr and
 * strtoull; elsewhere it is written out.
 */
#include "old_kernel.h"

/* Of the x86 kernel's other numbers nothing matters to arm64, and the other way round. */
static void test_foreign_keys(void **state)
{
	struct purg_params params;

	(void)state;
	assert_int_equal(fill_text(&params, arm64(), "NUMBER(sme_mask)=1\nNUMBER(pgtable_l5_enabled)=7\n"), 0);
	assert_int_equal(fill_text(&params, x86_64(), X86_TEXT "NUMBER(VA_BITS)=x\n"), 0);
}

/* What a line may be like, in the place of phys_base's: what is said of it, or 0 and the number it has. */
static const struct {
	const char *line;
	int error;
	uint64_t number;
} lines[] = {
	{"NUMBER(phys_base)=0\n", 0, 0},
	{"NUMBER(phys_base)=-9223372036854775808\n", 0, (uint64_t)INT64_MIN},
	{"NUMBER(phys_base)=9223372036854775807\n", 0, INT64_MAX},
	{"NUMBER(phys_base)=18446744073709551615\n", 0, UINT64_MAX},
	{"NUMBER(phys_base)=0x1234567890abcdef\n", 0, 0x1234567890abcdef},
	{"NUMBER(phys_base)=0xffffffffffffffff\n", 0, UINT64_MAX},
	{"NUMBER(phys_base)=00000000000000000000000000000000000000001\n", 0, 1},
	{"xNUMBER(phys_base)=1\nNUMBER(phys_base)=2\n", 0, 2},
	{"\n\n=\nNUMBER(phys_bas)=1\nNUMBER\nNUMBER(phys_base)=2\n", 0, 2},
	{"NUMBER(phys_base)=-9223372036854775809\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=18446744073709551616\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=99999999999999999999\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=0x10000000000000000\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=-0x1\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=--1\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=0x\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=-\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base) =1\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)= 1\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=1 \n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=1\r\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=ff\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=0xfg\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=1\nNUMBER(phys_base)=1\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=1\nNUMBER(phys_base)\n", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=1", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base)=1\ncut", PURG_ERR_OLD_VMCOREINFO, 0},
	{"NUMBER(phys_base", PURG_ERR_OLD_VMCOREINFO, 0},
};

/* The symbol is chosen so that the root is MIB if the number is read rightly. */
static void test_lines(void **state)
{
	struct purg_params params;
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct purg_old_kernel old = x86_64();

		old.levels = 4;
		snprintf(text, sizeof(text), "SYMBOL(swapper_pg_dir)=%llx\n%s",
			 MIB + 0xffffffff80000000 - (unsigned long long)lines[i].number, lines[i].line);
		if (fill_text(&params, old, text) != lines[i].error)
			fail_msg("%s", text);
		if (!lines[i].error)
			assert_int_equal(params.linear_map.root, MIB);
	}
}

/* A symbol is hexadecimal without 0x, and never negative. */
static void test_symbols(void **state)
{
	static const char *const bad[] = {"0xffffffff80100000", "-1", "", "FFFFFFFF80100000", "1ffffffff80100000",
					  "ffffffff80100000h"};
	struct purg_old_kernel old = x86_64();
	struct purg_params params;
	char text[128];

	(void)state;
	old.levels = 4;
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof(text), "SYMBOL(swapper_pg_dir)=%s\nNUMBER(phys_base)=0\n", bad[i]);
		if (fill_text(&params, old, text) != PURG_ERR_OLD_VMCOREINFO)
			fail_msg("%s", text);
	}
}

/* Cut anywhere, it is either refused or short of whole lines. */
static void test_cut(void **state)
{
	static const char x86_text[] = X86_TEXT, arm64_text[] = ARM64_TEXT;
	struct purg_params params;

	(void)state;
	for (size_t size = 1; size < sizeof(x86_text) - 1; size++)
		if (x86_text[size - 1] != '\n')
			assert_int_equal(fill(&params, x86_64(), x86_text, size), PURG_ERR_OLD_VMCOREINFO);
	for (size_t size = 1; size < sizeof(arm64_text) - 1; size++)
		if (arm64_text[size - 1] != '\n')
			assert_int_equal(fill(&params, arm64(), arm64_text, size), PURG_ERR_OLD_VMCOREINFO);
}

/* A line that has a key of vmcoreinfo in another place; the error; and whose kernel it is. */
static const struct {
	const char *text;
	int error;
	uint16_t arch;
} texts[] = {
	{"NUMBER(sme_mask)=140737488355328\n" X86_TEXT, PURG_ERR_OLD_VMCOREINFO, PURG_ARCH_X86_64},
	{"NUMBER(sme_mask)=140737488355328\n", PURG_ERR_OLD_ENCRYPTED, PURG_ARCH_X86_64},
	{"NUMBER(pgtable_l5_enabled)=2\n", PURG_ERR_OLD_VMCOREINFO, PURG_ARCH_X86_64},
	{"NUMBER(pgtable_l5_enabled)=-1\n", PURG_ERR_OLD_VMCOREINFO, PURG_ARCH_X86_64},
	{"NUMBER(phys_base)=1\n", PURG_ERR_OLD_LEVELS, PURG_ARCH_X86_64},
	{"NUMBER(pgtable_l5_enabled)=0\nSYMBOL(swapper_pg_dir)=ffffffff80100000\n", PURG_ERR_OLD_ROOT,
	 PURG_ARCH_X86_64},
	{"NUMBER(pgtable_l5_enabled)=0\nNUMBER(phys_base)=1\n", PURG_ERR_OLD_ROOT, PURG_ARCH_X86_64},
	{"NUMBER(VA_BITS)=35\nNUMBER(PHYS_OFFSET)=0\nNUMBER(TCR_EL1_T1SZ)=1\n", PURG_ERR_OLD_VMCOREINFO,
	 PURG_ARCH_ARM64},
	{"NUMBER(VA_BITS)=53\nNUMBER(PHYS_OFFSET)=0\nNUMBER(TCR_EL1_T1SZ)=1\n", PURG_ERR_OLD_VMCOREINFO,
	 PURG_ARCH_ARM64},
	{"NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0\nNUMBER(TCR_EL1_T1SZ)=1\n", PURG_ERR_OLD_ADDRESS, PURG_ARCH_ARM64},
	{"SYMBOL(swapper_pg_dir)=ffff\nNUMBER(kimage_voffset)=z\n", PURG_ERR_OLD_VMCOREINFO, PURG_ARCH_ARM64},
	/* Before 5.4 the linear map was elsewhere: what the caller says is not contradicted. */
	{"NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0\n", 0, PURG_ARCH_ARM64},
	{"NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=1\n", 0, PURG_ARCH_ARM64},
	{"NUMBER(PHYS_OFFSET)=0\nNUMBER(TCR_EL1_T1SZ)=1\n", 0, PURG_ARCH_ARM64},
};

static void test_texts(void **state)
{
	struct purg_params params;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (fill_text(&params, texts[i].arch == PURG_ARCH_ARM64 ? arm64() : x86_64(), texts[i].text) !=
		    texts[i].error)
			fail_msg("%s", texts[i].text);
}

/* The text of vmcoreinfo in a recorded /proc/kcore, from its first line to its last newline. */
static char *recorded_text(const char *name)
{
	static char data[0x10000];
	char path[128], *text;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "tests/machines/%s/proc/kcore", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	size = fread(data, 1, sizeof(data) - 1, file);
	fclose(file);
	data[size] = 0;
	text = memmem(data, size, "OSRELEASE=", 10);
	assert_non_null(text);
	*(strrchr(text, '\n') + 1) = 0;
	return text;
}

static uint64_t said(const char *text, const char *key, int base)
{
	const char *found = strstr(text, key);

	assert_non_null(found);
	return strtoull(found + strlen(key), NULL, base);
}

static void test_recorded_x86_64(void **state)
{
	static const char *const names[] = {"x86_64-q35-crash", "x86_64-high"};
	static const struct purg_range all = {MIB, 1ULL << 40};
	struct purg_params params;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *text = recorded_text(names[i]);
		struct purg_old_kernel old = x86_64();

		old.memory = &all;
		old.memory_count = 1;
		old.region = (struct purg_range){1ULL << 41, MIB};
		assert_int_equal(fill_text(&params, old, text), 0);
		assert_int_equal(params.linear_map.levels, 4 + i);
		assert_int_equal(params.linear_map.root, said(text, "\nSYMBOL(swapper_pg_dir)=", 16) +
								 said(text, "\nNUMBER(phys_base)=", 10) -
								 0xffffffff80000000);
	}
}

static void test_recorded_arm64(void **state)
{
	static const char *const names[] = {"arm64-virt-crash", "arm64-uefi-acpi"};
	struct purg_params params;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *text = recorded_text(names[i]);
		struct purg_old_kernel old = arm64();

		old.linear_map = 0;
		assert_int_equal(fill_text(&params, old, text), 0);
		assert_int_equal(params.linear_map.flags, PURG_LINEAR_MAP_LIVE);
		assert_int_equal(said(text, "\nNUMBER(VA_BITS)=", 10), 48);
		assert_int_equal(params.linear_map.va,
				 0xffff000000000000 + region.start - said(text, "\nNUMBER(PHYS_OFFSET)=", 16));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign_keys),   cmocka_unit_test(test_lines),
		cmocka_unit_test(test_symbols),        cmocka_unit_test(test_cut),
		cmocka_unit_test(test_texts),          cmocka_unit_test(test_recorded_x86_64),
		cmocka_unit_test(test_recorded_arm64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
