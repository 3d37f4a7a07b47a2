/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <range.h>
#include "descent.h"
#include "handoff.h"

/* struct boot_params: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
#define BOOT_PARAMS_SIZE 0x1000
#define BOOT_PARAMS_MAGIC_OFFSET 0x202
#define BOOT_PARAMS_MAGIC 0x53726448 /* "HdrS" */

static bool check_boot_params(const char *field, uint64_t address, struct finding *finding)
{
	if (!range_within(address, BOOT_PARAMS_SIZE, 0, arch_physical_end()))
		return refuse(finding, PURG_E_RANGE, field, address);
	if (!arch_mapped(address, BOOT_PARAMS_SIZE))
		return refuse(finding, PURG_E_UNMAPPED, field, address);
	return *(const volatile uint32_t *)(address + BOOT_PARAMS_MAGIC_OFFSET) == BOOT_PARAMS_MAGIC ||
	       refuse(finding, PURG_E_KERNEL, field, address);
}

/* In real mode DS is where the kernel's own setup code begins, with the same header: boot.rst, "Running the Kernel". */
static bool check_kernel(const struct purg_handoff *handoff, struct finding *finding)
{
	switch (handoff->mode) {
	case PURG_HANDOFF_X86_32:
		return check_boot_params("esi", handoff->x86_32.esi, finding);
	case PURG_HANDOFF_X86_16:
		return check_boot_params("ds", real_address(handoff->x86_16.ds, 0), finding);
	default:
		return check_boot_params("rsi", handoff->x86_64.rsi, finding);
	}
}

bool arch_handoff_check(const struct purg_handoff *handoff, struct finding *finding)
{
	return !(handoff->checks & PURG_CHECK_KERNEL) || check_kernel(handoff, finding);
}

_Noreturn void arch_handoff(const struct purg_handoff *handoff, uint64_t way)
{
	if (handoff->mode == PURG_HANDOFF_NATIVE)
		handoff_64(handoff, way);
	if (way)
		arch_halt(PURG_E_IMAGE);
	descend_to(handoff);
}
