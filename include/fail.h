/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The end of a boot that was refused: the line on the console, then the failure policy. */
#ifndef FAIL_H
#define FAIL_H

#include <fail_sentence.h>
#include <finding.h>

/* Tell the finding on the console, then halt: the one failure policy of this build. */
_Noreturn void fail(const struct finding *finding);

/* The end of every such line, and of the boot; the front ends' refusals end so too. */
_Noreturn void fail_end(uint32_t code);

#endif
