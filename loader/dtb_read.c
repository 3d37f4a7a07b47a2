/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "dtb.h"
#include "number.h"

/* Each name is read once for each property that has it. Those of the specification have 31 characters at most. */
#define LONGEST_NAME 255

/* The two blocks that are read here, in one tree. */
struct blocks {
	const uint8_t *tokens, *strings;
	uint32_t tokens_size;
	uint32_t strings_size; /* up to the last NUL: a name that begins before it ends in the block */
};

static uint32_t cell_at(const uint8_t *at)
{
	return fdt32_ld((const fdt32_t *)at);
}

static bool names_are_short(const struct blocks *blocks)
{
	uint32_t length = 0;

	for (uint32_t i = 0; i < blocks->strings_size; i++) {
		length = blocks->strings[i] ? length + 1 : 0;
		if (length > LONGEST_NAME)
			return false;
	}
	return true;
}

/* The bytes of a node's name with its NUL, or of a property; more than are left, if it does not end there. */
static uint64_t token_size(const struct blocks *blocks, const uint8_t *token, uint32_t left)
{
	uint32_t size = 0;

	switch (cell_at(token)) {
	case FDT_BEGIN_NODE:
		while (size < left && token[FDT_TAGSIZE + size])
			size++;
		return size + 1;
	case FDT_PROP:
		if (left < 2 * FDT_TAGSIZE || cell_at(token + 2 * FDT_TAGSIZE) >= blocks->strings_size)
			return UINT64_MAX;
		return 2 * FDT_TAGSIZE + (uint64_t)cell_at(token + FDT_TAGSIZE);
	default:
		return 0;
	}
}

/*
 * Each token ends in the structure block, and each name in that of the strings (Devicetree Specification 0.4, 5.4). To
 * libfdt the second does not matter before version 17 of the format; and before version 1.7 of its own it adds up a
 * length of nearly 4 GiB without a look at the carry, and goes round for ever.
 */
static bool tokens_end(const struct blocks *blocks)
{
	uint32_t at = 0, left;

	for (left = blocks->tokens_size; left >= FDT_TAGSIZE; left = blocks->tokens_size - at) {
		uint32_t token = cell_at(blocks->tokens + at);
		uint64_t size = token_size(blocks, blocks->tokens + at, left - FDT_TAGSIZE);

		if (token == FDT_END)
			return true;
		if (size > left - FDT_TAGSIZE)
			return false;
		size = FDT_TAGSIZE + ((size + FDT_TAGSIZE - 1) & ~(uint64_t)(FDT_TAGSIZE - 1));
		if (size > left)
			return false;
		at += (uint32_t)size;
	}
	return false;
}

/* The structure block, or all that follows its start: before version 17 nobody says where it ends. */
static bool find_blocks(const uint8_t *dtb, struct blocks *blocks)
{
	uint32_t total = fdt_totalsize(dtb), tokens = fdt_off_dt_struct(dtb), strings = fdt_off_dt_strings(dtb);

	if (tokens > total || tokens % FDT_TAGSIZE)
		return false;
	blocks->tokens = dtb + tokens;
	blocks->tokens_size = fdt_version(dtb) < 17 ? total - tokens : fdt_size_dt_struct(dtb);
	blocks->strings = dtb + strings;
	blocks->strings_size = fdt_size_dt_strings(dtb);
	if (!number_inside(tokens, blocks->tokens_size, total) || !number_inside(strings, blocks->strings_size, total))
		return false;
	while (blocks->strings_size && blocks->strings[blocks->strings_size - 1])
		blocks->strings_size--;
	return true;
}

/* Of a version that is not known nothing is large enough. */
static uint32_t header_size(const void *dtb)
{
	if (fdt_version(dtb) < 16)
		return UINT32_MAX;
	return fdt_version(dtb) < 17 ? FDT_V16_SIZE : FDT_V17_SIZE;
}

int dtb_check(const void *dtb, uint64_t size)
{
	struct blocks blocks;

	if ((uintptr_t)dtb % 8)
		return PURG_ERR_ALIGN;
	if (size < FDT_V16_SIZE || fdt_magic(dtb) != FDT_MAGIC)
		return PURG_ERR_DTB_DAMAGED;
	if (fdt_totalsize(dtb) > PURG_DTB_MAX_SIZE)
		return PURG_ERR_DTB_SIZE;
	if (fdt_totalsize(dtb) > size || fdt_totalsize(dtb) < header_size(dtb) || fdt_off_mem_rsvmap(dtb) % 8 ||
	    !find_blocks(dtb, &blocks) || !tokens_end(&blocks) || !names_are_short(&blocks) ||
	    fdt_check_full(dtb, size))
		return PURG_ERR_DTB_DAMAGED;
	return 0;
}

const void *dtb_property(const void *dtb, int node, const char *name, uint32_t *size)
{
	int length;
	const void *value = fdt_getprop(dtb, node, name, &length);

	*size = value ? (uint32_t)length : 0;
	return value;
}

uint64_t dtb_number(const uint8_t *value, uint32_t cells)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < cells * 4; i++)
		number = number << 8 | value[i];
	return number;
}

void dtb_range(const uint8_t *value, const struct dtb_cells *cells, struct purg_range *range)
{
	range->start = dtb_number(value, cells->address);
	range->size = dtb_number(value + cells->address * 4, cells->size);
}

static int read_cells(const void *dtb, int node, const char *name, uint32_t *cells)
{
	uint32_t size;
	const uint8_t *value = dtb_property(dtb, node, name, &size);
	uint64_t number;

	if (!value)
		return 0;
	if (size != 4)
		return PURG_ERR_DTB_PROPERTY;
	number = dtb_number(value, 1);
	if (number != 1 && number != 2)
		return PURG_ERR_DTB_CELLS;
	*cells = (uint32_t)number;
	return 0;
}

int dtb_cells(const void *dtb, int node, struct dtb_cells *cells)
{
	int error = read_cells(dtb, node, "#address-cells", &cells->address);

	return error ? error : read_cells(dtb, node, "#size-cells", &cells->size);
}

int dtb_root_cells(const void *dtb, struct dtb_cells *cells)
{
	*cells = (struct dtb_cells){.address = 1, .size = 1};
	return dtb_cells(dtb, 0, cells);
}
