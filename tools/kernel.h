/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A kernel as it is given: what it is, what of it is loaded, and what it asks for. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <purgatory/loader.h>

#include "file.h"

/* What a UKI carries beside the kernel; size zero: it does not. */
struct kernel_part {
	const uint8_t *data;
	uint64_t size;
};

struct kernel {
	struct file file;            /* unpacked, if it was compressed */
	uint16_t arch;               /* PURG_ARCH_* */
	const uint8_t *data;         /* what is loaded ... */
	uint64_t size;               /* ... so many bytes of it ... */
	uint64_t mem_size;           /* ... into so much memory, at least size */
	uint64_t entry;              /* from the start of what is loaded */
	uint64_t cmdline_max;        /* longest command line, without its NUL */
	uint64_t text_offset;        /* arm64: from a multiple of 2 MiB */
	bool anywhere;               /* arm64: memory below it is of use to it, too */
	struct purg_bzimage bzimage; /* x86_64; of a vmlinux what it can say, and no header */
	struct kernel_part initrd;   /* UKI */
	struct kernel_part ucode;
	struct kernel_part cmdline;
	struct kernel_part dtb;
};

/* Read and check a kernel, or fail. */
void kernel_open(struct kernel *kernel, const char *path);

/* For kernel_open: is it one of this kind, and if so take it or fail. kernel->file is open. */
bool kernel_arm64(struct kernel *kernel);
bool kernel_x86_64(struct kernel *kernel);
bool kernel_vmlinux(struct kernel *kernel);

#endif
