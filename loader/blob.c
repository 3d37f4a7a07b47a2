/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The flat form: its header and the head of its parameter block are believed in nothing. */
#include <string.h>

#include "blob.h"

/* Of the block: magic, version, size. This much of it rides in the file. */
#define PARAMS_HEAD_SIZE 16
PURG_OFFSET(purg_params, abi_major, 0x08);
PURG_OFFSET(purg_params, abi_minor, 0x0a);
PURG_OFFSET(purg_params, size, 0x0c);

static bool version_known(uint16_t major, uint16_t minor)
{
	return major == PURG_ABI_MAJOR && minor <= PURG_ABI_MINOR;
}

static bool arch_matches(uint16_t is, uint16_t wanted)
{
	return wanted ? is == wanted : is == PURG_ARCH_ARM64 || is == PURG_ARCH_X86_64;
}

static bool sizes_agree(const struct purg_header *header)
{
	return number_is_power_of_two(header->align) && header->file_size <= header->mem_size &&
	       header->ro_size >= PURG_HEADER_SIZE && header->ro_size <= header->file_size &&
	       header->entry < header->ro_size && header->params_size == PURG_PARAMS_SIZE && header->params % 8 == 0 &&
	       header->params >= header->ro_size &&
	       number_inside(header->params, PARAMS_HEAD_SIZE, header->file_size) &&
	       number_inside(header->params, PURG_PARAMS_SIZE, header->mem_size);
}

static bool params_head_known(const uint8_t *block)
{
	struct {
		uint64_t magic;
		uint16_t abi_major;
		uint16_t abi_minor;
		uint32_t size;
	} head;

	_Static_assert(sizeof(head) == PARAMS_HEAD_SIZE, "the head of the parameter block");
	memcpy(&head, block, sizeof(head));
	return head.magic == PURG_PARAMS_MAGIC && version_known(head.abi_major, head.abi_minor) &&
	       head.size == PURG_PARAMS_SIZE;
}

int purg_blob_check(const void *blob, size_t size, uint16_t arch, struct purg_header *header)
{
	struct purg_header found;

	if (size < sizeof(found))
		return PURG_ERR_BLOB_CUT;
	memcpy(&found, blob, sizeof(found));
	if (found.magic != PURG_HEADER_MAGIC)
		return PURG_ERR_BLOB_MAGIC;
	if (!version_known(found.abi_major, found.abi_minor) || found.header_size != PURG_HEADER_SIZE || found.reserved)
		return PURG_ERR_BLOB_VERSION;
	if (!arch_matches(found.arch, arch))
		return PURG_ERR_BLOB_ARCH;
	if (!sizes_agree(&found))
		return PURG_ERR_BLOB_SIZES;
	if (found.file_size > size)
		return PURG_ERR_BLOB_CUT;
	if (!params_head_known((const uint8_t *)blob + found.params))
		return PURG_ERR_PARAMS_MAGIC;
	*header = found;
	return 0;
}

int64_t purg_blob_place(void *memory, size_t room, const void *blob, size_t size)
{
	struct purg_header header;
	int error = purg_blob_check(blob, size, 0, &header);

	if (error)
		return error;
	if (header.mem_size > room)
		return PURG_ERR_ROOM;
	memcpy(memory, blob, header.file_size);
	memset((uint8_t *)memory + header.file_size, 0, header.mem_size - header.file_size);
	return header.mem_size;
}

int blob_check_placed(const void *memory, size_t size, struct purg_header *header)
{
	struct purg_header found;
	int error = purg_blob_check(memory, size, 0, &found);

	if (error)
		return error;
	if (found.mem_size > size)
		return PURG_ERR_BLOB_CUT;
	if ((uintptr_t)memory % _Alignof(struct purg_params))
		return PURG_ERR_ALIGN;
	*header = found;
	return 0;
}

struct purg_params *purg_blob_params(void *memory, size_t size)
{
	struct purg_header header;

	if (blob_check_placed(memory, size, &header))
		return NULL;
	return (struct purg_params *)((uint8_t *)memory + header.params);
}
