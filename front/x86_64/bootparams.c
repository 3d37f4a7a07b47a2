/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Linux Documentation/arch/x86/boot.rst and zero-page.rst. */
#include "bootparams.h"
#include <string.h>

/* Offsets in boot_params. */
#define BP_ACPI_RSDP_ADDR 0x070
#define BP_EXT_RAMDISK_IMAGE 0x0c0
#define BP_EXT_RAMDISK_SIZE 0x0c4
#define BP_EXT_CMD_LINE_PTR 0x0c8
#define BP_E820_ENTRIES 0x1e8
#define BP_BOOT_FLAG 0x1fe
#define BP_HEADER 0x202
#define BP_VERSION 0x206
#define BP_RAMDISK_IMAGE 0x218
#define BP_RAMDISK_SIZE 0x21c
#define BP_CMD_LINE_PTR 0x228
#define BP_XLOADFLAGS 0x236
#define BP_CMDLINE_SIZE 0x238
#define BP_SETUP_DATA 0x250
#define BP_INIT_SIZE 0x260
#define BP_E820_TABLE 0x2d0

#define BOOT_FLAG 0xaa55
#define HEADER_MAGIC 0x53726448 /* "HdrS" */
#define VERSION_2_12 0x20c      /* xloadflags and the ext_ fields */
#define XLF_KERNEL_64 (1 << 0)
#define XLF_CAN_BE_LOADED_ABOVE_4G (1 << 1)

#define E820_TABLE_ENTRIES 128
#define E820_ENTRY_SIZE 20

/* struct setup_data: u64 next, u32 type, u32 len, then the data. */
#define SETUP_DATA_SIZE 16
#define SETUP_E820_EXT 1

static const char sentences[][88] = {
	[0] = "unknown error",
	[-BOOTPARAMS_E_MAGIC] = "the machine did not enter by PVH: ebx points at no start info",
	[-BOOTPARAMS_E_VERSION] = "the machine's PVH start info is of version 0, without a memory map",
	[-BOOTPARAMS_E_NO_MAP] = "the machine's memory map is empty",
	[-BOOTPARAMS_E_MAP_PLACE] = "the machine's memory map lies beyond what the front end maps",
	[-BOOTPARAMS_E_TEMPLATE] = "the packed boot_params has no setup header",
	[-BOOTPARAMS_E_PROTOCOL] = "the kernel has no 64-bit entry, or takes no such long command line",
	[-BOOTPARAMS_E_HIGH] = "initrd or command line lie above 4 GiB, which this kernel does not take",
	[-BOOTPARAMS_E_ROOM] = "the machine's memory map does not fit into the room for boot_params",
};

const char *bootparams_strerror(int error)
{
	if (error >= 0 || error < -(int)(sizeof(sentences) / sizeof(sentences[0])) + 1)
		return sentences[0];
	return sentences[-error];
}

/* The fields are not aligned. */
static uint16_t get16(const uint8_t *data)
{
	uint16_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static void set32(uint8_t *data, uint32_t value)
{
	memcpy(data, &value, sizeof(value));
}

static void set64(uint8_t *data, uint64_t value)
{
	memcpy(data, &value, sizeof(value));
}

static void set_halves(uint8_t *out, uint32_t low, uint32_t high, uint64_t value)
{
	set32(out + low, (uint32_t)value);
	set32(out + high, (uint32_t)(value >> 32));
}

int bootparams_check_start_info(const struct hvm_start_info *info, uint64_t limit)
{
	if (info->magic != HVM_START_MAGIC)
		return BOOTPARAMS_E_MAGIC;
	if (info->version == 0)
		return BOOTPARAMS_E_VERSION;
	if (!info->map || !info->map_count)
		return BOOTPARAMS_E_NO_MAP;
	if (info->map >= limit || (limit - info->map) / sizeof(struct hvm_map_entry) < info->map_count)
		return BOOTPARAMS_E_MAP_PLACE;
	return 0;
}

static int check_template(const uint8_t *template, const struct bootparams_changes *changes)
{
	uint16_t xloadflags = get16(template + BP_XLOADFLAGS);
	uint64_t end = changes->cmdline + changes->cmdline_size;

	if (get16(template + BP_BOOT_FLAG) != BOOT_FLAG || get32(template + BP_HEADER) != HEADER_MAGIC)
		return BOOTPARAMS_E_TEMPLATE;
	if (get16(template + BP_VERSION) < VERSION_2_12 || !(xloadflags & XLF_KERNEL_64))
		return BOOTPARAMS_E_PROTOCOL;
	/* The setup header's cmdline_size does not count the NUL. */
	if (!changes->cmdline_size || changes->cmdline_size - 1 > get32(template + BP_CMDLINE_SIZE))
		return BOOTPARAMS_E_PROTOCOL;
	if (changes->initrd_size && changes->initrd + changes->initrd_size > end)
		end = changes->initrd + changes->initrd_size;
	if (end > (uint64_t)1 << 32 && !(xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G))
		return BOOTPARAMS_E_HIGH;
	return 0;
}

uint32_t bootparams_init_size(const void *template)
{
	return get32((const uint8_t *)template + BP_INIT_SIZE);
}

/* Every entry as it is, whatever its type: what is not RAM matters as much to the kernel. */
static void write_map(uint8_t *out, const struct hvm_map_entry *map, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, out += E820_ENTRY_SIZE) {
		set64(out, map[i].start);
		set64(out + 8, map[i].size);
		set32(out + 16, map[i].type);
	}
}

