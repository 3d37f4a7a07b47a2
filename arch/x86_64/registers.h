/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Control registers, EFER and CPUID, with names for the bits that are used. SDM volume 3, 2.2.1, 2.5 and 2.6; volume 2,
 * CPUID and XGETBV; volume 1, 14.3 and 15.2: how AVX and AVX-512 are detected.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_EM (1 << 2)
#define CR0_TS (1 << 3)
#define CR0_WP (1 << 16)
#define CR0_CD (1 << 30)
#define CR0_PG (1 << 31)

#define CR4_PAE (1 << 5)
#define CR4_OSFXSR (1 << 9)
#define CR4_LA57 (1 << 12)
#define CR4_OSXSAVE (1 << 18)

#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

#define XCR0_X87 (1 << 0)
#define XCR0_SSE (1 << 1)
#define XCR0_AVX (1 << 2)
#define XCR0_AVX512 (7 << 5) /* opmasks, upper halves of ZMM0 to 15, ZMM16 to 31 */

#define CPUID_MAX 0
#define CPUID_FEATURES 1
#define CPUID_FEATURES_EBX_APIC_ID_SHIFT 24
#define CPUID_FEATURES_ECX_SSSE3 (1u << 9)
#define CPUID_FEATURES_ECX_SSE41 (1u << 19)
#define CPUID_FEATURES_ECX_XSAVE (1u << 26)
#define CPUID_FEATURES_ECX_OSXSAVE (1u << 27) /* CR4.OSXSAVE */
#define CPUID_FEATURES_ECX_AVX (1u << 28)
#define CPUID_EXTENDED_FEATURES 7
#define CPUID_EXTENDED_EBX_AVX2 (1u << 5)
#define CPUID_EXTENDED_EBX_AVX512F (1u << 16)
#define CPUID_EXTENDED_EBX_SHA (1u << 29)
#define CPUID_EXTENDED_EBX_AVX512BW (1u << 30)
#define CPUID_TOPOLOGY 0xb /* EBX is zero if the CPU has no such leaf; EDX: x2APIC id */
#define CPUID_XSAVE 0xd    /* EAX: the low half of XCR0's bits that may be set */
#define CPUID_EXTENDED_MAX 0x80000000
#define CPUID_ADDRESS_SIZES 0x80000008

#ifndef __ASSEMBLER__

#include <stdint.h>

/* What LGDT and LIDT load, and SIDT stores: ten bytes in 64-bit mode, the first six of them in 32-bit mode. */
struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
	return r;
}

#define READABLE(name)                                                 \
	static inline uint64_t read_##name(void)                       \
	{                                                              \
		uint64_t value;                                        \
                                                                       \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value)); \
		return value;                                          \
	}
READABLE(cr0)
READABLE(cr3)
READABLE(cr4)
#undef READABLE

#define WRITABLE(name)                                                          \
	static inline void write_##name(uint64_t value)                         \
	{                                                                       \
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
	}
WRITABLE(cr0)
WRITABLE(cr4)
#undef WRITABLE

static inline uint64_t read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static inline void write_xcr0(uint64_t value)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#endif
#endif
