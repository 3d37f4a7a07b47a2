/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The two interrupt controllers of a PC, as its BIOS programs them: Intel 8259A data sheet, "Programming the 8259A".
 * The CPU's own interrupts stay masked. A port access takes longer than the half microsecond that the chip wants
 * between two commands.
 */
#include <arch.h>
#include "devices.h"

#define FIRST 0x20  /* IR0 to IR7 */
#define SECOND 0xa0 /* IR8 to IR15, by way of IR2 of the first */
#define DATA 1      /* from a controller's first port: ICW2 to ICW4, and the mask */

#define ICW1 0x11 /* edges, two controllers, ICW4 follows; clears the mask */
#define ICW4 0x01 /* 8086, and each end of interrupt is told */

static void initialize(uint16_t port, uint8_t vector, uint8_t cascade)
{
	arch_port_write(port, ICW1);
	arch_port_write(port + DATA, vector);
	arch_port_write(port + DATA, cascade);
	arch_port_write(port + DATA, ICW4);
}

void pic_reset(void)
{
	initialize(SECOND, 0x70, 2);
	initialize(FIRST, 0x08, 1 << 2);
}
