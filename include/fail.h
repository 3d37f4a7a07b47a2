/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The line on the console that tells of a refusal. */
#ifndef FAIL_H
#define FAIL_H

#include <fail_sentence.h>
#include <finding.h>

/* "purgatory: refused: ... [code 15]", and what becomes of it is still to be said. */
void fail_tell(const struct finding *finding);

/* The end of such a line, and of the boot, of a front end that has no failure policy. */
_Noreturn void fail_end(uint32_t code);

/*
 * Where exceptions end, on the image's own stack: syndrome, pc and address are as in struct purg_report. A second one
 * on the way is caught by the architecture, and halts.
 */
_Noreturn void fault(uint64_t syndrome, uint64_t pc, uint64_t address);

#endif
