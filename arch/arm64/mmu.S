/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "sysreg.h"

/*
 * The caches and the MMU. What orders what is said in the Arm ARM (DDI 0487) under "Ordering and completion of data and
 * instruction cache instructions", "Ordering of memory accesses from translation table walks" and "Synchronization
 * requirements for AArch64 System registers".
 */

/* Clean and invalidate the line at x0, and go on to the next one. */
	.macro	next_line
	dc	civac, x0
	add	x0, x0, x3
	.endm

/* Write x0 to the SCTLR of the current exception level. Clobbers x1 and flags. */
	.macro	write_sctlr
	isb			/* nothing before it runs under the new SCTLR, ... */
	mrs	x1, CurrentEL
	cmp	x1, #CURRENTEL_EL2
	b.eq	1f
	msr	sctlr_el1, x0
	b	2f
1:	msr	sctlr_el2, x0
2:	isb			/* ... and all after it does */
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
 * mmu_sync_memory - clean and invalidate the data cache by VA to the PoC over [x0, x0 + x1).
 *
 * In:       x0: start, x1: size, which may be zero
 * Out:      nothing
 * Clobbers: x0 to x4, flags; no memory
 * State:    MMU and D-cache off or on. With them off stores go to memory, but lines that were cached before, or were
 *           fetched by speculation, stay, and would be hit by whoever turns the cache on
 */
	func	mmu_sync_memory
	mrs	x2, ctr_el0
	ubfx	x2, x2, #CTR_DMINLINE_SHIFT, #CTR_DMINLINE_BITS
	add	x2, x2, #2	/* log2 of the bytes of a line */
	mov	x3, #1
	lsl	x3, x3, x2	/* bytes of a line */
	sub	x4, x3, #1
	add	x1, x1, x0
	add	x1, x1, x4
	bic	x0, x0, x4
	sub	x1, x1, x0
	lsr	x1, x1, x2	/* lines that hold a byte of the range */
	dsb	sy		/* earlier stores, of any memory type, come before the cache maintenance */
	b	2f
1:	.rept	4
	next_line
	.endr
2:	subs	x1, x1, #4	/* as long as there are four */
	b.hs	1b
	adds	x1, x1, #4
	b.eq	4f
3:	next_line
	subs	x1, x1, #1
	b.ne	3b
4:	dsb	sy		/* the maintenance is done before any later access */
	ret
	endfunc	mmu_sync_memory

/*
 * mmu_on - clean and invalidate the memory that is written to while the MMU is off, then write a SCTLR that has MMU,
 * D-cache and I-cache on. From the one to the other nothing is read or written: a line that is fetched in between would
 * hide what is written behind it.
 *
 * In:       x0: SCTLR, x1: start, x2: size; the stack and the tables are in there
 * Out:      nothing
 * Clobbers: x0 to x6, flags
 * State:    MMU off; the translation registers are written, and an identity map is in force afterwards
 */
	func	mmu_on
	mov	x5, x0
	mov	x6, x30
	mov	x0, x1
	mov	x1, x2
	bl	mmu_sync_memory	/* its last barrier has the tables in memory before they are walked */
	isb			/* the translation registers are in force before translation is */
	ic	iallu		/* the I-cache may hold what once was at our addresses */
	dsb	nsh		/* ... and has forgotten it, on this PE, before anything is fetched through it */
	mov	x0, x5
	write_sctlr
	ret	x6
	endfunc	mmu_on

/*
 * mmu_off - write a SCTLR that has MMU and D-cache off, then clean and invalidate the memory that was written to while
 * they were on. From the one to the other nothing is read or written: what is newest may be in the cache.
 *
 * In:       x0: SCTLR, x1: start, x2: size; the stack is in there
 * Out:      nothing
 * Clobbers: x0 to x6, flags
 * State:    MMU on or off; off afterwards
 */
	func	mmu_off
	mov	x5, x1
	mov	x6, x2
	dsb	sy		/* stores that are under way reach the cache, or the console, first */
	write_sctlr
	mov	x0, x5
	mov	x1, x6
	b	mmu_sync_memory
	endfunc	mmu_off

/*
 * mmu_forget - empty the TLBs of this PE for the translation regime of this exception level.
 *
 * In:       nothing
 * Out:      nothing
 * Clobbers: x0, flags
 * State:    MMU off or on
 */
	func	mmu_forget
	dsb	ishst		/* tables that were written are there for walks ... */
	isb			/* ... and registers in force, before the TLBs are emptied */
	mrs	x0, CurrentEL
	cmp	x0, #CURRENTEL_EL2
	b.eq	1f
	tlbi	vmalle1
	b	2f
1:	tlbi	alle2
2:	dsb	nsh		/* no entry is left on this PE ... */
	isb			/* ... for any later instruction */
	ret
	endfunc	mmu_forget

/*
 * mmu_publish - what was written to a table is there for the walks of all later instructions.
 *
 * In, Out, Clobbers: nothing
 * State:    MMU on
 */
	func	mmu_publish
	dsb	ishst		/* the entry is there for walks ... */
	isb			/* ... of any later instruction */
	ret
	endfunc	mmu_publish

	.section .note.GNU-stack, "", %progbits
