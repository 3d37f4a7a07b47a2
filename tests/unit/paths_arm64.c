/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SHA-256 on arm64. */
#include <sys/auxv.h>

#include "paths.h"

sha256_blocks_fn sha256_blocks_ce;
sha256_lanes_fn sha256_lanes2_ce;

struct path paths[] = {
	{"ce", {"sha2"}, {.name = "armv8-ce", .blocks = sha256_blocks_ce, .lanes = {{sha256_lanes2_ce, 2, 2, ""}}}},
};
const size_t path_count = sizeof(paths) / sizeof(paths[0]);

/* Not /proc/cpuinfo, which under QEMU is of the machine that emulates. */
bool has_feature(const char *feature)
{
	assert_string_equal(feature, "sha2");
	return getauxval(AT_HWCAP) & HWCAP_SHA2;
}

void check_choice(const struct sha256_engine *engine)
{
	bool sha = has_feature("sha2");

	assert_string_equal(engine->name, sha ? "armv8-ce" : "portable");
	assert_ptr_equal(engine->blocks, sha ? sha256_blocks_ce : sha256_blocks_portable);
	assert_ptr_equal(engine->lanes[0].fn, sha ? sha256_lanes2_ce : NULL);
	assert_null(engine->lanes[1].fn);
}

#define KEPT 18 /* x19 to x28, d8 to d15 */

/*
 * Call fn(state, data, 3) with the registers as `kept` has them, and then store them there. Not inlined, as
 * the caller's frame may need one of them.
 */
__attribute__((noinline)) static void store_after(const void *fn, void *state, const void *data, uint64_t *kept)
{
	register void *x0 __asm__("x0") = state;
	register const void *x1 __asm__("x1") = data;
	register unsigned long x2 __asm__("x2") = 3;
	register uint64_t *x9 __asm__("x9") = kept;
	register const void *x10 __asm__("x10") = fn;

	__asm__ volatile("str x9, [sp, #-16]!\n\t"
			 "ldp x19, x20, [x9]\n\t"
			 "ldp x21, x22, [x9, #16]\n\t"
			 "ldp x23, x24, [x9, #32]\n\t"
			 "ldp x25, x26, [x9, #48]\n\t"
			 "ldp x27, x28, [x9, #64]\n\t"
			 "ldp d8, d9, [x9, #80]\n\t"
			 "ldp d10, d11, [x9, #96]\n\t"
			 "ldp d12, d13, [x9, #112]\n\t"
			 "ldp d14, d15, [x9, #128]\n\t"
			 "blr x10\n\t"
			 "ldr x9, [sp], #16\n\t"
			 "stp x19, x20, [x9]\n\t"
			 "stp x21, x22, [x9, #16]\n\t"
			 "stp x23, x24, [x9, #32]\n\t"
			 "stp x25, x26, [x9, #48]\n\t"
			 "stp x27, x28, [x9, #64]\n\t"
			 "stp d8, d9, [x9, #80]\n\t"
			 "stp d10, d11, [x9, #96]\n\t"
			 "stp d12, d13, [x9, #112]\n\t"
			 "stp d14, d15, [x9, #128]"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x9), "+r"(x10)
			 :
			 : "x3", "x4", "x5", "x6", "x7", "x8", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x19",
			   "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3",
			   "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",
			   "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",
			   "v31", "cc", "memory");
}

/* What AAPCS64 (6.1.1, 6.1.2) says that a callee keeps is kept. */
void registers(void **state)
{
	const struct sha256_engine *engine = engine_of(state);
	static const uint8_t message[3 * SHA256_BLOCK];
	const uint8_t *data[2] = {message, message};
	uint32_t states[2][8] = {{0}};
	uint64_t kept[KEPT], expected[KEPT];

	for (uint64_t i = 0; i < KEPT; i++)
		expected[i] = 0x0123456789abcdef * (i + 1);
	memcpy(kept, expected, sizeof(kept));
	store_after(engine->blocks, states, message, kept);
	assert_memory_equal(kept, expected, sizeof(kept));
	store_after(engine->lanes[0].fn, states, data, kept);
	assert_memory_equal(kept, expected, sizeof(kept));
}
