/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "sysreg.h"

/*
 * The cache lines of a range. Sections are those of the Arm ARM, DDI 0487J.a.
 *
 * In:       x0: start, x1: size, which may be zero
 * Out:      x0: start of the first line, x1: lines that hold a byte of the range, x3: bytes of a line
 * Clobbers: x2, x4, flags
 */
	.macro	lines
	mrs	x2, ctr_el0
	ubfx	x2, x2, #CTR_DMINLINE_SHIFT, #CTR_DMINLINE_BITS
	add	x2, x2, #2	/* log2 of the bytes of a line */
	mov	x3, #1
	lsl	x3, x3, x2
	sub	x4, x3, #1
	add	x1, x1, x0
	add	x1, x1, x4
	bic	x0, x0, x4
	sub	x1, x1, x0
	lsr	x1, x1, x2
	.endm

/* Do a data cache operation by VA on the next line. */
	.macro	next_line operation
	dc	\operation, x0
	add	x0, x0, x3
	.endm

/* Write x0 to the SCTLR of the current exception level. Clobbers x1 and flags. */
	.macro	write_sctlr
	mrs	x1, CurrentEL
	cmp	x1, #CURRENTEL_EL2
	b.eq	1f
	msr	sctlr_el1, x0
	b	2f
1:	msr	sctlr_el2, x0
2:	isb			/* in force before the next instruction is fetched (D19.1.2) */
	.endm

	.macro	func name
	.section .text.\name, "ax", %progbits
	.globl	\name
	.hidden	\name
	.type	\name, %function
\name:
	.endm

	.macro	endfunc name
	.size	\name, . - \name
	.endm

/*
 * arch_sync_memory - clean and invalidate the data cache by VA to the PoC over [x0, x0 + x1).
 *
 * In:       x0: start, x1: size, which may be zero
 * Out:      nothing
 * Clobbers: x0 to x4, flags
 * State:    MMU and D-cache off or on. With them off stores go to memory, but lines that were cached before, or were
 *           fetched by speculation, stay, and would be hit by whoever turns the cache on (D7.5.9)
 */
	func	arch_sync_memory
	lines
	dsb	sy		/* earlier stores, of any memory type, come before the cache maintenance (D7.5.9.14) */
	b	2f
1:	.rept	8
	next_line civac
	.endr
2:	subs	x1, x1, #8	/* as long as there are eight */
	b.hs	1b
	adds	x1, x1, #8
	b.eq	4f
3:	next_line civac
	subs	x1, x1, #1
	b.ne	3b
4:	dsb	sy		/* the maintenance is done before any later access (D7.5.9.14) */
	ret
	endfunc	arch_sync_memory

/*
 * mmu_invalidate - discard what the caches have of [x0, x0 + x1), which was written with them off.
 *
 * In:       x0: start, x1: size, not zero; both multiples of a line
 * Out:      nothing
 * Clobbers: x0 to x4, flags
 * State:    MMU and D-cache off. A line that is in a cache is older than memory; cleaning it would undo our stores
 */
	func	mmu_invalidate
	dsb	sy		/* the stores are in memory before a line of it can be fetched anew (D7.5.9.14) */
	lines
1:	next_line ivac
	subs	x1, x1, #1
	b.ne	1b
	dsb	sy		/* no old line is left when the caches come on (D7.5.9.14) */
	ret
	endfunc	mmu_invalidate

/*
 * mmu_on - write a SCTLR that has MMU, D-cache and I-cache on.
 *
 * In:       x0: SCTLR
 * Out:      nothing
 * Clobbers: x1, flags
 * State:    MMU off; the translation registers are written, and an identity map is in force afterwards
 */
	func	mmu_on
	dsb	sy		/* the tables are in memory before they are walked (D8.2.6) */
	isb			/* the translation registers are in force before translation is (D19.1.2) */
	ic	iallu		/* the I-cache may hold what once was at our addresses */
	dsb	nsh		/* ... and has forgotten it, on this PE ... */
	isb			/* ... before anything is fetched through it (B2.2.5) */
	write_sctlr
	ret
	endfunc	mmu_on

/*
 * mmu_off - write a SCTLR that has MMU and D-cache off, then clean and invalidate the memory that was written to,
 * which has the stack in it. From the one to the other nothing is read or written: what is newest may be in the cache.
 *
 * In:       x0: SCTLR, x1: start, x2: size
 * Out:      nothing
 * Clobbers: x0 to x6, flags
 * State:    MMU on or off; off afterwards
 */
	func	mmu_off
	mov	x5, x1
	mov	x6, x2
	dsb	sy		/* stores that are under way reach the cache, or the console, first (B2.3.7) */
	write_sctlr
	mov	x0, x5
	mov	x1, x6
	b	arch_sync_memory	/* which uses registers only */
	endfunc	mmu_off

	.section .note.GNU-stack, "", %progbits
