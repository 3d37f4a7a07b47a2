/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The checks of a parameter block, and how their findings are told. */
#ifndef PARAMS_H
#define PARAMS_H

#include <purgatory/abi.h>
#include <stdbool.h>

/* The image's own header and parameter block; arch/ARCH/entry.S places them. */
extern const struct purg_header purg_header;
extern struct purg_params purg_params;

/* No entry of a table. */
#define NO_INDEX 0xffffffffu

/* What was found wrong, and where. */
struct finding {
	uint32_t code;     /* PURG_E_* */
	uint32_t index;    /* of the segment, copy, console or range that `table` names; or NO_INDEX */
	const char *table; /* "segment", "copy", ...: the table or group that the field is in; or NULL */
	const char *field; /* the field's name in abi.h; or NULL where the code says it all */
	const char *name;  /* the segment's name, PURG_NAME_SIZE long; or NULL */
	uint64_t value;    /* what stands there */
	const uint8_t *expected;
	uint8_t computed[PURG_DIGEST_SIZE]; /* if expected is not NULL */
};

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
