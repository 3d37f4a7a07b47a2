/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The syntax is that of the kernel's earlycon= (Documentation/admin-guide/kernel-parameters.txt), with two words more
 * for what it does not know.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console_dtb.h"
#include "console_spec.h"
#include "error.h"

#define FORMS                                                                                            \
	"pl011[,mmio32],ADDR, uart8250,{mmio|mmio16|mmio32},ADDR, uart8250,io,ADDR[,BAUD], vga[,ADDR], " \
	"sink[,mmio32],ADDR, or none"

/* Where every VGA has its text. */
#define VGA_BASE 0xb8000

static const struct form {
	const char *prefix;
	uint32_t kind;
	uint32_t width;
} forms[] = {
	{"pl011,mmio32,", PURG_CONSOLE_PL011, 4},
	{"pl011,", PURG_CONSOLE_PL011, 4},
	{"uart8250,io,", PURG_CONSOLE_8250_PORT, 1},
	{"uart8250,mmio,", PURG_CONSOLE_8250, 1},
	{"uart8250,mmio16,", PURG_CONSOLE_8250, 2},
	{"uart8250,mmio32,", PURG_CONSOLE_8250, 4},
	{"sink,mmio32,", PURG_CONSOLE_SINK, 4},
	{"sink,", PURG_CONSOLE_SINK, 1},
	{"vga,", PURG_CONSOLE_VGA, 0},
};

static const uint16_t pc_ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

/* A number that ends where rest points, as strtoull reads it, but with no sign or space before it. */
static bool parse_address(const char *text, uint64_t *address, const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*address = strtoull(text, &end, 0);
	*rest = end;
	return !errno && end != text;
}

static bool address_fits(const struct purg_console *console)
{
	if (console->kind == PURG_CONSOLE_8250_PORT)
		return console->base && console->base <= 0xffff - 7;
	return console->base && !(console->base % (console->width ? console->width : 2)) &&
	       console->base < UINT64_C(1) << 52;
}

static bool parse(const char *spec, struct purg_console *console, const char **rest)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *form = &forms[i];
		size_t length = strlen(form->prefix);

		if (strncmp(spec, form->prefix, length))
			continue;
		*console = (struct purg_console){.kind = form->kind, .width = form->width};
		if (form->kind == PURG_CONSOLE_8250)
			console->stride = form->width;
		if (parse_address(spec + length, &console->base, rest))
			return address_fits(console);
	}
	return false;
}

bool console_baud_known(uint32_t baud)
{
	return !baud || (baud >= 50 && 115200 % baud == 0);
}

/* What may follow the port of an 8250: a rate that its clock can be divided to, and that there is no parity. */
static bool parse_baud(const char *text, struct purg_console *console)
{
	uint64_t baud;
	const char *rest;

	if (console->kind != PURG_CONSOLE_8250_PORT)
		return false;
	if (!parse_address(text, &baud, &rest) || (*rest && strcmp(rest, "n8")))
		return false;
	if (!baud || baud > UINT32_MAX || !console_baud_known((uint32_t)baud))
		return false;
	console->baud = (uint32_t)baud;
	return true;
}

static bool parse_given(const char *spec, struct purg_console *console)
{
	const char *rest;

	if (!strcmp(spec, "vga")) {
		*console = (struct purg_console){.kind = PURG_CONSOLE_VGA, .base = VGA_BASE};
		return true;
	}
	return parse(spec, console, &rest) && (!*rest || (*rest == ',' && parse_baud(rest + 1, console)));
}

/* NULL, or what an architecture lacks for this console. */
static const char *lacking(const struct purg_console *console, uint16_t arch)
{
	bool x86 = arch == PURG_ARCH_X86_64;

	if (console->kind == PURG_CONSOLE_8250_PORT && !x86)
		return "uart8250,io needs x86 ports, but the kernel is for arm64; give pl011 or mmio";
	if (console->kind == PURG_CONSOLE_VGA && !x86)
		return "vga is for x86, but the kernel is for arm64; give pl011 or mmio";
	if (console->kind == PURG_CONSOLE_SINK && x86)
		return "sink is for arm64, but the kernel is for x86_64; give uart8250";
	return NULL;
}

