/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef GUNZIP_H
#define GUNZIP_H

#include <stdbool.h>

#include "file.h"
#include "number.h"

/* More than any kernel, and less than what would hurt a machine that is asked to unpack a bomb. */
#define GUNZIP_LIMIT GIB

bool gunzip_is_gzip(const struct file *file);

/* Replace a gzip file's bytes by what they inflate to, or fail. */
void gunzip(struct file *file);

#endif
