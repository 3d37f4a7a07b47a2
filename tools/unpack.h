/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Compressed kernels. */
#ifndef UNPACK_H
#define UNPACK_H

#include <stdbool.h>

#include "file.h"
#include "number.h"

/* More than any kernel, and less than what would hurt a machine that is asked to unpack a bomb. */
#define UNPACK_LIMIT GIB

bool gunzip_is_gzip(const struct file *file);

/* Replace a file's bytes by what they unpack to, or fail. */
void gunzip(struct file *file);
void unzstd(struct file *file);

/* For these two: room for the limit, of which only what is used is ever backed by memory. */
uint8_t *unpack_room(const struct file *file);

#endif
