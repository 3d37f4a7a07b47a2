/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Memory maps of EFI: UEFI 2.10, 7.2.1 (types, attributes) and 7.2.3 (GetMemoryMap). */
#include <string.h>

#include <purgatory/loader.h>

#include "efi_memory.h"

#define PAGE_BITS 12

enum {
	LOADER_CODE = 1,
	BOOT_SERVICES_DATA = 4,
	CONVENTIONAL = 7,
	UNUSABLE = 8,
	ACPI_RECLAIM = 9,
	ACPI_NVS = 10,
	PERSISTENT = 14,
};

#define ATTRIBUTE_WB UINT64_C(0x8)                     /* may be cached as RAM is */
#define ATTRIBUTE_SP UINT64_C(0x40000)                 /* set aside for a purpose */
#define ATTRIBUTE_RUNTIME UINT64_C(0x8000000000000000) /* runtime services need it */

/*
 * As Linux takes them (x86-stub.c setup_e820, efi.c do_add_efi_memmap): so the map is the same as from /proc/iomem.
 * Memory-mapped I/O is reserved there too, and has to be: it may be PCI's configuration space. What is not known, or
 * has to be accepted first, is reserved.
 */
static uint32_t type_of(const struct efi_memory *d)
{
	if ((d->type >= LOADER_CODE && d->type <= BOOT_SERVICES_DATA) || d->type == CONVENTIONAL) {
		if (d->attributes & ATTRIBUTE_RUNTIME || !(d->attributes & ATTRIBUTE_WB))
			return PURG_MEM_RESERVED;
		return d->attributes & ATTRIBUTE_SP ? PURG_MEM_SOFT_RESERVED : PURG_MEM_RAM;
	}
	switch (d->type) {
	case UNUSABLE:
		return PURG_MEM_UNUSABLE;
	case ACPI_RECLAIM:
		return PURG_MEM_ACPI;
	case ACPI_NVS:
		return PURG_MEM_NVS;
	case PERSISTENT:
		return PURG_MEM_PMEM;
	default:
		return PURG_MEM_RESERVED;
	}
}

int purg_map_from_efi(struct purg_map *map, const void *descriptors, size_t size, uint32_t descriptor_size,
		      uint32_t descriptor_version)
{
	const uint8_t *at = descriptors;
	uint32_t count = map->count;

	if (descriptor_version != EFI_MEMORY_VERSION || descriptor_size < sizeof(struct efi_memory) ||
	    size % descriptor_size)
		return PURG_ERR_MAP_EFI;
	for (const uint8_t *end = at + size; at < end; at += descriptor_size) {
		struct efi_memory d;
		int error;

		memcpy(&d, at, sizeof(d));
		if (!d.pages)
			continue;
		error = d.pages >> (64 - PAGE_BITS) ? PURG_ERR_MAP_RANGE
						    : purg_map_add(map, d.start, d.pages << PAGE_BITS, type_of(&d));
		if (error) {
			map->count = count;
			return error;
		}
	}
	return 0;
}
