/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A payload that plays the next program in 32-bit protected mode: prints on COM1 what it was entered with, one line
 * `payload: name=hex` each, then `payload: end`, and halts. Runs where it is linked; brings its own stack.
 */

/* payload-x86.inc */
#define NUMBER ecx
#define NUMBER_DIGITS 8

#define MSR_EFER 0xc0000080

	.text
	.code32

/*
 * Save what the payload was entered with, print it, halt. Nothing is pushed before esp and the flags are saved, and
 * nothing before that changes the flags.
 *
 * In:		whatever is to be reported
 * Out:		does not return
 * Clobbers:	everything
 * Mode:	32-bit protected, flat
 */
payload:
	.irp	reg, eax, ebx, ecx, edx, esi, edi, esp, ebp
	mov	%\reg, save_\reg
	.endr
	mov	$stack_end, %esp
	pushf
	popl	save_eflags
	cld

	call	1f
1:	pop	%eax
	sub	$1b - payload, %eax
	mov	%eax, save_eip
	.irp	reg, cs, ds, es, ss, fs, gs
	mov	%\reg, %eax
	mov	%eax, save_\reg
	.endr
	mov	%cr0, %eax
	mov	%eax, save_cr0
	mov	%cr3, %eax
	mov	%eax, save_cr3
	mov	%cr4, %eax
	mov	%eax, save_cr4
	mov	$MSR_EFER, %ecx
	rdmsr
	mov	%eax, save_efer

	sidt	table
	movzwl	table, %eax
	mov	%eax, save_idt_limit
	mov	table + 2, %eax
	mov	%eax, save_idt_base
	sgdt	table
	movzwl	table, %eax
	mov	%eax, save_gdt_limit
	mov	table + 2, %eax
	mov	%eax, save_gdt_base

	mov	$names, %esi
	mov	$values, %ebx
2:	mov	%esi, %ebp
	mov	$prefix, %esi
	call	puts
	mov	%ebp, %esi
	call	puts
	mov	$'=', %al
	call	putc
	mov	(%ebx), %ecx
	call	puthex
	mov	$'\n', %al
	call	putc
	add	$4, %ebx
	cmp	$values_end, %ebx
	jne	2b
	mov	$ending, %esi
	call	puts
3:	cli
	hlt
	jmp	3b

/*
 * Go on at another place first: hook, which a test fills in.
 *
 * In:		nothing
 * Out:		goes on there; DS, ES, FS and GS cannot be used, as boot.rst says of the hook code32_start
 * Clobbers:	DS, ES, FS, GS
 * Mode:	as payload
 */
	.globl	hooked
hooked:
	.irp	reg, ds, es, fs, gs
	mov	%cs:null, %\reg
	.endr
	jmp	*%cs:hook
hook:
	.long	0
null:
	.word	0

#include "payload-x86.inc"

	.text	1
names:
	.text	2
	.balign	4
values:
	saved	eax, ebx, ecx, edx, esi, edi, esp, ebp, eip, eflags, cs, ds, es, ss, fs, gs
	saved	cr0, cr3, cr4, efer, idt_limit, idt_base, gdt_limit, gdt_base
values_end:
table:
	.fill	6, 1, 0
	.balign	16
	.fill	256, 1, 0
stack_end:
