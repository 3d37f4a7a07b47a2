/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/boot_params.c. What it writes is read back through the kernel's own <asm/bootparam.h>, which the library does
 * not use, by a reader that knows where nothing lies but in the way that Linux does: from hdr.setup_data on, and from
 * efi_info. Rooms are blocks of the heap of exactly their size, for ASan.
 */
#include <setjmp.h>
#include "boot_params_made.h"

static struct boot_params old;

static void test_fields(void **state)
{
	struct purg_boot_params in = make(3);
	struct boot_params *bp, expected;
	size_t size;

	(void)state;
	bp = write_all(&in, &size);
	assert_int_equal(size, 4096);
	memset(&expected, 0, sizeof(expected));
	expected.hdr = header;
	expected.hdr.type_of_loader = 0xff;
	expected.hdr.loadflags = LOADED_HIGH | QUIET_FLAG;
	expected.hdr.vid_mode = 0xffff;
	expected.hdr.code32_start = 0x45600000;
	expected.hdr.cmd_line_ptr = 0x34567890;
	expected.ext_cmd_line_ptr = 0x92;
	expected.hdr.ramdisk_image = 0x23456000;
	expected.ext_ramdisk_image = 0x81;
	expected.hdr.ramdisk_size = 0x23344556;
	expected.ext_ramdisk_size = 2;
	expected.hdr.setup_data = 0;
	expected.acpi_rsdp_addr = 0xfedcba9876543210;
	expected.e820_entries = 3;
	memcpy(expected.e820_table, bp->e820_table, sizeof(expected.e820_table)); /* test_map */
	assert_memory_equal(bp, &expected, sizeof(expected));
	free(bp);
}

/* A header that ends before, or behind, the one that is known here goes through as it is. */
static void test_header_size(void **state)
{
	struct purg_boot_params in = make(2);
	uint8_t bytes[0x290 - 0x1f1 + 1];
	struct boot_params *bp;
	size_t size;

	(void)state;
	fill(bytes, sizeof(bytes), 0x11);
	kernel.header = bytes;
	for (uint32_t length = 0x268 - 0x1f1; length <= 0x290 - 0x1f1; length++) {
		static const uint8_t zero[0x290];

		kernel.header_size = length;
		bp = write_all(&in, &size);
		assert_memory_equal((uint8_t *)bp + 0x258, bytes + 0x258 - 0x1f1, length - (0x258 - 0x1f1));
		assert_memory_equal((uint8_t *)bp + 0x1f1 + length, zero, 0x290 - 0x1f1 - length);
		free(bp);
	}
	kernel.header_size++;
	assert_int_equal(purg_boot_params_size(&in), PURG_ERR_ARGUMENT);
}

static void test_nothing(void **state)
{
	struct purg_boot_params in = make(2);
	struct boot_params *bp;
	size_t size;

	(void)state;
	in.cmdline_size = in.initrd_size = in.rsdp = 0;
	bp = write_all(&in, &size);
	assert_true(!bp->hdr.cmd_line_ptr && !bp->ext_cmd_line_ptr && !bp->acpi_rsdp_addr);
	assert_true(!bp->hdr.ramdisk_image && !bp->ext_ramdisk_image);
	assert_true(!bp->hdr.ramdisk_size && !bp->ext_ramdisk_size);
	free(bp);
}

/* A vmlinux: what a boot loader would have found in its bzImage, and the purgatory's check of a kernel asks for. */
static void test_vmlinux(void **state)
{
	struct purg_boot_params in = make(2);
	struct purg_bzimage read;
	struct boot_params *bp;
	size_t size;

	(void)state;
	in.kernel = NULL;
	in.efi = &efi;
	bp = write_all(&in, &size);
	assert_int_equal(bp->hdr.boot_flag, 0xaa55);
	assert_memory_equal(&bp->hdr.header, "HdrS", 4);
	assert_int_equal(bp->hdr.version, 0x20c);
	assert_int_equal(bp->hdr.jump, 0x66eb); /* over the header of 2.12: to 0x268 */
	assert_int_equal(bp->hdr.type_of_loader, 0xff);
	assert_int_equal(bp->hdr.loadflags, LOADED_HIGH);
	assert_int_equal(bp->hdr.vid_mode, 0xffff);
	assert_int_equal(bp->hdr.root_flags, 1);
	assert_int_equal(bp->hdr.xloadflags, XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G);
	assert_int_equal(bp->hdr.cmdline_size, 2047);
	assert_int_equal(bp->hdr.kernel_alignment, 0x200000);
	assert_int_equal(bp->hdr.initrd_addr_max, 0x7fffffff);
	assert_int_equal(bp->ext_cmd_line_ptr, 0x92);
	assert_int_equal(bp->hdr.code32_start, 0x45600000);
	assert_int_equal(bp->efi_info.efi_loader_signature, 0x34364c45);
	/* All that is missing for a bzImage is what it needs to start in. */
	assert_int_equal(purg_bzimage_read(&read, bp, 4096), PURG_ERR_BZIMAGE_SIZE);
	free(bp);
	in.cmdline_size = 2049;
	assert_int_equal(purg_boot_params_size(&in), PURG_ERR_BP_CMDLINE);
}

