/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* An ELF vmlinux, as it comes out of the kernel's build before it is packed. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#include "allocate.h"
#include "error.h"
#include "kernel.h"
#include "unpack.h"

/* arch/x86/include/asm/setup.h; with the NUL. */
#define COMMAND_LINE_SIZE 2048

/* *scratch is the caller's, for as long as the file is open. */
static void open_elf(struct purg_elf *elf, const struct file *file, uint64_t **scratch)
{
	int64_t count = purg_elf_scratch(file->data, file->size), error = count;

	if (count >= 0) {
		*scratch = allocate((size_t)count + 1, sizeof(**scratch));
		error = purg_elf_open(elf, file->data, file->size, *scratch, (size_t)count);
	}
	if (error < 0)
		fail(file->path, "ELF", "%s", purg_strerror(error));
}

/* The memory that it takes, as a file. */
static void flatten(const struct purg_elf *elf, struct file *file)
{
	uint8_t *memory = unpack_room(file);
	int64_t size = purg_elf_flatten(elf, memory, UNPACK_LIMIT);

	if (size < 0)
		fail(file->path, "ELF", "%s", purg_strerror(size));
	file->data = memory;
	file->size = (uint64_t)size;
}

/* An arm64 vmlinux is in memory what an Image is. */
static void take_arm64(struct kernel *kernel)
{
	if (!kernel_arm64(kernel))
		fail(kernel->file.path, "ELF", "has no Image header where it starts; is it a vmlinux?");
}

static void take_x86_64(struct kernel *kernel, const struct purg_elf *elf)
{
	if (elf->type != ET_EXEC)
		fail(kernel->file.path, "e_type", "is %u; an x86 vmlinux is ET_EXEC, 2", elf->type);
	kernel->arch = PURG_ARCH_X86_64;
	kernel->data = kernel->file.data;
	kernel->size = kernel->file.size;
	kernel->mem_size = kernel->file.size;
	kernel->entry = elf->entry;
	kernel->cmdline_max = COMMAND_LINE_SIZE - 1;
	kernel->bzimage = (struct purg_bzimage){
		.address = elf->address,
		.initrd_max = UINT64_MAX,
		.above_4g = true,
	};
}

bool kernel_vmlinux(struct kernel *kernel)
{
	struct file *file = &kernel->file;
	struct purg_elf elf;
	uint64_t *scratch;

	if (file->size < SELFMAG || memcmp(file->data, ELFMAG, SELFMAG))
		return false;
	open_elf(&elf, file, &scratch);
	flatten(&elf, file);
	free(scratch);
	if (elf.arch == PURG_ARCH_ARM64)
		take_arm64(kernel);
	else
		take_x86_64(kernel, &elf);
	return true;
}
