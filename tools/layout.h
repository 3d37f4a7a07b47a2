/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Where the parts of an image go: one function for each architecture. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "file.h"
#include "image.h"

/* What goes into an image beside the kernel. */
struct layout {
	const char *cmdline;
	const struct file *dtb; /* NULL: none. Checked. */
	const struct file *initrd;
	unsigned int initrd_count;
};

/* Place everything, and fill in pack and handoff. image_begin was called. */
void layout_arm64(struct image *image, const struct layout *layout);
void layout_x86_64(struct image *image, const struct layout *layout);

/* For both: the command line, at a page of its own. */
void layout_cmdline(struct image *image, const struct layout *layout);

/* For both: the initrds back to back from the next page on. */
void layout_initrds(struct image *image, const struct layout *layout);

/* The bytes that the initrds will take. */
uint64_t layout_initrd_size(const struct layout *layout);

#endif
