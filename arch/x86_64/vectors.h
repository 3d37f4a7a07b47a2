/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Exceptions: SDM volume 3, table 6-1. */
#ifndef VECTORS_H
#define VECTORS_H

#define VECTOR_COUNT 32
#define VECTOR_NMI 2
#define VECTOR_GP 13
#define VECTOR_PF 14

/* Bytes of an entry of `vectors`, for each of them. */
#define VECTOR_SHIFT 3
#define VECTOR_SIZE (1 << VECTOR_SHIFT)

#endif
