/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include "cpu.h"
#include "sysreg.h"

static uint64_t level(void)
{
	return read_sysreg(CurrentEL) >> CURRENTEL_SHIFT & CURRENTEL_MASK;
}

bool cpu_at_el2(void)
{
	return level() == 2;
}

bool cpu_at_plain_el2(void)
{
	return cpu_at_el2() && !(read_sysreg(hcr_el2) & HCR_E2H) &&
	       !(read_sysreg_named(ID_AA64MMFR4_EL1) & MMFR4_E2H0_SIGN);
}

uint64_t cpu_sctlr(void)
{
	return cpu_at_el2() ? read_sysreg(sctlr_el2) : read_sysreg(sctlr_el1);
}

/* Arm ARM, ID_AA64MMFR0_EL1.PARange; a value yet unknown counts as the widest that is known. */
uint64_t arch_physical_end(void)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 56};
	uint64_t range = read_sysreg(id_aa64mmfr0_el1) & MMFR0_PARANGE_MASK;

	return 1ull << bits[range < sizeof(bits) ? range : sizeof(bits) - 1];
}

uint32_t arch_cpu_level(void)
{
	bool e2h = cpu_at_el2() && !cpu_at_plain_el2();

	return (uint32_t)level() | (e2h ? PURG_LEVEL_E2H : 0);
}

void arch_cpu_id(uint64_t id[2])
{
	id[0] = read_sysreg(midr_el1);
	id[1] = read_sysreg(mpidr_el1);
}

/* EL2 or EL1, little-endian. */
bool arch_check_cpu(void)
{
	return (level() == 1 || level() == 2) && !(cpu_sctlr() & SCTLR_EE);
}
