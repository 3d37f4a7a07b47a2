/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <elf.h>
#include <string.h>

#include "error.h"
#include "gunzip.h"
#include "kernel.h"

static _Noreturn void fail_unknown(const struct file *file)
{
	if (file->size >= SELFMAG && !memcmp(file->data, ELFMAG, SELFMAG))
		fail(file->path, "kernel",
		     "is an ELF file; give arch/x86/boot/bzImage or arch/arm64/boot/Image of its build");
	fail(file->path, "kernel",
	     "is not a kernel that can be packed; give an arm64 Image (also gzip) or an x86 bzImage");
}

void kernel_open(struct kernel *kernel, const char *path)
{
	*kernel = (struct kernel){0};
	file_open(&kernel->file, path);
	if (gunzip_is_gzip(&kernel->file))
		gunzip(&kernel->file);
	if (!kernel_arm64(kernel) && !kernel_x86_64(kernel))
		fail_unknown(&kernel->file);
}
