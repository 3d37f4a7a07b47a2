/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What firmware has told the running kernel (Linux Documentation/ABI/testing/sysfs-firmware-memmap, -efi-runtime-map).
 */
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "boot_params.h"
#include "efi_memory.h"
#include "error.h"
#include "machine.h"
#include "number.h"

/* The entries that one machine may have: more than any is known to. */
#define ENTRIES_MAX 8192

/* So many numbers without an entry are the end. */
#define MISSING_MAX 256

/* Entry of /sys/firmware/memmap; false if there is none of this number. */
static bool read_entry(const struct machine *machine, struct purg_map *map, unsigned int number)
{
	static const char directory[] = "/sys/firmware/memmap";
	size_t size;
	char *start = machine_file(machine, &size, "%s/%u/start", directory, number), *end, *type;
	int error = 0;

	if (!start)
		return false;
	end = machine_file(machine, &size, "%s/%u/end", directory, number);
	type = machine_file(machine, &size, "%s/%u/type", directory, number);
	if (end && type)
		error = purg_map_from_memmap(map, start, end, type);
	if (error)
		fail(machine->root, directory, "entry %u: %s", number, purg_strerror(error));
	free(start);
	free(end);
	free(type);
	return true;
}

/* Numbers may be missing: those of memory that was unplugged are not used again. */
static void read_memmap(struct machine *machine)
{
	struct purg_map *map = &machine->firmware;

	*map = (struct purg_map){.entry = allocate(ENTRIES_MAX, sizeof(map->entry[0])), .room = ENTRIES_MAX};
	for (unsigned int number = 0, missing = 0; number < ENTRIES_MAX && missing < MISSING_MAX; number++)
		missing = read_entry(machine, map, number) ? 0 : missing + 1;
}

/* The address behind NAME= in /sys/firmware/efi/systab; zero: none. */
static uint64_t systab_value(const char *systab, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = systab; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && line[length] == '=')
			return strtoull(line + length + 1, NULL, 0);
	}
	return 0;
}

static bool read_descriptor(const struct machine *machine, unsigned int index, struct efi_memory *descriptor)
{
	static const char directory[] = "/sys/firmware/efi/runtime-map";
	uint64_t type;

	*descriptor = (struct efi_memory){0};
	if (!machine_number(machine, &type, 0, "%s/%u/type", directory, index) ||
	    !machine_number(machine, &descriptor->start, 0, "%s/%u/phys_addr", directory, index) ||
	    !machine_number(machine, &descriptor->virtual_start, 0, "%s/%u/virt_addr", directory, index) ||
	    !machine_number(machine, &descriptor->pages, 0, "%s/%u/num_pages", directory, index) ||
	    !machine_number(machine, &descriptor->attributes, 0, "%s/%u/attribute", directory, index))
		return false;
	descriptor->type = (uint32_t)type;
	return true;
}

static void read_runtime_map(const struct machine *machine, struct purg_efi *efi)
{
	struct efi_memory *map = allocate(ENTRIES_MAX, sizeof(*map));
	unsigned int count = 0;

	while (count < ENTRIES_MAX && read_descriptor(machine, count, &map[count]))
		count++;
	efi->map = map;
	efi->map_size = count * sizeof(*map);
	efi->descriptor_size = sizeof(*map);
	efi->descriptor_version = EFI_MEMORY_VERSION;
}

/* Without the runtime services' virtual addresses the next kernel could not call them: then it gets the RSDP alone. */
static void read_efi(struct machine *machine)
{
	struct purg_efi *efi = &machine->efi;
	const uint8_t *old = machine->boot_params;
	size_t size;
	char *systab = machine_file(machine, &size, "/sys/firmware/efi/systab");

	if (!systab)
		return;
	if (!machine->rsdp)
		machine->rsdp = systab_value(systab, "ACPI20");
	if (!machine->rsdp)
		machine->rsdp = systab_value(systab, "ACPI");
	efi->smbios = systab_value(systab, "SMBIOS");
	free(systab);
	if (!old || bp_get32(old + BP_EFI_LOADER_SIGNATURE) != BP_EFI_SIGNATURE_64)
		return;
	efi->system_table = (uint64_t)bp_get32(old + BP_EFI_SYSTAB_HI) << 32 | bp_get32(old + BP_EFI_SYSTAB);
	if (!efi->system_table || !machine_number(machine, &efi->fw_vendor, 0, "/sys/firmware/efi/fw_vendor") ||
	    !machine_number(machine, &efi->tables, 0, "/sys/firmware/efi/config_table"))
		return;
	read_runtime_map(machine, efi);
	machine->has_efi = efi->map_size;
}

/* Linux takes la57 off the CPU's flags if it does not use it (arch/x86/kernel/head64.c, no5lvl). */
static bool uses_5_levels(const struct machine *machine)
{
	size_t size;
	char *cpus = machine_file(machine, &size, "/proc/cpuinfo");
	const char *flags = cpus ? strstr(cpus, "\nflags") : NULL;
	const char *end = flags ? strchr(flags + 1, '\n') : NULL;
	const char *la57 = flags ? strstr(flags, " la57") : NULL;
	bool uses = la57 && (!end || la57 < end) && strchr(" \n", la57[5]);

	free(cpus);
	return uses;
}

void machine_read_x86_64(struct machine *machine)
{
	size_t size;
	char *boot_params = machine_file(machine, &size, "/sys/kernel/boot_params/data");

	if (boot_params && size >= BP_SIZE) {
		machine->boot_params = (const uint8_t *)boot_params;
		memcpy(&machine->rsdp, boot_params + BP_ACPI_RSDP_ADDR, sizeof(machine->rsdp));
	}
	machine->paging_5 = uses_5_levels(machine);
	read_memmap(machine);
	read_efi(machine);
}