/* What differs in the rate alone is the same device. */
static bool has(const struct console_set *set, const struct purg_console *console)
{
	for (unsigned int i = 0; i < set->count; i++)
		if (set->console[i].kind == console->kind && set->console[i].base == console->base)
			return true;
	return false;
}

void console_spec_add(struct console_set *set, const char *spec)
{
	bool none = !strcmp(spec, "none");
	struct purg_console console;

	if (set->given && (none || !set->count))
		fail(NULL, "--console", "'none' and another console exclude each other");
	set->given = true;
	if (none)
		return;
	if (!parse_given(spec, &console))
		fail(NULL, "--console", "'%s' is no console; give " FORMS, spec);
	if (has(set, &console))
		fail(NULL, "--console", "'%s' is given twice", spec);
	if (set->count == PURG_MAX_CONSOLES)
		fail(NULL, "--console", "'%s' is one too many; %d is the most", spec, PURG_MAX_CONSOLES);
	set->console[set->count++] = console;
}

void console_spec_check(const struct console_set *set, uint16_t arch)
{
	for (unsigned int i = 0; i < set->count; i++) {
		const char *what = lacking(&set->console[i], arch);

		if (what)
			fail(NULL, "--console", "%s", what);
	}
}

void console_spec_take(struct console_set *set, uint16_t arch, const struct purg_console *console)
{
	if (set->count < PURG_MAX_CONSOLES && !lacking(console, arch) && !has(set, console))
		set->console[set->count++] = *console;
}

/* The kernel's words are those for UARTs. */
static bool is_uart(const struct purg_console *console)
{
	return console->kind != PURG_CONSOLE_VGA && console->kind != PURG_CONSOLE_SINK;
}

static void take_earlycon(struct console_set *set, uint16_t arch, const char *value)
{
	struct purg_console console;
	const char *rest;

	/* Line settings may follow: the kernel sets them, the purgatory uses the UART as it finds it. */
	if (parse(value, &console, &rest) && strchr(", ", *rest) && is_uart(&console))
		console_spec_take(set, arch, &console);
}

static void take_ttys(struct console_set *set, uint16_t arch, const char *value)
{
	struct purg_console console = {.kind = PURG_CONSOLE_8250_PORT, .width = 1};
	unsigned int port = (unsigned int)(unsigned char)value[0] - '0';

	if (arch != PURG_ARCH_X86_64 || port >= sizeof(pc_ports) / sizeof(pc_ports[0]) || !strchr(", ", value[1]))
		return;
	console.base = pc_ports[port];
	console_spec_take(set, arch, &console);
}

/* Call take_value for each word of the command line that begins with prefix. */
static void for_each(struct console_set *set, uint16_t arch, const char *cmdline, const char *prefix,
		     void (*take_value)(struct console_set *, uint16_t, const char *))
{
	size_t length = strlen(prefix);

	for (const char *word = cmdline; word; word = strchr(word, ' ')) {
		word += strspn(word, " ");
		if (!strncmp(word, prefix, length))
			take_value(set, arch, word + length);
	}
}

void console_spec_deduce(struct console_set *set, uint16_t arch, const char *cmdline, const void *dtb)
{
	struct purg_console console;

	for_each(set, arch, cmdline, "earlycon=", take_earlycon);
	if (!set->count)
		for_each(set, arch, cmdline, "console=ttyS", take_ttys);
	if (!set->count && dtb && console_dtb_find(dtb, &console))
		console_spec_take(set, arch, &console);
}

void console_spec_warn(const struct console_set *set)
{
	if (!set->given && !set->count)
		complain(NULL, "warning", "no console found, so the purgatory will be silent; give --console " FORMS);
}
