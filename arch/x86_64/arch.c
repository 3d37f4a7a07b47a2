/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>

/* struct boot_params: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
#define BOOT_PARAMS_SIZE 0x1000
#define BOOT_PARAMS_MAGIC_OFFSET 0x202
#define BOOT_PARAMS_MAGIC 0x53726448 /* "HdrS" */

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
uint32_t arch_check_cpu(void)
{
	return PURG_OK;
}

bool arch_mode_known(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE || mode == PURG_HANDOFF_X86_32 || mode == PURG_HANDOFF_X86_16;
}

size_t arch_regs_size(void)
{
	return sizeof(struct purg_regs_x86_64);
}

uint64_t arch_entry(const struct purg_handoff *handoff)
{
	return handoff->x86_64.rip;
}

uint32_t arch_known_checks(void)
{
	return PURG_CHECK_KERNEL;
}

static uint32_t check_boot_params(uint64_t address)
{
	uint64_t end;

	if (__builtin_add_overflow(address, BOOT_PARAMS_SIZE, &end) || end > arch_physical_end())
		return PURG_E_RANGE;
	if (*(const volatile uint32_t *)(address + BOOT_PARAMS_MAGIC_OFFSET) != BOOT_PARAMS_MAGIC)
		return PURG_E_KERNEL;
	return PURG_OK;
}

uint32_t arch_handoff_check(const struct purg_handoff *handoff)
{
	if (handoff->checks & PURG_CHECK_KERNEL)
		return check_boot_params(handoff->x86_64.rsi);
	return PURG_OK;
}

/* x86 caches are coherent with one another, with instruction fetch and with the next kernel (SDM volume 3, 12.6). */
void arch_sync_memory(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}

sha256_blocks_fn *arch_sha256(bool portable, const char **name)
{
	(void)portable;
	*name = "portable";
	return sha256_blocks_portable;
}
