/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Reading a device tree: what is beyond libfdt. */
#ifndef DTB_H
#define DTB_H

#include <libfdt.h>

#include <purgatory/loader.h>

/* Numbers of 32-bit cells; each 1 or 2. */
struct dtb_cells {
	uint32_t address;
	uint32_t size;
};

#define DTB_REPORT_ALIGN 8

/* Is it sound, of a version that is known, aligned, and not larger than a kernel takes? Else PURG_ERR_*. */
int dtb_check(const void *dtb, uint64_t size);

/* A property; NULL and *size 0 if there is none. */
const void *dtb_property(const void *dtb, int node, const char *name, uint32_t *size);

/* #address-cells and #size-cells of a node, as far as it has them. Errors: PURG_ERR_DTB_PROPERTY, PURG_ERR_DTB_CELLS.
 */
int dtb_cells(const void *dtb, int node, struct dtb_cells *cells);

/*
 * Those of the root; 1 and 1 if it does not say, as Linux has it on all that it runs on here
 * (OF_ROOT_NODE_ADDR_CELLS_DEFAULT in include/linux/of.h), which has read the tree and will read it again. Devicetree
 * Specification v0.4, 2.3.5 has 2 and 1.
 */
int dtb_root_cells(const void *dtb, struct dtb_cells *cells);

/* A number of so many cells, at any alignment. */
uint64_t dtb_number(const uint8_t *value, uint32_t cells);

/* The range at value, where all of its cells are. */
void dtb_range(const uint8_t *value, const struct dtb_cells *cells, struct purg_range *range);

#endif
