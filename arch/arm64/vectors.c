/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* VBAR_ELx of this exception level. */
#include <arch.h>
#include "cpu.h"
#include "sysreg.h"

extern const uint8_t vectors[];

static uint64_t found;

static void write_vbar(uint64_t vbar)
{
	if (cpu_at_el2())
		write_sysreg(vbar_el2, vbar);
	else
		write_sysreg(vbar_el1, vbar);
	isb(); /* in force for the next instruction */
}

void arch_vectors_begin(void)
{
	found = cpu_at_el2() ? read_sysreg(vbar_el2) : read_sysreg(vbar_el1);
	write_vbar((uintptr_t)vectors);
}

void arch_vectors_end(void)
{
	write_vbar(found);
}
