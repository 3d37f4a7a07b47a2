/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The bzImage (Linux Documentation/arch/x86/boot.rst). */
#include <boot_params.h>
#include "number.h"

#define SECTOR 512

/* The header's end is where the jump over it goes: it grew with the protocol. */
static int check_extent(const uint8_t *data, size_t size, uint64_t *end)
{
	if (size < BP_HEADER + sizeof(uint32_t) || bp_get16(data + BP_BOOT_FLAG) != BP_BOOT_FLAG_MAGIC ||
	    bp_get32(data + BP_HEADER) != BP_HEADER_MAGIC)
		return PURG_ERR_KERNEL_UNKNOWN;
	*end = BP_HEADER + (uint64_t)data[BP_JUMP + 1];
	if (*end > BP_HDR_LIMIT)
		return PURG_ERR_BZIMAGE_HEADER;
	if (size < BP_VERSION + sizeof(uint16_t) || size < *end)
		return PURG_ERR_KERNEL_CUT;
	if (bp_get16(data + BP_VERSION) < BP_VERSION_2_12)
		return PURG_ERR_BZIMAGE_PROTOCOL;
	return *end < BP_HDR_END_2_12 ? PURG_ERR_BZIMAGE_HEADER : 0;
}

static int check_fields(const uint8_t *data)
{
	if (!(bp_get16(data + BP_XLOADFLAGS) & BP_XLF_KERNEL_64))
		return PURG_ERR_BZIMAGE_64;
	if (!(data[BP_LOADFLAGS] & BP_LOADED_HIGH))
		return PURG_ERR_BZIMAGE_LOW;
	if (!number_is_power_of_two(bp_get32(data + BP_KERNEL_ALIGNMENT)))
		return PURG_ERR_BZIMAGE_ALIGN;
	if (!bp_get32(data + BP_INIT_SIZE))
		return PURG_ERR_BZIMAGE_SIZE;
	return 0;
}

int bzimage_read_header(struct purg_bzimage *kernel, const uint8_t *data, size_t size)
{
	uint64_t end;
	int error = check_extent(data, size, &end);

	if (!error)
		error = check_fields(data);
	if (error)
		return error;
	kernel->header = data + BP_HDR;
	kernel->header_size = (uint32_t)(end - BP_HDR);
	kernel->version = bp_get16(data + BP_VERSION);
	kernel->xloadflags = bp_get16(data + BP_XLOADFLAGS);
	kernel->entry = BZIMAGE_ENTRY;
	kernel->address = bp_get64(data + BP_PREF_ADDRESS);
	kernel->align = bp_get32(data + BP_KERNEL_ALIGNMENT);
	kernel->cmdline_max = bp_get32(data + BP_CMDLINE_SIZE);
	kernel->relocatable = data[BP_RELOCATABLE_KERNEL] != 0;
	kernel->above_4g = kernel->xloadflags & BP_XLF_CAN_BE_LOADED_ABOVE_4G;
	kernel->initrd_max = kernel->above_4g ? UINT64_MAX : bp_get32(data + BP_INITRD_ADDR_MAX);
	return 0;
}

int purg_bzimage_read(struct purg_bzimage *kernel, const void *file, size_t size)
{
	const uint8_t *data = file;
	struct purg_bzimage read;
	int error = bzimage_read_header(&read, data, size);
	uint64_t sectors;

	if (error)
		return error;
	/* 0 means 4, for the sake of LILO. */
	sectors = data[BP_SETUP_SECTS] ? data[BP_SETUP_SECTS] : 4;
	read.offset = (sectors + 1) * SECTOR;
	if (read.offset > size || size - read.offset <= BZIMAGE_ENTRY)
		return PURG_ERR_KERNEL_CUT;
	read.size = size - read.offset;
	/* syssize counts units of 16 bytes; a signature behind the image makes the file longer than that. */
	if (read.size / 16 < bp_get32(data + BP_SYSSIZE))
		return PURG_ERR_KERNEL_CUT;
	read.mem_size = number_max(bp_get32(data + BP_INIT_SIZE), read.size);
	*kernel = read;
	return 0;
}
