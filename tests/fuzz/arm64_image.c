/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include <purgatory/loader.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct purg_arm64_image image, before;
	int error;

	memset(&image, 0xa5, sizeof(image));
	memcpy(&before, &image, sizeof(image));
	error = purg_arm64_image_read(&image, data, size);
	if (error) {
		if (error > 0 || memcmp(&image, &before, sizeof(image)))
			__builtin_trap();
		return 0;
	}
	if (image.size != size || image.mem_size < size || image.text_offset >= 0x200000)
		__builtin_trap();
	return 0;
}
