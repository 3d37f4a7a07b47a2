/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 by each path that this CPU has: against NIST's CAVP vectors, at every split of a message, at every alignment,
 * past 4 GiB in length. Lane functions against the portable code, striped digests against their definition.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fake.h"

#ifndef CAVP
#define CAVP "/usr/lib/python3/dist-packages/cryptography_vectors/hashes/SHA2/"
#endif

#define MAX_MESSAGE 16384

/* A way to compute SHA-256, and what /proc/cpuinfo calls the features that it needs. */
struct path {
	const char *name;
	const char *flags[2];
	struct sha256_engine engine;
};

#ifdef __x86_64__
sha256_blocks_fn sha256_blocks_shani;
sha256_blocks_fn sha256_blocks_ssse3;
sha256_lanes_fn sha256_lanes2_shani;
sha256_lanes_fn sha256_lanes8_avx2;
sha256_lanes_fn sha256_lanes16_avx512;
#endif

static struct path portable = {"portable", {0}, {.name = "portable", .blocks = sha256_blocks_portable}};

#ifdef __x86_64__
/* Each by itself; the arrangement that arch_sha256 makes of them is tested as well. */
static struct path shani = {
	"sha-ni",
	{"sha_ni"},
	{.name = "sha-ni", .blocks = sha256_blocks_shani, .lanes = {{sha256_lanes2_shani, 2, 2, ""}}},
};
static struct path ssse3 = {
	"ssse3",
	{"ssse3"},
	{.name = "ssse3", .blocks = sha256_blocks_ssse3},
};
static struct path avx2 = {
	"avx2",
	{"avx2"},
	{.name = "portable", .blocks = sha256_blocks_portable, .lanes = {{sha256_lanes8_avx2, 8, 1, "avx2"}}},
};
static struct path avx512 = {
	"avx512",
	{"avx512f", "avx512bw"},
	{.name = "portable", .blocks = sha256_blocks_portable, .lanes = {{sha256_lanes16_avx512, 16, 1, "avx512"}}},
};
#endif

static struct path chosen = {"what arch_sha256 chooses", {0}, {0}};

static bool has_flag(const char *flag)
{
	static char line[16384];
	FILE *file = fopen("/proc/cpuinfo", "r");
	size_t length = strlen(flag);
	bool found = false;

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		for (char *p = line; !found && (p = strstr(p, flag)); p += length)
			found = p > line && strchr(" \t", p[-1]) && strchr(" \n", p[length]);
	fclose(file);
	return found;
}

/* The engine of a path, which is a test's state; a CPU that lacks it skips the test. */
static const struct sha256_engine *engine_of(void **state)
{
	struct path *path = *state;

	if (path == &chosen)
		arch_sha256(&path->engine, false);
	for (size_t i = 0; i < 2 && path->flags[i]; i++)
		if (!has_flag(path->flags[i]))
			skip();
	return &path->engine;
}

static size_t from_hex(const char *hex, uint8_t *bytes)
{
	size_t size = 0;
	unsigned int byte;

	while (sscanf(hex + 2 * size, "%2x", &byte) == 1)
		bytes[size++] = (uint8_t)byte;
	return size;
}

static FILE *open_vectors(const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", CAVP, name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s: not there; install python3-cryptography-vectors", path);
	return file;
}

/* "Len = bits", "Msg = hex", "MD = hex", again and again. Returns how many there were. */
static int run_messages(sha256_blocks_fn *blocks, const char *name)
{
	static char line[2 * MAX_MESSAGE + 64];
	static uint8_t message[MAX_MESSAGE];
	uint8_t expected[SHA256_DIGEST], digest[SHA256_DIGEST];
	FILE *file = open_vectors(name);
	unsigned long bits = 0;
	int count = 0;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Len = %lu", &bits) == 1)
			continue;
		if (strncmp(line, "Msg = ", 6) == 0)
			from_hex(line + 6, message);
		if (strncmp(line, "MD = ", 5) != 0)
			continue;
		assert_int_equal(from_hex(line + 5, expected), SHA256_DIGEST);
		sha256(blocks, message, bits / 8, digest);
		assert_memory_equal(digest, expected, SHA256_DIGEST);
		count++;
	}
	fclose(file);
	return count;
}

static void cavp_short(void **state)
{
	assert_int_equal(run_messages(engine_of(state)->blocks, "SHA256ShortMsg.rsp"), 65);
}

static void cavp_long(void **state)
{
	assert_int_equal(run_messages(engine_of(state)->blocks, "SHA256LongMsg.rsp"), 64);
}

