/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The running kernel as a dump describes it (Linux Documentation/admin-guide/kdump/kdump.rst). Where it lies virtually
 * is in the headers of /proc/kcore, which itself is all of its memory.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "error.h"
#include "machine.h"
#include "number.h"

#define KCORE "/proc/kcore"

/* Its program headers lie behind its header: one for each range of RAM. */
#define KCORE_HEADERS MIB

#define CPUS_MAX 8192

/* How much of it is worth reading: its headers, as far as they are known. */
static size_t wanted(const uint8_t *data, size_t size)
{
	Elf64_Ehdr ehdr;

	if (size < sizeof(ehdr))
		return sizeof(ehdr);
	memcpy(&ehdr, data, sizeof(ehdr));
	return (size_t)number_min(KCORE_HEADERS, sizeof(ehdr) + (uint64_t)ehdr.e_phnum * sizeof(Elf64_Phdr));
}

/* Its headers, no byte of memory; NULL if there is none, as under lockdown. */
static uint8_t *read_kcore(const struct machine *machine, size_t *size)
{
	char path[4096];
	uint8_t *data;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s%s", machine->root, KCORE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*size = 0;
	if (fd < 0)
		return NULL;
	data = allocate(1, KCORE_HEADERS);
	while (*size < wanted(data, *size) && (got = read(fd, data + *size, wanted(data, *size) - *size)) > 0)
		*size += (size_t)got;
	close(fd);
	return data;
}

/* Where the running kernel's code begins. */
static bool kernel_start(const struct purg_map *map, uint64_t *start)
{
	*start = UINT64_MAX;
	for (uint32_t i = 0; i < map->count; i++)
		if (map->entry[i].type == PURG_MEM_KERNEL && map->entry[i].start < *start)
			*start = map->entry[i].start;
	return *start != UINT64_MAX;
}

/* The kernel lies in two of the mappings: that of its own, which is the smaller one, and the linear map of all RAM. */
static void find_mappings(const uint8_t *kcore, size_t size, uint64_t kernel, struct purg_core *core)
{
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr, own = {.p_memsz = UINT64_MAX}, linear = {0};

	if (size < sizeof(ehdr))
		return;
	memcpy(&ehdr, kcore, sizeof(ehdr));
	for (unsigned int i = 0; i < ehdr.e_phnum; i++) {
		if (!number_inside(ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr), size))
			break;
		memcpy(&phdr, kcore + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type != PT_LOAD || phdr.p_paddr > kernel || kernel - phdr.p_paddr >= phdr.p_memsz)
			continue;
		if (phdr.p_memsz < own.p_memsz)
			own = phdr;
		if (phdr.p_memsz > linear.p_memsz)
			linear = phdr;
	}
	core->linear_map = linear.p_vaddr - linear.p_paddr;
	if (own.p_memsz >= linear.p_memsz)
		return;
	core->text = own.p_vaddr;
	core->text_address = own.p_paddr;
	core->text_size = own.p_memsz;
}

/* "ADDRESS SIZE", both in hexadecimal. */
static void read_vmcoreinfo(const struct machine *machine, struct purg_core *core)
{
	size_t size;
	char *text = machine_file(machine, &size, "/sys/kernel/vmcoreinfo"), *end;

	if (!text)
		fail(machine->root, "/sys/kernel/vmcoreinfo", "is missing: this kernel was built without crash dumps");
	core->vmcoreinfo = strtoull(text, &end, 16);
	core->vmcoreinfo_size = strtoull(end, NULL, 16);
	free(text);
}

/* A CPU's registers go there when the kernel crashes. */
static void read_notes(const struct machine *machine, struct purg_core *core)
{
	static const char directory[] = "/sys/devices/system/cpu";
	struct purg_range *note = allocate(CPUS_MAX, sizeof(*note));

	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		struct purg_range *next = &note[core->note_count];

		if (machine_number(machine, &next->start, 16, "%s/cpu%u/crash_notes", directory, cpu) &&
		    machine_number(machine, &next->size, 10, "%s/cpu%u/crash_notes_size", directory, cpu))
			core->note_count++;
	}
	core->note = note;
}

void machine_read_core(const struct machine *machine, struct purg_core *core)
{
	uint64_t kernel;
	size_t size;
	uint8_t *kcore = read_kcore(machine, &size);

	*core = (struct purg_core){.arch = machine->arch};
	read_vmcoreinfo(machine, core);
	read_notes(machine, core);
	if (kcore && kernel_start(&machine->map, &kernel))
		find_mappings(kcore, size, kernel, core);
	if (!core->linear_map)
		complain(machine->root, KCORE, "warning: does not say where memory is mapped, so the dump will not");
	free(kcore);
}
