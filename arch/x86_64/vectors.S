/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include "vectors.h"

/* Exceptions that push an error code: SDM volume 3, 6.13; AMD64 Architecture Programmer's Manual volume 2, 8.4.1. */
#define WITH_CODE (1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30)

/* Those that probe_read may meet: #PF, and #GP for an address that is not canonical. */
#define OF_PROBES (1 << VECTOR_GP | 1 << VECTOR_PF)

/*
 * probe_read - read eight bytes where there may be nothing to read.
 *
 * In:       rdi: address; rsi: where to put what is there
 * Out:      eax: 1, or 0 if the read has faulted
 * Clobbers: rax, rcx, rdx, flags
 * State:    64-bit mode, the vectors in force
 */
	.section .text.probe_read, "ax", @progbits
	.globl	probe_read
	.hidden	probe_read
	.type	probe_read, @function
probe_read:
	movq	(%rdi), %rax
	movq	%rax, (%rsi)
	movl	$1, %eax
	ret
probe_failed:
	xorl	%eax, %eax
	ret
	.size	probe_read, . - probe_read

/*
 * vectors - one entry for each exception, VECTOR_SIZE bytes long; the address that it pushes tells which. An NMI is
 * none of our business, and counted.
 *
 * In:       the exception's frame on the stack that its gate names
 * Out:      fault(vector << 32 | error code, rip, CR2 of a #PF or 0), the second time a halt; or, for what probe_read meets,
 *           where that fails; an NMI: to where it came from
 * Clobbers: everything, rax, rcx and rdx, or nothing
 * State:    64-bit mode, CS SELECTOR_CODE; interrupts masked
 */
	.section .text.vectors, "ax", @progbits
	.globl	vectors
	.hidden	vectors
	.type	vectors, @function
	.balign	VECTOR_SIZE
vectors:
	.rept	VECTOR_NMI
	call	caught
	.balign	VECTOR_SIZE
	.endr
	incl	vectors_nmis(%rip)
	iretq
	.balign	VECTOR_SIZE
	.rept	VECTOR_COUNT - VECTOR_NMI - 1
	call	caught
	.balign	VECTOR_SIZE
	.endr
	.size	vectors, . - vectors

	.type	caught, %function
caught:
	popq	%rax
	leaq	vectors(%rip), %rcx
	subl	%ecx, %eax
	shrl	$VECTOR_SHIFT, %eax
	movl	$WITH_CODE, %ecx
	btl	%eax, %ecx
	jc	1f
	pushq	$0
1:	movl	$OF_PROBES, %ecx
	btl	%eax, %ecx
	jnc	2f
	leaq	probe_read(%rip), %rcx
	cmpq	%rcx, 8(%rsp)
	jne	2f
	leaq	probe_failed(%rip), %rcx
	movq	%rcx, 8(%rsp)
	addq	$8, %rsp
	iretq
2:	btsl	$0, already(%rip)
	jc	4f
	xorl	%edx, %edx
	cmpl	$VECTOR_PF, %eax
	jne	3f
	movq	%cr2, %rdx
3:	movq	%rax, %rdi
	shlq	$32, %rdi
	popq	%rcx
	orq	%rcx, %rdi
	popq	%rsi
	leaq	stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	cld
	call	fault
4:	movl	$PURG_E_FAULT, %edi
	jmp	arch_halt
	.size	caught, . - caught

	.section .bss.already, "aw", @nobits
	.balign	4
already:
	.space	4

	/* For whoever looks at memory later. */
	.section .bss.vectors_nmis, "aw", @nobits
	.balign	4
	.globl	vectors_nmis
	.hidden	vectors_nmis
	.type	vectors_nmis, @object
vectors_nmis:
	.space	4
	.size	vectors_nmis, 4

	.section .note.GNU-stack, "", @progbits
