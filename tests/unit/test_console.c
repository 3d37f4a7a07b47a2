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

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pl011),      TEST(pl011_halfword), TEST(uart_port), TEST(uart_bytes),
		TEST(uart_words), TEST(uart_strided),   TEST(stuck),     TEST(both_consoles),
		TEST(one_is_bad), TEST(bad_strides),    TEST(numbers),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