/* SHAVS 6.4: each digest is the last of a chain of a thousand, each over the three before it. */
static void monte_carlo_chain(sha256_blocks_fn *blocks, uint8_t seed[SHA256_DIGEST])
{
	uint8_t md[3][SHA256_DIGEST], next[SHA256_DIGEST];

	for (int i = 0; i < 3; i++)
		memcpy(md[i], seed, SHA256_DIGEST);
	for (int i = 0; i < 1000; i++) {
		sha256(blocks, md, sizeof(md), next);
		memmove(md[0], md[1], 2 * sizeof(md[0]));
		memcpy(md[2], next, sizeof(next));
	}
	memcpy(seed, md[2], SHA256_DIGEST);
}

static void cavp_monte_carlo(void **state)
{
	sha256_blocks_fn *blocks = engine_of(state)->blocks;
	uint8_t seed[SHA256_DIGEST], expected[SHA256_DIGEST];
	FILE *file = open_vectors("SHA256Monte.rsp");
	char line[256];
	int count = 0;

	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Seed = ", 7) == 0)
			from_hex(line + 7, seed);
		if (strncmp(line, "MD = ", 5) != 0)
			continue;
		from_hex(line + 5, expected);
		monte_carlo_chain(blocks, seed);
		assert_memory_equal(seed, expected, SHA256_DIGEST);
		count++;
	}
	fclose(file);
	assert_int_equal(count, 100);
}

static void fill(uint8_t *bytes, size_t size)
{
	uint32_t x = 1;

	while (size--)
		*bytes++ = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
}

/* Any two updates, and the digest taken in between, make no difference. */
static void every_split(void **state)
{
	sha256_blocks_fn *blocks = engine_of(state)->blocks;
	uint8_t message[300], expected[SHA256_DIGEST], digest[SHA256_DIGEST];
	struct sha256 ctx;

	fill(message, sizeof(message));
	for (size_t size = 0; size <= sizeof(message); size++) {
		sha256(sha256_blocks_portable, message, size, expected);
		for (size_t split = 0; split <= size; split++) {
			sha256_init(&ctx, blocks);
			sha256_update(&ctx, message, split);
			sha256_out(&ctx, digest);
			sha256_update(&ctx, message + split, size - split);
			sha256_out(&ctx, digest);
			assert_memory_equal(digest, expected, SHA256_DIGEST);
		}
	}
}

static void every_alignment(void **state)
{
	sha256_blocks_fn *blocks = engine_of(state)->blocks;
	static uint8_t message[1000], moved[1000 + 64];
	uint8_t expected[SHA256_DIGEST], digest[SHA256_DIGEST];

	fill(message, sizeof(message));
	sha256(sha256_blocks_portable, message, sizeof(message), expected);
	for (size_t offset = 0; offset < 64; offset++) {
		memcpy(moved + offset, message, sizeof(message));
		sha256(blocks, moved + offset, sizeof(message), digest);
		assert_memory_equal(digest, expected, SHA256_DIGEST);
	}
}

/* The length field is 64 bits wide: 512 MiB + 8 bytes are 2^32 + 64 bits. `head -c 536870920 /dev/zero | sha256sum` */
static void length_past_32_bits(void **state)
{
	static const uint8_t zeros[1 << 16];
	uint8_t expected[SHA256_DIGEST], digest[SHA256_DIGEST];
	struct sha256 ctx;

	(void)state;
	from_hex("990f33747ea09d51b008ed2d2a5f278dd4988490c86451d56b53a654b9b8ea06", expected);
	sha256_init(&ctx, sha256_blocks_portable);
	for (int i = 0; i < 8192; i++)
		sha256_update(&ctx, zeros, sizeof(zeros));
	sha256_update(&ctx, zeros, 8);
	sha256_out(&ctx, digest);
	assert_memory_equal(digest, expected, SHA256_DIGEST);
}

#define MAX_BLOCKS 9
#define MAX_STRIPED 40000
#define ROOM (MAX_BLOCKS * SHA256_BLOCK + 64)

static uint32_t next_random(void)
{
	static uint32_t x = 1;

	return (x = x * 1664525 + 1013904223) >> 8;
}

/* Random states, messages, alignments; no state beyond those may change. */
static void lanes_once(const struct sha256_lanes *lanes, size_t blocks)
{
	static uint8_t room[SHA256_MAX_LANES][ROOM];
	uint32_t states[SHA256_MAX_LANES + 1][8], expected[SHA256_MAX_LANES + 1][8];
	const uint8_t *data[SHA256_MAX_LANES];

	fill((uint8_t *)states, sizeof(states));
	for (uint32_t i = 0; i < lanes->width; i++) {
		data[i] = room[i] + next_random() % 64;
		for (size_t j = 0; j < ROOM; j++)
			room[i][j] = (uint8_t)next_random();
		states[i][i % 8] ^= next_random();
	}
	memcpy(expected, states, sizeof(states));
	for (uint32_t i = 0; i < lanes->width; i++)
		sha256_blocks_portable(expected[i], data[i], blocks);
	lanes->fn(states, data, blocks);
	assert_memory_equal(states, expected, sizeof(states));
}

