/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>

/*
 * arch_handoff - enter the next program with the registers that the loader asked for.
 *
 * In:       x0: struct purg_handoff, checked; x1: zero, or what is to lead astray who has no business here
 * Out:      does not return; x0 to x3 as given, pc = pc
 * Clobbers: x0 to x3, x16, x17
 * State:    MMU and D-cache off before and after, as Documentation/arch/arm64/booting.rst wants; DAIF masked
 */
	.section .text.arch_handoff, "ax", %progbits
	.globl	arch_handoff
	.hidden	arch_handoff
	.type	arch_handoff, %function
arch_handoff:
	add	x16, x0, #PURG_HANDOFF_REGS
	ldp	x17, x0, [x16]
	eor	x17, x17, x1
	ldp	x1, x2, [x16, #16]
	ldr	x3, [x16, #32]
	dsb	sy		/* every store, ours and through the console, is done before ... */
	ic	iallu		/* ... this PE forgets what it may have fetched from where code has since been put */
	dsb	nsh		/* the invalidation is done on this PE ... */
	isb			/* ... before it fetches the next instruction */
	br	x17
	.size	arch_handoff, . - arch_handoff

	.section .note.GNU-stack, "", %progbits
