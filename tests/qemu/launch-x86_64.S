/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A launcher that plays the old kernel on x86_64: a PVH ELF (Xen, docs/misc/pvh.pandoc), which puts pieces of memory in
 * place, brings the CPU into the state that a kexec'ing kernel leaves it in, and jumps. Linked to run at 32 MiB. What
 * to do stands in a mailbox; machine.py writes it and has the same numbers.
 *
 * The identity map has the first MAPPED_GIB GiB but the one below 4 GiB: no MMIO, as under Linux. It has five levels if
 * the mailbox's CR4 has LA57.
 */

#define LAUNCH_MAILBOX 0x3000000

#define MAILBOX_TARGET 0x00	/* address to jump to */
#define MAILBOX_OPTIONS 0x08
#define MAILBOX_CR4 0x10	/* OPTION_STATE */
#define MAILBOX_CR0 0x18	/* OPTION_STATE */
#define MAILBOX_COUNT 0x28	/* pieces to put in place ... */
#define MAILBOX_PIECES 0x30	/* ... each: address, offset from the mailbox, size; all multiples of 8 */
#define PIECE_SIZE 24

#define OPTION_STATE 1		/* set the control registers, empty the GDT, leave a stale IDT */
#define OPTION_DIRTY 4		/* junk in every register; rsp at the end of a page */
#define OPTION_ALIAS 32		/* the first GiB is there once more from ALIAS_GIB GiB on */
#define OPTION_CALL 128		/* enter by a call: rsp points at a return address */
#define OPTION_HIDE 256		/* leave the page tables out of the identity map, as Xen does */
#define OPTION_TASK 512		/* have a TSS in TR, as a firmware may */

#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define CR4_LA57 (1 << 12)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)

/* CF, PF, AF, ZF, SF, DF, OF, NT, AC, ID: nobody promised the purgatory a clear flag. */
#define RFLAGS_JUNK 0x244cd7

#define MAPPED_GIB 16
#define ALIAS_GIB 256
#define MMIO_GIB 3		/* 3 GiB to 4 GiB */
#define TABLES_AT 0x2200000	/* in a 2 MiB page of their own */
#define STALE_IDT_LIMIT 0xabc
#define PTE_TABLE 0x3		/* present, writable */
#define PTE_PAGE 0x83		/* present, writable, 2 MiB */

/* Other selectors than the boot protocol's, so that those of the next kernel cannot be ours. */
#define SELECTOR_CODE 0x28
#define SELECTOR_DATA 0x30
#define SELECTOR_TASK 0x38

	.section .note.pvh, "a", @note
	.balign	4
	.long	4			/* name's size */
	.long	8			/* description's size: QEMU reads eight bytes of a 64-bit ELF */
	.long	XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	launch

	.text

/*
 * Enter long mode with an identity map.
 *
 * In:		ebx PVH start info, not used
 * Out:		goes on to launch64
 * Clobbers:	everything
 * Mode:	32-bit protected, paging off, flat segments, no stack
 */
	.code32
	.global launch
launch:
	cli
	cld
	mov	$pml4, %edi
	movl	$pdpt + PTE_TABLE, (%edi)
	movl	$0, 4(%edi)

	mov	$pdpt, %edi
	mov	$directories + PTE_TABLE, %eax
	xor	%ecx, %ecx
1:	movl	%eax, (%edi, %ecx, 8)
	movl	$0, 4(%edi, %ecx, 8)
	add	$0x1000, %eax
	inc	%ecx
	cmp	$MAPPED_GIB, %ecx
	jne	1b
	movl	$0, pdpt + MMIO_GIB * 8

	mov	$directories, %edi
	xor	%ecx, %ecx
