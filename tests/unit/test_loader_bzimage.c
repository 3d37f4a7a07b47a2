/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/bzimage.c. Headers are made and read back through the kernel's own <asm/bootparam.h>, which the library does
 * not use. Files are blocks of the heap of exactly their size, for ASan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <asm/bootparam.h>
#include <purgatory/loader.h>

#define HDR 0x1f1
#define SETUP_SIZE 2048 /* setup_sects 3 */
#define FILE_SIZE 6001
#define HEADER_END 0x26c

static struct setup_header good_header(void)
{
	return (struct setup_header){
		.setup_sects = 3,
		.syssize = (FILE_SIZE - SETUP_SIZE) / 16,
		.boot_flag = 0xaa55,
		.jump = 0xeb | (HEADER_END - 0x202) << 8,
		.header = 0x53726448,
		.version = 0x20f,
		.loadflags = LOADED_HIGH | CAN_USE_HEAP,
		.initrd_addr_max = 0x7ffffffe,
		.kernel_alignment = 0x200000,
		.relocatable_kernel = 1,
		.xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G | XLF_EFI_KEXEC,
		.cmdline_size = 2047,
		.pref_address = 0x123456789abcdef0,
		.init_size = 0x3456789,
	};
}

static int read_file(struct purg_bzimage *kernel, const struct setup_header *hdr, size_t size)
{
	uint8_t *whole = malloc(FILE_SIZE), *file = malloc(size ? size : 1);
	int error;

	memset(whole, 0xcc, FILE_SIZE);
	memcpy(whole + HDR, hdr, sizeof(*hdr));
	memcpy(file, whole, size);
	memset(kernel, 0xa5, sizeof(*kernel));
	error = purg_bzimage_read(kernel, file, size);
	if (error) {
		for (size_t i = 0; i < sizeof(*kernel); i++)
			assert_int_equal(((uint8_t *)kernel)[i], 0xa5);
	} else {
		assert_ptr_equal(kernel->header, file + HDR);
		assert_memory_equal(kernel->header, hdr,
				    kernel->header_size < sizeof(*hdr) ? kernel->header_size : sizeof(*hdr));
	}
	free(file);
	free(whole);
	return error;
}

static int error_of(const struct setup_header *hdr)
{
	struct purg_bzimage kernel;

	return read_file(&kernel, hdr, FILE_SIZE);
}

static void test_fields(void **state)
{
	struct setup_header hdr = good_header();
	struct purg_bzimage kernel;

	(void)state;
	assert_int_equal(read_file(&kernel, &hdr, FILE_SIZE), 0);
	assert_int_equal(kernel.header_size, HEADER_END - HDR);
	assert_int_equal(kernel.version, 0x20f);
	assert_int_equal(kernel.xloadflags, hdr.xloadflags);
	assert_int_equal(kernel.offset, SETUP_SIZE);
	assert_int_equal(kernel.size, FILE_SIZE - SETUP_SIZE);
	assert_int_equal(kernel.mem_size, 0x3456789);
	assert_int_equal(kernel.entry, 0x200);
	assert_int_equal(kernel.address, 0x123456789abcdef0);
	assert_int_equal(kernel.align, 0x200000);
	assert_int_equal(kernel.cmdline_max, 2047);
	assert_int_equal(kernel.initrd_max, UINT64_MAX);
	assert_true(kernel.relocatable);
	assert_true(kernel.above_4g);
}

static void test_low(void **state)
{
	struct setup_header hdr = good_header();
	struct purg_bzimage kernel;

	(void)state;
	hdr.xloadflags = XLF_KERNEL_64;
	hdr.relocatable_kernel = 0;
	assert_int_equal(read_file(&kernel, &hdr, FILE_SIZE), 0);
	assert_int_equal(kernel.initrd_max, 0x7ffffffe);
	assert_false(kernel.relocatable);
	assert_false(kernel.above_4g);
}

/* Every length: what ends in the headers, the setup or the kernel is cut; without the magic it is no kernel. */
static void test_truncated(void **state)
{
	struct setup_header hdr = good_header();
	struct purg_bzimage kernel;
	const size_t whole = SETUP_SIZE + hdr.syssize * 16;

	(void)state;
	assert_true(whole < FILE_SIZE);
	for (size_t size = 0; size < whole; size++)
		assert_int_equal(read_file(&kernel, &hdr, size),
				 size < 0x206 ? PURG_ERR_KERNEL_UNKNOWN : PURG_ERR_KERNEL_CUT);
	for (size_t size = whole; size <= FILE_SIZE; size++)
		assert_int_equal(read_file(&kernel, &hdr, size), 0);

	/* Where the kernel does not say how long it is, it must reach its entry. */
	hdr.syssize = 0;
	assert_int_equal(read_file(&kernel, &hdr, SETUP_SIZE + 0x200), PURG_ERR_KERNEL_CUT);
	assert_int_equal(read_file(&kernel, &hdr, SETUP_SIZE + 0x201), 0);
	assert_int_equal(kernel.size, 0x201);
	/* 0 sectors are 4. */
	hdr.setup_sects = 0;
	assert_int_equal(read_file(&kernel, &hdr, 2560 + 0x200), PURG_ERR_KERNEL_CUT);
	assert_int_equal(read_file(&kernel, &hdr, 2560 + 0x201), 0);
	assert_int_equal(kernel.offset, 2560);
	hdr.setup_sects = 255;
	assert_int_equal(read_file(&kernel, &hdr, FILE_SIZE), PURG_ERR_KERNEL_CUT);
	hdr = good_header();
	hdr.syssize = UINT32_MAX;
	assert_int_equal(error_of(&hdr), PURG_ERR_KERNEL_CUT);
	hdr.syssize = 0x10000001; /* 16 in 32 bits */
	assert_int_equal(error_of(&hdr), PURG_ERR_KERNEL_CUT);
}

