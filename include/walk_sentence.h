/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the purgatory says of a doubt about the old kernel's tables, and the command of one in a record. */
#ifndef WALK_SENTENCE_H
#define WALK_SENTENCE_H

#include <stdint.h>

/* The sentence for one of PURG_WALK_DIGEST and higher; empty for a number that is not known. */
const char *walk_sentence(uint32_t result);

#endif