2:	mov	%ecx, %eax
	shl	$21, %eax
	or	$PTE_PAGE, %eax
	mov	%eax, (%edi, %ecx, 8)
	mov	%ecx, %eax
	shr	$11, %eax
	mov	%eax, 4(%edi, %ecx, 8)
	inc	%ecx
	cmp	$MAPPED_GIB * 512, %ecx
	jne	2b

	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	$pml4, %edx
	testl	$OPTION_STATE, LAUNCH_MAILBOX + MAILBOX_OPTIONS
	jz	3f
	testl	$CR4_LA57, LAUNCH_MAILBOX + MAILBOX_CR4
	jz	3f
	movl	$pml4 + PTE_TABLE, pml5
	mov	$pml5, %edx
	or	$CR4_LA57, %eax
3:	mov	%eax, %cr4
	mov	%edx, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	mov	%cr0, %eax
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$SELECTOR_CODE, $launch64

/*
 * Place the pieces, set the state, jump.
 *
 * In:		nothing
 * Out:		does not return
 * Clobbers:	everything
 * Mode:	64-bit
 */
	.code64
launch64:
	mov	$SELECTOR_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	testl	$OPTION_TASK, LAUNCH_MAILBOX + MAILBOX_OPTIONS
	jz	0f
	mov	$SELECTOR_TASK, %eax
	ltr	%ax

0:	mov	$LAUNCH_MAILBOX, %ebx
	mov	MAILBOX_TARGET(%rbx), %rax
	mov	%rax, target(%rip)
	mov	MAILBOX_OPTIONS(%rbx), %r12
	lea	by_jump(%rip), %rax
	lea	by_call(%rip), %rcx
	test	$OPTION_CALL, %r12
	cmovnz	%rcx, %rax
	mov	%rax, how(%rip)

	mov	MAILBOX_COUNT(%rbx), %rdx
	lea	MAILBOX_PIECES(%rbx), %rbp
1:	test	%rdx, %rdx
	jz	2f
	mov	(%rbp), %rdi
	mov	8(%rbp), %rsi
	add	%rbx, %rsi
	mov	16(%rbp), %rcx
	shr	$3, %rcx
	rep movsq
	add	$PIECE_SIZE, %rbp
	dec	%rdx
	jmp	1b

2:	test	$OPTION_STATE, %r12
	jz	3f
	mov	MAILBOX_CR4(%rbx), %rax
	mov	%rax, %cr4
	mov	MAILBOX_CR0(%rbx), %rax
	mov	%rax, %cr0
	lgdt	no_gdt(%rip)
	lidt	stale_idt(%rip)

3:	test	$OPTION_ALIAS, %r12
	jz	3f
	mov	pdpt, %rax
	mov	%rax, pdpt + ALIAS_GIB * 8

3:	test	$OPTION_HIDE, %r12
	jz	3f
	movq	$0, directories + (TABLES_AT >> 21) * 8
	mov	%cr3, %rax
	mov	%rax, %cr3

3:	test	$OPTION_DIRTY, %r12
	jz	4f
	lea	stack_end(%rip), %rsp
	mov	$0xdeadbeefcafef00d, %rax
	.irp	reg, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	lea	1(%rax), %rax
	mov	%rax, %\reg
	.endr
	push	$RFLAGS_JUNK
	popf
4:	jmp	*how(%rip)
by_call:
	call	*target(%rip)
returned:
by_jump:
	jmp	*target(%rip)

	.data
	.balign	8
gdt:
	.fill	SELECTOR_CODE / 8, 8, 0
	.quad	0x00af9b000000ffff	/* code, 64-bit */
	.quad	0x00cf93000000ffff	/* data, flat */
	.quad	0x0000890000000067, 0	/* TSS, 64-bit, at 0: nothing is read of it */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt
	.balign	8
no_gdt:
	.word	0
	.quad	0
stale_idt:
	.word	STALE_IDT_LIMIT
	.quad	0xdead000
	.balign	8
target:
	.quad	0
how:
	.quad	0

	.bss
	.balign	4096
	.skip	4096
stack_end:

	.section .tables, "aw", @nobits
	.balign	4096
pml5:
	.skip	4096
pml4:
	.skip	4096
pdpt:
	.skip	4096
directories:
	.skip	4096 * MAPPED_GIB
