/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Device registers. The accesses are single instructions with one base register, as a hypervisor that emulates the
 * device wants them (only then is ESR_ELx.ISV set: Arm ARM, ESR_EL2).
 */
#include <arch.h>
#include "sysreg.h"

uint32_t arch_mmio_read(uint64_t address, uint32_t width)
{
	uint32_t value;

	if (width == 1)
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	else if (width == 2)
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	else
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

void arch_mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	if (width == 1)
		__asm__ volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
	else if (width == 2)
		__asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
	else
		__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

uint32_t arch_port_read(uint16_t port)
{
	(void)port;
	return 0;
}

void arch_port_write(uint16_t port, uint8_t value)
{
	(void)port;
	(void)value;
}

/* The generic timer: Arm ARM, "The AArch64 Virtual counter". Read at any time: a character's time need not be exact. */
uint64_t arch_ticks(void)
{
	return read_sysreg(cntvct_el0);
}

uint64_t arch_ticks_hz(void)
{
	return read_sysreg(cntfrq_el0);
}

/* There is no legacy here. */
void arch_reset_devices(uint32_t flags)
{
	(void)flags;
}
