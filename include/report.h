/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The record that the loader may ask for, for the next kernel and for whoever looks at memory later. */
#ifndef REPORT_H
#define REPORT_H

#include <verify.h>
#include <walk.h>

/* What is gathered for it while the boot goes on. */
struct report {
	uint64_t since; /* the counter at the last lap */
	bool placed;    /* there is to be a record, and its place has been checked */
	struct purg_report record;
};

/* All of it is zero: begin to count. */
void report_begin(struct report *report);

/* Add the ticks since the last lap, or since the beginning, to one of the record's counts. */
void report_lap(struct report *report, uint64_t *ticks);

/*
 * Complete the record and write it, if it has a checked place: memory has it afterwards. With no code in *finding the
 * boot has succeeded.
 */
void report_write(struct report *report, const struct purg_params *params, const struct sha256_engine *engine,
		  const struct walk *walk, const struct verified *verified, const struct finding *finding);

#endif
