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

uint32_t arch_cpu_level(void)
{
	return 64;
}

/* The APIC id is the one of 32 bits, where the CPU tells it. */
void arch_cpu_id(uint64_t id[2])
{
	struct cpuid features = cpuid(CPUID_FEATURES);
	struct cpuid topology = {0};

	if (cpuid(CPUID_MAX).eax >= CPUID_TOPOLOGY)
		topology = cpuid(CPUID_TOPOLOGY);
	id[0] = features.eax;
	id[1] = topology.ebx ? topology.edx : features.ebx >> CPUID_FEATURES_EBX_APIC_ID_SHIFT;
}

/* The entry would have faulted in any other mode than the 64-bit one. */
bool arch_check_cpu(void)
{
	return true;
}
