/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A launcher that plays the old kernel on arm64: puts pieces of memory in place, brings the CPU into the state that a
 * kexec'ing kernel leaves it in, and jumps. Flat, runs at any multiple of 4 KiB, entered at its first byte at EL2 or
 * EL1 with the MMU off. What to do stands in a mailbox, LAUNCH_MAILBOX bytes behind the launcher's start; machine.py
 * writes it and has the same numbers.
 */

#define LAUNCH_TABLE 0x80000	/* a page of our memory: the translation table of OPTION_MMU */
#define LAUNCH_MAILBOX 0x100000

#define MAILBOX_TARGET 0x00	/* address to jump to */
#define MAILBOX_OPTIONS 0x08
#define MAILBOX_SCTLR 0x10	/* OPTION_STATE: SCTLR of the exception level that is left */
#define MAILBOX_HCR 0x18	/* OPTION_STATE: HCR_EL2 */
#define MAILBOX_TRAP 0x20	/* OPTION_STATE: CPTR_EL2 or CPACR_EL1 */
#define MAILBOX_COUNT 0x28	/* pieces to put in place ... */
#define MAILBOX_PIECES 0x30	/* ... each: address, offset from the mailbox, size */

#define OPTION_STATE_BIT 0	/* set the system registers; HCR_EL2.E2H goes first */
#define OPTION_DROP_BIT 1	/* from EL2 to EL1 */
#define OPTION_DIRTY_BIT 2	/* junk in every register */
#define OPTION_MMU_BIT 3	/* leave the MMU on, as a firmware may */
#define OPTION_CACHES_BIT 4	/* and the caches with it */
#define OPTION_ALIAS_BIT 5	/* and the memory from 256 GiB on be what is at 0 */
#define OPTION_STREAMING_BIT 6	/* be in SME's streaming mode, where there is SME */

#define CURRENT_EL2 (2 << 2)
#define HCR_EL2_RW (1 << 31)
#define HCR_EL2_E2H_BIT 34
#define CPTR_EL2_RES1 0x33ff	/* with TFP, which traps floating point, zero */
#define CPTR_EL2_TFP (1 << 10)
#define CPTR_EL2_TSM (1 << 12)
#define CPACR_FPEN (3 << 20)
#define CPACR_SMEN (3 << 24)
#define SMSTART_SM 0xd503437f	/* assemblers know it only if told of SME */
#define CNTHCTL_EL2_EL1PCTEN_EL1PCEN 3
#define SPSR_EL1H_MASKED 0x3c5
#define STALE_VBAR 0xdead0800
#define STALE_TTBR0 0xdead0000
#define STALE_TCR 0x0000001435103510
#define STALE_MAIR 0x1122334455667788
#define SCTLR_M (1 << 0)
#define SCTLR_C_I (1 << 2 | 1 << 12)

/*
 * An identity map of 512 GiB by blocks of 1 GiB. TCR in the layouts of EL1 and of EL2 at once: 39 bits of address from
 * TTBR0, 4 KiB granule, 40 bits of physical address; EPD1 and TG1's upper bit are RES1 at EL2.
 */
#define TCR_VALUE (25 | 2 << 16 | 1 << 23 | 1 << 31 | 2 << 32)
#define MAIR_VALUE 0xff00	/* 0: Device-nGnRnE; 1: Normal, write-back */
#define BLOCK_DEVICE 0x401	/* valid, accessed, attributes 0 */
#define BLOCK_NORMAL 0x405	/* valid, accessed, attributes 1 */

#define UART_BASE 0x09000000
#define UART_LCR_H 0x2c
#define UART_LCR_H_8BIT_FIFO 0x70
#define UART_CR 0x30
#define UART_CR_TX_RX_ENABLE 0x301

	.text

/*
 * Place the pieces, set the state, jump.
 *
 * In:		nothing
 * Out:		does not return; the target is entered with its address in x16
 * Clobbers:	everything
 * MMU, caches:	off, and off when the target is entered but for OPTION_MMU
 */
