/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* loader/boot_params.c: what a kernel does not take, what is no map and no EFI, and rooms that are too small. */
#include "boot_params_made.h"

static int64_t try(const struct purg_boot_params *in, size_t room)
{
	uint8_t *out = malloc(room + 1);
	int64_t result;

	memset(out, 0xa5, room + 1);
	result = purg_boot_params_write(out, room, in);
	for (size_t i = result < 0 ? 0 : (size_t)result; i <= room; i++)
		assert_int_equal(out[i], 0xa5);
	free(out);
	return result;
}

static void assert_error(const struct purg_boot_params *in, int64_t error)
{
	if (!error) {
		assert_true(purg_boot_params_size(in) >= 4096);
		return;
	}
	assert_int_equal(purg_boot_params_size(in), error);
	assert_int_equal(try(in, 65536), error);
}

static void test_map_errors(void **state)
{
	struct purg_boot_params in = make(3);

	(void)state;
#define ENTRIES(error, ...)                                             \
	do {                                                            \
		static const struct purg_mem entries[] = {__VA_ARGS__}; \
		in.map = entries;                                       \
		in.map_count = sizeof(entries) / sizeof(entries[0]);    \
		assert_error(&in, error);                               \
	} while (0)
	ENTRIES(0, {0x1000, 0x1000, 1, 0}, {0x2000, 0x1000, 1, 0});
	ENTRIES(0, {0, 0x1000, 2, 0}, {UINT64_MAX - 0xfff, 0x1000, 1, 0});
	ENTRIES(0, {0, UINT64_MAX, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0x1000, 0x1000, 2, 0}, {0x2000, 0x1000, 3, 0}); /* no RAM */
	ENTRIES(PURG_ERR_BP_MAP, {0x1000, 0x1001, 1, 0}, {0x2000, 0x1000, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0x2000, 0x1000, 1, 0}, {0x1000, 0x1000, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0x1000, 0x1000, 1, 0}, {0x1000, 0x1000, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0x1000, 0x1000, 1, 0}, {0x2000, 0, 2, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0, 0, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {UINT64_MAX - 0xfff, 0x1001, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {UINT64_MAX - 0xfff, 0x1000, 1, 0}, {0, 0x1000, 1, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0, 0x1000, 1, 0}, {0x1000, 0x1000, PURG_MEM_KERNEL, 0});
	ENTRIES(PURG_ERR_BP_MAP, {0, 0x1000, 1, 0}, {0x1000, 0x1000, PURG_MEM_DRIVER, 0});
	ENTRIES(0, {0, 0x1000, 1, 0}, {0x1000, 0x1000, PURG_MEM_DRIVER + 1, 0});
	ENTRIES(0, {0, 0x1000, 1, 0}, {0x1000, 0x1000, PURG_MEM_KERNEL - 1, 0});
#undef ENTRIES
	in = make(ENTRIES_MAX + 1);
	assert_error(&in, PURG_ERR_BP_MAP);
	in.map_count = UINT32_MAX;
	assert_error(&in, PURG_ERR_BP_MAP);
	in.map_count = 128 + 0x100000004 / 20; /* what is over 128, times 20, is 4 in 32 bits */
	assert_error(&in, PURG_ERR_BP_MAP);
	in.map_count = 0;
	assert_error(&in, PURG_ERR_BP_MAP);
}

static void test_room(void **state)
{
	static const uint32_t counts[] = {2, 128, 129, 300};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct purg_boot_params in = make(counts[i]);
		int64_t enough;

		in.efi = i % 2 ? &efi : NULL;
		in.seed = seed;
		in.seed_size = 32;
		enough = purg_boot_params_size(&in);
		for (int64_t room = 0; room < enough; room++)
			assert_int_equal(try(&in, (size_t)room), PURG_ERR_ROOM);
		assert_int_equal(try(&in, (size_t)enough), enough);
		assert_int_equal(try(&in, (size_t)enough + 4096), enough);
	}
}

/* The kernel's limits: below 4 GiB, initrd_addr_max, cmdline_size. */
static void test_limits(void **state)
{
	struct purg_boot_params in = make(2);

	(void)state;
	kernel.above_4g = false;
	kernel.initrd_max = 0x7fffffff;
	in.cmdline = 0x100000000 - 2048;
	in.initrd = 0x7ffff000;
	in.initrd_size = 0x1000;
	in.address = 0xfffff000;
	assert_error(&in, 0);
	in.cmdline++;
	assert_error(&in, PURG_ERR_BP_HIGH);
	in.cmdline--;
	in.initrd_size++;
	assert_error(&in, PURG_ERR_BP_HIGH);
	in.initrd_size = 0;
	assert_error(&in, 0);
	in.address += 16;
	assert_error(&in, PURG_ERR_BP_HIGH);
	in.address -= 16;
	in.seed = seed;
	in.seed_size = 1; /* it is one piece with boot_params */
	assert_error(&in, PURG_ERR_BP_HIGH);

	in = make(2);
	in.cmdline_size++;
	assert_error(&in, PURG_ERR_BP_CMDLINE);
	kernel.cmdline_max = UINT32_MAX;
	in.cmdline_size = 0x100000000;
	assert_error(&in, 0);
	in.cmdline_size++;
	assert_error(&in, PURG_ERR_BP_CMDLINE);
}

static void test_places(void **state)
{
	struct purg_boot_params in = make(2);

	(void)state;
	in.address = (uint64_t)0 - 4096;
	assert_error(&in, 0);
	in.address += 16;
	assert_error(&in, PURG_ERR_WRAP);
	in.address = ADDRESS + 8;
	assert_error(&in, PURG_ERR_ALIGN);
	in = make(2);
	in.cmdline = UINT64_MAX - 2047;
	assert_error(&in, 0);
	in.cmdline++;
	assert_error(&in, PURG_ERR_WRAP);
	in = make(2);
	in.initrd_size = UINT64_MAX;
	assert_error(&in, PURG_ERR_WRAP);
	in = make(2);
	in.seed = seed;
	in.seed_size = NODE_MAX - 15;
	assert_error(&in, PURG_ERR_ARGUMENT);
	in.seed_size = UINT32_MAX;
	assert_error(&in, PURG_ERR_ARGUMENT);
}

static void test_efi_errors(void **state)
{
	struct purg_boot_params in = make(2);
	static uint8_t largest[NODE_MAX / 48 * 48 + 48];

	(void)state;
	in.efi = &efi;
	assert_error(&in, 0);
	efi.map_size--;
	assert_error(&in, PURG_ERR_BP_EFI);
	efi.map_size = 0;
	assert_error(&in, PURG_ERR_BP_EFI);
	efi.map = largest;
	efi.map_size = sizeof(largest);
	assert_error(&in, PURG_ERR_BP_EFI);
	efi.map_size -= 48;
	assert_error(&in, 0);
	efi.map_size = UINT64_MAX / 48 * 48;
	assert_error(&in, PURG_ERR_BP_EFI);
	efi.map_size = 240;
	efi.descriptor_size = 40;
	assert_error(&in, 0);
	efi.descriptor_size = 24;
	assert_error(&in, PURG_ERR_BP_EFI);
	efi.descriptor_size = 0;
	assert_error(&in, PURG_ERR_BP_EFI);
	make(2);
	efi.descriptor_version = 2;
	assert_error(&in, PURG_ERR_BP_EFI);
	make(2);
	efi.system_table = 0;
	assert_error(&in, PURG_ERR_BP_EFI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_errors), cmocka_unit_test(test_room),       cmocka_unit_test(test_limits),
		cmocka_unit_test(test_places),     cmocka_unit_test(test_efi_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
