/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Reads that may fault, while our vectors are in force. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* True, with the eight bytes at address in *value; false if there is nothing mapped. */
bool probe_read(uint64_t address, uint64_t *value);

#endif
