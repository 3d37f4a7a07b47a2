/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the checks of the parameter block must know of this architecture. No system register: any host can run it. */
#include <arch.h>

bool arch_mode_known(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE;
}

size_t arch_regs_size(uint32_t mode)
{
	(void)mode;
	return sizeof(struct purg_regs_arm64);
}

uint64_t arch_low_end(uint32_t mode)
{
	(void)mode;
	return 0;
}

uint64_t arch_entry(const struct purg_handoff *handoff)
{
	return handoff->arm64.pc;
}

uint32_t arch_known_checks(void)
{
	return PURG_CHECK_KERNEL | PURG_CHECK_DTB;
}

bool arch_has_console(uint32_t kind)
{
	return kind != PURG_CONSOLE_8250_PORT && kind != PURG_CONSOLE_VGA;
}

uint32_t arch_device_flags(void)
{
	return 0;
}

bool arch_reset_check(const struct purg_failure *failure, struct finding *finding)
{
	uint64_t rest = failure->reset_space | failure->reset_width | failure->reset_value | failure->reserved |
			failure->reset_address;

	if (failure->conduit != PURG_CONDUIT_HVC && failure->conduit != PURG_CONDUIT_SMC)
		return refuse(finding, PURG_E_VALUE, "conduit", failure->conduit);
	return rest == 0 || refuse(finding, PURG_E_RESERVED, "(unused)", rest);
}