launch:
	msr	daifset, #0xf
	adr	x28, launch
	add	x28, x28, #LAUNCH_MAILBOX
	mov	x0, #UART_BASE
	mov	w1, #UART_LCR_H_8BIT_FIFO
	str	w1, [x0, #UART_LCR_H]
	mov	w1, #UART_CR_TX_RX_ENABLE
	str	w1, [x0, #UART_CR]
	bl	place
	ldr	x27, [x28, #MAILBOX_OPTIONS]
	tbz	x27, #OPTION_DROP_BIT, 1f
	bl	drop
1:	bl	stale_registers
	tbz	x27, #OPTION_STATE_BIT, 2f
	bl	set_state
2:	tbz	x27, #OPTION_STREAMING_BIT, 5f
	bl	streaming
5:	tbz	x27, #OPTION_MMU_BIT, 3f
	bl	mmu_on
3:	ldr	x16, [x28, #MAILBOX_TARGET]
	tbz	x27, #OPTION_DIRTY_BIT, 4f
	ldr	x0, =0xdeadbeefcafef00d
	mov	sp, x0
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	add	x\n, x0, #\n
	.endr
4:	br	x16

/*
 * Put the mailbox's pieces in place, in the order of its table.
 *
 * In:		x28 mailbox
 * Out:		nothing
 * Clobbers:	x0 to x5
 * MMU, caches:	off
 */
place:
	ldr	x0, [x28, #MAILBOX_COUNT]
	add	x1, x28, #MAILBOX_PIECES
1:	cbz	x0, 3f
	ldp	x2, x3, [x1], #16
	ldr	x4, [x1], #8
	add	x3, x3, x28
	sub	x0, x0, #1
	tst	x2, #7
	b.ne	4f
2:	cbz	x4, 1b
	ldr	x5, [x3], #8
	str	x5, [x2], #8
	sub	x4, x4, #8
	b	2b
4:	cbz	x4, 1b			/* Device memory: an unaligned store would fault */
	ldrb	w5, [x3], #1
	strb	w5, [x2], #1
	sub	x4, x4, #1
	b	4b
3:	dsb	sy
	ic	iallu
	dsb	sy
	isb
	ret

/*
 * Go from EL2 to EL1, with nothing that EL1 does trapped to EL2.
 *
 * In:		EL2
 * Out:		EL1
 * Clobbers:	x0
 * MMU, caches:	off
 */
drop:
	mov	x0, #HCR_EL2_RW
	msr	hcr_el2, x0
	mov	x0, #CPTR_EL2_RES1
	msr	cptr_el2, x0
	mov	x0, #CNTHCTL_EL2_EL1PCTEN_EL1PCEN
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #SPSR_EL1H_MASKED
	msr	spsr_el2, x0
	msr	elr_el2, x30
	eret

/*
 * Leave vectors that lead nowhere, as an old kernel does, and a translation that is of no use to anybody else.
 *
 * In:		EL1 or EL2
 * Out:		nothing
 * Clobbers:	x0 to x4
 * MMU, caches:	off
 */
stale_registers:
	ldr	x1, =STALE_VBAR
	ldr	x2, =STALE_TTBR0
	ldr	x3, =STALE_TCR
	ldr	x4, =STALE_MAIR
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	msr	vbar_el1, x1
	msr	ttbr0_el1, x2
	msr	tcr_el1, x3
	msr	mair_el1, x4
	isb
	ret
1:	msr	vbar_el2, x1
	msr	ttbr0_el2, x2
	msr	tcr_el2, x3
	msr	mair_el2, x4
	isb
	ret

/*
 * Write the mailbox's system registers. With HCR_EL2.E2H, PSTATE.PAN is set as well, as Linux has it under VHE.
 *
 * In:		x28 mailbox, EL1 or EL2
 * Out:		nothing
 * Clobbers:	x0 to x3
 * MMU, caches:	off
 */
set_state:
	ldr	x1, [x28, #MAILBOX_SCTLR]
	ldr	x2, [x28, #MAILBOX_HCR]
	ldr	x3, [x28, #MAILBOX_TRAP]
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	msr	sctlr_el1, x1
	msr	cpacr_el1, x3
	isb
	ret
1:	msr	hcr_el2, x2
	isb				/* E2H changes how the next ones are read */
	msr	sctlr_el2, x1
	msr	cptr_el2, x3
	isb
	tbz	x2, #HCR_EL2_E2H_BIT, 2f
	.inst	0xd500419f		/* msr pan, #1: Armv8.1 */
2:	ret

/*
 * Enter streaming mode, with the traps of FP and SME as they were.
 *
 * In:		EL1 or EL2, on a CPU that has SME and lets this exception level use it
 * Out:		nothing
 * Clobbers:	x0 to x2
 * MMU, caches:	off
 */
streaming:
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	mrs	x1, cpacr_el1
	orr	x2, x1, #CPACR_FPEN
	orr	x2, x2, #CPACR_SMEN
	msr	cpacr_el1, x2
	isb
	.inst	SMSTART_SM
	msr	cpacr_el1, x1
	isb
	ret
1:	mrs	x1, cptr_el2
	mrs	x0, hcr_el2
	tbz	x0, #HCR_EL2_E2H_BIT, 2f
	orr	x2, x1, #CPACR_FPEN
	orr	x2, x2, #CPACR_SMEN
	b	3f
2:	bic	x2, x1, #CPTR_EL2_TFP
	bic	x2, x2, #CPTR_EL2_TSM
3:	msr	cptr_el2, x2
	isb
	.inst	SMSTART_SM
	msr	cptr_el2, x1
	isb
	ret

/*
 * Turn the MMU on with an identity map, and the caches if OPTION_CACHES asks for it.
 *
 * In:		x27 options, EL1 or EL2
 * Out:		nothing
 * Clobbers:	x0 to x5
 * MMU, caches:	off; on afterwards
 */
mmu_on:
	adr	x0, launch
	add	x0, x0, #LAUNCH_TABLE
	mov	x1, #BLOCK_DEVICE	/* the first GiB has the UART */
	str	x1, [x0]
	mov	x2, #1
1:	mov	x1, #BLOCK_NORMAL
	orr	x1, x1, x2, lsl #30
	str	x1, [x0, x2, lsl #3]
	add	x2, x2, #1
	cmp	x2, #512
	b.ne	1b
	tbz	x27, #OPTION_ALIAS_BIT, 5f
	mov	x2, #256
4:	sub	x3, x2, #256
	ldr	x1, [x0, x3, lsl #3]
	str	x1, [x0, x2, lsl #3]
	add	x2, x2, #1
	cmp	x2, #512
	b.ne	4b
5:
	ldr	x1, =TCR_VALUE
	mov	x2, #MAIR_VALUE
	mov	x5, #SCTLR_M
	tbz	x27, #OPTION_CACHES_BIT, 3f
	orr	x5, x5, #SCTLR_C_I & 0xff
	orr	x5, x5, #SCTLR_C_I & ~0xff
3:	dsb	sy			/* the table is there before it is walked */
	mrs	x3, CurrentEL
	cmp	x3, #CURRENT_EL2
	b.eq	2f
	msr	ttbr0_el1, x0
	msr	tcr_el1, x1
	msr	mair_el1, x2
	tlbi	vmalle1
	dsb	nsh
	isb
	mrs	x4, sctlr_el1
	orr	x4, x4, x5
	msr	sctlr_el1, x4
	isb
	ret
2:	msr	ttbr0_el2, x0
	msr	tcr_el2, x1
	msr	mair_el2, x2
	tlbi	alle2
	dsb	nsh
	isb
	mrs	x4, sctlr_el2
	orr	x4, x4, x5
	msr	sctlr_el2, x4
	isb
	ret

	.ltorg
