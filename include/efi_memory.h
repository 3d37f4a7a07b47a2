/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What GetMemoryMap gives (UEFI 2.10, 7.2.3). A firmware's may be longer; how long, it says with the map. */
#ifndef EFI_MEMORY_H
#define EFI_MEMORY_H

#include <stdint.h>

#define EFI_MEMORY_VERSION 1

struct efi_memory {
	uint32_t type;
	uint32_t pad;
	uint64_t start;
	uint64_t virtual_start;
	uint64_t pages;
	uint64_t attributes;
};
_Static_assert(sizeof(struct efi_memory) == 40, "size of an EFI memory descriptor");

#endif
