/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <zstd.h>

#include "error.h"
#include "unpack.h"

void unzstd(struct file *file)
{
	uint8_t *out = unpack_room(file);
	size_t size = ZSTD_decompress(out, UNPACK_LIMIT, file->data, file->size);

	if (ZSTD_isError(size))
		fail(file->path, "zstd", "damaged, or unpacks to more than %llu MiB: %s",
		     (unsigned long long)(UNPACK_LIMIT / MIB), ZSTD_getErrorName(size));
	file->data = out;
	file->size = size;
}
