/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * x86_64: an ELF file for fixed addresses from 1 MiB on, with a PT_LOAD for each line.
 *
 *	front | purgatory | cmdline | boot_params | room
 *	kernel with the memory it needs to start, where it prefers to be
 *	initrds
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "error.h"
#include "layout.h"
#include "number.h"

/* A page for boot_params, and more for a memory map of more entries than fit in it. */
#define ROOM (64 * KIB)

/* QEMU and PCs leave a hole below 4 GiB, for devices, of 2 GiB at most: RAM goes on above it. */
#define LOW_LIMIT (2 * GIB)
#define HIGH_START (4 * GIB)

/* The boot protocol's "normal" video mode: do not ask, do not change. */
#define VID_MODE_NORMAL 0xffff
#define TYPE_OF_LOADER_UNDEFINED 0xff

static struct boot_params boot_params;
_Static_assert(sizeof(boot_params) == PAGE, "size of struct boot_params");
_Static_assert(offsetof(struct boot_params, hdr) == KERNEL_X86_HEADER, "place of the setup header");

static void fill_boot_params(const struct kernel *kernel, uint64_t address)
{
	struct setup_header *hdr = &boot_params.hdr;

	*hdr = kernel->hdr;
	hdr->type_of_loader = TYPE_OF_LOADER_UNDEFINED;
	hdr->loadflags &= (uint8_t)~CAN_USE_HEAP;
	hdr->vid_mode = VID_MODE_NORMAL;
	hdr->code32_start = (uint32_t)address;
	hdr->ramdisk_image = 0;
	hdr->ramdisk_size = 0;
	hdr->cmd_line_ptr = 0;
	hdr->setup_data = 0;
}

/* Where the kernel wants to be, or, if that is taken, the next place that it can be. */
static uint64_t kernel_address(const struct image *image)
{
	const struct kernel *kernel = image->kernel;
	const struct setup_header *hdr = &kernel->hdr;
	uint64_t free = PACK_X86_BASE + image->end, address = hdr->pref_address, up, end;

	if (!hdr->relocatable_kernel && (address < free || address % PAGE))
		fail(kernel->file.path, "pref_address",
		     "is 0x%" PRIx64 " and the kernel is not relocatable; a page at or above 0x%" PRIx64 " is needed",
		     address, free);
	if (hdr->relocatable_kernel &&
	    !number_align(number_max(address, free), number_max(hdr->kernel_alignment, PAGE), &address))
		address = UINT64_MAX;
	if (!number_align(kernel->mem_size, PAGE, &up) || !number_add(address, up, &end) || end > LOW_LIMIT)
		fail(kernel->file.path, "pref_address",
		     "0x%" PRIx64 " with 0x%" PRIx64
		     " bytes to start in leads past 2 GiB; memory is sure below that only",
		     (uint64_t)hdr->pref_address, kernel->mem_size);
	return address;
}

static void place_kernel(struct image *image, uint64_t address)
{
	const struct kernel *kernel = image->kernel;
	uint64_t start;

	image_move_to(image, address - PACK_X86_BASE);
	start = image_add(image, "kernel", kernel->data, kernel->size, 1);
	image_reserve(image, kernel->mem_size - kernel->size, 1);
	image->params.handoff.x86_64.rip = start + kernel->entry;
}

static void place_initrds(struct image *image, const struct layout *layout)
{
	const struct setup_header *hdr = &image->kernel->hdr;
	uint64_t size = layout_initrd_size(layout), start, end, last;

	if (!number_align(PACK_X86_BASE + image->end, PAGE, &start) || !number_add(start, size, &end))
		fail(image->path, "initrd", "the image would be larger than the address space");
	if (end > LOW_LIMIT)
		start = HIGH_START;
	last = start + (size - 1);
	if (!(hdr->xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G) && last > hdr->initrd_addr_max)
		fail(image->kernel->file.path, "initrd_addr_max",
		     "the initrds would end at 0x%" PRIx64 ", but this kernel takes them up to 0x%x only", last,
		     hdr->initrd_addr_max);
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
		const struct purg_console *console = &image->params.console[i];

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
	pack->table_size = sizeof(boot_params);
	pack->table = image_add(image, "bootprm", &boot_params, sizeof(boot_params), PAGE);
	pack->room_size = ROOM;
	pack->room = image_reserve(image, ROOM, PAGE);
	address = kernel_address(image);
	fill_boot_params(image->kernel, address);
	place_kernel(image, address);
	if (layout->initrd_count)
		place_initrds(image, layout);
	pack->image_size = image->end;
	check_consoles(image);
	image->params.handoff.checks = PURG_CHECK_KERNEL;
}
