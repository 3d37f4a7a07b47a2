/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the walk of the old kernel's tables must find, worked out slowly: each page of the segments, or of the kernel's
 * half of virtual addresses, is translated by itself, from the top table on.
 */
#ifndef WALK_ORACLE_H
#define WALK_ORACLE_H

#include <walk.h>

/* Walk; false, and a line on what differs, if that found anything else than it must, or read what it must not. */
bool oracle_agrees(const struct purg_params *params, struct walk *walk);

#endif
