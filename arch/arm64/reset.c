/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* PSCI (Arm DEN 0022), SYSTEM_RESET, by the conduit that the loader has found in the DTB or in ACPI. */
#include <arch.h>
#include "sysreg.h"

#define PSCI_SYSTEM_RESET 0x84000009

/* SMC Calling Convention (Arm DEN 0028): x0 to x17 are not kept. */
void arch_reset(const struct purg_failure *failure, bool checked)
{
	register uint64_t function __asm__("x0") = PSCI_SYSTEM_RESET;

	(void)checked;
	if (failure->conduit == PURG_CONDUIT_HVC)
		__asm__ volatile("hvc #0" : "+r"(function) : : "memory");
	else if (failure->conduit == PURG_CONDUIT_SMC)
		__asm__ volatile("smc #0" : "+r"(function) : : "memory");
}
