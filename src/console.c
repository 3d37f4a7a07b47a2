/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <console.h>
#include <range.h>

/* PL011: Arm DDI 0183G, section 3.2. */
#define PL011_FR 0x18
#define PL011_FR_BUSY (1 << 3)
#define PL011_FR_TXFF (1 << 5)

/*
 * 8250: register numbers, to be multiplied by the stride; 0 is the data register, as PL011's. National Semiconductor
 * PC16550D, table II.
 */
#define UART_LSR 5
#define UART_LSR_THRE (1 << 5)
#define UART_LSR_TEMT (1 << 6)

/* No register that is used here lies further from the first, with the largest stride. */
_Static_assert(16 * (UART_LSR + 1) <= PURG_CONSOLE_SPAN, "span of a console");

/*
 * How often a transmitter is asked whether it is ready before the character is written all the same. At 9600 baud a
 * character takes a millisecond; no register answers faster than in some ten nanoseconds. After one such wait the
 * transmitter is taken for stuck and asked only once for each character: a dead UART must not hold up a boot.
 */
#define PATIENCE 1000000

/* A console made ready for use: where its registers are, and what to look for in the status register. */
struct uart {
	uint64_t data;
	uint64_t status;
	uint32_t width; /* zero: I/O ports */
	uint32_t room;  /* status bits that tell of room for a character, ... */
	uint32_t idle;  /* ... of an idle transmitter, ... */
	uint32_t want;  /* ... and whether they must be set (all ones) or clear (zero) for that */
	uint32_t patience;
};

static struct uart uarts[PURG_MAX_CONSOLES];
static uint32_t uart_count;

/* The access widths that a kind of console allows, as a set of bits; zero for what is not a kind. */
static uint32_t widths(uint32_t kind)
{
	switch (kind) {
	case PURG_CONSOLE_PL011:
		return 1 << 2 | 1 << 4;
	case PURG_CONSOLE_8250:
		return 1 << 1 | 1 << 2 | 1 << 4;
	case PURG_CONSOLE_8250_PORT:
		return arch_has_ports() ? 1 << 1 : 0;
	default:
		return 0;
	}
}

static uint32_t width_of(const struct purg_console *console)
{
	if (console->width)
		return console->width;
	return console->kind == PURG_CONSOLE_PL011 ? 4 : 1;
}

static bool stride_ok(const struct purg_console *console, uint32_t width)
{
	uint32_t stride = console->stride;

	if (stride == 0)
		return true;
	return console->kind == PURG_CONSOLE_8250 && stride >= width && stride <= 16 && (stride & (stride - 1)) == 0;
}

static bool base_ok(const struct purg_console *console, uint32_t width)
{
	if (console->kind == PURG_CONSOLE_8250_PORT)
		return console->base <= 0xffff - UART_LSR;
	return console->base % width == 0 && console->base < arch_physical_end() - PURG_CONSOLE_SPAN;
}

bool console_touches(const struct purg_console *console, uint64_t start, uint64_t size)
{
	if (console->kind == PURG_CONSOLE_NONE || console->kind == PURG_CONSOLE_8250_PORT)
		return false;
	return ranges_overlap(console->base, PURG_CONSOLE_SPAN, start, size);
}

static bool check_none(const struct purg_console *console, struct finding *finding)
{
	uint64_t rest = console->width | console->base | console->stride | console->baud | console->reserved;

	return rest == 0 || refuse(finding, PURG_E_RESERVED, "(unused)", rest);
}

bool console_check(const struct purg_console *console, struct finding *finding)
{
	uint32_t width = width_of(console);

	if (console->kind == PURG_CONSOLE_NONE)
		return check_none(console, finding);
	if (!widths(console->kind))
		return refuse(finding, PURG_E_VALUE, "kind", console->kind);
	if (width > 4 || !(widths(console->kind) >> width & 1))
		return refuse(finding, PURG_E_VALUE, "width", width);
	if (!stride_ok(console, width))
		return refuse(finding, PURG_E_VALUE, "stride", console->stride);
	if (!base_ok(console, width))
		return refuse(finding, PURG_E_RANGE, "base", console->base);
	if (console->kind != PURG_CONSOLE_8250_PORT && !arch_mapped(console->base, PURG_CONSOLE_SPAN))
		return refuse(finding, PURG_E_UNMAPPED, "base", console->base);
	if (console->baud)
		return refuse(finding, PURG_E_UNSUPPORTED, "baud", console->baud);
	return console->reserved == 0 || refuse(finding, PURG_E_RESERVED, "reserved", console->reserved);
}

static void open_uart(struct uart *uart, const struct purg_console *console)
{
	uint32_t width = width_of(console);
	uint32_t stride = console->stride ? console->stride : width;

	uart->data = console->base;
	uart->width = width;
	uart->patience = PATIENCE;
	if (console->kind == PURG_CONSOLE_PL011) {
		uart->status = console->base + PL011_FR;
		uart->room = PL011_FR_TXFF;
		uart->idle = PL011_FR_BUSY;
		uart->want = 0;
		return;
	}
	uart->status = console->base + UART_LSR * stride;
	uart->room = UART_LSR_THRE;
	uart->idle = UART_LSR_TEMT;
	uart->want = ~0u;
	if (console->kind == PURG_CONSOLE_8250_PORT)
		uart->width = 0;
}

void console_open(const struct purg_console console[PURG_MAX_CONSOLES], uint64_t own, uint64_t own_size)
{
	struct finding finding;

	uart_count = 0;
	for (int i = 0; i < PURG_MAX_CONSOLES; i++)
		if (console[i].kind != PURG_CONSOLE_NONE && console_check(&console[i], &finding) &&
		    !console_touches(&console[i], own, own_size))
			open_uart(&uarts[uart_count++], &console[i]);
}

bool console_is_open(void)
{
	return uart_count;
}

static void wait_for(struct uart *uart, uint32_t bits)
{
	for (uint32_t i = 0; i < uart->patience; i++) {
		uint32_t status = uart->width ? arch_mmio_read(uart->status, uart->width)
					      : arch_port_read((uint16_t)uart->status);

		if (((status ^ uart->want) & bits) == 0)
			return;
	}
	uart->patience = 1;
}

static void put(char c)
{
	for (struct uart *uart = uarts; uart < uarts + uart_count; uart++) {
		wait_for(uart, uart->room);
		if (uart->width)
			arch_mmio_write(uart->data, uart->width, (uint8_t)c);
		else
			arch_port_write((uint16_t)uart->data, (uint8_t)c);
	}
}

void console_puts(const char *string)
{
	for (; *string; string++) {
		if (*string == '\n')
			put('\r');
		put(*string);
	}
}

static void put_digit(unsigned int digit)
{
	put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
}

void console_hex(uint64_t number)
{
	int shift = 60;

	console_puts("0x");
	while (shift && !(number >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put_digit(number >> shift & 15);
}

void console_dec(uint64_t number)
{
	if (number >= 10)
		console_dec(number / 10);
	put_digit(number % 10);
}

void console_name(const char name[PURG_NAME_SIZE])
{
	for (int i = 0; i < PURG_NAME_SIZE && name[i]; i++)
		put(name[i] > ' ' && name[i] <= '~' ? name[i] : '?');
}

void console_digest(const uint8_t digest[PURG_DIGEST_SIZE])
{
	for (int i = 0; i < PURG_DIGEST_SIZE; i++) {
		put_digit(digest[i] >> 4);
		put_digit(digest[i] & 15);
	}
}

void console_flush(void)
{
	for (struct uart *uart = uarts; uart < uarts + uart_count; uart++)
		wait_for(uart, uart->idle);
}
