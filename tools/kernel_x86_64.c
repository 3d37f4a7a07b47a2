/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The bzImage (Documentation/arch/x86/boot.rst). */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <purgatory/abi.h>

#include "error.h"
#include "kernel.h"
#include "number.h"

#define MAGIC_AT 0x202
#define JUMP_DISTANCE 0x201 /* the byte that says how far behind MAGIC_AT the header ends */
#define PROTOCOL 0x020c     /* 2.12, Linux 3.8: the first that tells of a 64-bit entry */
#define SECTOR 512

static bool is_bzimage(const struct file *file)
{
	uint32_t magic;

	if (file->size < MAGIC_AT + sizeof(magic))
		return false;
	memcpy(&magic, file->data + MAGIC_AT, sizeof(magic));
	return magic == KERNEL_X86_MAGIC;
}

/* The header's end is where the jump over it goes: it grew with the protocol. */
static void read_header(struct kernel *kernel)
{
	const struct file *file = &kernel->file;
	uint64_t end = (uint64_t)MAGIC_AT + file->data[JUMP_DISTANCE];

	if (end > file->size)
		fail(file->path, "setup header", "ends at 0x%" PRIx64 ", behind the file; is the file complete?", end);
	if (end > KERNEL_X86_HEADER_LIMIT)
		fail(file->path, "jump", "puts the setup header's end at 0x%" PRIx64 "; it ends at 0x%x or before", end,
		     KERNEL_X86_HEADER_LIMIT);
	kernel->hdr_size = number_min(end - KERNEL_X86_HEADER, sizeof(kernel->hdr));
	memcpy(&kernel->hdr, file->data + KERNEL_X86_HEADER, kernel->hdr_size);
}

static void check_header(const struct kernel *kernel)
{
	const struct setup_header *hdr = &kernel->hdr;
	const char *path = kernel->file.path;

	if (hdr->version < PROTOCOL)
		fail(path, "version", "boot protocol %u.%02u; 2.12 (Linux 3.8) or later is needed", hdr->version >> 8,
		     hdr->version & 0xff);
	if (kernel->hdr_size < offsetof(struct setup_header, handover_offset) + sizeof(hdr->handover_offset))
		fail(path, "jump", "makes the setup header too short for protocol 2.12: 0x%" PRIx64 " bytes",
		     kernel->hdr_size);
	if (!(hdr->xloadflags & XLF_KERNEL_64))
		fail(path, "xloadflags", "has no 64-bit entry (XLF_KERNEL_64); an x86_64 kernel is needed");
	if (!(hdr->loadflags & LOADED_HIGH))
		fail(path, "loadflags", "says that it is a zImage, loaded low; a bzImage is needed");
	if (!number_is_power_of_two(hdr->kernel_alignment))
		fail(path, "kernel_alignment", "is 0x%x; a power of two is needed", hdr->kernel_alignment);
	if (!hdr->init_size)
		fail(path, "init_size", "is 0; the kernel must say how much memory it needs to start");
}

static void find_payload(struct kernel *kernel)
{
	const struct file *file = &kernel->file;
	/* 0 means 4, for the sake of LILO. */
	uint64_t sectors = kernel->hdr.setup_sects ? kernel->hdr.setup_sects : 4;
	uint64_t start = (sectors + 1) * SECTOR;

	if (start > file->size || file->size - start <= KERNEL_X86_ENTRY)
		fail(file->path, "setup_sects",
		     "puts the kernel at 0x%" PRIx64 ", behind the file; is the file complete?", start);
	kernel->data = file->data + start;
	kernel->size = file->size - start;
}

bool kernel_x86_64(struct kernel *kernel)
{
	if (!is_bzimage(&kernel->file))
		return false;
	read_header(kernel);
	check_header(kernel);
	find_payload(kernel);
	kernel->arch = PURG_ARCH_X86_64;
	/* A signature behind the image makes the file longer than what the kernel counts. */
	kernel->mem_size = number_max(kernel->hdr.init_size, kernel->size);
	kernel->entry = KERNEL_X86_ENTRY;
	kernel->cmdline_max = kernel->hdr.cmdline_size;
	return true;
}
