/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * VGA text memory as a console: 25 rows of 80 cells. It is written as a teleprinter writes: in the bottom row alone,
 * and all rows move up for the next one. So what was on the screen stays readable for as long as can be.
 */
#ifndef VGA_TEXT_H
#define VGA_TEXT_H

#include <stdint.h>

#define VGA_TEXT_COLUMNS 80
#define VGA_TEXT_ROWS 25
#define VGA_TEXT_CELL 2 /* bytes: the character and its attribute */

/*
 * Write a character, or do what \r and \n say, on the screen at base. *column is where in the bottom row the next one
 * goes; it begins as VGA_TEXT_COLUMNS, at the end of a row that others have written.
 */
void vga_text_put(uint64_t base, uint32_t *column, char c);

#endif
