/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "error.h"
#include "number.h"
#include "purgatory_image.h"

const char *purgatory_image_arch(uint16_t arch)
{
	switch (arch) {
	case PURG_ARCH_ARM64:
		return "arm64";
	case PURG_ARCH_X86_64:
		return "x86_64";
	default:
		return NULL;
	}
}

static void check_version(const char *path, const struct purg_header *header)
{
	if (header->magic != PURG_HEADER_MAGIC)
		fail(path, "header.magic", "is not \"PURGATRY\"");
	if (header->abi_major != PURG_ABI_MAJOR || header->abi_minor > PURG_ABI_MINOR)
		fail(path, "header.abi", "is %u.%u; this command knows %u.%u", header->abi_major, header->abi_minor,
		     PURG_ABI_MAJOR, PURG_ABI_MINOR);
	if (header->header_size != PURG_HEADER_SIZE)
		fail(path, "header.header_size", "is 0x%x; 0x%x is right", header->header_size, PURG_HEADER_SIZE);
	if (!purgatory_image_arch(header->arch))
		fail(path, "header.arch", "is %u; 183 (arm64) and 62 (x86_64) are known", header->arch);
	if (header->reserved)
		fail(path, "header.reserved", "is not zero");
}

static void check_sizes(const char *path, const struct purg_header *header, uint64_t size)
{
	if (!number_is_power_of_two(header->align))
		fail(path, "header.align", "is 0x%x; a power of two is needed", header->align);
	if (header->file_size > size)
		fail(path, "header.file_size", "is 0x%x, but there are only 0x%" PRIx64 " bytes; is the file complete?",
		     header->file_size, size);
	if (header->mem_size < header->file_size)
		fail(path, "header.mem_size", "is 0x%x, less than file_size, 0x%x", header->mem_size,
		     header->file_size);
	if (header->ro_size < PURG_HEADER_SIZE || header->ro_size > header->file_size)
		fail(path, "header.ro_size", "is 0x%x; 0x%x to file_size, 0x%x, is possible", header->ro_size,
		     PURG_HEADER_SIZE, header->file_size);
	if (header->entry >= header->ro_size)
		fail(path, "header.entry", "is 0x%x, outside the code", header->entry);
	if (header->params_size != PURG_PARAMS_SIZE)
		fail(path, "header.params_size", "is 0x%x; 0x%x is right", header->params_size, PURG_PARAMS_SIZE);
	if (header->params % 8 || header->params < header->ro_size || header->params > header->file_size ||
	    !number_inside(header->params, PURG_PARAMS_SIZE, header->mem_size))
		fail(path, "header.params",
		     "is 0x%x; a multiple of 8 from ro_size to file_size is needed, with all of it in mem_size",
		     header->params);
}

static void check_params(const char *path, const struct purg_params *params)
{
	if (params->magic != PURG_PARAMS_MAGIC)
		fail(path, "params.magic", "is not \"PURGPARM\"");
	if (params->abi_major != PURG_ABI_MAJOR || params->abi_minor > PURG_ABI_MINOR)
		fail(path, "params.abi", "is %u.%u; this command knows %u.%u", params->abi_major, params->abi_minor,
		     PURG_ABI_MAJOR, PURG_ABI_MINOR);
	if (params->size != PURG_PARAMS_SIZE)
		fail(path, "params.size", "is 0x%x; 0x%x is right", params->size, PURG_PARAMS_SIZE);
	if (params->segment_count > PURG_MAX_SEGMENTS)
		fail(path, "params.segment_count", "is %u; %d is the most", params->segment_count, PURG_MAX_SEGMENTS);
	if (params->copy_count > PURG_MAX_COPIES)
		fail(path, "params.copy_count", "is %u; %d is the most", params->copy_count, PURG_MAX_COPIES);
	if (params->linear_map.range_count > PURG_MAX_RANGES)
		fail(path, "params.linear_map.range_count", "is %u; %d is the most", params->linear_map.range_count,
		     PURG_MAX_RANGES);
}

void purgatory_image_read(struct purgatory_image *image, const char *path, const uint8_t *data, uint64_t size)
{
	if (size < PURG_HEADER_SIZE)
		fail(path, "header", "is cut off after %" PRIu64 " bytes; is the file complete?", size);
	image->data = data;
	memcpy(&image->header, data, sizeof(image->header));
	check_version(path, &image->header);
	check_sizes(path, &image->header, size);
	/* What of the block is behind the bytes that there are is zero, as in memory. */
	image->params = (struct purg_params){0};
	memcpy(&image->params, data + image->header.params, number_min(size - image->header.params, PURG_PARAMS_SIZE));
	check_params(path, &image->params);
}
