/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <vga_text.h>

#define LAST_ROW (VGA_TEXT_COLUMNS * (VGA_TEXT_ROWS - 1)) /* its first cell */
#define CELLS (VGA_TEXT_COLUMNS * VGA_TEXT_ROWS)
_Static_assert(CELLS *VGA_TEXT_CELL == PURG_CONSOLE_VGA_SPAN, "span of a VGA console");

#define ATTRIBUTE 0x0700u /* light grey on black */

static void scroll(uint64_t base)
{
	for (uint64_t cell = base; cell < base + CELLS * VGA_TEXT_CELL; cell += VGA_TEXT_CELL) {
		uint32_t next = ATTRIBUTE | ' ';

		if (cell < base + LAST_ROW * VGA_TEXT_CELL)
			next = arch_mmio_read(cell + VGA_TEXT_COLUMNS * VGA_TEXT_CELL, VGA_TEXT_CELL);
		arch_mmio_write(cell, VGA_TEXT_CELL, next);
	}
}

void vga_text_put(uint64_t base, uint32_t *column, char c)
{
	if (c == '\r') {
		*column = 0;
		return;
	}
	if (c == '\n' || *column == VGA_TEXT_COLUMNS)
		scroll(base);
	if (c == '\n')
		return;
	if (*column == VGA_TEXT_COLUMNS)
		*column = 0;
	arch_mmio_write(base + (LAST_ROW + *column) * VGA_TEXT_CELL, VGA_TEXT_CELL, ATTRIBUTE | (uint8_t)c);
	++*column;
}
