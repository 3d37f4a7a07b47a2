/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A payload that plays the next kernel on arm64: prints on the PL011 of QEMU's virt machine what it was entered with,
 * one line `payload: name=hex` each, then `payload: end`, and halts. Flat, runs at any multiple of 8, needs no stack,
 * and begins with an arm64 Image header (Linux, Documentation/arch/arm64/booting.rst).
 */

#define UART_BASE 0x09000000
#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_TXFF_BIT 5

#define CURRENT_EL2 (2 << 2)

/* Keep the order of the names below. */
#define SAVE_X0 0
#define SAVE_X1 8
#define SAVE_X2 16
#define SAVE_X3 24
#define SAVE_PC 32
#define SAVE_EL 40
#define SAVE_SCTLR 48
#define SAVE_HCR 56
#define SAVE_DAIF 64
#define SAVE_VBAR 72
#define SAVE_TRAP 80
#define SAVE_TCR 88
#define SAVE_MAIR 96
#define SAVE_TTBR0 104
#define SAVE_SPSEL 112
#define SAVE_COUNT 15

	.text

payload:
	b	start
	.long	0
	.quad	0			/* text_offset */
	.quad	payload_end - payload	/* image_size */
	.quad	0xa			/* flags: little-endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

/*
 * Save what the payload was entered with, print it, halt.
 *
 * In:		whatever is to be reported
 * Out:		does not return
 * Clobbers:	everything
 * MMU, caches:	any; memory is little-endian and writable
 */
start:
	adr	x20, values
	stp	x0, x1, [x20, #SAVE_X0]
	stp	x2, x3, [x20, #SAVE_X2]
	adr	x0, payload
	str	x0, [x20, #SAVE_PC]
	mrs	x0, daif
	str	x0, [x20, #SAVE_DAIF]
	mrs	x0, spsel
	str	x0, [x20, #SAVE_SPSEL]
	mrs	x0, CurrentEL
	str	x0, [x20, #SAVE_EL]
	cmp	x0, #CURRENT_EL2
	b.eq	save_el2

	mrs	x0, sctlr_el1
	str	x0, [x20, #SAVE_SCTLR]
	mrs	x0, vbar_el1
	str	x0, [x20, #SAVE_VBAR]
	mrs	x0, cpacr_el1
	str	x0, [x20, #SAVE_TRAP]
	mrs	x0, tcr_el1
	str	x0, [x20, #SAVE_TCR]
	mrs	x0, mair_el1
	str	x0, [x20, #SAVE_MAIR]
	mrs	x0, ttbr0_el1
	str	x0, [x20, #SAVE_TTBR0]
	b	print

save_el2:
	mrs	x0, sctlr_el2
	str	x0, [x20, #SAVE_SCTLR]
	mrs	x0, hcr_el2
	str	x0, [x20, #SAVE_HCR]
	mrs	x0, vbar_el2
	str	x0, [x20, #SAVE_VBAR]
	mrs	x0, cptr_el2
	str	x0, [x20, #SAVE_TRAP]
	mrs	x0, tcr_el2
	str	x0, [x20, #SAVE_TCR]
	mrs	x0, mair_el2
	str	x0, [x20, #SAVE_MAIR]
	mrs	x0, ttbr0_el2
	str	x0, [x20, #SAVE_TTBR0]

print:
	adr	x21, names
	mov	x22, #SAVE_COUNT
1:	adr	x0, prefix
	bl	puts
	mov	x0, x21
	bl	puts
	mov	x21, x0
	mov	w0, #'='
	bl	putc
	ldr	x0, [x20], #8
	bl	puthex
	mov	w0, #'\n'
	bl	putc
	subs	x22, x22, #1
	b.ne	1b
	adr	x0, ending
	bl	puts
2:	wfi
	b	2b

/*
 * Print a string.
 *
 * In:		x0 string, NUL-terminated
 * Out:		x0 first byte behind its NUL
 * Clobbers:	x1 to x5
 * MMU, caches:	any
 */
puts:
	mov	x4, x0
	mov	x5, x30
1:	ldrb	w0, [x4], #1
	cbz	w0, 2f
	bl	putc
	b	1b
2:	mov	x0, x4
	ret	x5

/*
 * Print a number as 16 hexadecimal digits.
 *
 * In:		x0 number
 * Out:		nothing
 * Clobbers:	x0 to x6
 * MMU, caches:	any
 */
puthex:
	mov	x4, x0
	mov	x5, x30
	mov	x6, #16
1:	ror	x4, x4, #60
	and	w0, w4, #0xf
	add	w1, w0, #'a' - 10
	add	w2, w0, #'0'
	cmp	w0, #10
	csel	w0, w1, w2, hs
	bl	putc
	subs	x6, x6, #1
	b.ne	1b
	ret	x5

/*
 * Print a character when the UART has room for it.
 *
 * In:		w0 character
 * Out:		nothing
 * Clobbers:	x1, x2
 * MMU, caches:	any; the UART is reached at its physical address
 */
putc:
	mov	x1, #UART_BASE
1:	ldr	w2, [x1, #UART_FR]
	tbnz	w2, #UART_FR_TXFF_BIT, 1b
	str	w0, [x1, #UART_DR]
	ret

names:
	.asciz	"x0"
	.asciz	"x1"
	.asciz	"x2"
	.asciz	"x3"
	.asciz	"pc"
	.asciz	"el"
	.asciz	"sctlr"
	.asciz	"hcr"
	.asciz	"daif"
	.asciz	"vbar"
	.asciz	"trap"		/* CPTR_EL2 or CPACR_EL1 */
	.asciz	"tcr"
	.asciz	"mair"
	.asciz	"ttbr0"
	.asciz	"spsel"
prefix:
	.asciz	"payload: "
ending:
	.asciz	"payload: end\n"

	.balign	8
values:
	.fill	SAVE_COUNT, 8, 0
payload_end:
