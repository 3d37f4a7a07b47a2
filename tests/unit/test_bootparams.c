/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * front/x86_64/bootparams.c under the host's sanitizers, with the library's boot_params that it is built on (see
 * test_loader_boot_params). What it writes is read back through the kernel's own <asm/bootparam.h>, which it does not
 * use. Rooms are blocks of the heap of exactly their size, for ASan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <asm/bootparam.h>
#include "../../front/x86_64/bootparams.h"

#define ADDRESS 0x123000
#define CMDLINE 0x122010
#define CMDLINE_SIZE 30
#define INITRD 0x1234567000
#define INITRD_SIZE 0x523456789
#define RSDP 0xfedcba9876543210
#define LARGEST 1000
#define LIMIT ((uint64_t)16 << 30)

static struct purg_mem map[LARGEST];

/* As the packer makes it, with the rest set so that it is seen to go through. */
static struct boot_params make_template(void)
{
	struct boot_params bp;

	memset(&bp, 0x5a, sizeof(bp));
	bp.eddbuf_entries = 6;
	bp.edd_mbr_sig_buf_entries = 16;
	bp.screen_info.ext_mem_k = 0;
	bp.screen_info.cl_magic = bp.screen_info.cl_offset = 0;
	bp.hdr.boot_flag = 0xaa55;
	bp.hdr.jump = 0x6aeb;
	memcpy(&bp.hdr.header, "HdrS", 4);
	bp.hdr.version = 0x20c;
	bp.hdr.xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G;
	bp.hdr.cmdline_size = 2047;
	bp.hdr.type_of_loader = 0xff;
	bp.hdr.loadflags = LOADED_HIGH;
	bp.hdr.vid_mode = 0xffff;
	bp.hdr.kernel_alignment = 0x200000;
	bp.hdr.initrd_addr_max = 0xffffffff;
	bp.hdr.init_size = 0x2345678;
	bp.hdr.setup_data = 0;
	return bp;
}

/* Every entry unlike every other, of all types, with numbers that need all their bits. */
static void fill_map(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		map[i] = (struct purg_mem){
			.start = 0x1000000000000000 + (uint64_t)i * 0x100001000,
			.size = 0xf00000000000 + i,
			.type = i % 9,
			.reserved = 0xdeadbeef,
		};
}

static struct purg_boot_params make_machine(uint32_t count)
{
	fill_map(count);
	return (struct purg_boot_params){
		.address = ADDRESS,
		.cmdline = CMDLINE,
		.cmdline_size = CMDLINE_SIZE,
		.initrd = INITRD,
		.initrd_size = INITRD_SIZE,
		.rsdp = RSDP,
		.map = map,
		.map_count = count,
	};
}

static size_t size_for(uint32_t count)
{
	size_t rest = count > E820_MAX_ENTRIES_ZEROPAGE ? count - E820_MAX_ENTRIES_ZEROPAGE : 0;

	return sizeof(struct boot_params) +
	       (rest ? sizeof(struct setup_data) + rest * sizeof(struct boot_e820_entry) : 0);
}

/* The result in a block of exactly its size. */
static struct boot_params *complete(const struct boot_params *template, const struct purg_boot_params *machine)
{
	size_t size = size_for(machine->map_count);
	struct boot_params *bp = malloc(size);

	assert_int_equal(bootparams_complete(bp, size, template, machine), size);
	return bp;
}

