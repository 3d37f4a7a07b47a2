/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <range.h>

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

static bool check_boot_params(uint64_t address, struct finding *finding)
{
	if (!range_within(address, BOOT_PARAMS_SIZE, 0, arch_physical_end()))
		return refuse(finding, PURG_E_RANGE, "rsi", address);
	if (!arch_mapped(address, BOOT_PARAMS_SIZE))
		return refuse(finding, PURG_E_UNMAPPED, "rsi", address);
	return *(const volatile uint32_t *)(address + BOOT_PARAMS_MAGIC_OFFSET) == BOOT_PARAMS_MAGIC ||
	       refuse(finding, PURG_E_KERNEL, "rsi", address);
}

bool arch_handoff_check(const struct purg_handoff *handoff, struct finding *finding)
{
	return !(handoff->checks & PURG_CHECK_KERNEL) || check_boot_params(handoff->x86_64.rsi, finding);
}