static void lanes_against_portable(void **state)
{
	const struct sha256_engine *engine = engine_of(state);

	for (int i = 0; i < SHA256_LANE_FNS; i++)
		for (size_t n = 0; engine->lanes[i].fn && n < 300; n++)
			lanes_once(&engine->lanes[i], n <= MAX_BLOCKS ? n : next_random() % (MAX_BLOCKS + 1));
}

/* The definition: lanes of as many whole blocks as all can have; the last one has what is left as well. */
static void striped_by_definition(const uint8_t *data, size_t size, uint32_t lanes, uint8_t digest[SHA256_DIGEST])
{
	uint8_t digests[SHA256_MAX_LANES * SHA256_DIGEST];
	size_t q = size / (64 * lanes) * 64;

	for (uint32_t i = 0; i < lanes; i++)
		sha256(sha256_blocks_portable, data + i * q, i + 1 < lanes ? q : size - i * q, digests + i * 32);
	sha256(sha256_blocks_portable, digests, lanes * 32, digest);
}

static void striped_once(const struct sha256_engine *engine, const uint8_t *data, size_t size, uint32_t lanes)
{
	uint8_t expected[SHA256_DIGEST], digest[SHA256_DIGEST], some[3][SHA256_DIGEST], all[3][SHA256_DIGEST];
	uint32_t first = next_random() % lanes;
	uint32_t count = lanes - first < 3 ? lanes - first : 3;

	striped_by_definition(data, size, lanes, expected);
	sha256_striped(engine, data, size, lanes, digest);
	assert_memory_equal(digest, expected, SHA256_DIGEST);

	/* A few lanes only, as when progress is shown. */
	sha256_lanes(engine, data, size, lanes, first, count, some);
	sha256_lanes(&portable.engine, data, size, lanes, first, count, all);
	assert_memory_equal(some, all, count * SHA256_DIGEST);
}

static void striped(void **state)
{
	const struct sha256_engine *engine = engine_of(state);
	static uint8_t room[MAX_STRIPED + 64];

	fill(room, sizeof(room));
	for (uint32_t lanes = 1; lanes <= SHA256_MAX_LANES; lanes++) {
		const size_t sizes[] = {0,
					1,
					63,
					64,
					65,
					64 * lanes - 1,
					64 * lanes,
					64 * lanes + 1,
					128 * lanes - 1,
					192 * lanes,
					320 * lanes + 63,
					MAX_STRIPED};

		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			striped_once(engine, room + next_random() % 64, sizes[i], lanes);
		for (int i = 0; i < 40; i++)
			striped_once(engine, room + next_random() % 64, next_random() % MAX_STRIPED, lanes);
	}
}

/* What arch_sha256 says of this CPU is what Linux says of it, and with `portable` there is nothing else. */
static void choice(void **state)
{
	struct sha256_engine engine;

	(void)state;
	memset(&engine, 0xff, sizeof(engine));
	arch_sha256(&engine, true);
	assert_string_equal(engine.name, "portable");
	assert_ptr_equal(engine.blocks, sha256_blocks_portable);
	assert_null(sha256_lanes_for(&engine, SHA256_MAX_LANES));
#ifdef __x86_64__
	bool sha = has_flag("sha_ni");
	bool wide = has_flag("avx512f") && has_flag("avx512bw");

	arch_sha256(&engine, false);
	assert_string_equal(engine.name, sha ? "sha-ni" : has_flag("ssse3") ? "ssse3" : "portable");
	assert_ptr_equal(engine.blocks, sha                 ? sha256_blocks_shani
					: has_flag("ssse3") ? sha256_blocks_ssse3
							    : sha256_blocks_portable);
	assert_ptr_equal(engine.lanes[0].fn, wide               ? sha256_lanes16_avx512
					     : sha              ? sha256_lanes2_shani
					     : has_flag("avx2") ? sha256_lanes8_avx2
								: NULL);
	assert_ptr_equal(engine.lanes[wide].fn, sha                ? sha256_lanes2_shani
						: has_flag("avx2") ? sha256_lanes8_avx2
								   : NULL);
#endif
}