static void test_refused(void **state)
{
	const struct setup_header good = good_header();
	struct setup_header bad;

	(void)state;
#define REFUSED(field, value, error)                     \
	do {                                             \
		bad = good;                              \
		bad.field = value;                       \
		assert_int_equal(error_of(&bad), error); \
	} while (0)
	REFUSED(boot_flag, 0, PURG_ERR_KERNEL_UNKNOWN);
	REFUSED(boot_flag, 0xaa54, PURG_ERR_KERNEL_UNKNOWN);
	REFUSED(header, 0, PURG_ERR_KERNEL_UNKNOWN);
	REFUSED(header, 0x53726449, PURG_ERR_KERNEL_UNKNOWN);
	REFUSED(version, 0, PURG_ERR_BZIMAGE_PROTOCOL);
	REFUSED(version, 0x20b, PURG_ERR_BZIMAGE_PROTOCOL);
	REFUSED(version, 0x20c, 0);
	REFUSED(version, 0xffff, 0);
	REFUSED(xloadflags, 0, PURG_ERR_BZIMAGE_64);
	REFUSED(xloadflags, (uint16_t)~XLF_KERNEL_64, PURG_ERR_BZIMAGE_64);
	REFUSED(xloadflags, 0xffff, 0);
	REFUSED(loadflags, 0, PURG_ERR_BZIMAGE_LOW);
	REFUSED(loadflags, (uint8_t)~LOADED_HIGH, PURG_ERR_BZIMAGE_LOW);
	REFUSED(kernel_alignment, 0, PURG_ERR_BZIMAGE_ALIGN);
	REFUSED(kernel_alignment, 0x300000, PURG_ERR_BZIMAGE_ALIGN);
	REFUSED(kernel_alignment, UINT32_MAX, PURG_ERR_BZIMAGE_ALIGN);
	REFUSED(kernel_alignment, 1, 0);
	REFUSED(kernel_alignment, 1u << 31, 0);
	REFUSED(init_size, 0, PURG_ERR_BZIMAGE_SIZE);
	REFUSED(init_size, 1, 0);
	REFUSED(init_size, UINT32_MAX, 0);
	REFUSED(pref_address, UINT64_MAX, 0);
	REFUSED(cmdline_size, UINT32_MAX, 0);
	REFUSED(initrd_addr_max, UINT32_MAX, 0);
#undef REFUSED
}

/* The byte behind the jump says where the header ends: 0x268 is the least of protocol 2.12, 0x290 is what follows. */
static void test_header_end(void **state)
{
	struct setup_header hdr = good_header();
	struct purg_bzimage kernel;

	(void)state;
	for (unsigned int end = 0x202; end <= 0x202 + 0xff; end++) {
		hdr.jump = (uint16_t)(0xeb | (end - 0x202) << 8);
		if (end < 0x268 || end > 0x290) {
			assert_int_equal(read_file(&kernel, &hdr, FILE_SIZE), PURG_ERR_BZIMAGE_HEADER);
			continue;
		}
		assert_int_equal(read_file(&kernel, &hdr, FILE_SIZE), 0);
		assert_int_equal(kernel.header_size, end - HDR);
	}
}

/* A kernel that has grown, by a signature, past the memory that it counts. */
static void test_mem_size(void **state)
{
	struct setup_header hdr = good_header();
	struct purg_bzimage kernel;

	(void)state;
	hdr.init_size = FILE_SIZE - SETUP_SIZE - 1;
	assert_int_equal(read_file(&kernel, &hdr, FILE_SIZE), 0);
	assert_int_equal(kernel.mem_size, FILE_SIZE - SETUP_SIZE);
}

/* Debian's kernel, if it has been fetched. */
static void test_debian(void **state)
{
	FILE *file = fopen("build/debian/x86_64/vmlinuz", "rb");
	struct purg_bzimage kernel;
	struct setup_header hdr;
	uint8_t *data;
	long size;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	data = malloc((size_t)size);
	rewind(file);
	assert_int_equal(fread(data, 1, (size_t)size, file), size);
	fclose(file);
	memcpy(&hdr, data + HDR, sizeof(hdr));
	assert_int_equal(purg_bzimage_read(&kernel, data, (size_t)size), 0);
	assert_int_equal(kernel.version, hdr.version);
	assert_int_equal(kernel.header_size, sizeof(hdr));
	assert_int_equal(kernel.offset, (hdr.setup_sects + 1) * 512);
	assert_int_equal(kernel.offset + kernel.size, size);
	assert_int_equal(kernel.mem_size, hdr.init_size);
	assert_int_equal(kernel.address, 0x1000000);
	assert_int_equal(kernel.align, 0x200000);
	assert_int_equal(kernel.cmdline_max, 2047);
	assert_true(kernel.relocatable && kernel.above_4g && kernel.xloadflags & XLF_EFI_KEXEC);
	/* The payload's own extent is in what is loaded, and a kernel that has lost its end is not taken. */
	assert_true((uint64_t)hdr.payload_offset + hdr.payload_length <= kernel.size);
	assert_int_equal(purg_bzimage_read(&kernel, data, (size_t)(kernel.offset + hdr.syssize * 16ul)), 0);
	assert_int_equal(purg_bzimage_read(&kernel, data, (size_t)(kernel.offset + hdr.syssize * 16ul - 1)),
			 PURG_ERR_KERNEL_CUT);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),  cmocka_unit_test(test_low),        cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_header_end), cmocka_unit_test(test_mem_size),
		cmocka_unit_test(test_debian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
