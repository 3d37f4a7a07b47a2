/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What pack puts around a kernel, as built. The Makefile says where the files are, each as a quoted string. */

#define BLOB(name, file) .globl name, name##_end; .balign 8; name: .incbin file; name##_end:

	.section .rodata
BLOB(blob_purgatory_arm64, BLOB_PURGATORY_ARM64)
BLOB(blob_purgatory_x86_64, BLOB_PURGATORY_X86_64)
BLOB(blob_front_arm64, BLOB_FRONT_ARM64)
BLOB(blob_front_x86_64, BLOB_FRONT_X86_64)

	.section .note.GNU-stack, "", %progbits
