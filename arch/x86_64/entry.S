/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "segments.inc"

/*
 * purgatory_start - the image's first instructions; the header's other fields are written by the linker script.
 *
 * In:       nothing is relied on but 64-bit mode
 * Out:      does not return
 * Clobbers: everything
 * State:    as the loader leaves it: paging on with an identity map of what was loaded, interrupts masked or not, GDT and IDT
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
	movq	%rsp, entry_rsp(%rip)	/* for compat.c, which looks there if a client wants it */
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
1:	load_data_segments

	call	purgatory_main
	.size	start, . - start

/* Flat descriptors with the accessed bit set, so that the CPU never writes to them (SDM volume 3, 3.4.5). */
	.section .rodata.gdt, "a", @progbits
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	DESCRIPTOR_CODE64
	.quad	DESCRIPTOR_DATA
	.set	GDT_SIZE, . - gdt

	.section .bss.entry_rsp, "aw", @nobits
	.balign	8
	.globl	entry_rsp
	.hidden	entry_rsp
entry_rsp:
	.space	8

	.section .bss.stack, "aw", @nobits
	.balign	16
	.space	STACK_SIZE
stack_top:

	.section .note.GNU-stack, "", @progbits
