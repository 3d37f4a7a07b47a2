/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/loader.h>

#include "digest.h"
#include "error.h"
#include "number.h"
#include "piece.h"

/* Smaller segments are hashed in no time: lanes would gain nothing. */
#define STRIPED_FROM (64 * KIB)

void pieces_describe(const struct piece *piece, unsigned int count, uint32_t stripes, struct purg_params *params)
{
	struct digest_job jobs[DIGEST_JOBS_MAX];
	int error = 0;

	for (unsigned int i = 0; i < count; i++)
		jobs[i] = (struct digest_job){
			.data = piece[i].data,
			.size = piece[i].size,
			.lanes = stripes > 1 && piece[i].size >= STRIPED_FROM ? stripes : 0,
		};
	digest_all(jobs, count);
	for (unsigned int i = 0; i < count && !error; i++)
		error = purg_params_add(params, piece[i].name, piece[i].start, piece[i].size, jobs[i].lanes,
					jobs[i].digest);
	if (error)
		fail(NULL, "segments", "%s", purg_strerror(error));
}
