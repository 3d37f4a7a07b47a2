/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The head of a packed image on arm64: the Linux Image header (Documentation/arch/arm64/booting.rst, "Call the kernel
 * image"), struct purg_pack (include/pack.h), and the way into and out of C.
 */
#include "../front.h"

/* Image header, flags: bit 0 clear, little endian; bits 1-2 clear, page size unspecified; bit 3, base anywhere. */
#define IMAGE_FLAG_ANYWHERE (1 << 3)

	.section .front_head, "ax", %progbits
	.globl	front_start
front_start:
	b	front_entry			/* code0 */
	nop					/* code1 */
	.quad	0				/* text_offset */
	.quad	0				/* image_size: by the packer */
	.quad	IMAGE_FLAG_ANYWHERE
	.quad	0, 0, 0				/* reserved */
	.ascii	"ARM\x64"
	.long	0				/* offset of a PE header: none */

	.org	PACK_OFFSET
	.quad	PACK_MAGIC
	.hword	PACK_VERSION
	.hword	PURG_ARCH_ARM64
	.long	front_size			/* linker/front.lds.S */
	.long	front_mem
	.org	PACK_OFFSET + PACK_SIZE		/* the rest is by the packer */

	.section .text.front_entry, "ax", %progbits
/*
 * Purpose:	first instructions of the image; sets up what C needs.
 * In:		x0 = the machine's DTB; EL2 or EL1.
 * Out:		to front_main with x0 = the image's address, x1 = the DTB.
 * Clobbers:	all.
 * MMU, caches:	MMU and D-cache off, so that all data is Device memory; I-cache on or off, holding nothing stale of the
 *		image (booting.rst).
 * Returns:	no.
 */
	.globl	front_entry
	.hidden	front_entry
	.type	front_entry, %function
front_entry:
	/* The loader must have masked them; there is no handler should it have not. */
	msr	daifset, #0xf
	mov	x19, x0
	/* Dirty lines of an old owner would come down upon the stack later: only the file is known to be clean. */
	adr	x0, front_bss_start
	adr	x1, front_bss_end
	sub	x1, x1, x0
	bl	mmu_sync_memory
	mov	x1, x19
	adr	x0, front_start
	/* With a plain binary image nobody has zeroed memory behind the file. */
	adr	x2, front_bss_start
	adr	x3, front_bss_end
1:	stp	xzr, xzr, [x2], #16
	cmp	x2, x3
	b.lo	1b
	adr	x2, front_stack_end
	mov	sp, x2
	mov	x29, xzr
	mov	x30, xzr
	b	front_main
	.size	front_entry, . - front_entry

	.section .text.front_enter, "ax", %progbits
/*
 * Purpose:	enter the purgatory.
 * In:		x0 = its first byte.
 * Out:		all general registers but x16 zero: nothing of this program leaks into the next.
 * Clobbers:	-
 * MMU, caches:	as found. The parameter block and the DTB have been cleaned and invalidated to the PoC by VA;
 *		the code was not written to, so the I-cache needs nothing.
 * Returns:	no.
 */
	.globl	front_enter
	.hidden	front_enter
	.type	front_enter, %function
front_enter:
	mov	x16, x0				/* br x16 may land on any branch target (Arm ARM, FEAT_BTI) */
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	dsb	sy				/* what C wrote, before the next program's first read */
	br	x16
	.size	front_enter, . - front_enter

	.section .bss.front_stack, "aw", %nobits
	.balign	16
	.skip	8192
front_stack_end:

	.section .note.GNU-stack, "", %progbits