/* What the table has no place for goes into a setup_data node behind boot_params, first in the chain. */
static void write_rest(uint8_t *out, const struct bootparams_changes *changes, uint32_t count)
{
	uint8_t *node = out + BOOTPARAMS_SIZE;

	memcpy(node, out + BP_SETUP_DATA, sizeof(uint64_t));
	set32(node + 8, SETUP_E820_EXT);
	set32(node + 12, count * E820_ENTRY_SIZE);
	write_map(node + SETUP_DATA_SIZE, changes->map + E820_TABLE_ENTRIES, count);
	set64(out + BP_SETUP_DATA, changes->address + BOOTPARAMS_SIZE);
}

int bootparams_complete(void *room, size_t out_size, const void *template, const struct bootparams_changes *changes)
{
	uint32_t count = changes->map_count < E820_TABLE_ENTRIES ? changes->map_count : E820_TABLE_ENTRIES;
	uint32_t rest = changes->map_count - count;
	uint64_t size = BOOTPARAMS_SIZE;
	uint8_t *out = room;
	int error;

	if (!changes->map_count)
		return BOOTPARAMS_E_NO_MAP;
	error = check_template(template, changes);
	if (error)
		return error;
	if (rest)
		size += SETUP_DATA_SIZE + (uint64_t)rest * E820_ENTRY_SIZE;
	if (size > out_size || size > INT32_MAX)
		return BOOTPARAMS_E_ROOM;

	memcpy(out, template, BOOTPARAMS_SIZE);
	set_halves(out, BP_CMD_LINE_PTR, BP_EXT_CMD_LINE_PTR, changes->cmdline);
	set_halves(out, BP_RAMDISK_IMAGE, BP_EXT_RAMDISK_IMAGE, changes->initrd_size ? changes->initrd : 0);
	set_halves(out, BP_RAMDISK_SIZE, BP_EXT_RAMDISK_SIZE, changes->initrd_size);
	set64(out + BP_ACPI_RSDP_ADDR, changes->rsdp);
	memset(out + BP_E820_TABLE, 0, E820_TABLE_ENTRIES * E820_ENTRY_SIZE);
	write_map(out + BP_E820_TABLE, changes->map, count);
	out[BP_E820_ENTRIES] = (uint8_t)count;
	if (rest)
		write_rest(out, changes, rest);
	return (int)size;
}

/* Behind an entry's last byte, or the last address there is. */
static uint64_t entry_end(const struct hvm_map_entry *entry)
{
	return entry->size < UINT64_MAX - entry->start ? entry->start + entry->size : UINT64_MAX;
}

bool bootparams_is_ram(const struct hvm_map_entry *map, uint32_t count, uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	uint32_t i;

	if (end < start)
		return false;
	/* Where entries overlap, Linux believes the one that is not RAM (e820__update_table). */
	for (i = 0; i < count; i++)
		if (map[i].type != HVM_MAP_RAM && map[i].size && map[i].start < end && entry_end(&map[i]) > start)
			return false;

	while (start < end) {
		for (i = 0; i < count; i++)
			if (map[i].type == HVM_MAP_RAM && map[i].start <= start && entry_end(&map[i]) > start)
				break;
		if (i == count)
			return false;
		start = entry_end(&map[i]);
	}
	return true;
}
