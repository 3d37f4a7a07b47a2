/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Linux Documentation/arch/x86/boot.rst and zero-page.rst; what a kexec hands on: arch/x86/kernel/kexec-bzimage64.c. */
#include <boot_params.h>
#include <efi_memory.h>
#include "number.h"

/* struct setup_data: u64 next, u32 type, u32 len, then the data. */
#define NODE_SIZE 16
#define NODE_ALIGN 16
#define SETUP_E820_EXT 1
#define SETUP_EFI 4
#define SETUP_RNG_SEED 9

/* Linux maps a node, and the EFI memory map, at 64 pages (NR_FIX_BTMAPS), wherever in a page they begin. */
#define MAPPED_MAX (63 * PAGE)
#define EXT_ENTRIES_MAX ((MAPPED_MAX - NODE_SIZE) / BP_E820_ENTRY_SIZE)

_Static_assert(PURG_BOOT_PARAMS_REPORT == BP_SIZE + NODE_SIZE, "a record's node comes first behind boot_params");

/* struct efi_setup_data: fw_vendor, a word that is not used, tables, smbios, eight reserved words. */
#define EFI_DATA_SIZE 96
#define EFI_DATA_TABLES 16
#define EFI_DATA_SMBIOS 24

#define TYPE_OF_LOADER_UNDEFINED 0xff
#define VID_MODE_NORMAL 0xffff /* do not ask, do not change */
#define ROOT_RDONLY 1
#define VMLINUX_ALIGN 0x200000
#define VMLINUX_INITRD_MAX 0x7fffffff
#define VMLINUX_CMDLINE_MAX 2047 /* COMMAND_LINE_SIZE without the NUL */

#define EDD_ENTRIES 6
#define EDD_MBR_SIGS 16

/* Where everything lies, from boot_params on; zero: nowhere. */
struct plan {
	const struct purg_efi *efi;
	uint64_t report;
	uint64_t ext;
	uint64_t efi_map;
	uint64_t efi_node;
	uint64_t seed;
	uint64_t size;
};

static uint64_t place(struct plan *plan, uint64_t size)
{
	uint64_t start = (plan->size + NODE_ALIGN - 1) & ~(uint64_t)(NODE_ALIGN - 1);

	plan->size = start + size;
	return start;
}

static int check_efi(const struct purg_efi *efi)
{
	if (!efi->system_table || efi->descriptor_version != EFI_MEMORY_VERSION ||
	    efi->descriptor_size < sizeof(struct efi_memory) || !efi->map_size || efi->map_size > MAPPED_MAX ||
	    efi->map_size % efi->descriptor_size)
		return PURG_ERR_BP_EFI;
	return 0;
}

/* A kernel that cannot start on EFI's virtual addresses must not know of EFI: it would set them once more. */
static const struct purg_efi *efi_for(const struct purg_boot_params *in)
{
	return !in->kernel || in->kernel->xloadflags & BP_XLF_EFI_KEXEC ? in->efi : NULL;
}

static int make_plan(struct plan *plan, const struct purg_boot_params *in)
{
	*plan = (struct plan){.efi = efi_for(in), .size = BP_SIZE};
	if (in->map_count > BP_E820_TABLE_ENTRIES + EXT_ENTRIES_MAX)
		return PURG_ERR_BP_MAP;
	if (in->report)
		plan->report = place(plan, NODE_SIZE + sizeof(struct purg_report));
	if (in->map_count > BP_E820_TABLE_ENTRIES)
		plan->ext = place(plan, NODE_SIZE + (in->map_count - BP_E820_TABLE_ENTRIES) * BP_E820_ENTRY_SIZE);
	if (plan->efi) {
		if (check_efi(plan->efi))
			return PURG_ERR_BP_EFI;
		plan->efi_map = place(plan, plan->efi->map_size);
		plan->efi_node = place(plan, NODE_SIZE + EFI_DATA_SIZE);
	}
	if (in->seed && in->seed_size) {
		if (in->seed_size > MAPPED_MAX - NODE_SIZE)
			return PURG_ERR_ARGUMENT;
		plan->seed = place(plan, NODE_SIZE + (uint64_t)in->seed_size);
	}
	return 0;
}

