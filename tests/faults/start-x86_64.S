/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The fault campaign's harness on x86_64: how it is entered, and how it enters the purgatory. Flat, linked to run where
 * scenario.py puts it, entered by launch-x86_64.S in the state of a kexec. It has no vectors: an exception that the
 * purgatory does not catch resets the machine.
 */
#include "harness.h"

#define MSR_EFER 0xc0000080
#define STUB_CALL 6		/* scenario.py: the next program calls `entered` by its first instruction */
#define UART_PORT 0x3f8
#define UART_LSR 0x3fd
#define UART_LSR_THRE 0x20

/* Other selectors than those of the boot protocol, and of the launcher's. */
#define SELECTOR_CODE 0x28
#define SELECTOR_DATA 0x30

#define FOUND_IDT 32

/* Note in rcx whether a register is still the so many'th of the list in enter. */
	.macro	kept register, number
	lea	\number(%rax), %rdx
	xor	%\register, %rdx
	or	%rdx, %rcx
	.endm

	.text
	.code64
	.globl	start
start:
	lea	__bss_start(%rip), %rdi
	lea	_end(%rip), %rcx
	sub	%rdi, %rcx
	xor	%eax, %eax
	cld
	rep stosb
	lea	stack_top(%rip), %rsp
	lea	found(%rip), %rdi
	call	read_state
	sidt	idt(%rip)
	jmp	harness_main

/*
 * read_state - note the system registers.
 *
 * In:		rdi where
 * Out:		nothing
 * Clobbers:	rax, rcx, rdx
 * Mode:	64-bit, a stack
 */
read_state:
	mov	%cr0, %rax
	mov	%rax, (%rdi)
	mov	%cr3, %rax
	mov	%rax, 8(%rdi)
	mov	%cr4, %rax
	mov	%rax, 16(%rdi)
	mov	$MSR_EFER, %ecx
	rdmsr
	mov	%eax, 24(%rdi)
	mov	%edx, 28(%rdi)
	sidt	table(%rip)
	movzwl	table(%rip), %eax
	mov	%rax, FOUND_IDT(%rdi)
	mov	table + 2(%rip), %rax
	mov	%rax, FOUND_IDT + 8(%rdi)
	ret

/*
 * write_state - put the system registers and segments back as they were found.
 *
 * In:		nothing
 * Out:		nothing
 * Clobbers:	rax, rcx, rdx, rdi
 * Mode:	64-bit, a stack
 */
write_state:
	lea	found(%rip), %rdi
	mov	8(%rdi), %rax
	mov	%rax, %cr3
	mov	16(%rdi), %rax
	mov	%rax, %cr4
	mov	(%rdi), %rax
	mov	%rax, %cr0
	mov	$MSR_EFER, %ecx
	mov	24(%rdi), %eax
	mov	28(%rdi), %edx
	wrmsr
	lgdt	gdt_pointer(%rip)
	pushq	$SELECTOR_CODE
	lea	1f(%rip), %rax
	push	%rax
	lretq
1:	mov	$SELECTOR_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	lgdt	no_gdt(%rip)
	lidt	idt(%rip)
	cld
	ret

/*
 * enter - call the purgatory; come back when it returns, or when its next program calls `entered`.
 *
 * In:		rdi address
 * Out:		rax HOW_*, captured
 * Clobbers:	what a function may
 * Mode:	64-bit
 */
	.globl	enter
enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rdi, target(%rip)
	mov	%rsp, context(%rip)
	call	write_state
	lea	caller_stack_top(%rip), %rsp
	movabs	$0xdeadbeefcafef00d, %rax
	.irp	reg, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	lea	1(%rax), %rax
	mov	%rax, %\reg
	.endr
	call	*target(%rip)

	/* It has returned. */
	mov	%rax, captured + CAPTURED_CODE(%rip)
	lea	caller_stack_top(%rip), %rcx
	xor	%rsp, %rcx
	movabs	$0xdeadbeefcafef00d, %rax
	kept	rbx, 1
	kept	rbp, 6
	kept	r12, 11
	kept	r13, 12
	kept	r14, 13
	kept	r15, 14
	mov	%rcx, captured + CAPTURED_SPOILT(%rip)
	mov	$HOW_RETURNED, %ebx
leave:
	lea	captured + CAPTURED_STATE(%rip), %rdi
	mov	context(%rip), %rsp
	call	read_state
	call	write_state
	mov	%ebx, %eax
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.globl	entered
entered:
	mov	%rax, captured + CAPTURED_REGISTERS(%rip)
	mov	%rbx, captured + CAPTURED_REGISTERS + 0x08(%rip)
	mov	%rcx, captured + CAPTURED_REGISTERS + 0x10(%rip)
	mov	%rdx, captured + CAPTURED_REGISTERS + 0x18(%rip)
	mov	%rsi, captured + CAPTURED_REGISTERS + 0x20(%rip)
	mov	%rdi, captured + CAPTURED_REGISTERS + 0x28(%rip)
	mov	%rbp, captured + CAPTURED_REGISTERS + 0x38(%rip)
	mov	%r8, captured + CAPTURED_REGISTERS + 0x40(%rip)
	mov	%r9, captured + CAPTURED_REGISTERS + 0x48(%rip)
	mov	%r10, captured + CAPTURED_REGISTERS + 0x50(%rip)
	mov	%r11, captured + CAPTURED_REGISTERS + 0x58(%rip)
	mov	%r12, captured + CAPTURED_REGISTERS + 0x60(%rip)
	mov	%r13, captured + CAPTURED_REGISTERS + 0x68(%rip)
	mov	%r14, captured + CAPTURED_REGISTERS + 0x70(%rip)
	mov	%r15, captured + CAPTURED_REGISTERS + 0x78(%rip)
	pop	%rax			/* by which the stub was left */
	sub	$STUB_CALL, %rax
	mov	%rax, captured + CAPTURED_REGISTERS + 0x80(%rip)
	mov	%rsp, captured + CAPTURED_REGISTERS + 0x30(%rip)
	mov	$HOW_ENTERED, %ebx
	jmp	leave

/*
 * harness_putc - print a character when the UART has room for it.
 *
 * In:		dil character
 * Out:		nothing
 * Clobbers:	rax, rdx, flags
 * Mode:	64-bit
 */
	.globl	harness_putc
harness_putc:
	mov	$UART_LSR, %edx
1:	in	%dx, %al
	test	$UART_LSR_THRE, %al
	jz	1b
	mov	$UART_PORT, %edx
	mov	%edi, %eax
	out	%al, %dx
	ret

	.balign	8
gdt:
	.fill	SELECTOR_CODE / 8, 8, 0
	.quad	0x00af9b000000ffff	/* code, 64-bit */
	.quad	0x00cf93000000ffff	/* data, flat */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.quad	gdt
	.balign	8
no_gdt:
	.word	0
	.quad	0

	.bss
	.balign	16
	.globl	captured, found
captured:
	.space	CAPTURED_REGISTERS + 8 * HARNESS_REGISTERS
found:
	.space	8 * STATE_WORDS
target:
	.space	8
context:
	.space	8
idt:
	.space	16
table:
	.space	16
	.balign	4096
	.space	4096
stack_top:
	.space	4096
caller_stack_top:

	.section .note.GNU-stack, "", %progbits
