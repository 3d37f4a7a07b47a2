/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Input files, mapped: they may be larger than memory, and unchanged pages cost nothing. */
#ifndef FILE_H
#define FILE_H

#include <stdint.h>

struct file {
	const char *path;
	const uint8_t *data; /* up to the end of the last page zeros follow (mmap(2)) */
	uint64_t size;       /* never zero */
};

/* Map a regular, non-empty file, or fail. Stays mapped until the command ends. */
void file_open(struct file *file, const char *path);

#endif
