/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Devicetree Specification 0.4: 2.3.6 reg, 2.3.8 ranges, 3.6 /chosen, 4.2.2 ns16550. */
#include <stdint.h>
#include <string.h>

#include <libfdt.h>

#include "console_dtb.h"

static const struct match {
	const char *compatible;
	uint32_t kind;
} matches[] = {
	{"arm,pl011", PURG_CONSOLE_PL011}, {"arm,sbsa-uart", PURG_CONSOLE_PL011},   {"ns16550a", PURG_CONSOLE_8250},
	{"ns16550", PURG_CONSOLE_8250},    {"snps,dw-apb-uart", PURG_CONSOLE_8250},
};

/* The node that stdout-path names, by path or alias; what follows a colon is the line's settings. */
static int find_stdout(const void *dtb)
{
	int chosen = fdt_path_offset(dtb, "/chosen"), length;
	const char *path, *colon;

	if (chosen < 0)
		return chosen;
	path = fdt_getprop(dtb, chosen, "stdout-path", &length);
	if (!path || length <= 0 || path[length - 1])
		return -FDT_ERR_NOTFOUND;
	colon = strchr(path, ':');
	return fdt_path_offset_namelen(dtb, path, colon ? (int)(colon - path) : (int)strlen(path));
}

static uint32_t find_kind(const void *dtb, int node)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (!fdt_node_check_compatible(dtb, node, matches[i].compatible))
			return matches[i].kind;
	return PURG_CONSOLE_NONE;
}

static uint32_t read_u32(const void *dtb, int node, const char *name, uint32_t otherwise)
{
	int length;
	const fdt32_t *value = fdt_getprop(dtb, node, name, &length);

	return value && length == sizeof(*value) ? fdt32_ld(value) : otherwise;
}

/* One or two cells; three and more are PCI's, behind which no early console lies. */
static uint64_t read_cells(const fdt32_t *cells, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_ld(&cells[i]);
	return value;
}

static bool cells_fit(int address, int size)
{
	return address >= 1 && address <= 2 && size >= 0 && size <= 2;
}

/* From an address on this bus to one on its parent's. */
static bool translate(const void *dtb, int bus, int parent, uint64_t *address)
{
	int child_cells = fdt_address_cells(dtb, bus), size_cells = fdt_size_cells(dtb, bus);
	int parent_cells = fdt_address_cells(dtb, parent), length;
	const fdt32_t *range = fdt_getprop(dtb, bus, "ranges", &length);
	int entry = child_cells + parent_cells + size_cells;

	/* Without ranges the bus is not reachable by address; with an empty one it is the parent's own space. */
	if (!range)
		return false;
	if (!length)
		return true;
	if (!cells_fit(child_cells, size_cells) || !cells_fit(parent_cells, 0))
		return false;
	for (int left = length / (int)sizeof(*range); left >= entry; left -= entry, range += entry) {
		uint64_t start = read_cells(range, child_cells);
		uint64_t size = read_cells(range + child_cells + parent_cells, size_cells);

		if (*address < start || *address - start >= size)
			continue;
		*address = *address - start + read_cells(range + child_cells, parent_cells);
		return true;
	}
	return false;
}

static bool find_address(const void *dtb, int node, uint64_t *address)
{
	int bus = fdt_parent_offset(dtb, node), parent, length;
	const fdt32_t *reg = fdt_getprop(dtb, node, "reg", &length);
	int cells = bus < 0 ? bus : fdt_address_cells(dtb, bus);

	if (!reg || !cells_fit(cells, 0) || length < cells * (int)sizeof(*reg))
		return false;
	*address = read_cells(reg, cells);
	for (; bus > 0; bus = parent) {
		parent = fdt_parent_offset(dtb, bus);
		if (parent < 0 || !translate(dtb, bus, parent, address))
			return false;
	}
	return true;
}

bool console_dtb_find(const void *dtb, struct purg_console *console)
{
	int node = find_stdout(dtb);
	uint32_t shift;

	*console = (struct purg_console){0};
	if (node < 0)
		return false;
	console->kind = find_kind(dtb, node);
	if (console->kind == PURG_CONSOLE_NONE || !find_address(dtb, node, &console->base))
		return false;
	console->width = read_u32(dtb, node, "reg-io-width", console->kind == PURG_CONSOLE_PL011 ? 4 : 1);
	if (console->width != 1 && console->width != 2 && console->width != 4)
		return false;
	if (console->kind == PURG_CONSOLE_PL011)
		return console->width != 1;
	shift = read_u32(dtb, node, "reg-shift", 0);
	console->stride = shift <= 4 ? 1U << shift : 0;
	return console->stride >= console->width;
}
