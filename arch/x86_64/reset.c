/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The register that the loader has from ACPI's FADT (ACPI 6.5, 4.8.3.6 and 5.2.3.2); the reset control register of PC
 * chipsets, whose I/O port is the same in all of them; the keyboard controller; a shutdown of the CPU.
 */
#include <arch.h>
#include "registers.h"
#include "reset.h"

/* PCI Local Bus Specification 3.0, 3.2.2.3.2. */
#define PCI_ADDRESS 0xcf8
#define PCI_ADDRESS_ENABLE (1u << 31)
#define PCI_DATA 0xcfc

/* Intel ICH9 datasheet, 13.7.5, RST_CNT: what kind of reset, then the same and "now". */
#define RESET_CONTROL 0xcf9
#define RESET_HARD 0x02
#define RESET_NOW 0x06

/* IBM PS/2 Hardware Interface Technical Reference, keyboard controller: bit 0 of its output port is the reset line. */
#define KEYBOARD 0x64
#define KEYBOARD_BUSY (1 << 1)
#define KEYBOARD_PULSE_RESET 0xfe

/* A port of no function, of which a read takes about a microsecond; and how long anything is waited for, in those. */
#define PORT_DELAY 0x80
#define PATIENCE 0x8000

/* Port accesses take as long as nothing else is known to take here. */
static void wait(void)
{
	for (int i = 0; i < PATIENCE; i++)
		arch_port_read(PORT_DELAY);
}

static void write_pci(uint64_t address, uint8_t value)
{
	uint32_t where = PCI_ADDRESS_ENABLE | pci_word(address, 2) << 11 | pci_word(address, 1) << 8 | (address & 0xfc);

	__asm__ volatile("outl %0, %w1" : : "a"(where), "d"(PCI_ADDRESS) : "memory");
	arch_port_write(PCI_DATA + (address & 3), value);
}

/* One in memory may be where nothing is mapped: kexec maps no devices. */
static void write_register(const struct purg_failure *failure)
{
	uint64_t address = failure->reset_address;

	switch (failure->reset_space) {
	case SPACE_MEMORY:
		if (arch_mapped(address, 1))
			arch_mmio_write(address, 1, failure->reset_value);
		break;
	case SPACE_PORT:
		arch_port_write((uint16_t)address, failure->reset_value);
		break;
	default:
		write_pci(address, failure->reset_value);
	}
}

static void reset_by_keyboard(void)
{
	for (int i = 0; i < PATIENCE && arch_port_read(KEYBOARD) & KEYBOARD_BUSY; i++)
		;
	arch_port_write(KEYBOARD, KEYBOARD_PULSE_RESET);
}

void arch_reset(const struct purg_failure *failure, bool sound)
{
	static const struct table_register none;

	if (sound && failure->reset_width) {
		write_register(failure);
		wait();
	}
	arch_port_write(RESET_CONTROL, RESET_HARD);
	wait();
	arch_port_write(RESET_CONTROL, RESET_NOW);
	wait();
	reset_by_keyboard();
	wait();
	/* An exception without an IDT is a double fault, and that a shutdown: SDM volume 3, 6.15, "Interrupt 8". */
	__asm__ volatile("lidt %0\n\tint3" : : "m"(none) : "memory");
}
