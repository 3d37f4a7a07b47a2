/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The output file: written under another name beside its place, and renamed when it is complete. Whatever happens
 * before, a file that was there stays as it was, and nothing half written is left. One at a time.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdint.h>

/* Begin a file of size bytes, all zero. */
void output_open(const char *path, uint64_t size);

/* Write data at an offset. */
void output_write(uint64_t at, const void *data, uint64_t size);

/* The file is complete: make it durable and give it its name. */
void output_commit(void);

/* Forget it. For signal handlers too. */
void output_discard(void);

#endif
