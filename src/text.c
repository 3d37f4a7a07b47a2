/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <text.h>

#define LAST_ROW (TEXT_COLUMNS * (TEXT_ROWS - 1)) /* its first cell */
#define CELLS (TEXT_COLUMNS * TEXT_ROWS)
_Static_assert(CELLS *TEXT_CELL == PURG_CONSOLE_VGA_SPAN, "span of a VGA console");

#define ATTRIBUTE 0x0700u /* light grey on black */

static void scroll(uint64_t base)
{
	for (uint64_t cell = base; cell < base + CELLS * TEXT_CELL; cell += TEXT_CELL) {
		uint32_t next = ATTRIBUTE | ' ';

		if (cell < base + LAST_ROW * TEXT_CELL)
			next = arch_mmio_read(cell + TEXT_COLUMNS * TEXT_CELL, TEXT_CELL);
		arch_mmio_write(cell, TEXT_CELL, next);
	}
}

void text_put(uint64_t base, uint32_t *column, char c)
{
	if (c == '\r') {
		*column = 0;
		return;
	}
	if (c == '\n' || *column == TEXT_COLUMNS)
		scroll(base);
	if (c == '\n')
		return;
	if (*column == TEXT_COLUMNS)
		*column = 0;
	arch_mmio_write(base + (LAST_ROW + *column) * TEXT_CELL, TEXT_CELL, ATTRIBUTE | (uint8_t)c);
	++*column;
}
