/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef CHECK_STRUCTURE_H
#define CHECK_STRUCTURE_H

#include "packed.h"

/*
 * Is this what pack writes: a packed image, with every part in the file, nothing asked of the purgatory that pack does
 * not ask, and zeros in whatever is not used? Fails at the first thing that is not so. After it, packed_bytes of every
 * segment is not NULL.
 */
void check_structure(const struct packed *packed);

#endif
