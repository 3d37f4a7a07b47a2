/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Devicetree Specification v0.4: 3.4 memory, 3.5 reserved-memory, 5.3 memory reservations; Linux drivers/of/fdt.c. */
#include <string.h>

#include "dtb.h"

/* As Linux has it, what follows the text's NUL does not matter. */
static bool is_text(const void *dtb, int node, const char *name, const char *text, uint32_t text_size)
{
	uint32_t size;
	const void *value = dtb_property(dtb, node, name, &size);

	return value && size >= text_size && !memcmp(value, text, text_size);
}

static bool is_available(const void *dtb, int node)
{
	uint32_t size;

	return !dtb_property(dtb, node, "status", &size) || is_text(dtb, node, "status", "okay", sizeof("okay")) ||
	       is_text(dtb, node, "status", "ok", sizeof("ok"));
}

static int add_ranges(struct purg_map *map, const uint8_t *value, uint32_t size, const struct dtb_cells *cells,
		      uint32_t type)
{
	struct purg_range range;
	uint32_t step = (cells->address + cells->size) * 4;

	if (size % step)
		return PURG_ERR_DTB_PROPERTY;
	for (uint32_t at = 0; at < size; at += step) {
		int error = 0;

		dtb_range(value + at, cells, &range);
		if (range.size)
			error = purg_map_add(map, range.start, range.size, type);
		if (error)
			return error;
	}
	return 0;
}

static int add_memory(struct purg_map *map, const void *dtb, const struct dtb_cells *cells)
{
	int node, error = 0;
	uint32_t size;

	fdt_for_each_subnode(node, dtb, 0)
	{
		const void *value;

		if (!is_text(dtb, node, "device_type", "memory", sizeof("memory")) || !is_available(dtb, node))
			continue;
		value = dtb_property(dtb, node, "linux,usable-memory", &size);
		if (!value)
			value = dtb_property(dtb, node, "reg", &size);
		error = add_ranges(map, value, size, cells, PURG_MEM_RAM);
		if (error)
			break;
	}
	return error;
}

/* A child without reg gets its place from the kernel that boots. */
static int add_reserved(struct purg_map *map, const void *dtb, const struct dtb_cells *root)
{
	struct dtb_cells cells = *root;
	int parent = fdt_path_offset(dtb, "/reserved-memory"), node, error;
	uint32_t size;

	if (parent < 0)
		return 0;
	error = dtb_cells(dtb, parent, &cells);
	if (error)
		return error;
	fdt_for_each_subnode(node, dtb, parent)
	{
		const void *value = dtb_property(dtb, node, "reg", &size);

		if (!is_available(dtb, node))
			continue;
		error = add_ranges(map, value, size, &cells, PURG_MEM_KEPT);
		if (error)
			break;
	}
	return error;
}

static int add_reservations(struct purg_map *map, const void *dtb)
{
	int count = fdt_num_mem_rsv(dtb), error = 0;
	uint64_t start, size;

	for (int i = 0; i < count && !error; i++) {
		fdt_get_mem_rsv(dtb, i, &start, &size);
		error = purg_map_add(map, start, size, PURG_MEM_KEPT);
	}
	return error;
}

int purg_map_from_dtb(struct purg_map *map, const void *dtb, size_t size)
{
	uint32_t count = map->count;
	struct dtb_cells cells;
	int error = dtb_check(dtb, size);

	if (!error)
		error = dtb_root_cells(dtb, &cells);
	if (!error)
		error = add_memory(map, dtb, &cells);
	if (!error)
		error = add_reserved(map, dtb, &cells);
	if (!error)
		error = add_reservations(map, dtb);
	if (error)
		map->count = count;
	return error;
}
