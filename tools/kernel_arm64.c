/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The arm64 Image (Documentation/arch/arm64/booting.rst, "Call the kernel image"). */
#include <inttypes.h>
#include <string.h>

#include <purgatory/loader.h>

#include "arm64_image.h"
#include "error.h"
#include "kernel.h"

#define COMMAND_LINE_SIZE 2048 /* arch/arm64/include/uapi/asm/setup.h; with the NUL */

/* The library's errors, with the field's name and value. */
static _Noreturn void refuse(const struct file *file, int error)
{
	struct arm64_image_header header;

	memcpy(&header, file->data, sizeof(header));
	switch (error) {
	case PURG_ERR_ARM64_ENDIAN:
		fail(file->path, "flags", "is 0x%" PRIx64 ": the kernel is big-endian; a little-endian one is needed",
		     header.flags);
	case PURG_ERR_ARM64_SIZE:
		fail(file->path, "image_size", "is 0, so the kernel is older than 3.17; a newer one is needed");
	case PURG_ERR_ARM64_OFFSET:
		fail(file->path, "text_offset", "is 0x%" PRIx64 "; a multiple of 4 below 0x%x is needed",
		     header.text_offset, ARM64_IMAGE_ALIGN);
	default:
		fail(file->path, "kernel", "%s; is the file complete?", purg_strerror(error));
	}
}

bool kernel_arm64(struct kernel *kernel)
{
	const struct file *file = &kernel->file;
	struct purg_arm64_image image;
	int error = purg_arm64_image_read(&image, file->data, file->size);

	if (error == PURG_ERR_KERNEL_UNKNOWN)
		return false;
	if (error)
		refuse(file, error);
	kernel->arch = PURG_ARCH_ARM64;
	kernel->data = file->data;
	kernel->size = image.size;
	kernel->mem_size = image.mem_size;
	kernel->cmdline_max = COMMAND_LINE_SIZE - 1;
	kernel->text_offset = image.text_offset;
	kernel->anywhere = image.anywhere;
	return true;
}
