/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include "number.h"
#include "pe.h"

#define POINTER_OFFSET 0x3c /* of the PE header's offset, in the DOS header */
#define DOS_SIZE 0x40

/* The signature, and the COFF file header. */
struct pe_header {
	uint8_t signature[4];
	uint16_t machine;
	uint16_t sections;
	uint32_t unused[3];
	uint16_t optional_size; /* what follows, up to the sections' table */
	uint16_t characteristics;
};
_Static_assert(sizeof(struct pe_header) == 24, "size of the PE header");

struct section_header {
	char name[PE_NAME_SIZE];
	uint32_t virtual_size;
	uint32_t virtual_address;
	uint32_t raw_size;
	uint32_t raw_offset;
	uint32_t unused[4];
};
_Static_assert(sizeof(struct section_header) == 40, "size of a PE section header");

int pe_open(struct pe *pe, const void *file, size_t size)
{
	const uint8_t *bytes = file;
	struct pe_header header;
	uint32_t offset;
	uint64_t table;

	if (size < DOS_SIZE || memcmp(bytes, "MZ", 2))
		return PURG_ERR_KERNEL_UNKNOWN;
	memcpy(&offset, bytes + POINTER_OFFSET, sizeof(offset));
	/* Without the signature it is a program for DOS. */
	if (!number_inside(offset, sizeof(header.signature), size) || memcmp(bytes + offset, "PE\0\0", 4))
		return PURG_ERR_KERNEL_UNKNOWN;
	if (!number_inside(offset, sizeof(header), size))
		return PURG_ERR_PE_HEADER;
	memcpy(&header, bytes + offset, sizeof(header));
	table = offset + sizeof(header) + header.optional_size;
	if (!number_inside(table, header.sections * sizeof(struct section_header), size))
		return PURG_ERR_PE_HEADER;
	*pe = (struct pe){
		.file = file,
		.size = size,
		.table = table,
		.machine = header.machine,
		.sections = header.sections,
	};
	return 0;
}

struct pe_section pe_section(const struct pe *pe, uint32_t number)
{
	struct section_header header;
	struct pe_section section;

	memcpy(&header, pe->file + pe->table + number * sizeof(header), sizeof(header));
	memcpy(section.name, header.name, sizeof(section.name));
	section.content.offset = header.raw_offset;
	section.content.size = number_min(header.raw_size, header.virtual_size);
	return section;
}
