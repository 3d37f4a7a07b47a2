/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The arm64 Image (Documentation/arch/arm64/booting.rst, "Call the kernel image"). */
#include <inttypes.h>
#include <string.h>

#include <purgatory/abi.h>

#include "error.h"
#include "kernel.h"
#include "number.h"
#include "pack.h"

#define COMMAND_LINE_SIZE 2048 /* arch/arm64/include/uapi/asm/setup.h; with the NUL */

static void check(const struct file *file, const struct kernel_arm64_header *header)
{
	if (header->flags & KERNEL_ARM64_BIG_ENDIAN)
		fail(file->path, "flags", "says that the kernel is big-endian; a little-endian one is needed");
	if (!header->image_size)
		fail(file->path, "image_size", "is 0, so the kernel is older than 3.17; a newer one is needed");
	if (header->text_offset >= PACK_ARM64_ALIGN || header->text_offset % 4)
		fail(file->path, "text_offset", "is 0x%" PRIx64 "; a multiple of 4 below 0x%x is needed",
		     header->text_offset, PACK_ARM64_ALIGN);
}

bool kernel_arm64(struct kernel *kernel)
{
	const struct file *file = &kernel->file;
	struct kernel_arm64_header header;

	if (file->size < sizeof(header))
		return false;
	memcpy(&header, file->data, sizeof(header));
	if (header.magic != KERNEL_ARM64_MAGIC)
		return false;
	check(file, &header);
	kernel->arch = PURG_ARCH_ARM64;
	kernel->data = file->data;
	kernel->size = file->size;
	/* A signature behind the image makes the file longer than what the kernel counts. */
	kernel->mem_size = number_max(header.image_size, file->size);
	kernel->cmdline_max = COMMAND_LINE_SIZE - 1;
	kernel->text_offset = header.text_offset;
	return true;
}
