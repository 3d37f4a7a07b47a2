/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The consoles: which register is touched, how wide, and that none of them can hold the boot up. */
#include "fake.h"
#include <console.h>

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&purg_params, 0, sizeof(purg_params));
	return 0;
}

static void open_console(struct purg_console console)
{
	purg_params.console[0] = console;
	console_open(purg_params.console, (uintptr_t)&purg_header, FAKE_PAGE);
}

/* What was sent, and through which registers. */
static void assert_sent(uint64_t data, uint64_t status, uint32_t width)
{
	console_puts("x");
	assert_string_equal(fake.transcript, "x");
	assert_int_equal(fake.data_address, data);
	assert_int_equal(fake.status_address, status);
	assert_int_equal(fake.width, width);
	assert_int_equal(fake.polls, 1);
}

static void pl011(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x9000000});
	assert_sent(0x9000000, 0x9000018, 4);
}

static void pl011_halfword(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x9000000, .width = 2});
	assert_sent(0x9000000, 0x9000018, 2);
}

static void uart_port(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8});
	assert_sent(0x3f8, 0x3fd, 0);
}

static void uart_bytes(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250, .base = 0x1000});
	assert_sent(0x1000, 0x1005, 1);
}

static void uart_words(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250, .base = 0x1000, .width = 4});
	assert_sent(0x1000, 0x1014, 4);
}

static void uart_strided(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250, .base = 0x1000, .width = 2, .stride = 16});
	assert_sent(0x1000, 0x1050, 2);
}

/* A stride that is no power of two, too large, or smaller than an access. */
static void bad_strides(void **state)
{
	static const uint32_t strides[] = {1, 3, 6, 32, 0x80000000};
	struct finding finding;

	(void)state;
	for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++) {
		struct purg_console console = {.kind = PURG_CONSOLE_8250, .width = 2, .stride = strides[i]};

		assert_false(console_check(&console, &finding));
		assert_int_equal(finding.code, PURG_E_VALUE);
		assert_string_equal(finding.field, "stride");
		assert_int_equal(finding.value, strides[i]);
	}
}

/* The first wait is bounded, and the only long one. */
static void stuck(void **state)
{
	unsigned int first;

	(void)state;
	fake.stuck = true;
	open_console((struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x9000000});
	console_puts("x");
	first = fake.polls;
	assert_in_range(first, 1000, 10000000);
	console_puts("yz");
	console_flush();
	assert_int_equal(fake.polls, first + 3);
	assert_string_equal(fake.transcript, "xyz");
}

static void both_consoles(void **state)
{
	(void)state;
	purg_params.console[1] = (struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x2000};
	open_console((struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x1000});
	console_puts("x");
	assert_string_equal(fake.transcript, "xx");
}

/* A bad console is left alone, and takes nothing from the good one. */
static void one_is_bad(void **state)
{
	(void)state;
	purg_params.console[1] = (struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x2000};
	open_console((struct purg_console){.kind = PURG_CONSOLE_PL011 ^ 1, .base = 0x1000});
	console_puts("x");
	assert_string_equal(fake.transcript, "x");
	assert_int_equal(fake.data_address, 0x2000);
}

static void numbers(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_PL011, .base = 0x1000});
	console_hex(0);
	console_hex(0x1234abcd5678ef90);
	console_hex(~0ull);
	console_dec(0);
	console_puts(" ");
	console_dec(18446744073709551615ull);
	console_puts("\n");
	assert_string_equal(fake.transcript, "0x00x1234abcd5678ef900xffffffffffffffff0 18446744073709551615\r\n");
}

/* The writes since the console was opened: a register and its value each. */
static void assert_writes(const struct fake_write *writes, size_t count)
{
	assert_int_equal(fake.write_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(fake.writes[i].address, writes[i].address);
		assert_int_equal(fake.writes[i].value, writes[i].value);
	}
}

/* The line is set once, when the console is opened, after what is in the transmitter has left. */
static void baud(void **state)
{
	static const struct fake_write line[] = {
		{0x3fb, 3},    {0x3f9, 0}, {0x3fa, 0}, {0x3fc, 3},   {0x3fb, 0x83},
		{0x3f8, 0x80}, {0x3f9, 1}, {0x3fb, 3}, {0x3f8, 'x'},
	};

	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8, .baud = 300});
	assert_int_equal(fake.polls, 1);
	assert_writes(line, 8);
	console_puts("x");
	assert_writes(line, 9);
}

/* Without a rate nothing but data is written. */
static void no_baud(void **state)
{
	(void)state;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8});
	assert_int_equal(fake.write_count, 0);
	assert_int_equal(fake.polls, 0);
}

