/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include "segments.h"

/*
 * purgatory_start - the image's first instructions; the header's other fields are written by the linker script.
 *
 * In:       nothing is relied on but 64-bit mode
 * Out:      does not return
 * Clobbers: everything
 * State:    as the loader leaves it: paging on with an identity map of what was loaded, interrupts masked, GDT and IDT
 *           stale, no SSE
 */
	.section .head, "ax", @progbits
	.code64
	.globl	purgatory_start
	.hidden	purgatory_start
	.type	purgatory_start, @function
purgatory_start:
	jmp	start
	.balign	8, 0x90
	.size	purgatory_start, . - purgatory_start

	.section .text.start, "ax", @progbits
	.type	start, @function
start:
	cli
	cld
	leaq	stack_top(%rip), %rsp
	xorl	%ebp, %ebp

	/* The descriptors that Documentation/arch/x86/boot.rst wants in force at the 64-bit entry. */
	leaq	gdt(%rip), %rax
	pushq	%rax			/* GDTR: the base, below it the limit in the top two bytes of a quadword */
	movabsq	$(GDT_SIZE - 1) << 48, %rax
	pushq	%rax
	lgdt	6(%rsp)
	addq	$16, %rsp
	leaq	1f(%rip), %rax
	pushq	$SELECTOR_CODE
	pushq	%rax
	lretq
1:	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs

	call	purgatory_main
	.size	start, . - start

/*
 * arch_handoff - enter the next program with the registers that the loader asked for.
 *
 * In:       rdi: struct purg_handoff, checked
 * Out:      does not return; all general registers as given, rip = rip
 * Clobbers: everything
 * State:    64-bit mode, paging and CR4 as found, interrupts masked, flat CS 0x10 and DS, ES, SS, FS, GS 0x18 from the
 *           GDT in this image; RFLAGS with DF and IF clear
 */
	.section .text.arch_handoff, "ax", @progbits
	.globl	arch_handoff
	.hidden	arch_handoff
	.type	arch_handoff, @function
arch_handoff:
	pushq	$RFLAGS_CLEAR		/* no flag of ours is handed on */
	popfq
	movq	PURG_HANDOFF_REGS + 0x80(%rdi), %rax
	movq	%rax, next_rip(%rip)	/* no register is left to hold it */
	leaq	PURG_HANDOFF_REGS(%rdi), %rdi
	movq	0x00(%rdi), %rax
	movq	0x08(%rdi), %rbx
	movq	0x10(%rdi), %rcx
	movq	0x18(%rdi), %rdx
	movq	0x20(%rdi), %rsi
	movq	0x30(%rdi), %rsp
	movq	0x38(%rdi), %rbp
	movq	0x40(%rdi), %r8
	movq	0x48(%rdi), %r9
	movq	0x50(%rdi), %r10
	movq	0x58(%rdi), %r11
	movq	0x60(%rdi), %r12
	movq	0x68(%rdi), %r13
	movq	0x70(%rdi), %r14
	movq	0x78(%rdi), %r15
	movq	0x28(%rdi), %rdi
	jmpq	*next_rip(%rip)
	.size	arch_handoff, . - arch_handoff

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

/* Flat descriptors with the accessed bit set, so that the CPU never writes to them (SDM volume 3, 3.4.5). */
	.section .rodata.gdt, "a", @progbits
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	DESCRIPTOR_CODE64
	.quad	DESCRIPTOR_DATA
	.set	GDT_SIZE, . - gdt

	.section .bss.next_rip, "aw", @nobits
	.balign	8
next_rip:
	.space	8

	.section .bss.stack, "aw", @nobits
	.balign	16
	.space	STACK_SIZE
stack_top:

	.section .note.GNU-stack, "", @progbits
