/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <purgatory/abi.h>

/* Enter the next program in 64-bit mode. */
_Noreturn void handoff_64(const struct purg_handoff *handoff);

#endif