static int check_place(uint64_t start, uint64_t size, uint64_t max)
{
	uint64_t last;

	if (!size)
		return 0;
	if (!number_add(start, size - 1, &last))
		return PURG_ERR_WRAP;
	return last > max ? PURG_ERR_BP_HIGH : 0;
}

static int check_places(const struct purg_boot_params *in, const struct plan *plan)
{
	const struct purg_bzimage *kernel = in->kernel;
	uint64_t max = kernel && !kernel->above_4g ? UINT32_MAX : UINT64_MAX;
	int error;

	if (in->address % NODE_ALIGN)
		return PURG_ERR_ALIGN;
	error = check_place(in->address, plan->size, max);
	if (!error)
		error = check_place(in->cmdline, in->cmdline_size, max);
	if (!error)
		error = check_place(in->initrd, in->initrd_size, kernel ? kernel->initrd_max : UINT64_MAX);
	return error;
}

static int check(const struct purg_boot_params *in, struct plan *plan)
{
	const struct purg_bzimage *kernel = in->kernel;
	int error;

	if (kernel && kernel->header_size > BP_HDR_LIMIT - BP_HDR)
		return PURG_ERR_ARGUMENT;
	if (in->cmdline_size && in->cmdline_size - 1 > (kernel ? kernel->cmdline_max : VMLINUX_CMDLINE_MAX))
		return PURG_ERR_BP_CMDLINE;
	error = make_plan(plan, in);
	return error ? error : check_places(in, plan);
}

/* What a vmlinux reads of it as it starts, and what tells others that boot_params are there. */
static void write_vmlinux_header(uint8_t *out)
{
	bp_set16(out + BP_ROOT_FLAGS, ROOT_RDONLY);
	bp_set16(out + BP_BOOT_FLAG, BP_BOOT_FLAG_MAGIC);
	out[BP_JUMP] = 0xeb; /* jmp */
	out[BP_JUMP + 1] = BP_HDR_END_2_12 - BP_HEADER;
	bp_set32(out + BP_HEADER, BP_HEADER_MAGIC);
	bp_set16(out + BP_VERSION, BP_VERSION_2_12);
	out[BP_LOADFLAGS] = BP_LOADED_HIGH;
	bp_set32(out + BP_INITRD_ADDR_MAX, VMLINUX_INITRD_MAX);
	bp_set32(out + BP_KERNEL_ALIGNMENT, VMLINUX_ALIGN);
	bp_set16(out + BP_XLOADFLAGS, BP_XLF_KERNEL_64 | BP_XLF_CAN_BE_LOADED_ABOVE_4G);
	bp_set32(out + BP_CMDLINE_SIZE, VMLINUX_CMDLINE_MAX);
}

/* What the file says of initrd, command line and setup_data is of the file's own world. */
void boot_params_write_header(uint8_t *out, const struct purg_bzimage *kernel, uint64_t kernel_address)
{
	if (kernel)
		memcpy(out + BP_HDR, kernel->header, kernel->header_size);
	else
		write_vmlinux_header(out);
	bp_set16(out + BP_VID_MODE, VID_MODE_NORMAL);
	out[BP_TYPE_OF_LOADER] = TYPE_OF_LOADER_UNDEFINED;
	out[BP_LOADFLAGS] &= (uint8_t)~BP_CAN_USE_HEAP;
	bp_set32(out + BP_CODE32_START, (uint32_t)kernel_address);
	bp_set32(out + BP_RAMDISK_IMAGE, 0);
	bp_set32(out + BP_RAMDISK_SIZE, 0);
	bp_set32(out + BP_CMD_LINE_PTR, 0);
	bp_set64(out + BP_SETUP_DATA, 0);
}

