/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <console.h>
#include <range.h>
#include <vga_text.h>

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

/*
 * How a line is set, in eight steps from the right: the register's number in a digit, what is written to it in a byte.
 * LCR 8N1; IER no interrupts; FCR no FIFO; MCR DTR and RTS on; LCR the same, registers 0 and 1 being the divisor's now;
 * both of them; LCR 8N1.
 */
#define LINE_REGISTERS 0x31034213u
#define LINE_VALUES 0x0300008303000003ull
#define LINE_DIVISOR_SHIFT 40

/* The rate of the divisor 1 with the clock of a PC, 1.8432 MHz; and the slowest that is set. */
#define UART_BAUD_MAX 115200
#define UART_BAUD_MIN 50

/* No register that is used here lies further from the first, with the largest stride. */
_Static_assert(16 * (UART_LSR + 1) <= PURG_CONSOLE_SPAN, "span of a console");

/*
 * How often a transmitter is asked whether it is ready before the character is written all the same. At 9600 baud a
 * character takes a millisecond; no register answers faster than in some ten nanoseconds. After one such wait the
 * transmitter is taken for stuck and asked only once for each character: a dead UART must not hold up a boot.
 */
#define PATIENCE 1000000

/* A sink is given as many characters in a second as go over a line of 9600 baud: ten bits each. */
#define SINK_RATE (9600 / 10)

/* A console made ready for use: where its registers are, and what to look for in the status register. */
struct uart {
	uint32_t kind;
	uint32_t width; /* zero: I/O ports */
	uint64_t data;
	uint64_t status;
	uint32_t room; /* status bits that tell of room for a character, ... */
	uint32_t idle; /* ... of an idle transmitter, ... */
	uint32_t want; /* ... and whether they must be set (all ones) or clear (zero) for that */
	uint32_t patience;
	uint32_t column; /* VGA */
};

static struct uart uarts[PURG_MAX_CONSOLES];
static uint32_t uart_count;

/* A line has been begun. */
static bool in_line;

/* The one whose registers are in use: an exception now is its fault. */
static struct uart *volatile in_use;

/* True if kind is `which`, and not worth a question where the architecture has no such console. */
static bool is(uint32_t kind, uint32_t which)
{
	return arch_has_console(which) && kind == which;
}

/* The access widths that a kind of console allows, as a set of bits; zero for what is not a kind. */
static uint32_t widths(uint32_t kind)
{
	if (kind == PURG_CONSOLE_PL011)
		return 1 << 2 | 1 << 4;
	if (kind == PURG_CONSOLE_8250 || is(kind, PURG_CONSOLE_SINK))
		return 1 << 1 | 1 << 2 | 1 << 4;
	if (is(kind, PURG_CONSOLE_8250_PORT))
		return 1 << 1;
	return is(kind, PURG_CONSOLE_VGA) ? 1 << 0 : 0;
}

