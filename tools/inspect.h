/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef INSPECT_H
#define INSPECT_H

#include "packed.h"

/* Draw what is where in memory, as text. */
void inspect_map(const struct packed *packed);

/* A size as people say it, in a buffer of at least 16 bytes. */
#define INSPECT_SIZE 16
const char *inspect_size(uint64_t size, char text[INSPECT_SIZE]);

#endif
