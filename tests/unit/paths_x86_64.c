/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SHA-256 on x86_64. */
#include <stdio.h>

#include "paths.h"

sha256_blocks_fn sha256_blocks_shani;
sha256_blocks_fn sha256_blocks_ssse3;
sha256_lanes_fn sha256_lanes2_shani;
sha256_lanes_fn sha256_lanes8_avx2;
sha256_lanes_fn sha256_lanes16_avx512;

struct path paths[] = {
	{"shani",
	 {"sha_ni"},
	 {.name = "sha-ni", .blocks = sha256_blocks_shani, .lanes = {{sha256_lanes2_shani, 2, 2, ""}}}},
	{"ssse3", {"ssse3"}, {.name = "ssse3", .blocks = sha256_blocks_ssse3}},
	{"avx2",
	 {"avx2"},
	 {.name = "portable", .blocks = sha256_blocks_portable, .lanes = {{sha256_lanes8_avx2, 8, 1, "avx2"}}}},
	{"avx512",
	 {"avx512f", "avx512bw"},
	 {.name = "portable", .blocks = sha256_blocks_portable, .lanes = {{sha256_lanes16_avx512, 16, 1, "avx512"}}}},
};
const size_t path_count = sizeof(paths) / sizeof(paths[0]);

bool has_feature(const char *feature)
{
	static char line[16384];
	FILE *file = fopen("/proc/cpuinfo", "r");
	size_t length = strlen(feature);
	bool found = false;

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		for (char *p = line; !found && (p = strstr(p, feature)); p += length)
			found = p > line && strchr(" \t", p[-1]) && strchr(" \n", p[length]);
	fclose(file);
	return found;
}

void check_choice(const struct sha256_engine *engine)
{
	bool sha = has_feature("sha_ni");
	bool wide = has_feature("avx512f") && has_feature("avx512bw");

	assert_string_equal(engine->name, sha ? "sha-ni" : has_feature("ssse3") ? "ssse3" : "portable");
	assert_ptr_equal(engine->blocks, sha                    ? sha256_blocks_shani
					 : has_feature("ssse3") ? sha256_blocks_ssse3
								: sha256_blocks_portable);
	assert_ptr_equal(engine->lanes[0].fn, wide                  ? sha256_lanes16_avx512
					      : sha                 ? sha256_lanes2_shani
					      : has_feature("avx2") ? sha256_lanes8_avx2
								    : NULL);
	assert_ptr_equal(engine->lanes[wide].fn, sha                   ? sha256_lanes2_shani
						 : has_feature("avx2") ? sha256_lanes8_avx2
								       : NULL);
}

#define XSAVE_SIZE 4096
#define MXCSR_DEFAULT 0x1f80
#define XSAVE_MXCSR 24
#define XSAVE_XMM 160
#define XSAVE_XMM_END 416
#define XSAVE_EXTENDED 576
#define VECTOR_STATE 0xe6 /* XCR0: SSE, AVX, and the three of AVX-512 */

/*
 * Call fn(states, data, 3) with the vector and mask registers as area has them, and then save them there. Those of the
 * caller are kept; without rbx and rbp there would be no coming back.
 */
static void save_after(const void *fn, void *states, const void *data, uint8_t *area)
{
	register const void *r12 __asm__("r12") = fn;
	register uint8_t *r13 __asm__("r13") = area;
	register unsigned long r14 __asm__("r14") = 14;
	register unsigned long r15 __asm__("r15") = 15;
	unsigned long blocks = 3;

	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "subq $128, %%rsp\n\t"
			 "andq $-64, %%rsp\n\t"
			 "movl %7, %%eax\n\t"
			 "pushq %%rdx\n\t"
			 "xorl %%edx, %%edx\n\t"
			 "xrstor64 (%6)\n\t"
			 "popq %%rdx\n\t"
			 "call *%5\n\t"
			 "movq %%rbx, %%rsp\n\t"
			 "movl %7, %%eax\n\t"
			 "xorl %%edx, %%edx\n\t"
			 "xsave64 (%6)"
			 : "+D"(states), "+S"(data), "+d"(blocks), "+r"(r14), "+r"(r15), "+r"(r12), "+r"(r13)
			 : "i"(VECTOR_STATE)
			 : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
	assert_ptr_equal(r12, fn);
	assert_ptr_equal(r13, area);
	assert_int_equal(r14, 14);
	assert_int_equal(r15, 15);
}

/* Neither the message nor what was made of it is left in a register. SDM volume 1, 13.4: the XSAVE area. */
void registers(void **state)
{
	const struct sha256_engine *engine = engine_of(state);
	_Alignas(64) static uint8_t area[XSAVE_SIZE];
	static const uint8_t zeros[XSAVE_SIZE];
	uint8_t message[3 * SHA256_BLOCK];
	const uint8_t *data[SHA256_MAX_LANES];
	uint32_t states[SHA256_MAX_LANES][8] = {{0}};
	const void *fns[1 + SHA256_LANE_FNS] = {engine->blocks, engine->lanes[0].fn, engine->lanes[1].fn};

	if (!has_feature("xsave"))
		skip();
	fill(message, sizeof(message)); /* of zeros, all words would be zero */
	for (int i = 0; i < SHA256_MAX_LANES; i++)
		data[i] = message;
	for (int i = engine->blocks == sha256_blocks_portable; i < 1 + SHA256_LANE_FNS && fns[i]; i++) {
		memset(area, 0, sizeof(area)); /* all registers zero */
		memcpy(area + XSAVE_MXCSR, &(uint32_t){MXCSR_DEFAULT}, sizeof(uint32_t));
		save_after(fns[i], states, i ? (const void *)data : message, area);
		assert_memory_equal(area + XSAVE_XMM, zeros, XSAVE_XMM_END - XSAVE_XMM);
		assert_memory_equal(area + XSAVE_EXTENDED, zeros, XSAVE_SIZE - XSAVE_EXTENDED);
	}
}
