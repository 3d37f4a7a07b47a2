/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "dtb.h"
#include "number.h"

/* Each name is read once for each property that has it. Those of the specification have 31 characters at most. */
#define LONGEST_NAME 255

static bool names_are_short(const uint8_t *strings, uint32_t size)
{
	uint32_t length = 0;

	for (uint32_t i = 0; i < size; i++) {
		length = strings[i] ? length + 1 : 0;
		if (length > LONGEST_NAME)
			return false;
	}
	return true;
}

/* The bytes of a node's name with its NUL; none, if that is not among those that are left. */
static uint32_t name_size(const uint8_t *name, uint32_t left)
{
	for (uint32_t i = 0; i < left; i++)
		if (!name[i])
			return i + 1;
	return 0;
}

/*
 * Each token ends within the structure block (Devicetree Specification 0.4, 5.4). libfdt before 1.7 adds up a length of
 * nearly 4 GiB without a look at the carry, and goes round for ever.
 */
static bool tokens_end(const uint8_t *tokens, uint32_t size)
{
	uint32_t at = 0;

	while (size - at >= FDT_TAGSIZE) {
		uint32_t left = size - at - FDT_TAGSIZE, more = 0;

		switch (fdt32_ld((const fdt32_t *)(tokens + at))) {
		case FDT_BEGIN_NODE:
			more = name_size(tokens + at + FDT_TAGSIZE, left);
			if (!more)
				return false;
			break;
		case FDT_PROP:
			more = sizeof(struct fdt_property) - FDT_TAGSIZE;
			if (left < more || fdt32_ld((const fdt32_t *)(tokens + at) + 1) > left - more)
				return false;
			more += fdt32_ld((const fdt32_t *)(tokens + at) + 1);
			break;
		case FDT_END_NODE:
		case FDT_NOP:
			break;
		default:
			return fdt32_ld((const fdt32_t *)(tokens + at)) == FDT_END;
		}
		at += FDT_TAGSIZE + ((more + FDT_TAGSIZE - 1) & ~(uint32_t)(FDT_TAGSIZE - 1));
		if (at > size)
			return false;
	}
	return false;
}

/* What follows the structure block is not a part of it; before version 17 nobody says where that is. */
static bool structure_ends(const uint8_t *dtb)
{
	uint32_t at = fdt_off_dt_struct(dtb), end = fdt_totalsize(dtb);

	if (at > end || at % FDT_TAGSIZE)
		return false;
	if (fdt_version(dtb) < 17)
		return tokens_end(dtb + at, end - at);
	return number_inside(at, fdt_size_dt_struct(dtb), end) && tokens_end(dtb + at, fdt_size_dt_struct(dtb));
}

int dtb_check(const void *dtb, uint64_t size)
{
	uint32_t strings, strings_size;

	if ((uintptr_t)dtb % 8)
		return PURG_ERR_ALIGN;
	if (size < FDT_V16_SIZE || fdt_magic(dtb) != FDT_MAGIC)
		return PURG_ERR_DTB_DAMAGED;
	if (fdt_totalsize(dtb) > PURG_DTB_MAX_SIZE)
		return PURG_ERR_DTB_SIZE;
	strings = fdt_off_dt_strings(dtb);
	strings_size = fdt_size_dt_strings(dtb);
	if (fdt_totalsize(dtb) > size || !number_inside(strings, strings_size, fdt_totalsize(dtb)) ||
	    fdt_version(dtb) < 16 || fdt_off_mem_rsvmap(dtb) % 8 || !structure_ends(dtb) ||
	    !names_are_short((const uint8_t *)dtb + strings, strings_size) || fdt_check_full(dtb, size))
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

uint32_t dtb_range(const uint8_t *value, const struct dtb_cells *cells, struct purg_range *range)
{
	range->start = dtb_number(value, cells->address);
	range->size = dtb_number(value + cells->address * 4, cells->size);
	return (cells->address + cells->size) * 4;
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
	*cells = (struct dtb_cells){.address = 2, .size = 1};
	return dtb_cells(dtb, 0, cells);
}
