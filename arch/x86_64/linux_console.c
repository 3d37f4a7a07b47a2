/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Nothing is verified yet. So only what lies in a segment is read, and all that can come of it is one of four ports.
 */
#include <arch.h>
#include <range.h>
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

/* How many bytes from address on can be read: those to the end of its segment. */
static uint64_t readable(const struct purg_params *params, uint64_t address)
{
	for (uint32_t i = 0; i < params->segment_count; i++) {
		const struct purg_segment *segment = &params->segment[i];

		if (range_within(segment->start, segment->size, 0, arch_physical_end()) &&
		    range_within(address, 1, segment->start, segment->size) &&
		    arch_mapped(segment->start, segment->size))
			return segment->start + segment->size - address;
	}
	return 0;
}

/* Documentation/admin-guide/serial-console.rst; the ports are a PC's. */
static void add_console(struct purg_params *params, char digit)
{
	static const uint16_t ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
	uint8_t number = (uint8_t)(digit - '0');

	for (struct purg_console *console = params->console; console < params->console + PURG_MAX_CONSOLES; console++)
		if (number < sizeof(ports) / sizeof(*ports) && console->kind == PURG_CONSOLE_NONE) {
			console->kind = PURG_CONSOLE_8250_PORT;
			console->base = ports[number];
			return;
		}
}

void linux_console(struct purg_params *params)
{
	static const char word[] = "console=ttyS";
	uint64_t zero_page = params->handoff.x86_64.rsi;
	const char *cmdline;
	uint64_t size;

	if (readable(params, zero_page) < BOOT_PARAMS_SIZE)
		return;
	cmdline =
		(const char *)(read32(zero_page + CMD_LINE_PTR) | (uint64_t)read32(zero_page + EXT_CMD_LINE_PTR) << 32);
	size = readable(params, (uintptr_t)cmdline);
	if (size > CMDLINE_MAX)
		size = CMDLINE_MAX;
	for (; size > sizeof(word) && *cmdline; cmdline++, size--)
		if (memcmp(cmdline, word, sizeof(word) - 1) == 0)
			add_console(params, cmdline[sizeof(word) - 1]);
}
