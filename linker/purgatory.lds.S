/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The one link of the purgatory, for every architecture: a static PIE whose memory image from address 0 is the flat
 * binary. Code and constants come first and are never written; behind them, on pages of their own, lie the parameter
 * block, the variables and the stack. linker/wrap.S makes the relocatable form of it.
 */
#include <build.h>
#include <purgatory/abi.h>

ENTRY(purgatory_start)

PHDRS
{
	text PT_LOAD FLAGS(5);		/* read, execute */
	data PT_LOAD FLAGS(6);		/* read, write */
	stack PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
	. = 0;

	.text : {
		purg_header = .;
		KEEP(*(.head))
#include "header.lds.inc"
		/* Code that only a loader refers to, by its symbols. */
		KEEP(*(.text.client))
		*(.text .text.*)
	} :text

	.rodata : { *(.rodata .rodata.*) } :text

	/* The data begins on a page of its own, so that a loader can map code read-only and data not executable. */
	. = ALIGN(IMAGE_ALIGN);
	ro_end = .;

	.data : {
		*(.data .data.*)
		/* The parameter block's head is the last that rides in the file; its tables are the first that do not. */
		. = ALIGN(16);
		purg_params = .;
		KEEP(*(.params.head))
		data_end = .;
	} :data

	.tables (NOLOAD) : {
		tables_start = .;
		. += PURG_PARAMS_SIZE - (data_end - purg_params);
	} :data

	.bss (NOLOAD) : {
		KEEP(*(.bss.clients))
		*(.bss.stack)
		/* What follows is zero when the program begins, whatever a loader left there: entry.S sees to it. */
		. = ALIGN(16);
		variables_start = .;
		*(.bss .bss.[!.]* .bss..L* COMMON)
		/* Page tables: as much of them as is used is the end of the image for whoever maintains caches. */
		. = ALIGN(IMAGE_ALIGN);
		image_tables = .;
		*(.bss..tables)
		. = ALIGN(IMAGE_ALIGN);
		bss_end = .;
	} :data

#include "shape.lds.inc"
#include "no-relocations.lds.inc"

	ASSERT(tables_start == data_end, "the parameter block's tables must follow its head without a gap")
	ASSERT(SIZEOF(.text) + SIZEOF(.rodata) <= RO_BUDGET, "code and constants are over the size budget of this architecture")
	ASSERT(bss_end <= MEM_BUDGET, "the image takes more memory than its budget")
}
