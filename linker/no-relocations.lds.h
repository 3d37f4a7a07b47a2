/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Inside SECTIONS of every link: nothing may be left for a loader to relocate. GOT_RESERVED comes from freestanding.mk.
 */

/* The words that GNU ld reserves in .got.plt for a dynamic linker. */
#define GOT_PLT_RESERVED 24

	/* Not loaded, and empty but for the words that GNU ld reserves for a dynamic linker; asserted below. */
	.got (INFO) : { *(.got .igot) }
	.got.plt (INFO) : { *(.got.plt .igot.plt) }
	.plt (INFO) : { *(.plt .plt.* .iplt) }
	.rela (INFO) : { *(.rela .rela.*) }

	/* What the file is, for people and tools; not loaded. */
	.symtab 0 : { *(.symtab) }
	.strtab 0 : { *(.strtab) }
	.shstrtab 0 : { *(.shstrtab) }

	/DISCARD/ : {
		*(.dynamic .dynsym .dynstr .hash .gnu.hash .gnu.version*)
		*(.interp .dynbss .sframe .eh_frame .eh_frame_hdr .note.* .comment .ARM.attributes)
	}

	ASSERT(SIZEOF(.got) <= GOT_RESERVED, "a GOT is left: some code refers to a symbol that is not hidden")
	ASSERT(SIZEOF(.got.plt) <= GOT_PLT_RESERVED, "a GOT is left: some code calls a function that is not hidden")
	ASSERT(SIZEOF(.plt) == 0, "a PLT is left: some code calls a function that is not in the image")
	ASSERT(SIZEOF(.rela) == 0, "relocations are left after the link: some data holds an absolute address")
