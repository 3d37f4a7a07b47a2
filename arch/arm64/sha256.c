/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Linked into the purgatory, and into the command on an arm64 host. So there is nothing here that only a kernel may do;
 * Linux lets programs read the ID registers (Documentation/arch/arm64/cpu-feature-registers.rst).
 */
#include <arch.h>
#include "sysreg.h"

sha256_blocks_fn sha256_blocks_ce;
sha256_lanes_fn sha256_lanes2_ce;

void arch_sha256(struct sha256_engine *engine, bool portable)
{
	*engine = (struct sha256_engine){.name = "portable", .blocks = sha256_blocks_portable};
	if (portable || !(read_sysreg(id_aa64isar0_el1) >> ISAR0_SHA2_SHIFT & ISAR0_SHA2_MASK))
		return;
	engine->name = "armv8-ce";
	engine->blocks = sha256_blocks_ce;
	engine->lanes[0] = (struct sha256_way){.fn = sha256_lanes2_ce, .width = 2, .least = 2, .name = ""};
}
