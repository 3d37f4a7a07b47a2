/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the checks of the parameter block must know of this architecture. No system register: any host can run it. */
#include <arch.h>
#include <params.h>
#include <range.h>
#include "handoff.h"
#include "reset.h"

/* What can be addressed without paging. */
#define PROTECTED_MODE_END (1ull << 32)
#define REAL_MODE_END (1ull << 20)

#define PCI_DEVICES 32
#define PCI_FUNCTIONS 8
#define PCI_REGISTERS 256

bool arch_mode_known(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE || mode == PURG_HANDOFF_X86_32 || mode == PURG_HANDOFF_X86_16;
}

size_t arch_regs_size(uint32_t mode)
{
	switch (mode) {
	case PURG_HANDOFF_X86_32:
		return sizeof(struct purg_regs_x86_32);
	case PURG_HANDOFF_X86_16:
		return offsetof(struct purg_regs_x86_16, reserved);
	default:
		return sizeof(struct purg_regs_x86_64);
	}
}

uint64_t arch_low_end(uint32_t mode)
{
	if (mode == PURG_HANDOFF_X86_32)
		return PROTECTED_MODE_END;
	return mode == PURG_HANDOFF_X86_16 ? REAL_MODE_END : 0;
}

uint64_t arch_entry(const struct purg_handoff *handoff)
{
	switch (handoff->mode) {
	case PURG_HANDOFF_X86_32:
		return handoff->x86_32.eip;
	case PURG_HANDOFF_X86_16:
		return real_address(handoff->x86_16.cs, handoff->x86_16.ip);
	default:
		return handoff->x86_64.rip;
	}
}

uint32_t arch_known_checks(void)
{
	return PURG_CHECK_KERNEL;
}

/* No sink: nothing is known here whose rate of counting is known. */
bool arch_has_console(uint32_t kind)
{
	return kind != PURG_CONSOLE_SINK;
}

uint32_t arch_device_flags(void)
{
	return PURG_FLAG_RESET_VGA | PURG_FLAG_LEGACY_PIC;
}

static bool address_ok(const struct purg_failure *failure)
{
	uint64_t address = failure->reset_address;

	switch (failure->reset_space) {
	case SPACE_MEMORY:
		return address < arch_physical_end();
	case SPACE_PORT:
		return address <= 0xffff;
	default:
		return !pci_word(address, 3) && pci_word(address, 2) < PCI_DEVICES &&
		       pci_word(address, 1) < PCI_FUNCTIONS && pci_word(address, 0) < PCI_REGISTERS;
	}
}

bool arch_reset_check(const struct purg_failure *failure, struct finding *finding)
{
	uint64_t address = failure->reset_address;
	uint64_t rest = failure->conduit | failure->reserved;

	if (!failure->reset_width)
		rest |= failure->reset_space | failure->reset_value | address;
	if (rest)
		return refuse(finding, PURG_E_RESERVED, "(unused)", rest);
	if (!failure->reset_width)
		return true;
	if (failure->reset_width != 8)
		return refuse(finding, PURG_E_VALUE, "reset_width", failure->reset_width);
	if (failure->reset_space > SPACE_PCI)
		return refuse(finding, PURG_E_VALUE, "reset_space", failure->reset_space);
	if (!address_ok(failure))
		return refuse(finding, PURG_E_RANGE, "reset_address", address);
	return failure->reset_space != SPACE_MEMORY ||
	       !range_within(address, 1, (uintptr_t)&purg_header, purg_header.mem_size) ||
	       refuse(finding, PURG_E_OVERLAP_SELF, "reset_address", address);
}
