/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>

/* CPUID leaf with the physical address size in EAX[7:0], where there is one (SDM volume 2, CPUID); else 36 bits. */
#define CPUID_EXTENDED_MAX 0x80000000
#define CPUID_ADDRESS_SIZES 0x80000008
#define DEFAULT_PHYSICAL_BITS 36

static uint32_t cpuid_eax(uint32_t leaf)
{
	uint32_t eax, ebx, ecx, edx;

	__asm__ volatile("cpuid" : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx) : "a"(leaf), "c"(0));
	return eax;
}

uint64_t arch_physical_end(void)
{
	if (cpuid_eax(CPUID_EXTENDED_MAX) < CPUID_ADDRESS_SIZES)
		return 1ull << DEFAULT_PHYSICAL_BITS;
	return 1ull << (cpuid_eax(CPUID_ADDRESS_SIZES) & 63);
}

/* The entry would have faulted in any other mode than the 64-bit one. */
bool arch_check_cpu(void)
{
	return true;
}

/* x86 caches are coherent with one another, with instruction fetch and with the next kernel (SDM volume 3, 12.6). */
void arch_sync_memory(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}
