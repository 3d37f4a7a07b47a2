/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The fault campaign's harness on arm64: how it is entered, and how it enters the purgatory. Flat, linked to run where
 * scenario.py puts it, entered by launch-arm64.S at EL1 or EL2 in the state of a kexec.
 */
#include "harness.h"

#define CURRENT_EL2 (2 << 2)
#define UART_BASE 0x09000000
#define UART_FR 0x18
#define UART_FR_TXFF_BIT 5
#define STUB_CALL 8		/* scenario.py: the next program calls `entered` by its first two instructions */

	.text
	.globl	start
start:
	adr	x0, __bss_start
	adr	x1, _end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	adr	x0, vectors
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL2
	b.eq	2f
	msr	vbar_el1, x0
	b	3f
2:	msr	vbar_el2, x0
3:	isb
	adr	x0, found
	bl	read_state
	adr	x9, stack_top
	mov	sp, x9
	b	harness_main

/*
 * read_state - note the system registers.
 *
 * In:		x0 where
 * Out:		nothing
 * Clobbers:	x1 to x3
 * MMU, caches:	any
 */
read_state:
	mrs	x1, daif
	mrs	x2, spsel
	stp	x1, x2, [x0]
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL2
	b.eq	1f
	mrs	x1, sctlr_el1
	mrs	x2, vbar_el1
	stp	x1, x2, [x0, #16]
	mrs	x1, tcr_el1
	mrs	x2, mair_el1
	stp	x1, x2, [x0, #32]
	mrs	x1, ttbr0_el1
	mrs	x2, cpacr_el1
	mov	x3, xzr
	b	2f
1:	mrs	x1, sctlr_el2
	mrs	x2, vbar_el2
	stp	x1, x2, [x0, #16]
	mrs	x1, tcr_el2
	mrs	x2, mair_el2
	stp	x1, x2, [x0, #32]
	mrs	x1, ttbr0_el2
	mrs	x2, cptr_el2
	mrs	x3, hcr_el2
2:	stp	x1, x2, [x0, #48]
	str	x3, [x0, #64]
	ret

/*
 * write_state - put the system registers back as they were found, and forget what was cached of others.
 *
 * In:		EL1 or EL2
 * Out:		nothing
 * Clobbers:	x0 to x3
 * MMU, caches:	any, with the harness mapped at its address; off afterwards
 */
write_state:
	adr	x0, found
	ldp	x1, x2, [x0]
	msr	spsel, #1
	msr	daif, x1
	dsb	sy
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL2
	b.eq	1f
	ldp	x1, x2, [x0, #16]
	msr	sctlr_el1, x1
	msr	vbar_el1, x2
	isb
	ldp	x1, x2, [x0, #32]
	msr	tcr_el1, x1
	msr	mair_el1, x2
	ldp	x1, x2, [x0, #48]
	msr	ttbr0_el1, x1
	msr	cpacr_el1, x2
	isb
	tlbi	vmalle1
	b	2f
1:	ldr	x3, [x0, #64]
	msr	hcr_el2, x3
	isb
	ldp	x1, x2, [x0, #16]
	msr	sctlr_el2, x1
	msr	vbar_el2, x2
	isb
	ldp	x1, x2, [x0, #32]
	msr	tcr_el2, x1
	msr	mair_el2, x2
	ldp	x1, x2, [x0, #48]
	msr	ttbr0_el2, x1
	msr	cptr_el2, x2
	isb
	tlbi	alle2
2:	dsb	sy
	ic	iallu
	dsb	sy
	isb
	ret

/*
 * enter - call the purgatory; come back when it returns, when its next program calls `entered`, or by an exception.
 *
 * In:		x0 address
 * Out:		x0 HOW_*, captured
 * Clobbers:	what a function may
 * MMU, caches:	off; off afterwards
 */
	.globl	enter
enter:
	adr	x9, context
	mov	x10, sp
	stp	x19, x20, [x9]
	stp	x21, x22, [x9, #16]
	stp	x23, x24, [x9, #32]
	stp	x25, x26, [x9, #48]
	stp	x27, x28, [x9, #64]
	stp	x29, x30, [x9, #80]
	stp	x0, x10, [x9, #96]
	bl	write_state
	adr	x9, context
	ldr	x16, [x9, #96]
	ldr	x0, =0xdeadbeefcafef00d
	mov	sp, x0
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,17,18,19,20,21,22,23,24,25,26,27,28,29
	add	x\n, x0, #\n
	.endr
	blr	x16

	/* It has returned. */
	ldr	x15, =0xdeadbeefcafef00d
	mov	x14, sp
	eor	x13, x14, x15
	.irp	n, 19,20,21,22,23,24,25,26,27,28,29
	sub	x14, x\n, #\n
	eor	x14, x14, x15
	orr	x13, x13, x14
	.endr
	adr	x9, captured
	stp	x0, x13, [x9, #CAPTURED_CODE]
	mov	x20, #HOW_RETURNED
leave:
	adr	x0, captured + CAPTURED_STATE
	bl	read_state
	bl	write_state
	mov	x0, x20
	adr	x9, context
	ldp	x19, x20, [x9]
	ldp	x21, x22, [x9, #16]
	ldp	x23, x24, [x9, #32]
	ldp	x25, x26, [x9, #48]
	ldp	x27, x28, [x9, #64]
	ldp	x29, x30, [x9, #80]
	ldr	x10, [x9, #104]
	mov	sp, x10
	ret

	.globl	entered
entered:
	adr	x16, captured + CAPTURED_REGISTERS
	sub	x17, x30, #STUB_CALL
	stp	x17, x0, [x16]
	stp	x1, x2, [x16, #16]
	str	x3, [x16, #32]
	mov	x20, #HOW_ENTERED
	b	leave

caught:
	adr	x0, captured + CAPTURED_EXCEPTION
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL2
	b.eq	1f
	mrs	x1, esr_el1
	mrs	x2, elr_el1
	mrs	x3, far_el1
	b	2f
1:	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
2:	stp	x1, x2, [x0]
	str	x3, [x0, #16]
	mov	x20, #HOW_CAUGHT
	b	leave

/*
 * harness_putc - print a character when the UART has room for it.
 *
 * In:		w0 character
 * Out:		nothing
 * Clobbers:	x1, x2
 * MMU, caches:	off
 */
	.globl	harness_putc
harness_putc:
	mov	x1, #UART_BASE
1:	ldr	w2, [x1, #UART_FR]
	tbnz	w2, #UART_FR_TXFF_BIT, 1b
	str	w0, [x1]
	ret

	.ltorg
	.balign	0x800
vectors:
	.rept	16
	.balign	0x80
	b	caught
	.endr

	.bss
	.balign	16
	.globl	captured, found
captured:
	.space	CAPTURED_REGISTERS + 8 * HARNESS_REGISTERS
	.balign	16
found:
	.space	8 * STATE_WORDS
	.balign	16
context:
	.space	112
	.space	4096
stack_top:

	.section .note.GNU-stack, "", %progbits
