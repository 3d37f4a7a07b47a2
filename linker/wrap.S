/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The relocatable form: the flat binary as one section, with nothing left to relocate, so that every loader's relocator
 * copes with it. SYMBOLS names a file, made from the linked image, that defines FLAT_MEM_SIZE, COMPAT_CLIENT and one
 * `symbol` line for each symbol that loaders look up. CLIENT says whose those are. The section is PROGBITS to its end: some
 * loaders refuse symbols in NOBITS.
 */
#include <clients.h>

	.section .purgatory, "awx", %progbits
	.balign	4096
image:
	.incbin	FLAT

	.macro	symbol name, kind, offset, size
	.globl	\name
	.type	\name, %\kind
	.set	\name, image + \offset
	.size	\name, \size
	.endm

	.include SYMBOLS

	.org	image + COMPAT_CLIENT
	.long	CLIENT
	.org	image + FLAT_MEM_SIZE

	.section .note.GNU-stack, "", %progbits