static void copy_field(uint8_t *out, const uint8_t *old, uint32_t start, uint32_t end)
{
	memcpy(out + start, old + start, end - start);
}

/*
 * What only firmware, or the kernel that it started, could tell: the screen, SpeedStep's interface, the monitor, disks,
 * secure boot, the kind of machine. Not what has become obsolete or untrue: memory sizes, the APM BIOS, drives 0 and 1.
 */
static void write_old(uint8_t *out, const uint8_t *old)
{
	copy_field(out, old, BP_SCREEN_INFO, 0x40);
	bp_set16(out + BP_EXT_MEM_K, 0);
	bp_set32(out + BP_CL_MAGIC, 0);
	copy_field(out, old, BP_IST_INFO, 0x70);
	copy_field(out, old, BP_ACPI_RSDP_ADDR, 0x78);
	copy_field(out, old, BP_EDID_INFO, 0x1c0);
	out[BP_EDDBUF_ENTRIES] = (uint8_t)number_min(old[BP_EDDBUF_ENTRIES], EDD_ENTRIES);
	out[BP_EDD_MBR_SIG_BUF_ENTRIES] = (uint8_t)number_min(old[BP_EDD_MBR_SIG_BUF_ENTRIES], EDD_MBR_SIGS);
	copy_field(out, old, BP_EDD_MBR_SIG_BUFFER, BP_E820_TABLE);
	copy_field(out, old, BP_EDDBUF, 0xeec);
	out[BP_SECURE_BOOT] = old[BP_SECURE_BOOT];
	copy_field(out, old, BP_HARDWARE_SUBARCH, BP_HARDWARE_SUBARCH + 4);
}

static void write_halves(uint8_t *out, uint32_t low, uint32_t high, uint64_t value)
{
	bp_set32(out + low, (uint32_t)value);
	bp_set32(out + high, (uint32_t)(value >> 32));
}

static void write_entry(uint8_t *entry, uint64_t start, uint64_t size, uint32_t type)
{
	bp_set64(entry, start);
	bp_set64(entry + 8, size);
	bp_set32(entry + 16, type);
}

/* Linux takes a table of one entry for a mistake, and ignores it (append_e820_table): then it comes in two halves. */
static void write_map(uint8_t *table, uint8_t *ext, const struct purg_mem *map, uint32_t count)
{
	if (count == 1) {
		write_entry(table, map->start, map->size / 2, map->type);
		write_entry(table + BP_E820_ENTRY_SIZE, map->start + map->size / 2, map->size - map->size / 2,
			    map->type);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (i == BP_E820_TABLE_ENTRIES)
			table = ext;
		write_entry(table, map[i].start, map[i].size, map[i].type);
		table += BP_E820_ENTRY_SIZE;
	}
}

/* A node of the chain. link is where the next one's address goes: at the end of the chain so far. */
static uint8_t *write_node(uint8_t *out, uint64_t *link, uint64_t address, uint64_t node, uint32_t type, uint64_t size)
{
	bp_set64(out + *link, address + node);
	bp_set32(out + node + 8, type);
	bp_set32(out + node + 12, (uint32_t)size);
	*link = node;
	return out + node + NODE_SIZE;
}

static void write_efi(uint8_t *out, uint8_t *data, const struct purg_efi *efi, uint64_t map)
{
	bp_set32(out + BP_EFI_LOADER_SIGNATURE, BP_EFI_SIGNATURE_64);
	write_halves(out, BP_EFI_SYSTAB, BP_EFI_SYSTAB_HI, efi->system_table);
	bp_set32(out + BP_EFI_MEMDESC_SIZE, efi->descriptor_size);
	bp_set32(out + BP_EFI_MEMDESC_VERSION, efi->descriptor_version);
	write_halves(out, BP_EFI_MEMMAP, BP_EFI_MEMMAP_HI, map);
	bp_set32(out + BP_EFI_MEMMAP_SIZE, (uint32_t)efi->map_size);
	bp_set64(data, efi->fw_vendor);
	bp_set64(data + EFI_DATA_TABLES, efi->tables);
	bp_set64(data + EFI_DATA_SMBIOS, efi->smbios);
}

