/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * With the MMU off, as the boot protocols want it, every physical address is itself. Entered with the MMU on, by a
 * firmware, the purgatory keeps the firmware's map, and asks the MMU whether an address is in it: by pages of 4 KiB,
 * the smallest of all granules.
 */
#include <arch.h>
#include "cpu.h"
#include "sysreg.h"

#define PAGE 0x1000ull

/* Arm ARM, AT S1E1R and AT S1E2R. */
static bool is_itself(uint64_t address)
{
	uint64_t par;

	if (cpu_at_el2())
		__asm__ volatile("at s1e2r, %0" : : "r"(address));
	else
		__asm__ volatile("at s1e1r, %0" : : "r"(address));
	isb(); /* PAR_EL1 has the result only then */
	par = read_sysreg(par_el1);
	return !(par & PAR_F) && (par & PAR_ADDRESS) == address;
}

bool arch_mapped(uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	uint64_t found;
	bool all = true;

	if (!(cpu_sctlr() & SCTLR_M))
		return true;
	found = read_sysreg(par_el1);
	for (uint64_t page = start & -PAGE; all && page < end; page += PAGE)
		all = is_itself(page);
	write_sysreg(par_el1, found);
	return all;
}
