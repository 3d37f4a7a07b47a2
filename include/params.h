/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The image's header and parameter block, and the checks of the latter. */
#ifndef PARAMS_H
#define PARAMS_H

#include <finding.h>

/* The image's own header and parameter block; arch/ARCH/entry.S places them. */
extern const struct purg_header purg_header;
extern struct purg_params purg_params;

/*
 * Both: true, or false with the first thing that is wrong in *finding, which must be all zero with index NO_INDEX. They
 * read nothing but the block. The head is what makes the rest readable: magic, version, size.
 */
bool params_check_head(const struct purg_params *params, struct finding *finding);
bool params_check_fields(const struct purg_params *params, struct finding *finding);

/* True if [start, start + size) and [start2, start2 + size2) share a byte. Neither may wrap. */
static inline bool ranges_overlap(uint64_t start, uint64_t size, uint64_t start2, uint64_t size2)
{
	return size && size2 && start < start2 + size2 && start2 < start + size;
}

#endif