/*
 * 4 GiB + 1 byte of zeros, but for the bytes 1 to 16 at every 256 MiB, so that a start that lost its high bits shows.
 *The portable code would take a minute for it. With
 *
 *	lane() { printf "\\$(printf %o $1)"; head -c 268435455 /dev/zero; }
 *	last() { lane 16; head -c 1 /dev/zero; }
 *
 * of one message: `{ for i in $(seq 15); do lane $i; done; last; } | sha256sum`; with sixteen lanes:
 * `{ for i in $(seq 15); do lane $i | sha256sum; done; last | sha256sum; } | cut -c1-64 | xxd -r -p | sha256sum`.
 */
static void past_4_gib(void **state)
{
	const size_t lane = 1u << 28, size = 16 * lane + 1;
	const struct sha256_engine *engine = engine_of(state);
	uint8_t expected[SHA256_DIGEST], digest[SHA256_DIGEST];
	uint8_t *data;

	if (engine->blocks == sha256_blocks_portable)
		skip();
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(data, MAP_FAILED);
	for (uint8_t i = 0; i < 16; i++)
		data[i * lane] = i + 1;
	from_hex("cbf141fa82b7b0e8a822d72f00849e4d9026d39bf90545fa00cb393619ede1ab", expected);
	sha256(engine->blocks, data, size, digest);
	assert_memory_equal(digest, expected, SHA256_DIGEST);
	from_hex("018e47257e8f9bce6074a56480d3c0bcb3ab75e213be7d1e65deded1109b775d", expected);
	sha256_striped(engine, data, size, 16, digest);
	assert_memory_equal(digest, expected, SHA256_DIGEST);
	munmap(data, size);
}

#ifdef __x86_64__
#define XSAVE_SIZE 4096
#define MXCSR_DEFAULT 0x1f80
#define XSAVE_MXCSR 24
#define XSAVE_XMM 160
#define XSAVE_XMM_END 416
#define XSAVE_EXTENDED 576
#define VECTOR_STATE 0xe6 /* XCR0: SSE, AVX, and the three of AVX-512 */

/* Call fn(states, data, 3) with the vector and mask registers as area has them, and then save them there. */
static void save_after(const void *fn, void *states, const void *data, uint8_t *area)
{
	register const void *r12 __asm__("r12") = fn;
	register uint8_t *r13 __asm__("r13") = area;
	unsigned long blocks = 3;

	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "subq $128, %%rsp\n\t"
			 "andq $-64, %%rsp\n\t"
			 "movl %5, %%eax\n\t"
			 "pushq %%rdx\n\t"
			 "xorl %%edx, %%edx\n\t"
			 "xrstor64 (%4)\n\t"
			 "popq %%rdx\n\t"
			 "call *%3\n\t"
			 "movq %%rbx, %%rsp\n\t"
			 "movl %5, %%eax\n\t"
			 "xorl %%edx, %%edx\n\t"
			 "xsave64 (%4)"
			 : "+D"(states), "+S"(data), "+d"(blocks)
			 : "r"(r12), "r"(r13), "i"(VECTOR_STATE)
			 : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
}

/* Neither the message nor what was made of it is left in a register. SDM volume 1, 13.4: the XSAVE area. */
static void registers_left_zero(void **state)
{
	const struct sha256_engine *engine = engine_of(state);
	_Alignas(64) static uint8_t area[XSAVE_SIZE];
	static const uint8_t zeros[XSAVE_SIZE];
	uint8_t message[3 * SHA256_BLOCK];
	const uint8_t *data[SHA256_MAX_LANES];
	uint32_t states[SHA256_MAX_LANES][8] = {{0}};
	const void *fns[1 + SHA256_LANE_FNS] = {engine->blocks, engine->lanes[0].fn, engine->lanes[1].fn};

	if (!has_flag("xsave"))
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
#endif

#define test_of(test, path)                                 \
	{                                                   \
#test ", " #path, test, NULL, NULL, &(path) \
	}
#define tests_of(path)                                                                        \
	test_of(cavp_short, path), test_of(cavp_long, path), test_of(cavp_monte_carlo, path), \
		test_of(every_split, path), test_of(every_alignment, path)
#define tests_of_lanes(path) test_of(lanes_against_portable, path), test_of(striped, path)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tests_of(portable),
		test_of(striped, portable),
#ifdef __x86_64__
		tests_of(shani),
		tests_of_lanes(shani),
		tests_of(ssse3),
		test_of(striped, ssse3),
		tests_of_lanes(avx2),
		tests_of_lanes(avx512),
		test_of(registers_left_zero, shani),
		test_of(registers_left_zero, ssse3),
		test_of(registers_left_zero, avx2),
		test_of(registers_left_zero, avx512),
#endif
		tests_of_lanes(chosen),
		cmocka_unit_test(choice),
		cmocka_unit_test(length_past_32_bits),
		test_of(past_4_gib, chosen),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
