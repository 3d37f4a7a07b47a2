/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Caches and MMU: the assembly of mmu.S. */
#ifndef MMU_H
#define MMU_H

#include <stdint.h>

/* Have memory and caches agree on what is there: no cache holds a line of it afterwards. */
void mmu_sync_memory(uint64_t start, uint64_t size);

/*
 * Clean and invalidate [start, start + size), in which stack and tables must be, then write the SCTLR of this exception
 * level: one that has the MMU on, with an identity map in TTBR0.
 */
void mmu_on(uint64_t sctlr, uint64_t start, uint64_t size);

/* Write one that has MMU and D-cache off, then clean and invalidate [start, start + size), where the stack must be. */
void mmu_off(uint64_t sctlr, uint64_t start, uint64_t size);

/* Forget every translation of this exception level; entries that were written before are seen by any later walk. */
void mmu_forget(void);

/* Have an entry that was written in place of none seen by all that follows. */
void mmu_publish(void);

#endif
