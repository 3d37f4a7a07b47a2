/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "sysreg.h"

/*
 * arch_halt - stop for good.
 *
 * In:       w0: PURG_E_* code, left there for a debugger
 * Out:      does not return
 * Clobbers: nothing
 * State:    any; all of DAIF is masked, so wfi may wake up but nothing is taken
 */
	.section .text.arch_halt, "ax", %progbits
	.globl	arch_halt
	.hidden	arch_halt
	.type	arch_halt, %function
arch_halt:
	msr	daifset, #DAIF_ALL
1:	dsb	sy		/* all stores are done before the PE sleeps */
	wfi
	b	1b
	.size	arch_halt, . - arch_halt

/*
 * arch_sync_memory - clean and invalidate the data cache by VA to the PoC over [x0, x0 + x1).
 *
 * In:       x0: start, x1: size, which may be zero
 * Out:      nothing
 * Clobbers: x0, x1, x2, x3, flags
 * State:    MMU and D-cache off or on. With them off stores go to memory, but lines that were cached before, or were
 *           fetched by speculation, stay and would be hit by whoever turns the cache on (Arm ARM D7.5.9, "dc civac")
 */
	.section .text.arch_sync_memory, "ax", %progbits
	.globl	arch_sync_memory
	.hidden	arch_sync_memory
	.type	arch_sync_memory, %function
arch_sync_memory:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #CTR_DMINLINE_SHIFT, #CTR_DMINLINE_BITS
	mov	x3, #4
	lsl	x2, x3, x2	/* bytes of a line */
	add	x1, x0, x1
	sub	x3, x2, #1
	bic	x0, x0, x3
	dsb	sy		/* earlier stores, of any memory type, come before the cache maintenance */
1:	cmp	x0, x1
	b.hs	2f
	dc	civac, x0
	add	x0, x0, x2
	b	1b
2:	dsb	sy		/* the maintenance is done before any later access */
	ret
	.size	arch_sync_memory, . - arch_sync_memory

	.section .note.GNU-stack, "", %progbits