static void write_fields(uint8_t *out, const struct purg_boot_params *in)
{
	boot_params_write_header(out, in->kernel, in->kernel_address);
	if (in->old)
		write_old(out, in->old);
	write_halves(out, BP_CMD_LINE_PTR, BP_EXT_CMD_LINE_PTR, in->cmdline_size ? in->cmdline : 0);
	write_halves(out, BP_RAMDISK_IMAGE, BP_EXT_RAMDISK_IMAGE, in->initrd_size ? in->initrd : 0);
	write_halves(out, BP_RAMDISK_SIZE, BP_EXT_RAMDISK_SIZE, in->initrd_size);
	if (in->rsdp)
		bp_set64(out + BP_ACPI_RSDP_ADDR, in->rsdp);
	/* One entry is two: write_map. */
	out[BP_E820_ENTRIES] = in->map_count == 1 ? 2 : (uint8_t)number_min(in->map_count, BP_E820_TABLE_ENTRIES);
}

int64_t boot_params_write(void *room_start, size_t room, const struct purg_boot_params *in)
{
	uint8_t *out = room_start, *ext = NULL, *data;
	uint64_t link = BP_SETUP_DATA;
	struct plan plan;
	int error = check(in, &plan);

	if (error)
		return error;
	if (plan.size > room)
		return PURG_ERR_ROOM;
	memset(out, 0, plan.size);
	write_fields(out, in);
	if (plan.report)
		write_node(out, &link, in->address, plan.report, PURG_SETUP_REPORT, sizeof(struct purg_report));
	if (plan.ext)
		ext = write_node(out, &link, in->address, plan.ext, SETUP_E820_EXT,
				 (in->map_count - BP_E820_TABLE_ENTRIES) * BP_E820_ENTRY_SIZE);
	write_map(out + BP_E820_TABLE, ext, in->map, in->map_count);
	if (plan.efi) {
		memcpy(out + plan.efi_map, plan.efi->map, plan.efi->map_size);
		data = write_node(out, &link, in->address, plan.efi_node, SETUP_EFI, EFI_DATA_SIZE);
		write_efi(out, data, plan.efi, in->address + plan.efi_map);
	}
	if (plan.seed) {
		data = write_node(out, &link, in->address, plan.seed, SETUP_RNG_SEED, in->seed_size);
		memcpy(data, in->seed, in->seed_size);
	}
	return (int64_t)plan.size;
}

static int check_map(const struct purg_boot_params *in)
{
	uint64_t free = 0, last;
	bool ram = false, full = false;

	for (uint32_t i = 0; i < in->map_count; i++) {
		const struct purg_mem *entry = &in->map[i];

		if (full || !entry->size || entry->start < free || !number_add(entry->start, entry->size - 1, &last) ||
		    (entry->type >= PURG_MEM_KERNEL && entry->type <= PURG_MEM_DRIVER))
			return PURG_ERR_BP_MAP;
		ram |= entry->type == PURG_MEM_RAM;
		full = last == UINT64_MAX;
		free = last + 1;
	}
	return ram ? 0 : PURG_ERR_BP_MAP;
}

int64_t purg_boot_params_size(const struct purg_boot_params *in)
{
	struct plan plan;
	int error = check(in, &plan);

	if (!error)
		error = check_map(in);
	return error ? error : (int64_t)plan.size;
}

int64_t purg_boot_params_write(void *out, size_t room, const struct purg_boot_params *in)
{
	int64_t size = purg_boot_params_size(in);

	return size < 0 ? size : boot_params_write(out, room, in);
}
