/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdio.h>

#include <purgatory/loader.h>

#include "error.h"
#include "kernel.h"
#include "unpack.h"

static _Noreturn void fail_unknown(const struct file *file)
{
	fail(file->path, "kernel",
	     "is not a kernel; give an arm64 Image or an x86 bzImage, also as gzip, EFI zboot or UKI, or an ELF "
	     "vmlinux");
}

static bool unzboot(struct file *file)
{
	struct purg_zboot zboot;
	int error = purg_zboot_read(&zboot, file->data, file->size);

	if (error == PURG_ERR_KERNEL_UNKNOWN)
		return false;
	if (error)
		fail(file->path, "zboot", "%s", purg_strerror(error));
	file->data += zboot.offset;
	file->size = zboot.size;
	if (zboot.compression == PURG_ZBOOT_GZIP)
		gunzip(file);
	else
		unzstd(file);
	return true;
}

/* One that is not in a UKI. */
static bool open_plain(struct kernel *kernel)
{
	if (gunzip_is_gzip(&kernel->file))
		gunzip(&kernel->file);
	if (unzboot(&kernel->file) && !kernel_arm64(kernel))
		fail(kernel->file.path, "zboot", "what is compressed in it is not an arm64 Image");
	return kernel_arm64(kernel) || kernel_x86_64(kernel) || kernel_vmlinux(kernel);
}

static struct kernel_part part(const struct file *file, struct purg_part of)
{
	return (struct kernel_part){of.size ? file->data + of.offset : NULL, of.size};
}

static bool open_uki(struct kernel *kernel)
{
	const struct file file = kernel->file;
	struct purg_uki uki;
	int error = purg_uki_read(&uki, file.data, file.size);

	if (error == PURG_ERR_KERNEL_UNKNOWN)
		return false;
	if (error)
		fail(file.path, "UKI", "%s", purg_strerror(error));
	kernel->initrd = part(&file, uki.initrd);
	kernel->cmdline = part(&file, uki.cmdline);
	kernel->dtb = part(&file, uki.dtb);
	kernel->ucode = part(&file, uki.ucode);
	kernel->file.data += uki.kernel.offset;
	kernel->file.size = uki.kernel.size;
	if (!open_plain(kernel))
		fail(file.path, "UKI: .linux", "is not a kernel");
	if (kernel->arch != uki.arch)
		fail(file.path, "UKI: .linux", "is for another architecture than the UKI");
	return true;
}

void kernel_open(struct kernel *kernel, const char *path)
{
	*kernel = (struct kernel){0};
	file_open(&kernel->file, path);
	if (!open_plain(kernel) && !open_uki(kernel))
		fail_unknown(&kernel->file);
}
