/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the tests of loader/boot_params.c share: a kernel that can do everything, what it is told, and a reader. */
#ifndef BOOT_PARAMS_MADE_H
#define BOOT_PARAMS_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <asm/bootparam.h>
#include <purgatory/loader.h>

#define ADDRESS 0x7ffe0000
#define SETUP_RNG_SEED_6_0 9 /* Linux 6.0 */
#define LARGEST 1000
#define NODE_MAX (63 * 4096) /* what Linux maps of a node, wherever in a page it begins */
#define ENTRIES_MAX (128 + (NODE_MAX - 16) / 20)

static const char seed[] = "thirty-two bytes, none of them 0";
static uint8_t efi_map[5 * 48];
static struct setup_header header;
static struct purg_bzimage kernel;
static struct purg_efi efi;
static struct purg_mem map[ENTRIES_MAX + 1];

/* Every entry unlike every other; every type of e820 and beyond. */
static inline void fill_map(uint32_t count)
{
	static const uint32_t types[] = {
		PURG_MEM_RAM,  PURG_MEM_RESERVED,      PURG_MEM_ACPI, PURG_MEM_NVS, 5, PURG_MEM_PMEM,
		PURG_MEM_PRAM, PURG_MEM_SOFT_RESERVED, PURG_MEM_RAM,  0xffffffff,   0};

	for (uint32_t i = 0; i < count; i++)
		map[i] = (struct purg_mem){
			.start = (uint64_t)i * 0x100001000,
			.size = 0xf0000001 + i,
			.type = types[i % (sizeof(types) / sizeof(types[0]))],
			.reserved = 0xdeadbeef,
		};
}

static inline void fill(void *out, size_t size, uint8_t first)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)(first + i * 7);
}

/* A kernel that can do everything, and all that can be said to it. */
static inline struct purg_boot_params make(uint32_t count)
{
	fill(&header, sizeof(header), 0x11);
	header.loadflags = LOADED_HIGH | QUIET_FLAG | CAN_USE_HEAP;
	kernel = (struct purg_bzimage){
		.header = (const uint8_t *)&header,
		.header_size = sizeof(header),
		.version = 0x20f,
		.xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G | XLF_EFI_KEXEC,
		.cmdline_max = 2047,
		.initrd_max = UINT64_MAX,
		.above_4g = true,
	};
	fill(efi_map, sizeof(efi_map), 0x77);
	efi = (struct purg_efi){
		.map = efi_map,
		.map_size = sizeof(efi_map),
		.descriptor_size = 48,
		.descriptor_version = 1,
		.system_table = 0x123456789a,
		.fw_vendor = 0xfffffffefee12345,
		.tables = 0x7f678901234,
		.smbios = 0x7f111122223,
	};
	fill_map(count);
	return (struct purg_boot_params){
		.kernel = &kernel,
		.kernel_address = 0x345600000,
		.address = ADDRESS,
		.cmdline = 0x9234567890,
		.cmdline_size = 2048,
		.initrd = 0x8123456000,
		.initrd_size = 0x223344556,
		.map = map,
		.map_count = count,
		.rsdp = 0xfedcba9876543210,
	};
}

/* In a block of exactly the size that was said, which is full of rubbish before. */
static inline struct boot_params *write_all(const struct purg_boot_params *in, size_t *size)
{
	int64_t result = purg_boot_params_size(in);
	struct boot_params *bp;

	assert_true(result >= 4096);
	bp = malloc((size_t)result);
	memset(bp, 0xa5, (size_t)result);
	assert_int_equal(purg_boot_params_write(bp, (size_t)result, in), result);
	*size = (size_t)result;
	return bp;
}

/* What lies at a physical address of the piece. */
static inline const void *at(const struct boot_params *bp, size_t size, uint64_t address, uint64_t length)
{
	assert_true(address >= ADDRESS + sizeof(*bp) && address % 8 == 0);
	assert_true(address - ADDRESS <= size && length <= size - (address - ADDRESS));
	return (const uint8_t *)bp + (address - ADDRESS);
}

/* The only node of that type in the chain, or NULL. *count: of all nodes. */
static inline const struct setup_data *find_node(const struct boot_params *bp, size_t size, uint32_t type,
						 unsigned int *count)
{
	const struct setup_data *node, *found = NULL;

	*count = 0;
	for (uint64_t next = bp->hdr.setup_data; next; next = node->next) {
		node = at(bp, size, next, sizeof(*node));
		at(bp, size, next, sizeof(*node) + node->len);
		assert_true(++*count < 10);
		if (node->type != type)
			continue;
		assert_null(found);
		found = node;
	}
	return found;
}

static inline unsigned int nodes(const struct boot_params *bp, size_t size)
{
	unsigned int count;

	find_node(bp, size, 0, &count);
	return count;
}

#endif
