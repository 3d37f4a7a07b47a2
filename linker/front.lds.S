/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The link of a packed image's front end, for both architectures; preprocessed by the target's own compiler. What is in
 * the file is code and constants, [0, front_size); what is written to lies behind, on pages of its own, and takes none.
 * arm64 is linked at 0 as a static PIE, so that an address that depends on the base shows up as a relocation, and fails.
 *
 * Linked with --gc-sections: the front end takes from arch/ARCH what it calls, not the purgatory's own head (.head).
 */
#include <pack.h>

#ifdef __aarch64__
#define FRONT_BASE 0
#else
#define FRONT_BASE PACK_X86_BASE
#endif

#define PAGE 0x1000
#define FRONT_SIZE_BUDGET 0x4000
#define FRONT_MEM_BUDGET (FRONT_SIZE_BUDGET + 0x18000)

ENTRY(front_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	data PT_LOAD FLAGS(6);
	stack PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
	. = FRONT_BASE;

	.text : {
		KEEP(*(.front_head))
		*(.text .text.*)
		*(.rodata .rodata.*)
		. = ALIGN(PAGE);
	} :text

	/* Cleared by front/ARCH/entry.S. The stack comes first: what runs off its end hits code, and is seen at once. */
	.bss (NOLOAD) : {
		front_bss_start = .;
		*(.bss.front_stack)
		*(.bss .bss.* COMMON)
		. = ALIGN(PAGE);
		front_bss_end = .;
	} :data

	/* Differences, so that they are numbers and not addresses. */
	front_size = front_bss_start - front_start;
	front_mem = front_bss_end - front_start;

	/* Nobody would load it; asserted to be empty below. */
	.data (INFO) : { *(.data .data.*) }

#include "no-relocations.lds.inc"

	ASSERT(front_start == FRONT_BASE, "the front end must begin with its head, front/ARCH/entry.S")
	ASSERT(SIZEOF(.data) == 0, "the front end has data that is neither constant nor zero; nobody would load it")
	ASSERT(front_size <= FRONT_SIZE_BUDGET, "the front end's code and constants are over their size budget")
	ASSERT(front_mem <= FRONT_MEM_BUDGET, "the front end takes more memory than its budget")
}
