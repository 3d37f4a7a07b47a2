/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include "registers.h"

/* Where CPUID does not tell the physical address size. */
#define DEFAULT_PHYSICAL_BITS 36

uint64_t arch_physical_end(void)
{
	if (cpuid(CPUID_EXTENDED_MAX).eax < CPUID_ADDRESS_SIZES)
		return 1ull << DEFAULT_PHYSICAL_BITS;
	return 1ull << (cpuid(CPUID_ADDRESS_SIZES).eax & 63);
}

/* The entry would have faulted in any other mode than the 64-bit one. */
bool arch_check_cpu(void)
{
	return true;
}
