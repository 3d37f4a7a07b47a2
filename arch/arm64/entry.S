/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include "sysreg.h"

/*
 * purgatory_start - the image's first instructions; the header's other fields are written by the linker script.
 *
 * In:       nothing is relied on; EL2 or EL1, the rest is checked in C
 * Out:      does not return
 * Clobbers: everything
 * State:    as the loader leaves it: MMU and D-cache off, I-cache on or off, DAIF masked, VBAR and SP stale
 */
	.section .head, "ax", %progbits
	.globl	purgatory_start
	.hidden	purgatory_start
	.type	purgatory_start, %function
purgatory_start:
	b	start
	nop
	.size	purgatory_start, . - purgatory_start

	.section .text.start, "ax", %progbits
	.type	start, %function
start:
	msr	daifset, #DAIF_ALL
	adr	x9, stack_top
	mov	sp, x9
	mov	x29, xzr
	mov	x30, xzr
	b	purgatory_main
	.size	start, . - start

/*
 * arch_handoff - enter the next program with the registers that the loader asked for.
 *
 * In:       x0: struct purg_handoff, checked
 * Out:      does not return; x0 to x3 as given, pc = pc
 * Clobbers: x0 to x3, x17
 * State:    MMU and D-cache off before and after, as Documentation/arch/arm64/booting.rst wants; DAIF masked
 */
	.section .text.arch_handoff, "ax", %progbits
	.globl	arch_handoff
	.hidden	arch_handoff
	.type	arch_handoff, %function
arch_handoff:
	add	x16, x0, #PURG_HANDOFF_REGS
	ldp	x17, x0, [x16]
	ldp	x1, x2, [x16, #16]
	ldr	x3, [x16, #32]
	dsb	sy		/* every store, ours and through the console, is done before ... */
	ic	iallu		/* ... this PE forgets what it may have fetched from where code has since been put */
	dsb	nsh		/* the invalidation is done on this PE ... */
	isb			/* ... before it fetches the next instruction (Arm ARM B2.2.5, K13.5) */
	br	x17
	.size	arch_handoff, . - arch_handoff

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

	.section .bss.stack, "aw", %nobits
	.balign	16
	.space	STACK_SIZE
stack_top:

	.section .note.GNU-stack, "", %progbits