/* A transmitter that is stuck because of how its line was set may not be any more: it is waited for once again. */
static void baud_of_stuck(void **state)
{
	unsigned int first;

	(void)state;
	fake.stuck = true;
	open_console((struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8, .baud = 115200});
	first = fake.polls;
	assert_in_range(first, 1000, 10000000);
	assert_int_equal(fake.write_count, 8);
	console_puts("x");
	assert_int_equal(fake.polls, 2 * first);
	console_puts("y");
	assert_int_equal(fake.polls, 2 * first + 1);
}

static void expect_finding(struct purg_console console, uint32_t code, const char *field)
{
	struct finding finding = {.code = PURG_OK};

	assert_int_equal(console_check(&console, &finding), code == PURG_OK);
	assert_int_equal(finding.code, code);
	if (code != PURG_OK)
		assert_string_equal(finding.field, field);
}

static void baud_rates(void **state)
{
	static const uint32_t good[] = {50, 75, 150, 300, 1200, 9600, 38400, 57600, 115200};
	static const uint32_t bad[] = {1, 25, 49, 110, 7000, 115199, 230400, 0xffffffff};
	struct purg_console console = {.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		console.baud = good[i];
		expect_finding(console, PURG_OK, NULL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		console.baud = bad[i];
		expect_finding(console, PURG_E_VALUE, "baud");
	}
}

static const struct purg_console vga_console = {.kind = PURG_CONSOLE_VGA, .base = FAKE_SCREEN};
static const struct purg_console sink_console = {.kind = PURG_CONSOLE_SINK, .base = 0x9000000};
static const struct purg_console pl011_console = {.kind = PURG_CONSOLE_PL011, .base = 0x9000000};

#define EXPECT(console, assignment, code, name)        \
	do {                                           \
		struct purg_console changed = console; \
		changed.assignment;                    \
		expect_finding(changed, code, name);   \
	} while (0)

static void fields(void **state)
{
	(void)state;
	EXPECT(pl011_console, baud = 9600, PURG_E_VALUE, "baud");
	expect_finding((struct purg_console){.kind = PURG_CONSOLE_8250, .base = 0x1000, .baud = 9600}, PURG_E_VALUE,
		       "baud");
	EXPECT(sink_console, baud = 9600, PURG_E_VALUE, "baud");
	EXPECT(sink_console, stride = 1, PURG_E_VALUE, "stride");
	EXPECT(sink_console, width = 1, PURG_OK, NULL);
	EXPECT(sink_console, width = 2, PURG_OK, NULL);
	EXPECT(sink_console, width = 3, PURG_E_VALUE, "width");
	EXPECT(sink_console, width = 4, PURG_OK, NULL);
	EXPECT(sink_console, base = FAKE_UNMAPPED, PURG_E_UNMAPPED, "base");
	EXPECT(sink_console, reserved = 1, PURG_E_RESERVED, "reserved");
	EXPECT(vga_console, kind = PURG_CONSOLE_VGA, PURG_OK, NULL);
	EXPECT(vga_console, width = 1, PURG_E_VALUE, "width");
	EXPECT(vga_console, width = 2, PURG_E_VALUE, "width");
	EXPECT(vga_console, width = 4, PURG_E_VALUE, "width");
	EXPECT(vga_console, stride = 2, PURG_E_VALUE, "stride");
	EXPECT(vga_console, baud = 9600, PURG_E_VALUE, "baud");
	EXPECT(vga_console, base = 0xb8001, PURG_E_RANGE, "base");
	EXPECT(vga_console, base = (1ull << FAKE_PHYSICAL_BITS) - 3998, PURG_E_RANGE, "base");
	EXPECT(vga_console, base = (1ull << FAKE_PHYSICAL_BITS) - 4000, PURG_OK, NULL);
	EXPECT(vga_console, base = FAKE_UNMAPPED - 3998, PURG_E_UNMAPPED, "base");
	EXPECT(vga_console, base = FAKE_UNMAPPED - 4000, PURG_OK, NULL);
	EXPECT(vga_console, reserved = 1, PURG_E_RESERVED, "reserved");
}

/* What an architecture has not is no kind there. */
static void other_architectures(void **state)
{
	static const uint32_t kinds[] = {PURG_CONSOLE_8250_PORT, PURG_CONSOLE_VGA, PURG_CONSOLE_SINK};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		fake.no_console = kinds[i];
		expect_finding((struct purg_console){.kind = kinds[i], .base = 0x1000}, PURG_E_VALUE, "kind");
	}
}

static void touches(void **state)
{
	struct purg_console port = {.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8};

	(void)state;
	assert_false(console_touches(&port, 0, 0x1000));
	assert_false(console_touches(&vga_console, 0, FAKE_SCREEN));
	assert_true(console_touches(&vga_console, FAKE_SCREEN + 3999, 1));
	assert_false(console_touches(&vga_console, FAKE_SCREEN + 4000, 1));
	assert_true(console_touches(&sink_console, sink_console.base + 95, 1));
	assert_false(console_touches(&sink_console, sink_console.base + 96, 1));
}

