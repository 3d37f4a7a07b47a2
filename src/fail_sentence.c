/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <fail_sentence.h>

/* By code, from PURG_OK on; one after the other, since an array of pointers would need relocations. */
static const char sentences[] = "ok\0"
				"not a parameter block\0"
				"not an ABI version of this build\0"
				"not the size of this ABI version\0"
				"must be zero\0"
				"not supported by this build\0"
				"not a defined value\0"
				"too many entries\0"
				"beyond the physical address space\0"
				"overlaps the purgatory\0"
				"overlaps a segment, a copy or a console\0"
				"nothing to verify\0"
				"misaligned, or in nothing that was verified\0"
				"the parameter block was changed\0"
				"the purgatory's code was changed\0"
				"the digest does not match\0"
				"the concatenation's digest does not match\0"
				"misaligned, or too high\0"
				"the CPU is in no state that the ABI allows\0"
				"no kernel there\0"
				"the DTB has a bad magic, alignment or size\0"
				"not in the identity map\0"
				"copies what was not verified\0"
				"an exception\0";

const char *fail_sentence(uint32_t code)
{
	const char *sentence = sentences;

	while (code-- && *sentence)
		while (*sentence++)
			;
	return sentence;
}
