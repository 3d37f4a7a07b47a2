/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The running kernel's page tables: where they begin, and where they map the memory of the crash kernel. Both are in
 * /proc/kcore; what a kernel before Linux 4.19 does not say there, /proc/kallsyms may.
 */
#include <stdlib.h>
#include <string.h>

#include "kcore.h"

/* The address in a line "ADDRESS TYPE NAME"; zero if there is none, or it is not shown (kernel.kptr_restrict). */
static uint64_t find_symbol(const char *text, const char *name)
{
	size_t length = strlen(name);
	uint64_t address;
	char *end;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		address = strtoull(text, &end, 16);
		if (end[0] == ' ' && end[1] && end[2] == ' ' && !strncmp(end + 3, name, length) &&
		    (end[3 + length] == '\n' || !end[3 + length]))
			return address;
	}
	return 0;
}

/*
 * x86_64 has its top table, swapper_pg_dir, in its image under another name (arch/x86/include/asm/pgtable_64.h; before
 * Linux 4.13 under a third one), and "Kernel code" of /proc/iomem begins with _text.
 */
static uint64_t find_root(const struct machine *machine)
{
	uint64_t text, table, start, root = 0;
	size_t size;
	char *symbols = machine_file(machine, &size, "/proc/kallsyms");

	if (!symbols)
		return 0;
	text = find_symbol(symbols, "_text");
	table = find_symbol(symbols, "init_top_pgt");
	if (!table)
		table = find_symbol(symbols, "init_level4_pgt");
	if (text && table && machine_kernel_start(machine, &start))
		root = start + (table - text);
	free(symbols);
	return root;
}

/* The crash kernel's memory is in no mapping but the linear map: that of the kernel itself is of the kernel alone. */
static uint64_t find_linear_map(const struct kcore *kcore, const struct purg_range *region)
{
	Elf64_Phdr smallest, largest;

	if (!kcore_mappings(kcore, region->start, &smallest, &largest) ||
	    largest.p_memsz - (region->start - largest.p_paddr) < region->size)
		return 0;
	return largest.p_vaddr - largest.p_paddr;
}

void machine_read_tables(const struct machine *machine, const struct purg_range *region, struct purg_old_kernel *old)
{
	struct kcore kcore;

	kcore_read(&kcore, machine);
	*old = (struct purg_old_kernel){
		.arch = machine->arch,
		.linear_map = find_linear_map(&kcore, region),
		.region = *region,
	};
	old->vmcoreinfo = kcore_vmcoreinfo(&kcore, &old->vmcoreinfo_size);
	if (machine->arch == PURG_ARCH_ARM64)
		return;
	old->levels = machine->paging_5 ? 5 : 4;
	if (!old->vmcoreinfo)
		old->root = find_root(machine);
}
