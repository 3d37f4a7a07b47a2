/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <stddef.h>

/* So many, all zero; never NULL: the command fails if there is not enough memory. */
void *allocate(size_t count, size_t size);

#endif
