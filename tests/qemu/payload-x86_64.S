/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A payload that plays the next kernel on x86_64: prints on COM1 what it was entered with, one line
 * `payload: name=hex` each, then `payload: end`, and halts. Flat, 64-bit, runs anywhere, brings its own stack.
 */

/* payload-x86.inc */
#define NUMBER rcx
#define NUMBER_DIGITS 16

#define MSR_EFER 0xc0000080

#define CPUID_FEATURES 1
#define CPUID_FEATURES_ECX_XSAVE_BIT 26
#define CR4_OSXSAVE (1 << 18)

	.text
	.code64

/*
 * Save what the payload was entered with, print it, halt. Nothing is pushed before rsp and the flags are saved, and
 * nothing before that changes the flags.
 *
 * In:		whatever is to be reported
 * Out:		does not return
 * Clobbers:	everything
 * Mode:	64-bit; this image is mapped at its address, writable
 */
payload:
	mov	%rax, save_rax(%rip)
	mov	%rbx, save_rbx(%rip)
	mov	%rcx, save_rcx(%rip)
	mov	%rdx, save_rdx(%rip)
	mov	%rsi, save_rsi(%rip)
	mov	%rdi, save_rdi(%rip)
	mov	%rsp, save_rsp(%rip)
	mov	%rbp, save_rbp(%rip)
	mov	%r8, save_r8(%rip)
	mov	%r9, save_r9(%rip)
	mov	%r10, save_r10(%rip)
	mov	%r11, save_r11(%rip)
	mov	%r12, save_r12(%rip)
	mov	%r13, save_r13(%rip)
	mov	%r14, save_r14(%rip)
	mov	%r15, save_r15(%rip)
	lea	stack_end(%rip), %rsp
	pushfq
	popq	save_rflags(%rip)
	cld

	lea	payload(%rip), %rax
	mov	%rax, save_rip(%rip)
	mov	%cs, save_cs(%rip)
	mov	%ds, save_ds(%rip)
	mov	%es, save_es(%rip)
	mov	%ss, save_ss(%rip)
	mov	%cr0, %rax
	mov	%rax, save_cr0(%rip)
	mov	%cr3, %rax
	mov	%rax, save_cr3(%rip)
	mov	%cr4, %rax
	mov	%rax, save_cr4(%rip)
	mov	$MSR_EFER, %ecx
	rdmsr
	mov	%eax, save_efer(%rip)
	call	extended_control
	mov	%rax, save_xcr0(%rip)

	sidt	table(%rip)
	movzwl	table(%rip), %eax
	mov	%eax, save_idt_limit(%rip)
	sgdt	table(%rip)
	movzwl	table(%rip), %eax
	mov	%eax, save_gdt_limit(%rip)
	movzwl	save_cs(%rip), %ecx
	call	descriptor
	mov	%rax, save_cs_desc(%rip)
	movzwl	save_ds(%rip), %ecx
	call	descriptor
	mov	%rax, save_ds_desc(%rip)

	lea	names(%rip), %rsi
	lea	values(%rip), %rbx
	lea	values_end(%rip), %rbp
1:	mov	%rsi, %r12
	lea	prefix(%rip), %rsi
	call	puts
	mov	%r12, %rsi
	call	puts
	mov	$'=', %al
	call	putc
	mov	(%rbx), %rcx
	call	puthex
	mov	$'\n', %al
	call	putc
	add	$8, %rbx
	cmp	%rbp, %rbx
	jne	1b
	lea	ending(%rip), %rsi
	call	puts
2:	cli
	hlt
	jmp	2b

/*
 * Read XCR0, for which CR4.OSXSAVE must be set; it stays so.
 *
 * In:		nothing
 * Out:		rax XCR0; zero if the CPU has none
 * Clobbers:	rbx, rcx, rdx
 * Mode:	64-bit
 */
extended_control:
	mov	$CPUID_FEATURES, %eax
	cpuid
	xor	%eax, %eax
	bt	$CPUID_FEATURES_ECX_XSAVE_BIT, %ecx
	jnc	1f
	mov	%cr4, %rax
	or	$CR4_OSXSAVE, %eax
	mov	%rax, %cr4
	xor	%ecx, %ecx
	xgetbv
	shl	$32, %rdx
	or	%rdx, %rax
1:	ret

/*
 * Read a segment descriptor from the GDT that sgdt stored in table.
 *
 * In:		ecx selector
 * Out:		rax descriptor; zero if it lies beyond the GDT's limit
 * Clobbers:	ecx, rdx
 * Mode:	64-bit; the GDT is mapped
 */
descriptor:
	xor	%eax, %eax
	movzwl	table(%rip), %edx
	and	$~7, %ecx
	sub	$7, %edx
	jb	1f
	cmp	%edx, %ecx
	ja	1f
	mov	table + 2(%rip), %rdx
	mov	(%rdx, %rcx), %rax
1:	ret

#include "payload-x86.inc"

	.text	1
names:
	.text	2
	.balign	8
values:
	saved	rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	saved	rip, rflags, cs, ds, es, ss, cs_desc, ds_desc, gdt_limit, idt_limit, cr0, cr3, cr4, efer, xcr0
values_end:
table:
	.fill	10, 1, 0
	.balign	16
	.fill	256, 1, 0
stack_end:
