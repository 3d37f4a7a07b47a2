/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include <purgatory/loader.h>

#include "arm64_image.h"
#include "number.h"

static uint32_t page_size(uint64_t flags)
{
	uint64_t code = flags >> ARM64_IMAGE_PAGE_SHIFT & ARM64_IMAGE_PAGE_MASK;

	return code ? UINT32_C(1024) << 2 * code : 0;
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
