/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A kernel as it is given: what it is, what of it is loaded, and what it asks for. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/bootparam.h>

#include "file.h"

#define KERNEL_X86_MAGIC 0x53726448   /* "HdrS" */
#define KERNEL_X86_HEADER 0x1f1       /* where struct setup_header lies, in the file and in boot_params */
#define KERNEL_X86_HEADER_LIMIT 0x290 /* what follows it in boot_params */
#define KERNEL_X86_ENTRY 0x200        /* the 64-bit entry, from where the kernel was loaded */

struct kernel {
	struct file file;        /* inflated, if it was compressed */
	uint16_t arch;           /* PURG_ARCH_* */
	const uint8_t *data;     /* what is loaded ... */
	uint64_t size;           /* ... so many bytes of it ... */
	uint64_t mem_size;       /* ... into so much memory, at least size */
	uint64_t entry;          /* from the start of what is loaded */
	uint64_t cmdline_max;    /* longest command line, without its NUL */
	uint64_t text_offset;    /* arm64: from a multiple of 2 MiB */
	struct setup_header hdr; /* x86_64: as in the file */
	uint64_t hdr_size;       /* x86_64: bytes of it that the file has */
};

/* Read and check a kernel, or fail. */
void kernel_open(struct kernel *kernel, const char *path);

/* For kernel_open: is it one of this kind, and if so take it or fail. kernel->file is open. */
bool kernel_arm64(struct kernel *kernel);
bool kernel_x86_64(struct kernel *kernel);

#endif
