/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Linux drivers/firmware/efi/libstub/zboot-header.S, Makefile.zboot. */
#include <string.h>

#include <purgatory/loader.h>

#include "number.h"

/* What there is of it before the PE header; a DOS header, whose spare fields it uses. */
struct zboot_header {
	uint8_t mz[2];
	uint8_t spare[2];
	uint8_t magic[4];
	uint32_t offset;
	uint32_t size;
	uint8_t spare2[8];
	char compression[32]; /* ends with a NUL */
	uint8_t spare3[4];
	uint32_t pe;
};
_Static_assert(sizeof(struct zboot_header) == 64, "size of the zboot header");

/* "zstd22": the level follows, which does not change the format. */
static bool is_zstd(const char *name, size_t room)
{
	size_t at = 4;

	if (memcmp(name, "zstd", 4))
		return false;
	while (at < room && name[at] >= '0' && name[at] <= '9')
		at++;
	return at < room && !name[at];
}

static uint32_t compression(const struct zboot_header *header)
{
	if (!memcmp(header->compression, "gzip", sizeof("gzip")))
		return PURG_ZBOOT_GZIP;
	if (is_zstd(header->compression, sizeof(header->compression)))
		return PURG_ZBOOT_ZSTD;
	return 0;
}

int purg_zboot_read(struct purg_zboot *zboot, const void *file, size_t size)
{
	struct zboot_header header;

	if (size < sizeof(header))
		return PURG_ERR_KERNEL_UNKNOWN;
	memcpy(&header, file, sizeof(header));
	if (memcmp(header.mz, "MZ", 2) || memcmp(header.magic, "zimg", 4))
		return PURG_ERR_KERNEL_UNKNOWN;
	if (!compression(&header))
		return PURG_ERR_ZBOOT_COMPRESSION;
	if (!header.size || header.offset < sizeof(header) || !number_inside(header.offset, header.size, size))
		return PURG_ERR_ZBOOT_PAYLOAD;
	*zboot = (struct purg_zboot){
		.offset = header.offset,
		.size = header.size,
		.compression = compression(&header),
	};
	return 0;
}
