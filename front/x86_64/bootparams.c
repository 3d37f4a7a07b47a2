/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Linux Documentation/arch/x86/boot.rst and zero-page.rst. */
#include "bootparams.h"

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

int bootparams_check_start_info(const struct hvm_start_info *info, uint64_t limit)
{
	if (info->magic != HVM_START_MAGIC)
		return BOOTPARAMS_E_MAGIC;
	if (info->version == 0)
		return BOOTPARAMS_E_VERSION;
	if (!info->map || !info->map_count)
		return BOOTPARAMS_E_NO_MAP;
	if (info->map >= limit || (limit - info->map) / sizeof(struct purg_mem) < info->map_count)
		return BOOTPARAMS_E_MAP_PLACE;
	return 0;
}

uint32_t bootparams_init_size(const void *template)
{
	return bp_get32((const uint8_t *)template + BP_INIT_SIZE);
}

static int check_template(const uint8_t *template, struct purg_bzimage *kernel)
{
	int error = bzimage_read_header(kernel, template, BP_SIZE);

	if (error == PURG_ERR_KERNEL_UNKNOWN)
		return BOOTPARAMS_E_TEMPLATE;
	return error ? BOOTPARAMS_E_PROTOCOL : 0;
}

/* The machine's map is taken as it is, in any order: Linux sorts it. */
int64_t bootparams_complete(void *out, size_t out_size, const void *template, const struct purg_boot_params *machine)
{
	struct purg_boot_params in = *machine;
	struct purg_bzimage kernel;
	int error = in.map_count ? check_template(template, &kernel) : BOOTPARAMS_E_NO_MAP;
	int64_t result;

	if (error)
		return error;
	if (!in.cmdline_size)
		return BOOTPARAMS_E_PROTOCOL;
	in.kernel = &kernel;
	in.kernel_address = bp_get32((const uint8_t *)template + BP_CODE32_START);
	in.old = template;
	result = boot_params_write(out, out_size, &in);
	if (result >= 0)
		return result;
	if (result == PURG_ERR_BP_CMDLINE)
		return BOOTPARAMS_E_PROTOCOL;
	return result == PURG_ERR_BP_HIGH ? BOOTPARAMS_E_HIGH : BOOTPARAMS_E_ROOM;
}

/* Behind an entry's last byte, or the last address there is. */
static uint64_t entry_end(const struct purg_mem *entry)
{
	return entry->size < UINT64_MAX - entry->start ? entry->start + entry->size : UINT64_MAX;
}

bool bootparams_is_ram(const struct purg_mem *map, uint32_t count, uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	uint32_t i;

	if (end < start)
		return false;
	/* Where entries overlap, Linux believes the one that is not RAM (e820__update_table). */
	for (i = 0; i < count; i++)
		if (map[i].type != PURG_MEM_RAM && map[i].size && map[i].start < end && entry_end(&map[i]) > start)
			return false;

	while (start < end) {
		for (i = 0; i < count; i++)
			if (map[i].type == PURG_MEM_RAM && map[i].start <= start && entry_end(&map[i]) > start)
				break;
		if (i == count)
			return false;
		start = entry_end(&map[i]);
	}
	return true;
}
