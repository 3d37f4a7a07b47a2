/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Which ways to compute SHA-256 this CPU has, in its present state. Nothing privileged: the command does the same.
 * SDM volume 2, CPUID and XGETBV; volume 1, 14.3 and 15.2: how AVX and AVX-512 are detected.
 */
#include <arch.h>

#define LEAF_FEATURES 1
#define FEATURES_ECX_SSSE3 (1u << 9)
#define FEATURES_ECX_SSE41 (1u << 19)
#define FEATURES_ECX_OSXSAVE (1u << 27)
#define FEATURES_ECX_AVX (1u << 28)

#define LEAF_EXTENDED_FEATURES 7
#define EXTENDED_EBX_AVX2 (1u << 5)
#define EXTENDED_EBX_AVX512F (1u << 16)
#define EXTENDED_EBX_SHA (1u << 29)
#define EXTENDED_EBX_AVX512BW (1u << 30)

/* XCR0: the state components that may be used. SSE and AVX; those and opmask, ZMM_Hi256, Hi16_ZMM. */
#define XCR0_AVX 0x06
#define XCR0_AVX512 0xe6

sha256_blocks_fn sha256_blocks_shani;
sha256_lanes_fn sha256_lanes2_shani;
sha256_lanes_fn sha256_lanes8_avx2;
sha256_lanes_fn sha256_lanes16_avx512;

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* What of it matters here. */
struct features {
	uint32_t ecx;
	uint32_t extended_ebx;
	uint32_t xcr0;
};

static struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
	return r;
}

/* The low half, which has all that is asked for here. */
static uint32_t read_xcr0(void)
{
	uint32_t eax, edx;

	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return eax;
}

static struct features read_features(void)
{
	struct features features = {.ecx = cpuid(LEAF_FEATURES).ecx};

	if (cpuid(0).eax >= LEAF_EXTENDED_FEATURES)
		features.extended_ebx = cpuid(LEAF_EXTENDED_FEATURES).ebx;
	if (features.ecx & FEATURES_ECX_OSXSAVE)
		features.xcr0 = read_xcr0();
	return features;
}

static bool has(const struct features *features, uint32_t ecx, uint32_t extended_ebx, uint32_t xcr0)
{
	return !(ecx & ~features->ecx) && !(extended_ebx & ~features->extended_ebx) && !(xcr0 & ~features->xcr0);
}

/* In the order of their speed; AVX2 is slower than two messages at a time by the SHA extensions. */
static void add_lanes(struct sha256_engine *engine, const struct features *features, bool sha)
{
	struct sha256_lanes *next = engine->lanes;

	if (has(features, FEATURES_ECX_AVX, EXTENDED_EBX_AVX512F | EXTENDED_EBX_AVX512BW, XCR0_AVX512))
		*next++ = (struct sha256_lanes){sha256_lanes16_avx512, 16, 16, "avx512"};
	if (sha)
		*next = (struct sha256_lanes){sha256_lanes2_shani, 2, 2, ""};
	else if (has(features, FEATURES_ECX_AVX, EXTENDED_EBX_AVX2, XCR0_AVX))
		*next = (struct sha256_lanes){sha256_lanes8_avx2, 8, 4, "avx2"};
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
	sha = has(&features, FEATURES_ECX_SSSE3 | FEATURES_ECX_SSE41, EXTENDED_EBX_SHA, 0);
	if (sha) {
		engine->name = "sha-ni";
		engine->blocks = sha256_blocks_shani;
	}
	add_lanes(engine, &features, sha);
}