static uint32_t width_of(const struct purg_console *console)
{
	if (console->width || is(console->kind, PURG_CONSOLE_VGA))
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

/* The bytes of memory, from the base on, that are the console's. */
static uint64_t span(const struct purg_console *console)
{
	if (console->kind == PURG_CONSOLE_NONE || is(console->kind, PURG_CONSOLE_8250_PORT))
		return 0;
	return is(console->kind, PURG_CONSOLE_VGA) ? PURG_CONSOLE_VGA_SPAN : PURG_CONSOLE_SPAN;
}

static bool base_ok(const struct purg_console *console, uint32_t width)
{
	if (is(console->kind, PURG_CONSOLE_8250_PORT))
		return console->base <= 0xffff - UART_LSR;
	if (is(console->kind, PURG_CONSOLE_VGA))
		width = VGA_TEXT_CELL;
	return console->base % width == 0 && console->base <= arch_physical_end() - span(console);
}

/* The divisor must be whole: no rate is set that nobody asked for. The clock is known of a PC's ports alone. */
static bool baud_ok(const struct purg_console *console)
{
	uint32_t baud = console->baud;

	if (baud == 0)
		return true;
	return is(console->kind, PURG_CONSOLE_8250_PORT) && baud >= UART_BAUD_MIN && UART_BAUD_MAX % baud == 0;
}

bool console_touches(const struct purg_console *console, uint64_t start, uint64_t size)
{
	return ranges_overlap(console->base, span(console), start, size);
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
	if (!arch_mapped(console->base, span(console)))
		return refuse(finding, PURG_E_UNMAPPED, "base", console->base);
	if (!baud_ok(console))
		return refuse(finding, PURG_E_VALUE, "baud", console->baud);
	return console->reserved == 0 || refuse(finding, PURG_E_RESERVED, "reserved", console->reserved);
}

/* The time that a character takes, as far as the patience with this counter goes. */
static void let_pass(struct uart *uart)
{
	uint64_t ticks = arch_ticks_hz() / SINK_RATE;
	uint64_t start = arch_ticks();

	for (uint32_t i = 0; i < uart->patience; i++)
		if (arch_ticks() - start >= ticks)
			return;
	uart->patience = 1;
}

static void wait_for(struct uart *uart, uint32_t bits)
{
	if (is(uart->kind, PURG_CONSOLE_VGA))
		return;
	if (is(uart->kind, PURG_CONSOLE_SINK)) {
		let_pass(uart);
		return;
	}
	for (uint32_t i = 0; i < uart->patience; i++) {
		uint32_t status = uart->width ? arch_mmio_read(uart->status, uart->width)
					      : arch_port_read((uint16_t)uart->status);

		if (((status ^ uart->want) & bits) == 0)
			return;
	}
	uart->patience = 1;
}

/*
 * 8N1, no interrupts, no FIFO, DTR and RTS on. What the old kernel still has in the transmitter leaves first, at its
 * own rate; and LCR is written first, lest register 1 be the divisor's.
 */
static void set_line(struct uart *uart, uint32_t baud)
{
	uint32_t divisor = UART_BAUD_MAX / baud;
	uint64_t values = LINE_VALUES | (uint64_t)divisor << LINE_DIVISOR_SHIFT;

	wait_for(uart, uart->idle);
	for (uint32_t registers = LINE_REGISTERS; registers; registers >>= 4, values >>= 8)
		arch_port_write((uint16_t)(uart->data + (registers & 0xf)), (uint8_t)values);
	uart->patience = PATIENCE;
}

static void open_uart(struct uart *uart, const struct purg_console *console)
{
	uint32_t width = width_of(console);
	uint32_t stride = console->stride ? console->stride : width;

	uart->kind = console->kind;
	uart->data = console->base;
	uart->width = width;
	uart->patience = PATIENCE;
	uart->column = VGA_TEXT_COLUMNS;
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
	if (is(console->kind, PURG_CONSOLE_8250_PORT)) {
		uart->width = 0;
		if (console->baud)
			set_line(uart, console->baud);
	}
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

static void put(char c)
{
	in_line = c != '\n';
	for (struct uart *uart = uarts; uart < uarts + uart_count; uart++) {
		in_use = uart;
		if (is(uart->kind, PURG_CONSOLE_VGA)) {
			vga_text_put(uart->data, &uart->column, c);
			continue;
		}
		wait_for(uart, uart->room);
		if (uart->width)
			arch_mmio_write(uart->data, uart->width, (uint8_t)c);
		else
			arch_port_write((uint16_t)uart->data, (uint8_t)c);
	}
	in_use = NULL;
}

void console_forsake(void)
{
	if (in_use)
		*in_use = uarts[--uart_count];
	in_use = NULL;
	if (in_line)
		console_puts("\n");
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
	for (struct uart *uart = uarts; uart < uarts + uart_count; uart++) {
		in_use = uart;
		wait_for(uart, uart->idle);
	}
	in_use = NULL;
}
