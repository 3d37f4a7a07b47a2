/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* PSCI (Arm DEN 0022), SYSTEM_RESET, by the conduit that the loader has found in the DTB or in ACPI. */
#include <arch.h>
#include "sysreg.h"

#define PSCI_SYSTEM_RESET 0x84000009

/* SMC Calling Convention (Arm DEN 0028): x0 to x17 are not kept. */
#define NOT_KEPT \
	"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17"

void arch_reset(const struct purg_failure *failure, bool sound)
{
	register uint64_t function __asm__("x0") = PSCI_SYSTEM_RESET;

	(void)sound;
	if (failure->conduit == PURG_CONDUIT_HVC)
		__asm__ volatile("hvc #0" : "+r"(function) : : NOT_KEPT, "memory");
	else if (failure->conduit == PURG_CONDUIT_SMC)
		__asm__ volatile("smc #0" : "+r"(function) : : NOT_KEPT, "memory");
}
