/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include <purgatory/loader.h>

#include "arm64_image.h"
#include "number.h"
#include "pe.h"

static uint32_t page_size(uint64_t flags)
{
	uint64_t code = flags >> ARM64_IMAGE_PAGE_SHIFT & ARM64_IMAGE_PAGE_MASK;

	return code ? UINT32_C(1024) << 2 * code : 0;
}

/*
 * Of a file that was cut the header says nothing: image_size counts zeros that are in memory alone. But a kernel with
 * an EFI stub is a PE file, whose sections are all that it has.
 */
static bool is_whole(const void *file, size_t size)
{
	struct pe pe;
	int error = pe_open(&pe, file, size);

	if (error)
		return error == PURG_ERR_KERNEL_UNKNOWN;
	for (uint32_t i = 0; i < pe.sections; i++) {
		struct purg_part content = pe_section(&pe, i).content;

		if (!number_inside(content.offset, content.size, size))
			return false;
	}
	return true;
}

int purg_arm64_image_read(struct purg_arm64_image *kernel, const void *file, size_t size)
{
	struct arm64_image_header header;

	if (size < sizeof(header))
		return PURG_ERR_KERNEL_UNKNOWN;
	memcpy(&header, file, sizeof(header));
	if (header.magic != ARM64_IMAGE_MAGIC)
		return PURG_ERR_KERNEL_UNKNOWN;
	if (header.flags & ARM64_IMAGE_BIG_ENDIAN)
		return PURG_ERR_ARM64_ENDIAN;
	if (!header.image_size)
		return PURG_ERR_ARM64_SIZE;
	if (header.text_offset >= ARM64_IMAGE_ALIGN || header.text_offset % 4)
		return PURG_ERR_ARM64_OFFSET;
	if (!is_whole(file, size))
		return PURG_ERR_KERNEL_CUT;

	*kernel = (struct purg_arm64_image){
		.text_offset = header.text_offset,
		.size = size,
		/* A signature behind the image makes the file longer than what the kernel counts. */
		.mem_size = number_max(header.image_size, size),
		.page_size = page_size(header.flags),
		.anywhere = header.flags & ARM64_IMAGE_ANYWHERE,
	};
	return 0;
}
