/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "sysreg.h"

/*
 * purgatory_start - the image's first instructions; the header's other fields are written by the linker script.
 *
 * In:       nothing is relied on; EL2 or EL1, the rest is checked in C
 * Out:      does not return
 * Clobbers: everything
 * State:    as the loader leaves it: MMU and D-cache off (or on, by a firmware), I-cache on or off, interrupts masked
 *           or not, VBAR and SP stale
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
	mrs	x10, daif		/* for arch_return, with what a function may not change */
	msr	daifset, #DAIF_ALL
	mov	x11, x30
	mov	x12, sp
	/*
	 * A line that the old kernel left dirty over the image, by a stray write, would come down on it some time later:
	 * now it is seen by the self-check. The page tables see to themselves.
	 */
	adr	x0, purgatory_start
	adr	x1, image_tables
	sub	x1, x1, x0
	bl	mmu_sync_memory	/* needs no stack */
	/* The variables are as they should be, whatever was written over them since they were loaded. */
	adr	x0, variables_start
	adr	x1, image_tables
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	adr	x9, caller
	stp	x11, x12, [x9]
	stp	x10, x19, [x9, #16]
	stp	x20, x21, [x9, #32]
	stp	x22, x23, [x9, #48]
	stp	x24, x25, [x9, #64]
	stp	x26, x27, [x9, #80]
	stp	x28, x29, [x9, #96]
	adr	x9, stack_top
	mov	sp, x9
	mov	x29, xzr
	mov	x30, xzr
	b	purgatory_main
	.size	start, . - start

/*
 * return_to_caller - return from the image as from a function.
 *
 * In:       w0: the code
 * Out:      does not return here; x0 as given, x19 to x30, SP and PSTATE.DAIF as at the entry
 * Clobbers: the rest
 * State:    whatever the caller shall have, but for DAIF
 */
	.section .text.return_to_caller, "ax", %progbits
	.globl	return_to_caller
	.hidden	return_to_caller
	.type	return_to_caller, %function
return_to_caller:
	adr	x9, caller
	ldp	x30, x12, [x9]
	ldp	x10, x19, [x9, #16]
	ldp	x20, x21, [x9, #32]
	ldp	x22, x23, [x9, #48]
	ldp	x24, x25, [x9, #64]
	ldp	x26, x27, [x9, #80]
	ldp	x28, x29, [x9, #96]
	mov	sp, x12
	msr	daif, x10
	ret
	.size	return_to_caller, . - return_to_caller

/* x30, SP, DAIF, x19 to x29. */
	.section .bss.caller, "aw", %nobits
	.balign	16
caller:
	.space	112

	.section .bss.stack, "aw", %nobits
	.balign	16
	.space	STACK_SIZE
	.globl	stack_top
	.hidden	stack_top
stack_top:

	.section .note.GNU-stack, "", %progbits
