/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The identity map under which the purgatory hashes and copies with caches. */
#ifndef TABLES_H
#define TABLES_H

#include <params.h>

/* Indices into MAIR: the memory types of the map. */
#define MAIR_DEVICE_NGNRE 0
#define MAIR_NORMAL_WB 1

/* Attributes of a leaf that differ between translation regimes. */
struct tables_regime {
	uint64_t all;     /* in every leaf */
	uint64_t text;    /* what may be executed at this exception level */
	uint64_t no_text; /* what may not */
};

/* What became of it. The tables lie in the image, and hold identity mappings only. */
struct tables {
	uint64_t root;       /* for TTBR0 */
	uint32_t bits;       /* of a virtual address: 64 - T0SZ */
	uint64_t end;        /* of the tables that are used; they are the last thing in the image */
	const char *problem; /* why there is no map; else NULL */
};

/*
 * Map the image (code read-only and executable, the rest writable), the segments and the copies' sources read-only, the
 * copies' destinations writable, and the consoles as device memory; all by pages of 4 KiB and by blocks where they fit.
 * Nothing else is mapped. Only the tables are written to. The parameters were checked.
 */
void tables_build(const struct purg_params *params, const struct tables_regime *regime, struct tables *tables);

/*
 * With the map in force: read eight bytes of memory that is not in it, below 48 bits of address. The page is mapped
 * behind a window in the image, read-only and cached, until another one is.
 */
uint64_t tables_read(uint64_t address);

#endif
