/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef CHECK_MEMORY_H
#define CHECK_MEMORY_H

#include "packed.h"

/*
 * Do the parts of a packed image that check_structure has passed lie beside each other in memory, with nothing but
 * zeros between them in the file, and, for x86_64, do the ELF headers describe just that? Fails at the first that is
 * not so.
 */
void check_memory(const struct packed *packed);

#endif
