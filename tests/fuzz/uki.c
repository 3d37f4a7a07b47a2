/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include <purgatory/loader.h>

static void check(const struct purg_part *part, size_t size)
{
	if (part->size > size || part->offset > size - part->size || (!part->size && part->offset))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct purg_uki uki, before;
	int error;

	memset(&uki, 0xa5, sizeof(uki));
	memcpy(&before, &uki, sizeof(uki));
	error = purg_uki_read(&uki, data, size);
	if (error) {
		if (error > 0 || memcmp(&uki, &before, sizeof(uki)))
			__builtin_trap();
		return 0;
	}
	if (!uki.kernel.size || (uki.arch != PURG_ARCH_ARM64 && uki.arch != PURG_ARCH_X86_64))
		__builtin_trap();
	check(&uki.kernel, size);
	check(&uki.initrd, size);
	check(&uki.cmdline, size);
	check(&uki.dtb, size);
	check(&uki.ucode, size);
	return 0;
}
