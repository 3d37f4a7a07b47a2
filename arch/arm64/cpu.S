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

	.section .note.GNU-stack, "", %progbits
