/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Which ways to compute SHA-256 this CPU has, in its present state. Nothing privileged: the command does the same.
 * SDM volume 2, CPUID and XGETBV; volume 1, 14.3 and 15.2: how AVX and AVX-512 are detected.
 */
#include <arch.h>
#include "registers.h"

sha256_blocks_fn sha256_blocks_shani;
sha256_blocks_fn sha256_blocks_ssse3;
sha256_lanes_fn sha256_lanes2_shani;
sha256_lanes_fn sha256_lanes8_avx2;
sha256_lanes_fn sha256_lanes16_avx512;

/* What of it matters here. */
struct features {
	uint32_t ecx;
	uint32_t extended_ebx;
	uint32_t xcr0;
};

static struct features read_features(void)
{
	struct features features = {.ecx = cpuid(CPUID_FEATURES).ecx};

	if (cpuid(CPUID_MAX).eax >= CPUID_EXTENDED_FEATURES)
		features.extended_ebx = cpuid(CPUID_EXTENDED_FEATURES).ebx;
	if (features.ecx & CPUID_FEATURES_ECX_OSXSAVE)
		features.xcr0 = (uint32_t)read_xcr0();
	return features;
}

static bool has(const struct features *features, uint32_t ecx, uint32_t extended_ebx, uint32_t xcr0)
{
	return !(ecx & ~features->ecx) && !(extended_ebx & ~features->extended_ebx) && !(xcr0 & ~features->xcr0);
}

/* In the order of their speed; AVX2 is slower than two messages at a time by the SHA extensions. */
static void add_lanes(struct sha256_engine *engine, const struct features *features, bool sha)
{
	struct sha256_way *next = engine->lanes;

	if (has(features, CPUID_FEATURES_ECX_AVX, CPUID_EXTENDED_EBX_AVX512F | CPUID_EXTENDED_EBX_AVX512BW,
		XCR0_SSE | XCR0_AVX | XCR0_AVX512))
		*next++ = (struct sha256_way){sha256_lanes16_avx512, 16, 16, "avx512"};
	if (sha)
		*next = (struct sha256_way){sha256_lanes2_shani, 2, 2, ""};
	else if (has(features, CPUID_FEATURES_ECX_AVX, CPUID_EXTENDED_EBX_AVX2, XCR0_SSE | XCR0_AVX))
		*next = (struct sha256_way){sha256_lanes8_avx2, 8, 4, "avx2"};
}

/* Written here and not in tables, as a table of pointers would have to be relocated. */
void arch_sha256(struct sha256_engine *engine, bool portable)
{
	struct features features;
	bool sha;

	*engine = (struct sha256_engine){.name = "portable", .blocks = sha256_blocks_portable};
	if (portable)
		return;
	features = read_features();
	sha = has(&features, CPUID_FEATURES_ECX_SSSE3 | CPUID_FEATURES_ECX_SSE41, CPUID_EXTENDED_EBX_SHA, 0);
	if (sha) {
		engine->name = "sha-ni";
		engine->blocks = sha256_blocks_shani;
	} else if (has(&features, CPUID_FEATURES_ECX_SSSE3, 0, 0)) {
		engine->name = "ssse3";
		engine->blocks = sha256_blocks_ssse3;
	}
	add_lanes(engine, &features, sha);
}
