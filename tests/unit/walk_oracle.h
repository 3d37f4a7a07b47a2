/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the walk of the old kernel's tables must find, worked out slowly: each page of the segments, or of the kernel's
 * half of virtual addresses, is translated by itself, from the top table on.
 */
#ifndef WALK_ORACLE_H
#define WALK_ORACLE_H

#include <walk.h>

#include "walk_manual.h"

struct oracle {
	uint32_t doubts;  /* bit PURG_WALK_*: there is this doubt; if any, nothing may be skipped */
	bool at_work;     /* the tables were looked at: there is one doubt at most, and address has what was doubted */
	uint32_t result;  /* without doubt */
	uint64_t address; /* PURG_WALK_MAPPED: the first one */
	uint64_t skip, pages, entries;
};

/* By what the block says and what memory holds. */
void oracle_look(const struct purg_params *params, struct oracle *oracle);

/* One translation: of a virtual address, down to what ends it. */
struct translation {
	enum manual_entry end; /* MANUAL_TABLE: the way is doubtful */
	uint32_t doubt;        /* then this PURG_WALK_*, ... */
	bool unread;           /* ... and true if no entry of the last table was read */
	uint32_t height;       /* of the table where it ended */
	uint64_t address;      /* MANUAL_LEAF: of the leaf's first byte; in doubt: of the table, or of the entry */
};
void oracle_translate(const struct manual *manual, const struct purg_linear_map *map, uint64_t va,
		      struct translation *translation);

/* A few words on what the two have found, and false, unless that is the same. */
bool oracle_agrees(const struct oracle *oracle, const struct walk *walk);

#endif
