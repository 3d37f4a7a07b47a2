/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The consoles of a parameter block: PL011 and 8250, polled; a transmitter that never is ready is not waited for long.
 * VGA text memory; a sink, which is written to slowly instead.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <finding.h>

/*
 * Use these from now on. Not touched is a console that console_check refuses, and one whose registers touch
 * [own, own + own_size): the memory of the caller's own image, which a wrong address must not make it write to.
 */
void console_open(const struct purg_console console[PURG_MAX_CONSOLES], uint64_t own, uint64_t own_size);

/* False if nobody reads what is written. */
bool console_is_open(void);

/* True if the console's registers touch [start, start + size), which does not wrap. */
bool console_touches(const struct purg_console *console, uint64_t start, uint64_t size);

/* True, or false with what is wrong in *finding. */
bool console_check(const struct purg_console *console, struct finding *finding);

void console_puts(const char *string);
void console_hex(uint64_t number); /* 0x... with no leading zeros */
void console_dec(uint64_t number);
void console_name(const char name[PURG_NAME_SIZE]);          /* what is printable of it */
void console_digest(const uint8_t digest[PURG_DIGEST_SIZE]); /* 64 hex digits */

/* After an exception: true if it was a console that has not answered; use it no more. A line that was begun ends. */
bool console_forsake(void);

/* Wait, within bounds, until the last character has left. */
void console_flush(void);

#endif
