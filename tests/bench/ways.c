/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The purgatory's functions are hidden outside of an image: way_NAME gives the address of one; NULL: there is none. */
#include <sha256.h>

#define WAY(type, name)                                        \
	type name __attribute__((weak, visibility("hidden"))); \
	void *way_##name(void);                                \
	void *way_##name(void)                                 \
	{                                                      \
		return (void *)name;                           \
	}

WAY(sha256_blocks_fn, sha256_blocks_portable)
WAY(sha256_blocks_fn, sha256_blocks_shani)
WAY(sha256_blocks_fn, sha256_blocks_ssse3)
WAY(sha256_lanes_fn, sha256_lanes2_shani)
WAY(sha256_lanes_fn, sha256_lanes8_avx2)
WAY(sha256_lanes_fn, sha256_lanes16_avx512)
