/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef SEGMENT_NAME_H
#define SEGMENT_NAME_H

#include <purgatory/abi.h>

#define SEGMENT_NAME_SIZE (PURG_NAME_SIZE + 1)

/* A segment's name, with what a terminal should not get replaced by '?'. */
static inline void segment_name(const struct purg_segment *segment, char name[SEGMENT_NAME_SIZE])
{
	unsigned int i;

	for (i = 0; i < PURG_NAME_SIZE && segment->name[i]; i++)
		name[i] = segment->name[i] > ' ' && segment->name[i] <= '~' ? segment->name[i] : '?';
	name[i] = '\0';
}

#endif
