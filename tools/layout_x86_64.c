/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * x86_64: an ELF file for fixed addresses from 1 MiB on, with a PT_LOAD for each line.
 *
 *	front | purgatory | cmdline | boot_params | room
 *	kernel with the memory it needs to start, where it prefers to be
 *	initrds
 */
#include <inttypes.h>

#include "boot_params.h"
#include "error.h"
#include "layout.h"
#include "number.h"

/* A page for boot_params, and more for a memory map of more entries than fit in it. */
#define ROOM (64 * KIB)

/* QEMU and PCs leave a hole below 4 GiB, for devices, of 2 GiB at most: RAM goes on above it. */
#define LOW_LIMIT (2 * GIB)
#define HIGH_START (4 * GIB)

static uint8_t boot_params[BP_SIZE];

/* Where the kernel wants to be, or, if that is taken, the next place that it can be. */
static uint64_t kernel_address(const struct image *image)
{
	const struct kernel *kernel = image->kernel;
	const struct purg_bzimage *bzimage = &kernel->bzimage;
	uint64_t free = PACK_X86_BASE + image->end, address = bzimage->address, up, end;

	if (!bzimage->relocatable && (address < free || address % PAGE))
		fail(kernel->file.path, "pref_address",
		     "is 0x%" PRIx64 " and the kernel is not relocatable; a page at or above 0x%" PRIx64 " is needed",
		     address, free);
	if (bzimage->relocatable &&
	    !number_align(number_max(address, free), number_max(bzimage->align, PAGE), &address))
		address = UINT64_MAX;
	if (!number_align(kernel->mem_size, PAGE, &up) || !number_add(address, up, &end) || end > LOW_LIMIT)
		fail(kernel->file.path, "pref_address",
		     "0x%" PRIx64 " with 0x%" PRIx64
		     " bytes to start in leads past 2 GiB; memory is sure below that only",
		     bzimage->address, kernel->mem_size);
	return address;
}

static void place_kernel(struct image *image, uint64_t address)
{
	const struct kernel *kernel = image->kernel;
	uint64_t start;

	image_move_to(image, address - PACK_X86_BASE);
	start = image_add(image, "kernel", kernel->data, kernel->size, 1);
	image_reserve(image, kernel->mem_size - kernel->size, 1);
	image->params->handoff.x86_64.rip = start + kernel->entry;
}

static void place_initrds(struct image *image, const struct layout *layout)
{
	uint64_t size = layout_initrd_size(layout), max = image->kernel->bzimage.initrd_max, start, end, last;

	if (!number_align(PACK_X86_BASE + image->end, PAGE, &start) || !number_add(start, size, &end))
		fail(image->path, "initrd", "the image would be larger than the address space");
	if (end > LOW_LIMIT)
		start = HIGH_START;
	last = start + (size - 1);
	if (last > max)
		fail(image->kernel->file.path, "initrd_addr_max",
		     "the initrds would end at 0x%" PRIx64 ", but this kernel takes them up to 0x%" PRIx64 " only",
		     last, max);
	image_move_to(image, start - PACK_X86_BASE);
	layout_initrds(image, layout);
}

/* The memory, from its base on, that is the console's. */
static uint64_t console_span(const struct purg_console *console)
{
	if (console->kind == PURG_CONSOLE_NONE || console->kind == PURG_CONSOLE_8250_PORT)
		return 0;
	return console->kind == PURG_CONSOLE_VGA ? PURG_CONSOLE_VGA_SPAN : PURG_CONSOLE_SPAN;
}

/* Only here is it known where the image will lie: a console there would write over it. */
static void check_consoles(const struct image *image)
{
	for (unsigned int i = 0; i < PURG_MAX_CONSOLES; i++) {
		const struct purg_console *console = &image->params->console[i];

		uint64_t span = console_span(console);

		if (span && console->base + span > PACK_X86_BASE && console->base < PACK_X86_BASE + image->end)
			fail(NULL, "--console",
			     "0x%" PRIx64 " lies in the image, which takes 0x%x to 0x%" PRIx64
			     "; give a device's address",
			     console->base, PACK_X86_BASE, PACK_X86_BASE + image->end);
	}
}

void layout_x86_64(struct image *image, const struct layout *layout)
{
	struct purg_pack *pack = &image->pack;
	uint64_t address;

	if (image->blobs.header.align > PACK_X86_BASE)
		fail(NULL, "the purgatory built into this command", "wants an alignment of more than 1 MiB");
	layout_cmdline(image, layout);
	pack->table_size = BP_SIZE;
	pack->table = image_add(image, "bootprm", boot_params, BP_SIZE, PAGE);
	pack->room_size = ROOM;
	pack->room = image_reserve(image, ROOM, PAGE);
	address = kernel_address(image);
	boot_params_write_header(boot_params, &image->kernel->bzimage, address);
	place_kernel(image, address);
	if (layout->initrd_count)
		place_initrds(image, layout);
	pack->image_size = image->end;
	check_consoles(image);
	image->params->handoff.checks = PURG_CHECK_KERNEL;
}
