/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The running kernel as a dump describes it (Linux Documentation/admin-guide/kdump/kdump.rst). */
#include <stdlib.h>

#include "allocate.h"
#include "error.h"
#include "kcore.h"

#define CPUS_MAX 8192

bool machine_kernel_start(const struct machine *machine, uint64_t *start)
{
	const struct purg_map *map = &machine->map;

	*start = UINT64_MAX;
	for (uint32_t i = 0; i < map->count; i++)
		if (map->entry[i].type == PURG_MEM_KERNEL && map->entry[i].start < *start)
			*start = map->entry[i].start;
	return *start != UINT64_MAX;
}

/* The kernel lies in two of the mappings: that of its own, which is the smaller one, and the linear map of all RAM. */
static void find_mappings(const struct kcore *kcore, uint64_t kernel, struct purg_core *core)
{
	Elf64_Phdr own, linear;

	if (!kcore_mappings(kcore, kernel, &own, &linear))
		return;
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
	struct kcore kcore;
	uint64_t kernel;

	kcore_read(&kcore, machine);
	*core = (struct purg_core){.arch = machine->arch};
	read_vmcoreinfo(machine, core);
	read_notes(machine, core);
	if (machine_kernel_start(machine, &kernel))
		find_mappings(&kcore, kernel, core);
	if (!core->linear_map)
		complain(machine->root, KCORE, "warning: does not say where memory is mapped, so the dump will not");
	free(kcore.data);
}
