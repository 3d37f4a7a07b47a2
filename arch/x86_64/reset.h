/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* purg_failure.reset_space and reset_address: ACPI 6.5, 5.2.3.2. */
#ifndef RESET_H
#define RESET_H

#include <stdint.h>

#define SPACE_MEMORY 0
#define SPACE_PORT 1
#define SPACE_PCI 2

/* ACPI has device, function and register in the low 16 bits of three words; the bus is 0. */
static inline uint16_t pci_word(uint64_t address, int index)
{
	return (uint16_t)(address >> 16 * index);
}

#endif
