/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "registers.h"
#include "segments.inc"

/* What arch_return needs of the caller: offsets in `caller`. */
#define CALLER_RSP 0x00
#define CALLER_RFLAGS 0x08
#define CALLER_RBX 0x10
#define CALLER_RBP 0x18
#define CALLER_R12 0x20
#define CALLER_R13 0x28
#define CALLER_R14 0x30
#define CALLER_R15 0x38
#define CALLER_FS_BASE 0x40
#define CALLER_GS_BASE 0x48
#define CALLER_GDTR 0x50
#define CALLER_CS 0x5a
#define CALLER_DS 0x5c
#define CALLER_ES 0x5e
#define CALLER_SS 0x60
#define CALLER_FS 0x62
#define CALLER_GS 0x64
#define CALLER_TR 0x66
#define CALLER_SIZE 0x68

/*
 * purgatory_start - the image's first instructions; the header's other fields are written by the linker script.
 *
 * In:       nothing is relied on but 64-bit mode
 * Out:      does not return
 * Clobbers: everything
 * State:    as the loader leaves it: paging on with an identity map of what was loaded, interrupts masked or not, GDT and
 *           IDT stale, no SSE
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
	movq	%rsp, %r8
	leaq	stack_top(%rip), %rsp
	pushfq				/* as the caller had them */
	cli
	cld
	/* The variables are as they should be, whatever was written over them since they were loaded. */
	leaq	variables_start(%rip), %rdi
	leaq	image_tables(%rip), %rcx
	subq	%rdi, %rcx
	shrq	$3, %rcx
	xorl	%eax, %eax
	rep stosq
	call	save_caller
	popq	%rax			/* the flags; the stack is empty */
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

/*
 * save_caller - what a function may not change, and what else the caller has of the CPU that we change.
 *
 * In:       r8: rsp as found; on the stack above the return address: RFLAGS as found
 * Out:      caller
 * Clobbers: rax, rcx, rdx, rdi
 * State:    as found
 */
	.type	save_caller, @function
save_caller:
	leaq	caller(%rip), %rdi
	movq	%r8, CALLER_RSP(%rdi)
	movq	8(%rsp), %rax
	movq	%rax, CALLER_RFLAGS(%rdi)
	movq	%rbx, CALLER_RBX(%rdi)
	movq	%rbp, CALLER_RBP(%rdi)
	movq	%r12, CALLER_R12(%rdi)
	movq	%r13, CALLER_R13(%rdi)
	movq	%r14, CALLER_R14(%rdi)
	movq	%r15, CALLER_R15(%rdi)
	sgdt	CALLER_GDTR(%rdi)
	movw	%cs, CALLER_CS(%rdi)
	movw	%ds, CALLER_DS(%rdi)
	movw	%es, CALLER_ES(%rdi)
	movw	%ss, CALLER_SS(%rdi)
	movw	%fs, CALLER_FS(%rdi)
	movw	%gs, CALLER_GS(%rdi)
	str	CALLER_TR(%rdi)
	movl	$MSR_FS_BASE, %ecx
	rdmsr
	movl	%eax, CALLER_FS_BASE(%rdi)
	movl	%edx, CALLER_FS_BASE + 4(%rdi)
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, CALLER_GS_BASE(%rdi)
	movl	%edx, CALLER_GS_BASE + 4(%rdi)
	ret
	.size	save_caller, . - save_caller

/*
 * arch_return - return from the image as from a function.
 *
 * The caller's GDT may be gone, as it is when Linux has left it: then the flat segments of ours stay, and so does TR.
 *
 * In:       edi: the code
 * Out:      does not return here; eax: the code; rbx, rbp, r12 to r15, rsp, RFLAGS, GDTR, segments, FS.base, GS.base
 *           and TR as at the entry
 * Clobbers: the rest
 * State:    whatever the caller shall have, but for these; the IDT as found
 */
	.section .text.arch_return, "ax", @progbits
	.globl	arch_return
	.hidden	arch_return
	.type	arch_return, @function
arch_return:
	movl	%edi, %r8d
	leaq	caller(%rip), %rdi
	lgdt	CALLER_GDTR(%rdi)

	/* C: the selector from `saved`, in eax, cannot be loaded. */
	.macro	find saved
	movzwl	\saved(%rdi), %eax
	call	find_descriptor
	.endm
	.macro	restore reg, saved
	find	\saved
	jc	1f
	movl	%eax, %\reg
1:
	.endm
	restore	ds, CALLER_DS
	restore	es, CALLER_ES
	restore	ss, CALLER_SS
	restore	fs, CALLER_FS
	restore	gs, CALLER_GS
	find	CALLER_CS
	jc	2f
	leaq	2f(%rip), %rdx
	pushq	%rax
	pushq	%rdx
	lretq
2:	find	CALLER_TR
	jc	3f
	andl	$~7, %eax
	jz	3f
	movq	CALLER_GDTR + 2(%rdi), %rdx
	andb	$~TSS_BUSY, TSS_BUSY_BYTE(%rdx, %rax)	/* or LTR would fault */
	ltr	%ax
3:	movl	$MSR_FS_BASE, %ecx
	movl	CALLER_FS_BASE(%rdi), %eax
	movl	CALLER_FS_BASE + 4(%rdi), %edx
	wrmsr
	movl	$MSR_GS_BASE, %ecx
	movl	CALLER_GS_BASE(%rdi), %eax
	movl	CALLER_GS_BASE + 4(%rdi), %edx
	wrmsr

	movq	CALLER_RBX(%rdi), %rbx
	movq	CALLER_RBP(%rdi), %rbp
	movq	CALLER_R12(%rdi), %r12
	movq	CALLER_R13(%rdi), %r13
	movq	CALLER_R14(%rdi), %r14
	movq	CALLER_R15(%rdi), %r15
	movl	%r8d, %eax
	movq	CALLER_RSP(%rdi), %rsp
	pushq	CALLER_RFLAGS(%rdi)
	popfq
	ret

/* C: eax is neither null nor within GDTR's limit. Clobbers edx. */
find_descriptor:
	testl	$~7, %eax
	jz	4f
	movl	%eax, %edx
	orl	$7, %edx
	cmpw	%dx, CALLER_GDTR(%rdi)
4:	ret
	.size	arch_return, . - arch_return

/* Flat descriptors with the accessed bit set, so that the CPU never writes to them (SDM volume 3, 3.4.5). */
	.section .rodata.gdt, "a", @progbits
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	DESCRIPTOR_CODE64
	.quad	DESCRIPTOR_DATA
	.set	GDT_SIZE, . - gdt

	.section .bss.caller, "aw", @nobits
	.balign	8
	.globl	entry_rsp
	.hidden	entry_rsp
entry_rsp:				/* CALLER_RSP, for compat.c, which looks there if a client wants it */
caller:
	.space	CALLER_SIZE

	.section .bss.stack, "aw", @nobits
	.balign	16
	.space	STACK_SIZE
	.globl	stack_top
	.hidden	stack_top
stack_top:

	.section .note.GNU-stack, "", @progbits
