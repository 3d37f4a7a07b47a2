/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A file that holds a purgatory, alone or in a packed image, read into one description. The file is hostile: whatever
 * is in here was checked against the file, and what was not is read through packed_bytes.
 */
#ifndef PACKED_H
#define PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "extent.h"
#include "file.h"
#include "pack.h"
#include "purgatory_image.h"

enum packed_form {
	PACKED_FLAT,  /* purgatory-ARCH.bin */
	PACKED_RO,    /* purgatory-ARCH.ro */
	PACKED_ELF,   /* purgatory-ARCH.elf */
	PACKED_IMAGE, /* what pack writes */
};

struct packed {
	struct file file;
	enum packed_form form;
	struct purgatory_image purgatory;
	void *memory; /* PACKED_ELF: what purgatory.data points to; kept until the command ends */
	/* The rest for PACKED_IMAGE only. */
	struct purg_pack pack;
	uint64_t base; /* x86_64: address of the first byte; arm64: zero, since the boot loader chooses */
	struct extent extent[EXTENT_MAX];
	unsigned int extent_count;
};

/* Read a file of any form, or fail. */
void packed_open(struct packed *packed, const char *path);

/* The bytes of a packed image at an offset from the base, or NULL if not all of them are in the file. */
const uint8_t *packed_bytes(const struct packed *packed, uint64_t start, uint64_t size);

/* The segment of this name, or fail. */
const struct purg_segment *packed_segment(const struct packed *packed, const char *name);

/* The memory that the kernel takes from its start on, by its own header; zero if that cannot be read. */
uint64_t packed_kernel_memory(const struct packed *packed, const struct purg_segment *kernel);

/* For packed_open: the ELF forms. */
bool packed_is_elf(const struct file *file);
void packed_open_elf(struct packed *packed);

#endif