static void same_entry(const struct boot_e820_entry *entry, uint32_t i)
{
	assert_int_equal(entry->addr, map[i].start);
	assert_int_equal(entry->size, map[i].size);
	assert_int_equal(entry->type, map[i].type);
}

static void check_map(uint32_t count)
{
	uint32_t first = count < 128 ? count : 128;
	struct purg_boot_params in = make(count);
	const struct setup_data *ext;
	struct boot_params *bp;
	unsigned int number;
	size_t size;

	bp = write_all(&in, &size);
	assert_int_equal(bp->e820_entries, first);
	for (uint32_t i = 0; i < 128; i++) {
		static const struct boot_e820_entry none;

		if (i < first)
			same_entry(&bp->e820_table[i], i);
		else
			assert_memory_equal(&bp->e820_table[i], &none, sizeof(none));
	}
	ext = find_node(bp, size, SETUP_E820_EXT, &number);
	assert_int_equal(number, count > 128);
	if (count > 128)
		assert_int_equal(ext->len, (count - 128) * sizeof(struct boot_e820_entry));
	for (uint32_t i = 128; i < count; i++)
		same_entry((const struct boot_e820_entry *)ext->data + i - 128, i);
	free(bp);
}

static void test_map(void **state)
{
	static const uint32_t counts[] = {2, 3, 127, 128, 129, 130, LARGEST, ENTRIES_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		check_map(counts[i]);
}

/* Linux ignores a table of one entry: it must be two, of the same memory. */
static void test_map_of_one(void **state)
{
	struct purg_boot_params in = make(1);
	const struct boot_e820_entry *table;
	struct boot_params *bp;
	size_t size;

	(void)state;
	for (uint64_t length = 1; length; length <<= 1) {
		map[0] = (struct purg_mem){.start = 0, .size = length | 1, .type = PURG_MEM_RAM};
		bp = write_all(&in, &size);
		table = bp->e820_table;
		assert_int_equal(bp->e820_entries, 2);
		assert_int_equal(table[0].addr, 0);
		assert_int_equal(table[0].addr + table[0].size, table[1].addr);
		assert_int_equal(table[1].addr + table[1].size, length | 1);
		assert_int_equal(table[0].type, PURG_MEM_RAM);
		assert_int_equal(table[1].type, PURG_MEM_RAM);
		free(bp);
	}
}

/* struct efi_setup_data of arch/x86/include/asm/efi.h, which no header for programs has. */
struct efi_setup_data {
	uint64_t fw_vendor;
	uint64_t unused;
	uint64_t tables;
	uint64_t smbios;
	uint64_t reserved[8];
};

static void check_efi(uint32_t count, bool with_seed)
{
	struct purg_boot_params in = make(count);
	const struct efi_setup_data *data;
	struct efi_info info;
	const struct setup_data *node;
	struct boot_params *bp;
	unsigned int number;
	uint64_t place;
	size_t size;

	in.efi = &efi;
	in.seed = with_seed ? seed : NULL;
	in.seed_size = 32;
	bp = write_all(&in, &size);
	info = bp->efi_info;
	assert_memory_equal(&info.efi_loader_signature, "EL64", 4);
	assert_int_equal(info.efi_systab | (uint64_t)info.efi_systab_hi << 32, 0x123456789a);
	assert_int_equal(info.efi_memdesc_size, 48);
	assert_int_equal(info.efi_memdesc_version, 1);
	assert_int_equal(info.efi_memmap_size, sizeof(efi_map));
	place = info.efi_memmap | (uint64_t)info.efi_memmap_hi << 32;
	assert_memory_equal(at(bp, size, place, sizeof(efi_map)), efi_map, sizeof(efi_map));
	node = find_node(bp, size, SETUP_EFI, &number);
	assert_int_equal(number, 1 + with_seed + (count > 128));
	assert_int_equal(node->len, sizeof(*data));
	data = (const struct efi_setup_data *)node->data;
	assert_int_equal(data->fw_vendor, 0xfffffffefee12345);
	assert_int_equal(data->tables, 0x7f678901234);
	assert_int_equal(data->smbios, 0x7f111122223);
	assert_int_equal(data->unused, 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(data->reserved[i], 0);
	node = find_node(bp, size, SETUP_RNG_SEED_6_0, &number);
	assert_int_equal(node != NULL, with_seed);
	if (count > 128)
		same_entry((const struct boot_e820_entry *)find_node(bp, size, SETUP_E820_EXT, &number)->data, 128);
	free(bp);
}

static void test_efi(void **state)
{
	struct purg_boot_params in;
	struct boot_params *bp;
	size_t size;

	(void)state;
	for (uint32_t count = 126; count < 133; count++) {
		check_efi(count, false);
		check_efi(count, true);
	}
	/* A kernel that cannot start on EFI's virtual addresses must not see any of it. */
	in = make(2);
	in.efi = &efi;
	kernel.xloadflags &= (uint16_t)~XLF_EFI_KEXEC;
	efi.map_size = 1;
	bp = write_all(&in, &size);
	assert_int_equal(size, 4096);
	assert_int_equal(bp->efi_info.efi_loader_signature, 0);
	assert_int_equal(nodes(bp, size), 0);
	free(bp);
}

static void test_efi_high(void **state)
{
	struct purg_boot_params in = make(2);
	struct boot_params *bp;
	size_t size;

	(void)state;
	in.efi = &efi;
	in.address = 0x1234ffff0000;
	bp = write_all(&in, &size);
	assert_true(bp->hdr.setup_data > in.address && bp->hdr.setup_data < in.address + size);
	assert_int_equal(bp->efi_info.efi_memmap_hi, 0x1234);
	assert_true(bp->efi_info.efi_memmap >= 0xffff1000);
	free(bp);
}

static void test_seed(void **state)
{
	struct purg_boot_params in = make(2);
	const struct setup_data *node;
	struct boot_params *bp;
	unsigned int number;
	size_t size;

	(void)state;
	in.seed = seed;
	for (uint32_t length = 1; length <= 32; length++) {
		in.seed_size = length;
		bp = write_all(&in, &size);
		assert_int_equal(size, 4096 + 16 + length);
		node = find_node(bp, size, SETUP_RNG_SEED_6_0, &number);
		assert_int_equal(number, 1);
		assert_int_equal(node->len, length);
		assert_memory_equal(node->data, seed, length);
		free(bp);
	}
	in.seed_size = 0;
	bp = write_all(&in, &size);
	assert_int_equal(nodes(bp, size), 0);
	free(bp);
	in.seed = NULL;
	in.seed_size = 32;
	bp = write_all(&in, &size);
	assert_int_equal(nodes(bp, size), 0);
	free(bp);
}

/* The room is the data of a node of its own, where it is said to be, whatever else there is. */
static void test_report(void **state)
{
	static const uint8_t zeros[0x150];
	const struct setup_data *node;
	struct purg_boot_params in;
	struct boot_params *bp;
	unsigned int number;
	size_t size;

	(void)state;
	for (unsigned int with = 0; with < 8; with++) {
		in = make(with & 1 ? 130 : 2);
		in.efi = with & 2 ? &efi : NULL;
		in.seed = with & 4 ? seed : NULL;
		in.seed_size = 32;
		bp = write_all(&in, &size);
		assert_null(find_node(bp, size, 0x47525550, &number));
		free(bp);
		in.report = 1;
		bp = write_all(&in, &size);
		node = find_node(bp, size, 0x47525550, &number);
		assert_int_equal(number, 1 + (with & 1) + (with >> 1 & 1) + (with >> 2));
		assert_int_equal(node->len, sizeof(zeros));
		assert_ptr_equal(node->data, (uint8_t *)bp + PURG_BOOT_PARAMS_REPORT);
		assert_memory_equal(node->data, zeros, sizeof(zeros));
		free(bp);
	}
}

/* Of the running kernel's: exactly these fields. */
static void test_old(void **state)
{
	struct purg_boot_params in = make(2);
	struct boot_params *bp, expected, without;
	size_t size;

	(void)state;
	bp = write_all(&in, &size);
	without = *bp;
	free(bp);
	fill(&old, sizeof(old), 0x40);
	old.eddbuf_entries = 6;
	old.edd_mbr_sig_buf_entries = 16;
	in.old = &old;
	bp = write_all(&in, &size);
	expected = without;
	expected.screen_info = old.screen_info;
	expected.screen_info.ext_mem_k = 0;
	expected.screen_info.cl_magic = 0;
	expected.screen_info.cl_offset = 0;
	expected.ist_info = old.ist_info;
	expected.edid_info = old.edid_info;
	expected.eddbuf_entries = 6;
	expected.edd_mbr_sig_buf_entries = 16;
	memcpy(expected.edd_mbr_sig_buffer, old.edd_mbr_sig_buffer, sizeof(old.edd_mbr_sig_buffer));
	memcpy(expected.eddbuf, old.eddbuf, sizeof(old.eddbuf));
	expected.secure_boot = old.secure_boot;
	expected.hdr.hardware_subarch = old.hdr.hardware_subarch;
	assert_memory_equal(bp, &expected, sizeof(expected));
	free(bp);

	in.rsdp = 0;
	old.eddbuf_entries = 7;
	old.edd_mbr_sig_buf_entries = 255;
	bp = write_all(&in, &size);
	assert_int_equal(bp->acpi_rsdp_addr, old.acpi_rsdp_addr);
	assert_int_equal(bp->eddbuf_entries, 6);
	assert_int_equal(bp->edd_mbr_sig_buf_entries, 16);
	free(bp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),  cmocka_unit_test(test_header_size), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_vmlinux), cmocka_unit_test(test_map),         cmocka_unit_test(test_map_of_one),
		cmocka_unit_test(test_efi),     cmocka_unit_test(test_efi_high),    cmocka_unit_test(test_seed),
		cmocka_unit_test(test_report),  cmocka_unit_test(test_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
