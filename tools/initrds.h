/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The initrds of a live load, which become one piece. */
#ifndef INITRDS_H
#define INITRDS_H

#include <stdint.h>

#include "file.h"
#include "kernel.h"

/* Linux takes archives one after the other, each at a multiple of four (init/initramfs.c). */
#define INITRD_MULTIPLE 4

#define INITRDS_MAX 64

struct initrds {
	struct file file[INITRDS_MAX];
	unsigned int count;
};

/* Open one more, or fail. */
void initrds_add(struct initrds *initrds, const char *path);

/*
 * All of them, one behind the other as Linux wants it, those that a UKI carries first. NULL and *size zero: there is
 * none.
 */
const uint8_t *initrds_join(const struct initrds *initrds, const struct kernel *kernel, uint64_t *size);

#endif
