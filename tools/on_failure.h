/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the purgatory is to do when it refuses the kernel: --on-failure, and how this machine is reset. */
#ifndef ON_FAILURE_H
#define ON_FAILURE_H

#include "machine.h"

/* halt, reset, or reset:SECONDS; NULL: halt. Fails if it is none of these. */
void on_failure_read(struct purg_failure *failure, const char *text);

/*
 * For a reset that was asked for: how, or fail if nothing of the machine says how. dtb: of arm64, checked; NULL: there
 * is none. Always: how fast the counter counts, if it does not say that itself.
 */
void on_failure_fill(struct purg_failure *failure, const struct machine *machine, const void *dtb);

/* The same for a machine of which nothing else is known. */
void on_failure_fill_unseen(struct purg_failure *failure, uint16_t arch, const void *dtb);

#endif
