/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Where the purgatory is to write its lines: given, or found out from what the kernel is told. */
#ifndef CONSOLE_SPEC_H
#define CONSOLE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include <purgatory/abi.h>

struct console_set {
	struct purg_console console[PURG_MAX_CONSOLES];
	unsigned int count;
	bool given; /* by --console, even if as "none" */
};

/*
 * One --console: pl011,[mmio32,]ADDR or uart8250,{mmio|mmio16|mmio32},ADDR or uart8250,io,ADDR[,BAUD[n8]] or vga[,ADDR]
 * or sink,[mmio32,]ADDR or none. Fails if it is not.
 */
void console_spec_add(struct console_set *set, const char *spec);

/* True if purg_console.baud may be that: zero, or a rate that an 8250's clock can be divided to. */
bool console_baud_known(uint32_t baud);

/* Fail if a console that was given cannot be on this architecture. */
void console_spec_check(const struct console_set *set, uint16_t arch);

/*
 * Without --console: from earlycon= on the command line, then from console=ttyS (x86_64), then from the device tree's
 * stdout-path (arm64; dtb may be NULL and was checked).
 */
void console_spec_deduce(struct console_set *set, uint16_t arch, const char *cmdline, const void *dtb);

/* Take one that was found elsewhere, if this architecture can have it and there is room. */
void console_spec_take(struct console_set *set, uint16_t arch, const struct purg_console *console);

/* Warn if nothing was given and nothing was found. */
void console_spec_warn(const struct console_set *set);

#endif
