/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The image's own parameter block. Its first sixteen bytes say what it is and ride in the file; the rest is the
 * loader's and starts as zeros, so it takes memory but no space in the file. The linker script puts the two together.
 */
#include <params.h>

struct block_head {
	uint64_t magic;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t size;
};

__attribute__((section(".params.head"), used)) struct block_head purg_params_head = {
	.magic = PURG_PARAMS_MAGIC,
	.abi_major = PURG_ABI_MAJOR,
	.abi_minor = PURG_ABI_MINOR,
	.size = PURG_PARAMS_SIZE,
};
