/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Serial Port Console Redirection Table, revisions 1 to 4; ACPI 6.5, 5.2.3.2 for the address. */
#include <string.h>

#include "console_acpi.h"

enum {
	SPCR_16550 = 0,
	SPCR_16550_DBGP = 1,
	SPCR_PL011 = 3,
	SPCR_SBSA_32 = 0x0d,
	SPCR_SBSA = 0x0e,
	SPCR_16550_GAS = 0x12,
};

enum {
	SPACE_MEMORY = 0,
	SPACE_IO = 1,
};

/* From the interface type on, behind the table's header. */
struct spcr {
	uint8_t header[36];
	uint8_t type;
	uint8_t reserved[3];
	uint8_t space;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access; /* 0: not said; 1 to 3: 1, 2, 4 bytes */
	uint64_t address;
} __attribute__((packed));

static bool is_pl011(uint8_t type)
{
	return type == SPCR_PL011 || type == SPCR_SBSA_32 || type == SPCR_SBSA;
}

static bool is_8250(uint8_t type)
{
	return type == SPCR_16550 || type == SPCR_16550_DBGP || type == SPCR_16550_GAS;
}

bool console_acpi_find(const uint8_t *table, size_t size, struct purg_console *console)
{
	struct spcr spcr;
	uint32_t access;

	*console = (struct purg_console){0};
	if (size < sizeof(spcr) || memcmp(table, "SPCR", 4))
		return false;
	memcpy(&spcr, table, sizeof(spcr));
	access = spcr.access && spcr.access <= 3 ? 1u << (spcr.access - 1) : 0;
	console->base = spcr.address;
	if (is_pl011(spcr.type) && spcr.space == SPACE_MEMORY) {
		console->kind = PURG_CONSOLE_PL011;
		console->width = access == 2 ? 2 : 4;
	} else if (is_8250(spcr.type) && spcr.space == SPACE_MEMORY) {
		console->kind = PURG_CONSOLE_8250;
		console->width = access ? access : 1;
		/* The register's width is the distance to the next one. */
		console->stride = spcr.bit_width > 8 * console->width ? spcr.bit_width / 8u : console->width;
	} else if (is_8250(spcr.type) && spcr.space == SPACE_IO) {
		console->kind = PURG_CONSOLE_8250_PORT;
		console->width = 1;
	}
	return console->kind && console->base;
}
