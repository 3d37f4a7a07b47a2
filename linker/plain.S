/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Only in the plain form: the parameter block as a symbol of the type and size that loaders ask for. The linker script
 * puts it where the block begins.
 */
#include <purgatory/abi.h>

	.section .params.symbol, "aw", %progbits
	.globl	purg_params
	.hidden	purg_params
	.type	purg_params, %object
	.size	purg_params, PURG_PARAMS_SIZE
purg_params:

	.section .note.GNU-stack, "", %progbits
