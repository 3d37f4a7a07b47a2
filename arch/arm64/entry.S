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
	msr	daifset, #DAIF_ALL
	/*
	 * A line that the old kernel left dirty over the image, by a stray write, would come down on it some time later:
	 * now it is seen by the self-check. The page tables see to themselves.
	 */
	adr	x0, purgatory_start
	adr	x1, image_tables
	sub	x1, x1, x0
	bl	mmu_sync_memory	/* needs no stack */
	adr	x9, stack_top
	mov	sp, x9
	mov	x29, xzr
	mov	x30, xzr
	b	purgatory_main
	.size	start, . - start

	.section .bss.stack, "aw", %nobits
	.balign	16
	.space	STACK_SIZE
stack_top:

	.section .note.GNU-stack, "", %progbits
