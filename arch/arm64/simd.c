/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* FP and SIMD registers: an old kernel may have left them trapped. Arm ARM, CPACR_EL1 and CPTR_EL2. */
#include <arch.h>
#include "cpu.h"
#include "sysreg.h"

/* CPTR_EL2 at EL2, else CPACR_EL1. */
static uint64_t found;

static void write_trap(uint64_t value)
{
	if (cpu_at_el2())
		write_sysreg(cptr_el2, value);
	else
		write_sysreg(cpacr_el1, value);
	isb(); /* in force before the next FP or SIMD instruction */
}

void arch_simd_begin(void)
{
	found = cpu_at_el2() ? read_sysreg(cptr_el2) : read_sysreg(cpacr_el1);
	write_trap(cpu_at_plain_el2() ? found & ~(uint64_t)CPTR_TFP : found | CPACR_FPEN);
}

void arch_simd_end(void)
{
	write_trap(found);
}
