/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * FP and SIMD registers: an old kernel may have left them trapped, or, dying in an interrupt of a program that uses
 * SME, in streaming mode, in which there are no SHA2 instructions. Arm ARM, CPACR_EL1, CPTR_EL2 and SVCR.
 */
#include <arch.h>
#include "cpu.h"
#include "sysreg.h"

/* CPTR_EL2 at EL2, else CPACR_EL1. */
static uint64_t found;
static bool begun;

static void write_trap(uint64_t value)
{
	if (cpu_at_el2())
		write_sysreg(cptr_el2, value);
	else
		write_sysreg(cpacr_el1, value);
	isb(); /* in force before the next FP or SIMD instruction */
}

static bool has_sme(void)
{
	return read_sysreg(id_aa64pfr1_el1) & PFR1_SME;
}

void arch_simd_begin(void)
{
	uint64_t enable = CPACR_FPEN, trap = CPTR_TFP;

	if (has_sme()) {
		enable |= CPACR_SMEN;
		trap |= CPTR_TSM;
	}
	found = cpu_at_el2() ? read_sysreg(cptr_el2) : read_sysreg(cpacr_el1);
	begun = true;
	write_trap(cpu_at_plain_el2() ? found & ~trap : found | enable);
	if (has_sme())
		__asm__ volatile(SMSTOP_SM);
}

/* After a refusal it may be that nothing has begun. */
void arch_simd_end(void)
{
	if (begun)
		write_trap(found);
}
