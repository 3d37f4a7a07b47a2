/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include "sysreg.h"

/*
 * vectors - for VBAR_ELx: Arm ARM, "Exception vectors". None is expected: SError, IRQ and FIQ are masked, and stay for
 * whoever unmasks them. The first half of the table will do, that of this exception level with either stack pointer:
 * nothing runs below. What follows it in memory is other code.
 *
 * In:       x0 and up: what was interrupted, and is not gone back to
 * Out:      fault(ESR | kind << VECTORS_KIND_SHIFT, ELR, FAR); the second time, and if that faults itself, a halt
 * Clobbers: everything; the stack is used from its top on
 * State:    that of what was interrupted: caches on or off; DAIF masked
 */
	.section .text.vectors, "ax", %progbits
	.balign	0x800
	.globl	vectors
	.hidden	vectors
	.type	vectors, %function
vectors:
	.rept	2
	.irp	kind, 0, 1, 2, 3	/* synchronous, IRQ, FIQ, SError */
	.balign	0x80
	mov	x3, #\kind
	b	caught
	.endr
	.endr
	.size	vectors, . - vectors

	.type	caught, %function
caught:
	adr	x4, already
	ldr	w5, [x4]
	cbnz	w5, 3f
	mov	w5, #1
	str	w5, [x4]
	mrs	x4, CurrentEL
	cmp	x4, #CURRENTEL_EL2
	b.eq	1f
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	mrs	x4, spsr_el1
	b	2f
1:	mrs	x0, esr_el2
	mrs	x1, elr_el2
	mrs	x2, far_el2
	mrs	x4, spsr_el2
2:	orr	x0, x0, x3, lsl #VECTORS_KIND_SHIFT
	and	x4, x4, #1
	msr	spsel, x4	/* the stack pointer that was in use: arch_return gives that one back, and the other is kept */
	adr	x5, stack_top
	mov	sp, x5
	mov	x29, xzr
	mov	x30, xzr
	b	fault
3:	mov	w0, #PURG_E_FAULT
	b	arch_halt
	.size	caught, . - caught

	.section .bss.already, "aw", %nobits
	.balign	4
already:
	.space	4

	.section .note.GNU-stack, "", %progbits
