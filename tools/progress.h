/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* How far hashing and copying have come, for a person at a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

/* Begin work of so many bytes. Silent if that is quick, or if stderr is not a terminal. */
void progress_begin(const char *what, uint64_t total);

/* So many more bytes are done. For any thread. */
void progress_add(uint64_t bytes);

void progress_end(void);

#endif
