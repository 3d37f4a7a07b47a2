/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The image's header and parameter block, and the checks of the latter. */
#ifndef PARAMS_H
#define PARAMS_H

#include <finding.h>

/* The image's own header and parameter block; linker/purgatory.lds.S places them. */
extern const struct purg_header purg_header;
extern struct purg_params purg_params;

/*
 * Both: true, or false with the first thing that is wrong in *finding, whose index must be NO_INDEX and whose pointers
 * must be NULL. They read the block, the header's mem_size and the page tables, and nothing that the block points at.
 * The head is what makes the rest readable: magic, version, size.
 */
bool params_check_head(const struct purg_params *params, struct finding *finding);
bool params_check_fields(const struct purg_params *params, struct finding *finding);

/*
 * The same for the record's place alone. The other fields need not be checked: a record can tell what is wrong with
 * them.
 */
bool params_check_report(const struct purg_params *params, struct finding *finding);

/* The first segment in which all of the range lies; NULL: there is none. The block may be unchecked. */
const struct purg_segment *params_segment_around(const struct purg_params *params, uint64_t start, uint64_t size);

/*
 * True if the range lies in one segment; under NEVER, in memory that is not the purgatory's. That is what may be
 * changed once all is verified.
 */
bool params_may_write(const struct purg_params *params, uint64_t start, uint64_t size);

/* How many segments are going to be read. Under NEVER none is, and where one lies there need be no memory. */
static inline uint32_t params_segments_to_read(const struct purg_params *params)
{
	return params->verify == PURG_VERIFY_NEVER ? 0 : params->segment_count;
}

#endif
