/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Nothing is verified yet. So only what lies in a segment is read, and all that can come of it is one of four ports.
 */
#include <compat.h>
#include <string.h>
#include "linux_console.h"

/* struct boot_params: Documentation/arch/x86/zero-page.rst. */
#define BOOT_PARAMS_SIZE 0x1000
#define EXT_CMD_LINE_PTR 0xc8
#define CMD_LINE_PTR 0x228

/* COMMAND_LINE_SIZE of x86. */
#define CMDLINE_MAX 2048

static uint32_t read32(uint64_t address)
{
	return *(const volatile uint32_t *)address;
}

/* Documentation/admin-guide/serial-console.rst; the ports are a PC's. */
static void add_console(struct purg_params *params, char digit)
{
	static const uint16_t ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
	uint8_t number = (uint8_t)(digit - '0');

	if (number >= sizeof(ports) / sizeof(*ports))
		return;
	for (struct purg_console *console = params->console; console < params->console + PURG_MAX_CONSOLES; console++) {
		if (console->kind == PURG_CONSOLE_NONE)
			*console = (struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = ports[number]};
		if (console->base == ports[number])
			return;
	}
}

/* The name ends here; options of the port may follow. */
static bool ends_name(char c)
{
	return c == '\0' || c == ' ' || c == ',';
}

void linux_console(struct purg_params *params)
{
	static const char word[] = "console=ttyS";
	uint64_t zero_page = params->handoff.x86_64.rsi;
	char before = ' ';
	const char *cmdline;
	uint64_t size;

	if (compat_readable(params, zero_page) < BOOT_PARAMS_SIZE)
		return;
	cmdline =
		(const char *)(read32(zero_page + CMD_LINE_PTR) | (uint64_t)read32(zero_page + EXT_CMD_LINE_PTR) << 32);
	size = compat_readable(params, (uintptr_t)cmdline);
	if (size > CMDLINE_MAX)
		size = CMDLINE_MAX;
	for (; size > sizeof(word) && *cmdline; before = *cmdline++, size--)
		if (before == ' ' && memcmp(cmdline, word, sizeof(word) - 1) == 0 && ends_name(cmdline[sizeof(word)]))
			add_console(params, cmdline[sizeof(word) - 1]);
}
