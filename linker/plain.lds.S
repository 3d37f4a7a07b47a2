/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The plain form, with its relocations: `ld -r` of the purgatory's objects, for whoever links or relocates it himself.
 * The same layout as in purgatory.lds.S, but in one section, so that nothing can be put between its parts; and that is
 * PROGBITS to its end, as some loaders refuse symbols in NOBITS.
 */
#include <build.h>
#include <purgatory/abi.h>

/* Without optimisation over all files the code is longer by this much at most. */
#define MORE_CODE 0x2000

SECTIONS
{
	.purgatory 0 : ALIGN(IMAGE_ALIGN) {
		purg_header = .;
		KEEP(*(.head))
#include "header.lds.inc"
		*(.text .text.*)
		*(.rodata .rodata.*)
		. = ALIGN(IMAGE_ALIGN);
		ro_end = .;

		*(.data .data.*)
		. = ALIGN(16);
		KEEP(*(.params.symbol))
		KEEP(*(.params.head))
		data_end = .;
		. += PURG_PARAMS_SIZE - (data_end - purg_params);

		KEEP(*(.clients))
		*(.bss.stack)
		. = ALIGN(16);
		variables_start = .;
		*(.bss .bss.[!.]* .bss..L* COMMON)
		. = ALIGN(IMAGE_ALIGN);
		image_tables = .;
		*(.bss..tables)
		. = ALIGN(IMAGE_ALIGN);
		bss_end = .;
	} =0	/* not the no-operations with which ld fills a section that has code */

	.note.GNU-stack 0 : { *(.note.GNU-stack) }
	.symtab 0 : { *(.symtab) }
	.strtab 0 : { *(.strtab) }
	.shstrtab 0 : { *(.shstrtab) }

	/DISCARD/ : { *(.comment .note.gnu.* .note.[!G]* .eh_frame .ARM.attributes .llvm_addrsig .llvm.*) }

#include "shape.lds.inc"

	ASSERT(bss_end - purg_header <= MEM_BUDGET + MORE_CODE, "the plain form takes more memory than its budget")
}
