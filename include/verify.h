/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Is what lies in memory what the loader put there? */
#ifndef VERIFY_H
#define VERIFY_H

#include <params.h>
#include <sha256.h>

/* True if the parameter block and the image have the digests that the block gives for them, where it gives any. */
bool verify_self(const struct purg_params *params, const struct sha256_engine *engine, struct finding *finding);

/* True if this is a digest, and not the zeros that stand for none. */
bool verify_is_given(const uint8_t digest[PURG_DIGEST_SIZE]);

/* What was done, for people. */
struct verified {
	uint32_t segments;
	uint32_t skipped;
	uint64_t bytes;         /* of the segments that were verified */
	const char *lanes_name; /* name of the lane function that was used, if it has one of its own; else NULL */
};

/* True if a segment that is not part of the concatenation has its digest. */
bool verify_segment(const struct purg_segment *segment, const struct sha256_engine *engine, struct finding *finding,
		    struct verified *verified);

/*
 * True if every segment has its digest, and the concatenation its own; adds to *verified. A segment i whose bit i is
 * set in skip is left out; of those that are concatenated it must be all or none. While a segment is read, *finding
 * names it.
 */
bool verify_segments(const struct purg_params *params, uint64_t skip, const struct sha256_engine *engine,
		     struct finding *finding, struct verified *verified);

#endif
