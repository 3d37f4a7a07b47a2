/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef INSPECT_H
#define INSPECT_H

#include "packed.h"

/* Draw what is where in memory, as text. */
void inspect_map(const struct packed *packed);

#endif
