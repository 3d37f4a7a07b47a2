/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A payload that plays the next program in real mode: prints on COM1 what it was entered with, one line
 * `payload: name=hex` each, then `payload: end`, and halts. Runs at offset 0 of any segment; brings its own stack.
 */

/* payload-x86.inc */
#define NUMBER ecx
#define NUMBER_DIGITS 8

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_SHUTDOWN 0x0f	/* a register that holds whatever is written to it */
#define CMOS_MARK 0xa5

#define MSR_EFER 0xc0000080

/* A word of low memory that nobody uses, and the one that it is if line 20 of the address is masked. */
#define LOW_WORD 0x500
#define HIGH_SEGMENT 0xffff
#define HIGH_WORD (LOW_WORD + 0x10)

#define BIOS_MEMORY_SIZE 0x12

	.text
	.code16

/*
 * Save what the payload was entered with, print it, halt. Nothing is pushed before ss:esp and the flags are saved, and
 * nothing before that changes the flags.
 *
 * In:		whatever is to be reported
 * Out:		does not return
 * Clobbers:	everything
 * Mode:	real, cs:0 is this image
 */
payload:
	.irp	reg, eax, ebx, ecx, edx, esi, edi, esp, ebp
	movl	%\reg, %cs:save_\reg
	.endr
	.irp	reg, cs, ds, es, ss, fs, gs
	movw	%\reg, %cs:save_\reg
	.endr
	movw	%cs, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movl	$stack_end, %esp
	pushfl
	popl	save_eflags
	cld

	call	1f
1:	popw	%ax
	sub	$1b - payload, %ax
	movw	%ax, save_ip
	movl	%cr0, %eax
	movl	%eax, save_cr0
	movl	%cr3, %eax
	movl	%eax, save_cr3
	movl	%cr4, %eax
	movl	%eax, save_cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	movl	%eax, save_efer

	sidtl	table
	movw	table, %ax
	movw	%ax, save_idt_limit
	movl	table + 2, %eax
	movl	%eax, save_idt_base
	sgdtl	table
	movw	table, %ax
	movw	%ax, save_gdt_limit
	movl	table + 2, %eax
	movl	%eax, save_gdt_base

	/* A20 passes if two addresses that differ by 1 MiB are two places. */
	xorw	%ax, %ax
	movw	%ax, %fs
	movw	$HIGH_SEGMENT, %ax
	movw	%ax, %gs
	movw	$0x1234, %fs:LOW_WORD
	movw	$0x5678, %gs:HIGH_WORD
	xorl	%eax, %eax
	cmpw	$0x1234, %fs:LOW_WORD
	sete	%al
	movl	%eax, save_a20

	/* The BIOS answers through the interrupt vector table. */
	int	$BIOS_MEMORY_SIZE
	movw	%ax, save_bios_memory

	movw	$names, %si
	movw	$values, %bx
2:	movw	%si, %bp
	movw	$prefix, %si
	call	puts
	movw	%bp, %si
	call	puts
	movb	$'=', %al
	call	putc
	movl	(%bx), %ecx
	call	puthex
	movb	$'\n', %al
	call	putc
	addw	$4, %bx
	cmpw	$values_end, %bx
	jne	2b
	movw	$ending, %si
	call	puts
3:	cli
	hlt
	jmp	3b

/*
 * Call the far routine `hook`, which a test fills in, with interrupts on and CMOS at a known register; then report.
 *
 * In:		ss:esp a stack
 * Out:		goes on to payload, with the registers that the hook left
 * Clobbers:	nothing that the hook does not
 * Mode:	real
 */
	.globl	hooked
hooked:
	movl	%eax, %cs:kept
	movb	$CMOS_SHUTDOWN, %al
	outb	%al, $CMOS_INDEX
	movb	$CMOS_MARK, %al
	outb	%al, $CMOS_DATA
	movl	%cs:kept, %eax
	sti
	lcallw	*%cs:hook
	movl	%eax, %cs:kept
	inb	$CMOS_DATA, %al
	movb	%al, %cs:save_cmos
	movl	%cs:kept, %eax
	jmp	payload
kept:
	.long	0
hook:
	.word	0, 0

#include "payload-x86.inc"

	.text	1
names:
	.text	2
	.balign	4
values:
	saved	eax, ebx, ecx, edx, esi, edi, esp, ebp, ip, eflags, cs, ds, es, ss, fs, gs
	saved	cr0, cr3, cr4, efer, idt_limit, idt_base, gdt_limit, gdt_base, a20, bios_memory, cmos
values_end:
table:
	.fill	6, 1, 0
	.balign	16
	.fill	512, 1, 0
stack_end:
