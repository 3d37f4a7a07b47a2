/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * arm64: the memory image is the file. A boot loader places it at a multiple of 2 MiB, as any Image.
 *
 *	front | purgatory | cmdline | [dtb] | room ... | 2 MiB: kernel with its bss | initrds
 */
#include <inttypes.h>
#include <string.h>

#include "arm64_image.h"
#include "error.h"
#include "layout.h"
#include "number.h"

/* The machine's own DTB is completed in the room: enough for those that are met, and for what is added to one. */
#define ROOM_LEAST (256 * KIB)
#define ROOM_MORE (64 * KIB)

/* The initrd must lie in 32 GiB, aligned to 1 GiB, around the kernel (booting.rst): wherever that happens to be. */
#define SIZE_LIMIT (31 * GIB)

static void place_dtb_and_room(struct image *image, const struct layout *layout)
{
	struct purg_pack *pack = &image->pack;
	uint64_t least, end;

	if (layout->dtb) {
		pack->table_size = layout->dtb->size;
		pack->table = image_add(image, "dtb", layout->dtb->data, layout->dtb->size, PAGE);
	}
	least = number_max(ROOM_LEAST, pack->table_size + ROOM_MORE);
	pack->room = image_reserve(image, least, PAGE);
	/* All the rest up to the kernel's 2 MiB is free, so it is room as well. */
	if (!number_align(image->end, PACK_ARM64_ALIGN, &end))
		fail(image->path, NULL, "the image would be larger than the address space");
	pack->room_size = end - pack->room;
	image_reserve(image, end - image->end, 1);
}

static void place_kernel(struct image *image)
{
	const struct kernel *kernel = image->kernel;
	struct purg_regs_arm64 *regs = &image->params->handoff.arm64;

	image_reserve(image, kernel->text_offset, PACK_ARM64_ALIGN);
	regs->pc = image_add(image, "kernel", kernel->data, kernel->size, 1);
	image_reserve(image, kernel->mem_size - kernel->size, 1);
}

static void fill_front(struct image *image)
{
	struct arm64_image_header header;

	memcpy(&header, image->front, sizeof(header));
	if (header.magic != ARM64_IMAGE_MAGIC)
		fail(NULL, "the front end built into this command", "is not an arm64 Image");
	header.image_size = image->pack.image_size;
	memcpy(image->front, &header, sizeof(header));
}

void layout_arm64(struct image *image, const struct layout *layout)
{
	if (image->blobs.header.align > PACK_ARM64_ALIGN)
		fail(NULL, "the purgatory built into this command", "wants an alignment of more than 2 MiB");
	layout_cmdline(image, layout);
	place_dtb_and_room(image, layout);
	place_kernel(image);
	layout_initrds(image, layout);
	if (image->end > SIZE_LIMIT)
		fail(image->path, NULL,
		     "the image would take %" PRIu64 " MiB; an arm64 kernel finds its initrd within %llu MiB only",
		     image->end / MIB, (unsigned long long)(SIZE_LIMIT / MIB));
	image->pack.image_size = image->end;
	image->params->handoff.checks = PURG_CHECK_KERNEL | PURG_CHECK_DTB;
	fill_front(image);
}
