/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Code symbols that kexec-tools looks up for `--real-mode` (kexec/arch/i386/kexec-bzImage.c): two entries that it names
 * as the next program's, meaning "go on in 16-bit mode", and two hooks that it gives to the next kernel's setup code.
 * The linker script keeps this section. The image lies below 640 KiB then.
 */
#include "segments.inc"

#define CMOS_INDEX 0x70
#define CMOS_NMI_MASK 0x80

	.section .text.client, "ax", @progbits

/*
 * client_entry16, client_entry16_debug - addresses, and no more: arch/x86_64/compat.c knows them.
 *
 * The second begins at a multiple of 16: the loader takes its address >> 4 for the hook's segment, and the distance
 * from it to the hook for the offset.
 *
 * In:       nothing; never entered
 * Out:      does not return
 * Clobbers: nothing
 * State:    32-bit protected mode, as a 32-bit entry would be
 */
	.macro	entry name
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
1:	cli
	hlt
	jmp	1b
	.size	\name, . - \name
	.endm

	.balign	16
	.code32
	entry	client_entry16
	.balign	16
	entry	client_entry16_debug

/*
 * client_entry16_debug_pre32 - the hook realmode_swtch of the next kernel's setup code: mask what could interrupt.
 *
 * In:       a far return address on the stack
 * Out:      nothing
 * Clobbers: al, flags
 * State:    real mode; interrupts and NMI are masked afterwards, as boot.rst, "Advanced Boot Loader Hooks", wants it
 */
	.globl	client_entry16_debug_pre32
	.hidden	client_entry16_debug_pre32
	.type	client_entry16_debug_pre32, @function
	.code16
client_entry16_debug_pre32:
	cli
	movb	$CMOS_NMI_MASK, %al
	outb	%al, $CMOS_INDEX
	lretw
	.size	client_entry16_debug_pre32, . - client_entry16_debug_pre32

/*
 * client_entry16_debug_first32 - the hook code32_start: go on where the kernel would have, had it not been hooked.
 *
 * In:       esp: a stack; client_entry16_debug_old_first32: where to
 * Out:      does not return; ebx, ecx, edx, esi, edi, ebp and esp as found
 * Clobbers: eax, flags
 * State:    32-bit protected mode, flat CS; DS, ES, SS, FS, GS become 0x18, which boot.rst wants of the hook
 */
	.globl	client_entry16_debug_first32
	.hidden	client_entry16_debug_first32
	.type	client_entry16_debug_first32, @function
	.code32
client_entry16_debug_first32:
	load_data_segments
	call	1f
1:	popl	%eax
	jmpl	*client_entry16_debug_old_first32 - 1b(%eax)
	.size	client_entry16_debug_first32, . - client_entry16_debug_first32

	.section .note.GNU-stack, "", @progbits
