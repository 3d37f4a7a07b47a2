/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SSE, AVX and AVX-512: an old kernel leaves them off. SDM volume 1, 13.1 to 13.3; volume 3, 2.5 and 9.6. */
#include <arch.h>
#include "registers.h"

/* As the purgatory found them. XCR0 can be read only with CR4.OSXSAVE set, which is then not as found. */
static struct {
	uint64_t cr0;
	uint64_t cr4;
	uint64_t xcr0;
	bool has_xcr0;
} found;

/* State components that are both here and of use to us. */
static uint64_t wanted_xcr0(void)
{
	uint32_t supported = cpuid(CPUID_XSAVE).eax;
	uint64_t wanted = supported & (XCR0_X87 | XCR0_SSE | XCR0_AVX);

	if (!(~supported & (XCR0_AVX | XCR0_AVX512)))
		wanted |= XCR0_AVX512;
	return wanted;
}

void arch_simd_begin(void)
{
	found.cr0 = read_cr0();
	found.cr4 = read_cr4();
	found.has_xcr0 = cpuid(CPUID_FEATURES).ecx & CPUID_FEATURES_ECX_XSAVE && cpuid(CPUID_MAX).eax >= CPUID_XSAVE;
	write_cr0((found.cr0 & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP);
	write_cr4(found.cr4 | CR4_OSFXSR | (found.has_xcr0 ? CR4_OSXSAVE : 0));
	if (!found.has_xcr0)
		return;
	found.xcr0 = read_xcr0();
	write_xcr0(found.xcr0 | wanted_xcr0());
}

/* Nothing was found before arch_simd_begin, and nothing has been changed. */
void arch_simd_end(void)
{
	if (!found.cr0)
		return;
	if (found.has_xcr0)
		write_xcr0(found.xcr0);
	write_cr4(found.cr4);
	write_cr0(found.cr0);
}
