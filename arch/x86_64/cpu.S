/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * arch_halt - stop for good.
 *
 * In:       edi: PURG_E_* code, left in rax for a debugger
 * Out:      does not return
 * Clobbers: rax
 * State:    any; interrupts are masked, an NMI wakes the CPU up for one turn of the loop at most
 */
	.section .text.arch_halt, "ax", @progbits
	.globl	arch_halt
	.hidden	arch_halt
	.type	arch_halt, @function
arch_halt:
	movl	%edi, %eax
1:	cli
	hlt
	jmp	1b
	.size	arch_halt, . - arch_halt

	.section .note.GNU-stack, "", @progbits
