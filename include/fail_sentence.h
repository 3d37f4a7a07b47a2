/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the purgatory says of a code, and the command of one in a record. */
#ifndef FAIL_SENTENCE_H
#define FAIL_SENTENCE_H

#include <stdint.h>

/* The sentence for a PURG_E_* code; empty for a code that is not known. */
const char *fail_sentence(uint32_t code);

#endif
