/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include "digest.h"
#include "number.h"
#include "piece.h"

/* Smaller segments are hashed in no time: lanes would gain nothing. */
#define STRIPED_FROM (64 * KIB)

static void describe(const struct piece *piece, uint32_t lanes, struct purg_segment *segment)
{
	segment->start = piece->start;
	segment->size = piece->size;
	segment->kind = lanes ? PURG_DIGEST_STRIPED : PURG_DIGEST_SEGMENT;
	segment->lanes = (uint16_t)lanes;
	memcpy(segment->name, piece->name, sizeof(segment->name));
}

void pieces_describe(const struct piece *piece, unsigned int count, uint32_t stripes, struct purg_params *params)
{
	struct digest_job jobs[DIGEST_JOBS_MAX];

	for (unsigned int i = 0; i < count; i++) {
		uint32_t lanes = stripes > 1 && piece[i].size >= STRIPED_FROM ? stripes : 0;

		describe(&piece[i], lanes, &params->segment[i]);
		jobs[i] = (struct digest_job){.data = piece[i].data, .size = piece[i].size, .lanes = lanes};
	}
	digest_all(jobs, count);
	for (unsigned int i = 0; i < count; i++)
		memcpy(params->segment[i].digest, jobs[i].digest, PURG_DIGEST_SIZE);
	params->segment_count = count;
}
