/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The head of a packed image on x86_64: the PVH entry (Xen docs/misc/pvh.pandoc, "Domain builder: CPU state") at
 * PACK_X86_BASE, struct purg_pack (include/pack.h), and the way to 64-bit C and on to the purgatory.
 */
#include "../front.h"

/* Intel SDM vol. 3, 2.5, 4.5 and 2.2.1 */
#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_ET (1 << 4)
#define CR0_NE (1 << 5)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)
#define PTE_TABLE 0x003			/* present, writable */
#define PTE_PAGE 0x083			/* and a page that is no table: 2 MiB or 1 GiB */

/* CPUID 80000001h, EDX */
#define CPUID_EXTENDED 0x80000000
#define CPUID_FEATURES 0x80000001
#define CPUID_PAGE_1G (1 << 26)
#define CPUID_LONG_MODE (1 << 29)

/* The selectors that Documentation/arch/x86/boot.rst asks for. */
#define BOOT_CS 0x10
#define BOOT_DS 0x18

/* What the tables reach, in GiB: one PML4 entry of 1 GiB pages, or as many page directories. */
#define MAPPED_BIG 512
#define MAPPED_SMALL 16

	.section .front_head, "ax", @progbits
	.code32
	.globl	front_start
front_start:
	jmp	front_entry

	.org	PACK_OFFSET
	.quad	PACK_MAGIC
	.word	PACK_VERSION
	.word	PURG_ARCH_X86_64
	.long	front_size			/* linker/front.lds.S */
	.long	front_mem
	.org	PACK_OFFSET + PACK_SIZE		/* the rest is by the packer */

	.section .text.front_entry, "ax", @progbits
/*
 * Purpose:	from the PVH entry to long mode.
 * In:		ebx = hvm_start_info; 32-bit protected mode, flat segments, interrupts off. The GDT, the IDT and the
 *		stack are not to be relied on.
 * Out:		to front_main with rdi = hvm_start_info, rsi = the end of the identity map.
 * Clobbers:	all.
 * MMU, caches:	paging off on entry, identity map on exit; caches on, coherent.
 * Returns:	no. Without long mode it halts, FRONT_E_CPU in eax, and says nothing: the console code is 64-bit.
 */
	.globl	front_entry
	.hidden	front_entry
	.type	front_entry, @function
front_entry:
	cli
	cld
	mov	%ebx, %ebp			/* CPUID writes ebx */

	mov	$CPUID_EXTENDED, %eax
	cpuid
	cmp	$CPUID_FEATURES, %eax
	jb	no_long_mode
	mov	$CPUID_FEATURES, %eax
	cpuid
	test	$CPUID_LONG_MODE, %edx
	jz	no_long_mode

	/* Memory behind front_size is in no PT_LOAD's file part, and a loader may not have zeroed it. */
	mov	$front_bss_start, %edi
	mov	$front_bss_end, %ecx
	sub	%edi, %ecx
	shr	$2, %ecx
	xor	%eax, %eax
	rep stosl
	mov	$stack_top, %esp

	movl	$page_pointers + PTE_TABLE, page_root
	xor	%ecx, %ecx
	test	$CPUID_PAGE_1G, %edx
	jz	2f

	/* page_pointers[i] = i GiB */
	mov	$MAPPED_BIG, %esi
1:	mov	%ecx, %eax
	shl	$30, %eax
	or	$PTE_PAGE, %eax
	mov	%eax, page_pointers(, %ecx, 8)
	mov	%ecx, %eax
	shr	$2, %eax
	mov	%eax, page_pointers + 4(, %ecx, 8)
	inc	%ecx
	cmp	$512, %ecx
	jne	1b
	jmp	5f

	/* page_pointers[i] = page_directories + i pages, and over all of those, entry[i] = 2 * i MiB */
2:	mov	$MAPPED_SMALL, %esi
	mov	$page_directories + PTE_TABLE, %eax
3:	mov	%eax, page_pointers(, %ecx, 8)
	add	$4096, %eax
	inc	%ecx
	cmp	$MAPPED_SMALL, %ecx
	jne	3b
	xor	%ecx, %ecx
4:	mov	%ecx, %eax
	shl	$21, %eax
	or	$PTE_PAGE, %eax
	mov	%eax, page_directories(, %ecx, 8)
	mov	%ecx, %eax
	shr	$11, %eax
	mov	%eax, page_directories + 4(, %ecx, 8)
	inc	%ecx
	cmp	$MAPPED_SMALL * 512, %ecx
	jne	4b

	/* SDM vol. 3, 10.8.5: PAE, CR3, LME, then PG; the far jump loads a 64-bit CS. */
5:	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$page_root, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	mov	$CR0_PG | CR0_NE | CR0_ET | CR0_MP | CR0_PE, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$BOOT_CS, $front_entry64

no_long_mode:
	mov	$FRONT_E_CPU, %eax
6:	hlt
	jmp	6b

	.code64
front_entry64:
	mov	$BOOT_DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	lldt	%ax
	lidt	no_idt(%rip)			/* any exception is a shutdown: nothing of the machine's is left */
	mov	$stack_top, %esp
	mov	%ebp, %edi
	mov	%esi, %esi			/* the upper half was undefined in 32-bit mode (SDM volume 1, 3.4.1.1) */
	shl	$30, %rsi
	xor	%ebp, %ebp
	push	%rbp				/* as if called, so that the stack is aligned as the psABI says */
	jmp	front_main
	.size	front_entry, . - front_entry

	.section .text.front_enter, "ax", @progbits
/*
 * Purpose:	enter the purgatory.
 * In:		rdi = its first byte.
 * Out:		the 64-bit boot state: flat CS 0x10, DS, ES and SS 0x18, IF clear, rsp at the end of a page, the
 *		general registers zero but rax, which has the address.
 * Clobbers:	-
 * MMU, caches:	identity map of RAM, in the front end's memory, which the packer keeps free until the kernel has its own.
 * Returns:	no.
 */
	.globl	front_enter
	.hidden	front_enter
	.type	front_enter, @function
front_enter:
	mov	%rdi, %rax
	mov	$stack_top, %esp
	.irp	r, ebx, ecx, edx, esi, edi, ebp, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
	xor	%\r, %\r
	.endr
	cld
	jmp	*%rax
	.size	front_enter, . - front_enter

	.section .rodata.front_gdt, "a", @progbits
	.balign	8
/* With the accessed bits set, so that the CPU does not write to this read-only memory. */
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff		/* BOOT_CS: 64-bit code */
	.quad	0x00cf93000000ffff		/* BOOT_DS: flat data */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
	.long	0
no_idt:
	.word	0
	.quad	0

	.section .bss.front_stack, "aw", @nobits
	.balign	4096
	.skip	8192
	.globl	stack_top
	.hidden	stack_top
stack_top:
page_root:
	.skip	4096
page_pointers:
	.skip	4096
page_directories:
	.skip	MAPPED_SMALL * 4096

	.section .note.GNU-stack, "", @progbits
