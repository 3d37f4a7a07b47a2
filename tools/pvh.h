/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The ELF file around an x86_64 image: what a PVH boot loader reads (Xen's docs/misc/pvh.pandoc). */
#ifndef PVH_H
#define PVH_H

#include "extent.h"

/* Bytes of the file that the ELF headers and the note take. */
#define PVH_HEADERS_SIZE 0x1000

/* The headers of an image with these extents, at most EXTENT_MAX. */
void pvh_headers(const struct extent *extent, unsigned int count, uint8_t page[PVH_HEADERS_SIZE]);

#endif
