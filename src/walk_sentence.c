/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <purgatory/abi.h>
#include <walk_sentence.h>

/* By code, from PURG_WALK_DIGEST on. */
static const char doubts[] = "no digest of the block or of the image\0"
			     "no segment in the crash kernel's region\0"
			     "the ranges are not memory\0"
			     "not the tables of this architecture\0"
			     "not in the kernel's half\0"
			     "a table outside the ranges\0"
			     "a table within itself\0"
			     "not an entry of its level\0"
			     "more entries than the budget\0"
			     "the tables do not map their root\0"
			     "no caches\0"
			     "not unmapped on purpose\0";

const char *walk_sentence(uint32_t result)
{
	const char *sentence = doubts;

	while (result-- > PURG_WALK_DIGEST && *sentence)
		while (*sentence++)
			;
	return sentence;
}
