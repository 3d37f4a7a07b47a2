/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * From what a PVH machine says (hvm_start_info) to what Linux wants to hear (boot_params). Pure functions: what they
 * need to know is in their arguments, what they write is in the room.
 */
#ifndef BOOTPARAMS_H
#define BOOTPARAMS_H

#include <boot_params.h>

/* Xen public/arch-x86/hvm/start_info.h; all fields little-endian. */
#define HVM_START_MAGIC 0x336ec578

struct hvm_start_info {
	uint32_t magic;
	uint32_t version; /* 1: with the memory map */
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp; /* ACPI; zero: none */
	uint64_t map;  /* struct purg_mem; since version 1, as is the count */
	uint32_t map_count;
	uint32_t reserved;
};
_Static_assert(sizeof(struct hvm_start_info) == 56, "size of struct hvm_start_info");

/* Its memory map has the types of e820, and entries (struct hvm_memmap_table_entry) as the library has them. */
_Static_assert(sizeof(struct purg_mem) == 24, "size of struct purg_mem");
_Static_assert(offsetof(struct purg_mem, size) == 8, "place of the size in struct purg_mem");
_Static_assert(offsetof(struct purg_mem, type) == 16, "place of the type in struct purg_mem");

#define BOOTPARAMS_E_MAGIC -1
#define BOOTPARAMS_E_VERSION -2
#define BOOTPARAMS_E_NO_MAP -3
#define BOOTPARAMS_E_MAP_PLACE -4
#define BOOTPARAMS_E_TEMPLATE -5
#define BOOTPARAMS_E_PROTOCOL -6
#define BOOTPARAMS_E_HIGH -7
#define BOOTPARAMS_E_ROOM -8

/* Zero, or why start_info cannot be used. Nothing at or above limit can be read. */
int bootparams_check_start_info(const struct hvm_start_info *info, uint64_t limit);

/*
 * Write boot_params, from a template of BP_SIZE bytes that has the kernel's setup header, to out, and behind it what of
 * the memory map does not fit. What of machine tells of the kernel and of the boot before comes from the template.
 * Returns the bytes written, or a BOOTPARAMS_E_*.
 */
int64_t bootparams_complete(void *out, size_t out_size, const void *template, const struct purg_boot_params *machine);

/* How much memory the kernel needs from where it is loaded until it has read its memory map (init_size). */
uint32_t bootparams_init_size(const void *template);

/* True if all of that memory is RAM, in one entry or in several that adjoin, and no other entry claims any of it. */
bool bootparams_is_ram(const struct purg_mem *map, uint32_t count, uint64_t start, uint64_t size);

/* The sentence for a BOOTPARAMS_E_*. */
const char *bootparams_strerror(int error);

#endif
