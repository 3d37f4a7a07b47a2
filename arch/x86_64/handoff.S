/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include "segments.h"

/*
 * handoff_64 - enter the next program with the registers that the loader asked for.
 *
 * In:       rdi: struct purg_handoff, checked; rsi: zero, or what is to lead astray who has no business here
 * Out:      does not return; all general registers as given, rip = rip
 * Clobbers: everything
 * State:    64-bit mode, paging and CR4 as found, interrupts masked, flat CS 0x10 and DS, ES, SS, FS, GS 0x18 from the
 *           GDT in this image; RFLAGS with DF and IF clear
 */
	.section .text.handoff_64, "ax", @progbits
	.globl	handoff_64
	.hidden	handoff_64
	.type	handoff_64, @function
handoff_64:
	pushq	$RFLAGS_CLEAR		/* no flag of ours is handed on */
	popfq
	movq	PURG_HANDOFF_REGS + 0x80(%rdi), %rax
	xorq	%rsi, %rax
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
	.size	handoff_64, . - handoff_64

	.section .bss.next_rip, "aw", @nobits
	.balign	8
next_rip:
	.space	8

	.section .note.GNU-stack, "", @progbits
