/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */

/*
 * probe_read - read eight bytes where there may be nothing to read.
 *
 * In:       rdi: address; rsi: where to put what is there
 * Out:      eax: 1, or 0 if the read has faulted
 * Clobbers: rax, flags
 * State:    64-bit mode, the GDT of entry.S, the IDT of probe.c
 */
	.section .text.probe, "ax", @progbits
	.globl	probe_read
	.hidden	probe_read
	.type	probe_read, @function
probe_read:
	movq	(%rdi), %rax
	movq	%rax, (%rsi)
	movl	$1, %eax
	ret
	.size	probe_read, . - probe_read

/* The way out of probe_read when it has faulted; probe_fault returns here. */
probe_failed:
	xorl	%eax, %eax
	ret

/*
 * probe_fault - the handler of what probe_read may meet: #PF, and #GP for an address that is not canonical. Both have an
 * error code on the stack, below rip (SDM volume 3, 6.14.2).
 *
 * In:       the exception's frame on the stack
 * Out:      returns to where probe_read fails
 * Clobbers: rax, as probe_read does
 * State:    as probe_read; interrupts masked
 */
	.globl	probe_fault
	.hidden	probe_fault
	.type	probe_fault, @function
probe_fault:
	leaq	probe_failed(%rip), %rax
	movq	%rax, 8(%rsp)
	addq	$8, %rsp
	iretq
	.size	probe_fault, . - probe_fault

/*
 * probe_nmi - an NMI is none of our business, but while our IDT is in force it comes here.
 *
 * In:       the interrupt's frame on the stack
 * Out:      returns to where it came from
 * Clobbers: nothing
 * State:    as probe_read
 */
	.globl	probe_nmi
	.hidden	probe_nmi
	.type	probe_nmi, @function
probe_nmi:
	iretq
	.size	probe_nmi, . - probe_nmi

	.section .note.GNU-stack, "", @progbits
