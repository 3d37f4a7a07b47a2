/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The bzImage (Documentation/arch/x86/boot.rst). */
#include <stddef.h>

#include <purgatory/abi.h>

#include "error.h"
#include "kernel.h"

/* The field that is to blame, if the sentence does not name it, and what would be right. */
static const struct {
	int error;
	const char *field;
	const char *fix;
} refusals[] = {
	{PURG_ERR_BZIMAGE_HEADER, "jump", "it ends between 0x268 and 0x290; is the file damaged?"},
	{PURG_ERR_BZIMAGE_PROTOCOL, "version", "a newer kernel is needed"},
	{PURG_ERR_BZIMAGE_64, "xloadflags", "an x86_64 kernel is needed"},
	{PURG_ERR_BZIMAGE_LOW, "loadflags", "a bzImage is needed"},
	{PURG_ERR_BZIMAGE_ALIGN, NULL, "is the file damaged?"},
	{PURG_ERR_BZIMAGE_SIZE, NULL, "the kernel must say how much memory it needs to start"},
	{0, "kernel", "is the file complete?"}, /* PURG_ERR_KERNEL_CUT */
};

static _Noreturn void refuse(const char *path, int error)
{
	size_t i = 0;

	while (refusals[i].error && refusals[i].error != error)
		i++;
	fail(path, refusals[i].field, "%s; %s", purg_strerror(error), refusals[i].fix);
}

bool kernel_x86_64(struct kernel *kernel)
{
	struct purg_bzimage *bzimage = &kernel->bzimage;
	const struct file *file = &kernel->file;
	int error = purg_bzimage_read(bzimage, file->data, file->size);

	if (error == PURG_ERR_KERNEL_UNKNOWN)
		return false;
	if (error)
		refuse(file->path, error);
	kernel->arch = PURG_ARCH_X86_64;
	kernel->data = file->data + bzimage->offset;
	kernel->size = bzimage->size;
	kernel->mem_size = bzimage->mem_size;
	kernel->entry = bzimage->entry;
	kernel->cmdline_max = bzimage->cmdline_max;
	return true;
}
