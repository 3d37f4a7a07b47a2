/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What follows a refusal: purg_failure. */
#ifndef POLICY_H
#define POLICY_H

#include <finding.h>
#include <sha256.h>

/* How far the boot had come, for what may still be done. */
struct standing {
	bool checked; /* the block has its digest, or all of it was checked: its failure policy can be believed */
	bool sound;   /* all of the block was checked, and keeps every rule: its fallback can be entered */
	bool copied;  /* copies were made: the caller's memory may be gone */
	bool faulted; /* there was an exception: no more of this block is read than must be */
};

/*
 * The PURG_FAIL_* that is carried out: the block's, or PURG_FAIL_HALT where that cannot be believed or is too late. A
 * fallback must lie and be entered as the rules want it, whatever digest the block has. Of an unchecked block the words
 * are believed that no flipped bit makes of others: reset, without the block's own register, and return.
 */
uint32_t policy_choose(const struct purg_params *params, const struct standing *standing);

/* How the line ends that tells of the refusal. */
void policy_tell(uint32_t policy);

/* Wait as long as the block asks for, then do it; what fails ends in a halt. */
_Noreturn void policy_carry_out(const struct purg_params *params, const struct standing *standing, uint32_t policy,
				uint32_t code, const struct sha256_engine *engine);

#endif
