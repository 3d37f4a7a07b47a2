/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the tests of loader/linear_map.c share: kernels, and the call. */
#ifndef OLD_KERNEL_H
#define OLD_KERNEL_H

#include "maps.h"

#define MIB 0x100000
#define GIB 0x40000000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct purg_range memory[] = {{0x1000, 0x9ec00}, {MIB, 0x2ef00000}, {0x3f000000, 0xfe0000}};
static const struct purg_range region = {0x2f000000, 0x10000000};

#define X86_TEXT                                                                                   \
	"OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=ffffffffb0610000\nNUMBER(phys_base)=-150994944\n" \
	"NUMBER(pgtable_l5_enabled)=0\nNUMBER(sme_mask)=0\nCRASHTIME=\n"
#define X86_ROOT 0x27610000 /* 0x30610000 behind the kernel's map, and 0x9000000 back */
#define X86_LINEAR 0xffff96bac0000000

#define ARM64_TEXT                                                                                                 \
	"SYMBOL(swapper_pg_dir)=ffffa8cf3a58f000\nNUMBER(VA_BITS)=48\nNUMBER(kimage_voffset)=0xffffa8cef9000000\n" \
	"NUMBER(PHYS_OFFSET)=0x40000000\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
#define ARM64_LINEAR 0xfffeffffc0000000

static inline struct purg_old_kernel x86_64(void)
{
	return (struct purg_old_kernel){
		.arch = PURG_ARCH_X86_64,
		.linear_map = X86_LINEAR,
		.memory = memory,
		.memory_count = COUNT(memory),
		.region = region,
	};
}

static inline struct purg_old_kernel arm64(void)
{
	struct purg_old_kernel old = x86_64();

	old.arch = PURG_ARCH_ARM64;
	old.linear_map = ARM64_LINEAR;
	return old;
}

/* With this text, in a block of exactly its size. After an error the block must be as it was. */
static inline int fill(struct purg_params *params, struct purg_old_kernel old, const char *text, size_t size)
{
	char *copy = exact(text, size);
	struct purg_params before;
	int error;

	memset(params, 0x5a, sizeof(*params));
	before = *params;
	old.vmcoreinfo = copy;
	old.vmcoreinfo_size = size;
	error = purg_params_unless_unmapped(params, &old);
	if (!error) {
		assert_int_equal(params->verify, PURG_VERIFY_UNLESS_UNMAPPED);
		before.verify = params->verify;
		before.linear_map = params->linear_map;
	}
	assert_memory_equal(params, &before, sizeof(before));
	free_exact(copy, size);
	return error;
}

static inline int fill_text(struct purg_params *params, struct purg_old_kernel old, const char *text)
{
	return fill(params, old, text, strlen(text));
}

#endif
