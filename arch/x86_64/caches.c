/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The caches are as the old kernel left them, which is on. They are coherent with one another, with instruction fetch
 * and with the next kernel (SDM volume 3, 12.6).
 */
#include <arch.h>
#include "registers.h"

const char *arch_caches_begin(const struct purg_params *params)
{
	(void)params;
	return read_cr0() & CR0_CD ? "CR0.CD is set" : NULL;
}

void arch_caches_end(const struct purg_params *params)
{
	(void)params;
}

void arch_caches_abandon(void)
{
}

void arch_sync_memory(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}
