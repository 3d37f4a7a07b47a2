/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What was found wrong, and where: filled in by whoever finds it, told by fail(). */
#ifndef FINDING_H
#define FINDING_H

#include <purgatory/abi.h>
#include <stdbool.h>

/* No entry of a table. */
#define NO_INDEX 0xffffffffu

struct finding {
	uint32_t code;           /* PURG_E_* */
	uint32_t index;          /* of the segment, copy or console that `table` names; or NO_INDEX */
	const char *table;       /* "segment", "copy", ...: the table or group that the field is in; or NULL */
	const char *field;       /* the field's name in abi.h; or NULL where the code says it all */
	const char *name;        /* the segment's name, PURG_NAME_SIZE long; or NULL */
	uint64_t value;          /* what stands in the field; PURG_E_FAULT: the address, ... */
	uint64_t syndrome;       /* ... what kind of exception, ... */
	uint64_t pc;             /* ... and where */
	const uint8_t *expected; /* on a mismatch the digest that was given; or NULL */
	uint8_t computed[PURG_DIGEST_SIZE];
};

/* Note what is wrong with a field, within the table that was entered. Always false: "not all is well". */
static inline bool refuse(struct finding *finding, uint32_t code, const char *field, uint64_t value)
{
	finding->code = code;
	finding->field = field;
	finding->value = value;
	return false;
}

#endif