#define COLUMNS 80
#define CELLS (25 * COLUMNS)
#define CELL(row, column) fake.screen[(row)*COLUMNS + (column)]

/* A row has this text in grey on black, and blanks behind it. */
static void assert_row(int row, const char *text)
{
	for (int i = 0; i < COLUMNS; i++)
		assert_int_equal(CELL(row, i), 0x700 | (*text ? *text++ : ' '));
}

/* The bottom row is written; what was on the screen moves up, and not before there is something to say. */
static void vga(void **state)
{
	(void)state;
	for (int i = 0; i < CELLS; i++)
		fake.screen[i] = (uint16_t)(0x4100 + i);
	open_console(vga_console);
	assert_int_equal(CELL(0, 0), 0x4100);
	console_puts("one\n");
	console_puts("two");
	console_flush();
	for (int i = 0; i < CELLS - 2 * COLUMNS; i++)
		assert_int_equal(fake.screen[i], 0x4100 + i + 2 * COLUMNS);
	assert_row(23, "one");
	assert_row(24, "two");
	assert_int_equal(fake.polls, 0);
	assert_int_equal(fake.write_count, 0);
}

/* A row that is full goes on in the next, which no empty one follows. */
static void vga_long_lines(void **state)
{
	char text[COLUMNS + 2] = {0};

	(void)state;
	memset(text, 'a', COLUMNS);
	open_console(vga_console);
	console_puts(text);
	assert_row(24, text);
	assert_int_equal(CELL(23, 0), 0);
	console_puts("\nb\n");
	text[COLUMNS] = 'c';
	console_puts(text);
	text[COLUMNS] = 0;
	assert_row(21, text);
	assert_row(22, "b");
	assert_row(23, text);
	assert_row(24, "c");
}

/* No byte beside the screen is written, however much there is to say: the fake's cells are all that takes it. */
static void vga_is_bounded(void **state)
{
	(void)state;
	open_console(vga_console);
	for (int i = 0; i < 5000; i++)
		console_puts(i % 7 ? "\xff" : "\r\n");
	assert_int_equal(fake.write_count, 0);
	assert_int_equal(CELL(24, 0), 0x7ff);
	assert_int_equal(CELL(24, COLUMNS - 1), 0x720);
}

/* A character goes out when a 960th of a second has passed. */
static void sink(void **state)
{
	(void)state;
	fake.ticks_hz = 96000;
	fake.ticks_per_look = 7;
	open_console(sink_console);
	console_puts("x");
	assert_int_equal(fake.looks, 1 + 15); /* 14 times 7 is less than 100 */
	assert_int_equal(fake.ticks, 16 * 7);
	console_puts("\n");
	console_flush();
	assert_int_equal(fake.looks, 4 * 16);
	assert_string_equal(fake.transcript, "x\r\n");
	assert_int_equal(fake.data_address, 0x9000000);
	assert_int_equal(fake.width, 1);
	assert_int_equal(fake.polls, 0);
}

/* The counter may pass its end. */
static void sink_wraps(void **state)
{
	(void)state;
	fake.ticks_hz = 96000;
	fake.ticks_per_look = 50;
	fake.ticks = ~0ull - 110;
	open_console(sink_console);
	console_puts("x");
	assert_int_equal(fake.looks, 3);
}

/* A counter that stands still is waited for once; one that does not say how fast it is, not at all. */
static void sink_without_time(void **state)
{
	unsigned int first;

	(void)state;
	fake.ticks_hz = 62500000;
	open_console(sink_console);
	console_puts("x");
	first = fake.looks;
	assert_in_range(first, 1000, 10000000);
	console_puts("yz");
	console_flush();
	assert_int_equal(fake.looks, first + 6);
	fake.ticks_hz = 0;
	fake.looks = 0;
	open_console(sink_console);
	console_puts("x");
	assert_int_equal(fake.looks, 2);
	assert_string_equal(fake.transcript, "xyzx");
}

static void sink_width(void **state)
{
	struct purg_console console = sink_console;

	(void)state;
	console.width = 4;
	open_console(console);
	console_puts("x");
	assert_int_equal(fake.width, 4);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pl011),
		TEST(pl011_halfword),
		TEST(uart_port),
		TEST(uart_bytes),
		TEST(uart_words),
		TEST(uart_strided),
		TEST(stuck),
		TEST(both_consoles),
		TEST(one_is_bad),
		TEST(bad_strides),
		TEST(numbers),
		TEST(baud),
		TEST(no_baud),
		TEST(baud_of_stuck),
		TEST(baud_rates),
		TEST(fields),
		TEST(other_architectures),
		TEST(touches),
		TEST(vga),
		TEST(vga_long_lines),
		TEST(vga_is_bounded),
		TEST(sink),
		TEST(sink_wraps),
		TEST(sink_without_time),
		TEST(sink_width),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
