/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>

sha256_blocks_fn *arch_sha256(bool portable, const char **name)
{
	(void)portable;
	*name = "portable";
	return sha256_blocks_portable;
}
