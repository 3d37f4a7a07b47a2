/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include <purgatory/loader.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct purg_zboot zboot, before;
	int error;

	memset(&zboot, 0xa5, sizeof(zboot));
	memcpy(&before, &zboot, sizeof(zboot));
	error = purg_zboot_read(&zboot, data, size);
	if (error) {
		if (error > 0 || memcmp(&zboot, &before, sizeof(zboot)))
			__builtin_trap();
		return 0;
	}
	if (!zboot.size || zboot.size > size || zboot.offset > size - zboot.size ||
	    (zboot.compression != PURG_ZBOOT_GZIP && zboot.compression != PURG_ZBOOT_ZSTD))
		__builtin_trap();
	return 0;
}
