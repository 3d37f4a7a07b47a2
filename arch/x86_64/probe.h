/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Reads that may fault, with an IDT of our own between begin and end; then the one that was found is in force again. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

void probe_begin(void);
void probe_end(void);

/* True, with the eight bytes at address in *value; false if there is nothing mapped. */
bool probe_read(uint64_t address, uint64_t *value);

#endif
