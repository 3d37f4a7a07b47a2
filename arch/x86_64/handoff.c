/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>

/* struct boot_params: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
#define BOOT_PARAMS_SIZE 0x1000
#define BOOT_PARAMS_MAGIC_OFFSET 0x202
#define BOOT_PARAMS_MAGIC 0x53726448 /* "HdrS" */

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
