/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A program for real mode that looks like a bzImage (Documentation/x86/boot.rst): it reports by the serial port how it
 * was entered, one line "real: name=hex" each, and what it finds there: its own header through DS, the command line, A20,
 * the interrupt vectors, and what the BIOS answers.
 *
 * Labels count from the setup's first byte, as DS does. CS is two sectors' worth of paragraphs, 0x20, further on.
 */
#define SETUP_SECTS 3
#define SECTOR 512

#define MSR_EFER 0xc0000080

/* ../qemu/serial-x86.inc */
#define NUMBER ecx
#define NUMBER_DIGITS 8

	.text
	.code16
setup:
	.org	0x1f1
	.byte	SETUP_SECTS
	.org	0x1fe
	.word	0xaa55
	.byte	0xeb, start - setup - 0x202	/* a short jump to start */
	.ascii	"HdrS"
	.word	0x0204			/* of the time before kernels were relocatable */
	.org	0x211
	.byte	0x01			/* LOADED_HIGH */
	.org	0x214
	.long	0x100000
	.org	0x224
	.word	0x8000			/* heap_end_ptr */
	.org	0x228
cmd_line_ptr:
	.long	0

/* report NAME, VALUE: a line with a 32-bit value */
.macro	report name, value:vararg
	movl	\value, %eax
	call	line
	.asciz	"\name"
.endm

/* segment NAME, OFFSET: a line with a 16-bit value from the stack */
.macro	segment name, offset
	movzwl	\offset(%bp), %eax
	call	line
	.asciz	"\name"
.endm

/*
 * Report, and halt.
 *
 * In:		whatever is to be reported; ss:sp a stack
 * Out:		does not return
 * Clobbers:	everything
 * Mode:	real, as boot.rst has a kernel's setup entered: ds:0 is this image, cs:0 is 0x200 further on
 */
start:
	pushfl
	pushal
	movw	%sp, %bp
	pushw	%cs
	pushw	%ds
	pushw	%es
	pushw	%ss
	pushw	%fs
	pushw	%gs
	movl	0x202, %edi		/* through DS as it was */
	movw	%cs, %ax
	subw	$0x20, %ax
	movw	%ax, %ds
	cld
	report	hdrs, %edi
	report	eax, 28(%bp)
	report	ecx, 24(%bp)
	report	edx, 20(%bp)
	report	ebx, 16(%bp)
	movl	12(%bp), %eax		/* after the flags were pushed */
	addl	$4, %eax
	call	line
	.asciz	"esp"
	report	ebp, 8(%bp)
	report	esi, 4(%bp)
	report	edi, 0(%bp)
	report	eflags, 32(%bp)
	segment	cs, -2
	segment	ds, -4
	segment	es, -6
	segment	ss, -8
	segment	fs, -10
	segment	gs, -12
	report	cr0, %cr0
	report	cr4, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	call	line
	.asciz	"efer"
	sidtw	idt
	movzwl	idt, %eax
	call	line
	.asciz	"idt_limit"
	report	idt_base, idt + 2

	/* Vector 0x10, and whether FFFF:0510 is another byte than 0000:0500. */
	xorw	%ax, %ax
	movw	%ax, %fs
	decw	%ax
	movw	%ax, %gs
	report	vector10, %fs:0x40
	movb	%fs:0x500, %bl
	movb	%gs:0x510, %bh
	movb	$0x55, %fs:0x500
	movb	$0xaa, %gs:0x510
	xorl	%eax, %eax
	cmpb	$0x55, %fs:0x500
	sete	%al
	movb	%bl, %fs:0x500
	movb	%bh, %gs:0x510
	call	line
	.asciz	"a20"

	/* The BIOS: KiB of low memory, then the video mode. */
	int	$0x12
	movzwl	%ax, %eax
	call	line
	.asciz	"int12"
	movw	$0x0f00, %ax
	int	$0x10
	movzwl	%ax, %eax
	call	line
	.asciz	"int10"

	/* Below 1 MiB: any paragraph reaches it. */
	movl	cmd_line_ptr, %eax
	shrl	$4, %eax
	movw	%ax, %es
	movw	cmd_line_ptr, %bx
	andw	$15, %bx
	movw	$command_line, %si
	call	puts
1:	movb	%es:(%bx), %al
	testb	%al, %al
	jz	2f
	call	putc
	incw	%bx
	jmp	1b
2:	movw	$end, %si
	call	puts
	cli
3:	hlt
	jmp	3b

/*
 * Print "real: NAME=EAX".
 *
 * In:		eax value; behind the call, its name, NUL-terminated
 * Out:		goes on behind the name
 * Clobbers:	flags
 * Mode:	real, cs as at start, ds:0 is this image; DF clear
 */
line:
	pushal
	movl	%eax, %ecx
	movw	$prefix, %si
	call	puts
	movw	%sp, %bp
	movw	32(%bp), %si		/* the return address counts from CS */
	addw	$0x200, %si
	call	puts
	subw	$0x200, %si
	movw	%si, 32(%bp)
	movb	$'=', %al
	call	putc
	call	puthex
	movb	$'\n', %al
	call	putc
	popal
	ret

#include "../qemu/serial-x86.inc"

prefix:
	.asciz	"real: "
command_line:
	.asciz	"real: command line: "
end:
	.asciz	"\nreal: end\n"
idt:
	.word	0
	.long	0

	.org	(SETUP_SECTS + 1) * SECTOR

/* What would be the kernel proper. */
	.fill	SECTOR, 1, 0xf4
	.section .note.GNU-stack, "", %progbits