static void test_fields(void **state)
{
	static const uint16_t dropped[][2] = {{0x40, 0x60},   {0x78, 0xc0},   {0xcc, 0x140},  {0x1c0, 0x1e8},
					      {0x1eb, 0x1ec}, {0x1ed, 0x1f1}, {0xcd0, 0xd00}, {0xeec, 0x1000}};
	static const uint8_t zero[0x200];
	struct boot_params template = make_template(), *bp;
	struct purg_boot_params machine = make_machine(5);

	(void)state;
	bp = complete(&template, &machine);
	assert_int_equal(bp->hdr.cmd_line_ptr | (uint64_t)bp->ext_cmd_line_ptr << 32, CMDLINE);
	assert_int_equal(bp->hdr.ramdisk_image | (uint64_t)bp->ext_ramdisk_image << 32, INITRD);
	assert_int_equal(bp->hdr.ramdisk_size | (uint64_t)bp->ext_ramdisk_size << 32, INITRD_SIZE);
	assert_int_equal(bp->acpi_rsdp_addr, RSDP);
	assert_int_equal(bp->e820_entries, 5);
	assert_int_equal(bp->hdr.setup_data, 0);
	assert_int_equal(bootparams_init_size(bp), 0x2345678);

	/* The template's are the header, all that is known of it, and what the boot before told; the rest is zero. */
	assert_memory_equal((uint8_t *)bp + 0x26c, zero, 0x290 - 0x26c);
	memset((uint8_t *)bp + 0x26c, 0x5a, 0x290 - 0x26c);
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		assert_memory_equal((uint8_t *)bp + dropped[i][0], zero, dropped[i][1] - dropped[i][0]);
		memset((uint8_t *)bp + dropped[i][0], 0x5a, dropped[i][1] - dropped[i][0]);
	}
	bp->hdr.cmd_line_ptr = template.hdr.cmd_line_ptr;
	bp->ext_cmd_line_ptr = template.ext_cmd_line_ptr;
	bp->hdr.ramdisk_image = template.hdr.ramdisk_image;
	bp->ext_ramdisk_image = template.ext_ramdisk_image;
	bp->hdr.ramdisk_size = template.hdr.ramdisk_size;
	bp->ext_ramdisk_size = template.ext_ramdisk_size;
	bp->acpi_rsdp_addr = template.acpi_rsdp_addr;
	bp->e820_entries = template.e820_entries;
	memcpy(bp->e820_table, template.e820_table, sizeof(bp->e820_table));
	assert_memory_equal(bp, &template, sizeof(template));
	free(bp);
}

static void test_above_4g(void **state)
{
	struct boot_params template = make_template(), *bp;
	struct purg_boot_params machine = make_machine(1);

	(void)state;
	machine.cmdline = 0x923456789a;
	bp = complete(&template, &machine);
	assert_int_equal(bp->hdr.cmd_line_ptr, 0x3456789a);
	assert_int_equal(bp->ext_cmd_line_ptr, 0x92);
	free(bp);
}

static void test_no_initrd(void **state)
{
	struct boot_params template = make_template(), *bp;
	struct purg_boot_params machine = make_machine(1);

	(void)state;
	machine.initrd_size = 0;
	template.hdr.xloadflags = XLF_KERNEL_64; /* where no initrd is does not matter */
	bp = complete(&template, &machine);
	assert_int_equal(bp->hdr.ramdisk_image, 0);
	assert_int_equal(bp->ext_ramdisk_image, 0);
	assert_int_equal(bp->hdr.ramdisk_size, 0);
	assert_int_equal(bp->ext_ramdisk_size, 0);
	free(bp);
}

static void same_entry(const struct boot_e820_entry *entry, uint32_t i)
{
	assert_int_equal(entry->addr, map[i].start);
	assert_int_equal(entry->size, map[i].size);
	assert_int_equal(entry->type, map[i].type);
}

static void check_rest(const struct boot_params *bp, uint32_t count)
{
	const struct setup_data *node = (const struct setup_data *)(bp + 1);
	const struct boot_e820_entry *entry = (const struct boot_e820_entry *)node->data;
	uint32_t rest = count - E820_MAX_ENTRIES_ZEROPAGE;

	assert_int_equal(bp->hdr.setup_data, ADDRESS + sizeof(*bp));
	assert_int_equal(node->next, 0);
	assert_int_equal(node->type, SETUP_E820_EXT);
	assert_int_equal(node->len, rest * sizeof(*entry));
	for (uint32_t i = 0; i < rest; i++)
		same_entry(&entry[i], E820_MAX_ENTRIES_ZEROPAGE + i);
}

static void test_map(void **state)
{
	static const uint32_t counts[] = {2, 127, 128, 129, 130, 300, LARGEST};
	struct boot_params template = make_template();

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct purg_boot_params machine = make_machine(counts[i]);
		struct boot_params *bp = complete(&template, &machine);
		uint32_t first = counts[i] < 128 ? counts[i] : 128;
		static const struct boot_e820_entry none;

		assert_int_equal(bp->e820_entries, first);
		for (uint32_t j = 0; j < 128; j++)
			if (j < first)
				same_entry(&bp->e820_table[j], j);
			else
				assert_memory_equal(&bp->e820_table[j], &none, sizeof(none));
		if (counts[i] > 128)
			check_rest(bp, counts[i]);
		else
			assert_int_equal(bp->hdr.setup_data, 0);
		free(bp);
	}
}

static void test_chain_dropped(void **state)
{
	struct boot_params template = make_template(), *bp;
	struct purg_boot_params machine = make_machine(129);

	(void)state;
	template.hdr.setup_data = 0x1122334455667788;
	bp = complete(&template, &machine);
	check_rest(bp, 129);
	free(bp);
	machine = make_machine(128);
	bp = complete(&template, &machine);
	assert_int_equal(bp->hdr.setup_data, 0);
	free(bp);
}

static int try(const struct boot_params *template, const struct purg_boot_params *machine, size_t room)
{
	uint8_t *out = malloc(room + 1);
	int result;

	memset(out, 0xa5, room + 1);
	result = bootparams_complete(out, room, template, machine);
	assert_int_equal(out[room], 0xa5);
	if (result < 0)
		for (size_t i = 0; i < room; i++)
			assert_int_equal(out[i], 0xa5);
	free(out);
	return result;
}

static void test_room(void **state)
{
	static const uint32_t counts[] = {1, 128, 129, 300};
	struct boot_params template = make_template();

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct purg_boot_params machine = make_machine(counts[i]);
		size_t enough = size_for(counts[i]);

		for (size_t room = 0; room < enough; room++)
			assert_int_equal(try(&template, &machine, room), BOOTPARAMS_E_ROOM);
		assert_int_equal(try(&template, &machine, enough), enough);
		assert_int_equal(try(&template, &machine, enough + 4096), enough);
	}
}

static void test_hostile_count(void **state)
{
	struct boot_params template = make_template();
	struct purg_boot_params machine = make_machine(1);

	(void)state;
	machine.map_count = UINT32_MAX;
	assert_int_equal(try(&template, &machine, 65536), BOOTPARAMS_E_ROOM);
	assert_int_equal(bootparams_complete(&template, SIZE_MAX, &template, &machine), BOOTPARAMS_E_ROOM);
	machine.map_count = 128 + 0x100000004 / 20; /* what is over 128, times 20, is 4 in 32 bits */
	assert_int_equal(try(&template, &machine, 65536), BOOTPARAMS_E_ROOM);
}

static int template_error(const struct boot_params *template)
{
	struct purg_boot_params machine = make_machine(1);

	return try(template, &machine, 4096);
}

static void test_template_errors(void **state)
{
	struct boot_params good = make_template(), bad;

	(void)state;
	assert_int_equal(template_error(&good), 4096);
	bad = good;
	bad.hdr.boot_flag ^= 1;
	assert_int_equal(template_error(&bad), BOOTPARAMS_E_TEMPLATE);
	bad = good;
	bad.hdr.header ^= 1u << 31;
	assert_int_equal(template_error(&bad), BOOTPARAMS_E_TEMPLATE);
	bad = good;
	bad.hdr.version = 0x20b;
	assert_int_equal(template_error(&bad), BOOTPARAMS_E_PROTOCOL);
	bad = good;
	bad.hdr.xloadflags = (uint16_t)~XLF_KERNEL_64;
	assert_int_equal(template_error(&bad), BOOTPARAMS_E_PROTOCOL);
	bad = good;
	bad.hdr.cmdline_size = CMDLINE_SIZE - 1;
	assert_int_equal(template_error(&bad), 4096);
	bad.hdr.cmdline_size = CMDLINE_SIZE - 2;
	assert_int_equal(template_error(&bad), BOOTPARAMS_E_PROTOCOL);
}

static void test_change_errors(void **state)
{
	struct boot_params template = make_template();
	struct purg_boot_params machine = make_machine(1);

	(void)state;
	machine.map_count = 0;
	assert_int_equal(try(&template, &machine, 4096), BOOTPARAMS_E_NO_MAP);
	machine = make_machine(1);
	machine.cmdline_size = 0;
	assert_int_equal(try(&template, &machine, 4096), BOOTPARAMS_E_PROTOCOL);

	template.hdr.xloadflags = XLF_KERNEL_64;
	machine = make_machine(1);
	assert_int_equal(try(&template, &machine, 4096), BOOTPARAMS_E_HIGH);
	machine.initrd = 0xffff0000;
	machine.initrd_size = 0x10000;
	assert_int_equal(try(&template, &machine, 4096), 4096);
	machine.initrd_size = 0x10001;
	assert_int_equal(try(&template, &machine, 4096), BOOTPARAMS_E_HIGH);
	machine.initrd_size = 0;
	machine.cmdline = 0x100000000 - CMDLINE_SIZE;
	assert_int_equal(try(&template, &machine, 4096), 4096);
	machine.cmdline++;
	assert_int_equal(try(&template, &machine, 4096), BOOTPARAMS_E_HIGH);
}

static void test_start_info(void **state)
{
	const struct hvm_start_info good = {.magic = 0x336ec578, .version = 1, .map = LIMIT - 48, .map_count = 2};
	struct hvm_start_info bad;

	(void)state;
	assert_int_equal(bootparams_check_start_info(&good, LIMIT), 0);
	bad = good;
	bad.version = 2; /* "New versions are guaranteed to be backwards-compatible" */
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), 0);
	bad.version = 0;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_VERSION);
	bad = good;
	bad.magic ^= 0x80;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_MAGIC);
	bad = good;
	bad.map = 0;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_NO_MAP);
	bad = good;
	bad.map_count = 0;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_NO_MAP);
	bad.map_count = 3;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_MAP_PLACE);
	bad.map = LIMIT;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_MAP_PLACE);
	bad.map = UINT64_MAX - 23;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_MAP_PLACE);
	bad.map = 4096;
	bad.map_count = UINT32_MAX;
	assert_int_equal(bootparams_check_start_info(&bad, LIMIT), BOOTPARAMS_E_MAP_PLACE);
}

static bool is_ram(const struct purg_mem *entries, uint32_t count, uint64_t start, uint64_t end)
{
	return bootparams_is_ram(entries, count, start, end - start);
}

static void test_ram(void **state)
{
	/* In no order; the third and the first adjoin; the gap at 0x6000 is not claimed by any. */
	static const struct purg_mem ram[] = {
		{0x3000, 0x2000, 1, 0}, {0x5000, 0x1000, 2, 0}, {0x1000, 0x2000, 1, 0},
		{0x7000, 0, 1, 0},      {0x8000, 0x1000, 1, 0}, {0x9000, 0x1000, 7, 0},
	};

	(void)state;
	assert_true(is_ram(ram, 6, 0x1000, 0x5000));
	assert_true(is_ram(ram, 6, 0x2fff, 0x3001));
	assert_true(is_ram(ram, 6, 0x4fff, 0x5000));
	assert_true(is_ram(ram, 6, 0x8000, 0x9000));
	assert_false(is_ram(ram, 6, 0xfff, 0x2000));
	assert_false(is_ram(ram, 6, 0x1000, 0x5001));
	assert_false(is_ram(ram, 6, 0x7000, 0x7001));
	assert_false(is_ram(ram, 6, 0x7fff, 0x9000));
	assert_false(is_ram(ram, 6, 0x8000, 0x9001));
	assert_false(is_ram(ram, 2, 0x1000, 0x5000));
	assert_false(is_ram(ram, 0, 0x1000, 0x2000));
	assert_false(bootparams_is_ram(ram, 6, 0x1000, UINT64_MAX));
	assert_true(is_ram(ram, 6, 0x1000, 0x1000));
}

static void test_ram_overlaps(void **state)
{
	static const struct purg_mem ram[] = {
		{0x1000, 0x9000, 1, 0}, {0x4000, 0x1000, 2, 0}, {0x8000, 0x8000, 1, 0},
		{0x9000, 0x1000, 1, 0}, {0x5800, 0, 2, 0},
	};
	static const struct purg_mem wrapping[] = {{0x1000, UINT64_MAX, 1, 0}, {UINT64_MAX - 0xfff, 0x2000, 2, 0}};

	(void)state;
	assert_true(is_ram(ram, 5, 0x1000, 0x4000));
	assert_true(is_ram(ram, 5, 0x5000, 0x10000));
	assert_false(is_ram(ram, 5, 0x1000, 0x5000));
	assert_false(is_ram(ram, 5, 0x4fff, 0x6000));
	assert_false(is_ram(ram, 5, 0x4000, 0x4001));
	assert_true(is_ram(wrapping, 1, 0x1000, UINT64_MAX));
	assert_true(is_ram(wrapping, 2, 0x1000, UINT64_MAX - 0xfff));
	assert_false(is_ram(wrapping, 2, 0x1000, UINT64_MAX - 0xffe));
}

static void test_sentences(void **state)
{
	(void)state;
	for (int error = BOOTPARAMS_E_ROOM; error < 0; error++)
		for (int other = BOOTPARAMS_E_ROOM; other < error; other++)
			assert_string_not_equal(bootparams_strerror(error), bootparams_strerror(other));
	assert_string_equal(bootparams_strerror(0), "unknown error");
	assert_string_equal(bootparams_strerror(1), "unknown error");
	assert_string_equal(bootparams_strerror(BOOTPARAMS_E_ROOM - 1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),        cmocka_unit_test(test_above_4g),
		cmocka_unit_test(test_no_initrd),     cmocka_unit_test(test_map),
		cmocka_unit_test(test_chain_dropped), cmocka_unit_test(test_room),
		cmocka_unit_test(test_hostile_count), cmocka_unit_test(test_template_errors),
		cmocka_unit_test(test_change_errors), cmocka_unit_test(test_start_info),
		cmocka_unit_test(test_ram),           cmocka_unit_test(test_ram_overlaps),
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
