/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include "sysreg.h"

#define read_sysreg(name)                                          \
	({                                                         \
		uint64_t value_;                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)); \
		value_;                                            \
	})

/* Arm ARM D19.2.64, ID_AA64MMFR0_EL1.PARange; a value yet unknown counts as the widest that is known. */
uint64_t arch_physical_end(void)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 56};
	uint64_t range = read_sysreg(id_aa64mmfr0_el1) & MMFR0_PARANGE_MASK;

	return 1ull << bits[range < sizeof(bits) ? range : sizeof(bits) - 1];
}

/* EL2 or EL1, with the MMU off: the next kernel must be entered so. */
bool arch_check_cpu(void)
{
	uint64_t level = read_sysreg(CurrentEL) >> CURRENTEL_SHIFT & CURRENTEL_MASK;

	if (level != 1 && level != 2)
		return false;
	return !((level == 2 ? read_sysreg(sctlr_el2) : read_sysreg(sctlr_el1)) & SCTLR_M);
}
