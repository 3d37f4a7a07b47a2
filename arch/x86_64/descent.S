/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include "descent.h"
#include "registers.h"
#include "segments.inc"

/*
 * descend - leave 64-bit mode for what the stub says.
 *
 * In:       rdi: struct stub, filled in, below 4 GiB, mapped at its address, executable
 * Out:      does not return; goes on at the stub's code
 * Clobbers: everything
 * State:    64-bit mode, interrupts masked, not in VMX operation; leaves it in compatibility mode, with the stub's GDT,
 *           EFLAGS clear, and CR4 clear but for what cannot be changed before paging is off
 */
	.section .text.descend, "ax", @progbits
	.globl	descend
	.hidden	descend
	.type	descend, @function
descend:
	pushq	$RFLAGS_CLEAR
	popfq
	lgdt	STUB_GDTR(%rdi)
	/*
	 * PAE and LA57 cannot change in IA-32e mode; PCIDE must be clear before CR0.PG is, CET before CR0.WP is. SDM volume
	 * 2, MOV to and from control registers; volume 3, 2.5 and 4.1. MCE goes too: TDX wants it kept, but memory
	 * encryption is not supported.
	 */
	movq	%cr4, %rax
	andl	$(CR4_PAE | CR4_LA57), %eax
	movq	%rax, %cr4
	/* Into compatibility mode: CR0.PG cannot be cleared from 64-bit mode (SDM volume 3, 9.8.5.4). */
	pushq	$SELECTOR_STUB32
	pushq	$STUB_CODE
	lretq
	.size	descend, . - descend

/* Registers of the next program, but for what is its own in each mode. Flags are not touched. */
	.macro	load_registers
	movl	%cs:STUB_REGS + 0x00, %eax
	movl	%cs:STUB_REGS + 0x04, %ebx
	movl	%cs:STUB_REGS + 0x08, %ecx
	movl	%cs:STUB_REGS + 0x0c, %edx
	movl	%cs:STUB_REGS + 0x10, %esi
	movl	%cs:STUB_REGS + 0x14, %edi
	movl	%cs:STUB_REGS + 0x18, %esp
	movl	%cs:STUB_REGS + 0x1c, %ebp
	.endm

/* EFLAGS are clear but for what arithmetic sets; 0 + 1 sets none of CF, PF, AF, ZF, SF and OF. */
	.macro	clear_flags
	xorl	%eax, %eax
	addl	$1, %eax
	.endm

/*
 * descent_code - from compatibility mode to the next program, in protected or real mode. Copied to the stub and run there.
 *
 * In:       CS: SELECTOR_STUB32, whose base is the stub; the stub's data
 * Out:      does not return; all registers of the mode as the stub's data has them
 * Clobbers: everything
 * State:    as descend leaves it. Leaves it with paging off, CR0 as found but for PG and WP (and PE in real mode), CR3 and
 *           CR4 zero, EFER.LME clear, the stub's IDTR, interrupts masked, EFLAGS 2; protected mode with flat segments
 *           CS 0x10, DS, ES, SS, FS, GS 0x18, or real mode with limits of 64 KiB
 */
	.section .text.descent_code, "ax", @progbits
	.globl	descent_code
	.hidden	descent_code
	.type	descent_code, @function
	.code32
descent_code:
	/*
	 * The stub is mapped at its address, so that the next instruction is the next one with paging off as well (SDM
	 * volume 3, 9.8.5.4). WP goes with paging: it means nothing without it, and whoever turns paging on again, and has
	 * never heard of WP, finds it as after a reset.
	 */
	movl	%cr0, %eax
	andl	$~(CR0_PG | CR0_WP), %eax
	movl	%eax, %cr0
	xorl	%eax, %eax
	movl	%eax, %cr3		/* no translation is left in a TLB (9.9.2) */
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$~EFER_LME, %eax
	wrmsr
	xorl	%eax, %eax
	movl	%eax, %cr4		/* PAE and LA57, now that IA-32e mode is left */
	lidt	%cs:STUB_IDTR
	cmpl	$PURG_HANDOFF_X86_16, %cs:STUB_MODE
	je	1f

	load_data_segments
	clear_flags
	load_registers
	ljmpl	*%cs:STUB_REGS + 0x20	/* eip, and behind it SELECTOR_CODE */

	/* SDM volume 3, 9.9.2: limits of 64 KiB in every segment first; they stay in real mode. */
1:	ljmpl	$SELECTOR_STUB16, $STUB_CODE + 2f - descent_code
	.code16
2:	movl	$SELECTOR_DATA16, %eax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	%cr0, %eax
	andl	$~CR0_PE, %eax
	movl	%eax, %cr0
	ljmpw	*%cs:STUB_REAL		/* at once, for a CS of real mode (9.9.2) */
3:	clear_flags
	load_registers
	movw	%cs:STUB_REGS + 0x20, %ds
	movw	%cs:STUB_REGS + 0x22, %es
	movw	%cs:STUB_REGS + 0x24, %ss
	movw	%cs:STUB_REGS + 0x26, %fs
	movw	%cs:STUB_REGS + 0x28, %gs
	ljmpw	*%cs:STUB_REGS + 0x2a	/* ip, and behind it cs */
	.org	descent_code + STUB_CODE_SIZE, 0xf4	/* hlt */
	.size	descent_code, . - descent_code

	.section .rodata.descent_real, "a", @progbits
	.balign	2
	.globl	descent_real
	.hidden	descent_real
	.type	descent_real, @object
descent_real:
	.word	STUB_CODE + 3b - descent_code
	.size	descent_real, . - descent_real

	.section .note.GNU-stack, "", @progbits
