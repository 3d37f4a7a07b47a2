/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>

void arch_sha256(struct sha256_engine *engine, bool portable)
{
	(void)portable;
	*engine = (struct sha256_engine){.name = "portable", .blocks = sha256_blocks_portable};
}
