/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <purgatory/abi.h>

/* Enter the next program in 64-bit mode. */
_Noreturn void handoff_64(const struct purg_handoff *handoff, uint64_t way);

/* Real mode: SDM volume 3, 20.1.1. */
static inline uint64_t real_address(uint16_t segment, uint16_t offset)
{
	return (uint64_t)segment * 16 + offset;
}

#endif
