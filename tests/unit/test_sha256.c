/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 by each path that this CPU has: against NIST's CAVP vectors, at every split of a message, at every alignment,
 * past 4 GiB in length. Lane functions against the portable code, striped digests against their definition.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "paths.h"

#ifndef CAVP
#define CAVP "/usr/lib/python3/dist-packages/cryptography_vectors/hashes/SHA2/"
#endif

#define MAX_MESSAGE 16384

static struct path portable = {"portable", {0}, {.name = "portable", .blocks = sha256_blocks_portable}};
static struct path chosen = {"chosen", {0}, {0}}; /* what arch_sha256 chooses */

void fill(uint8_t *bytes, size_t size)
{
	uint32_t x = 1;

	while (size--)
		*bytes++ = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
}

const struct sha256_engine *engine_of(void **state)
{
	struct path *path = *state;

	if (path == &chosen)
		arch_sha256(&path->engine, false);
	for (size_t i = 0; i < 2 && path->features[i]; i++)
		if (!has_feature(path->features[i]))
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
static void lanes_once(const struct sha256_way *lanes, size_t blocks)
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
	sha256_lane_digests(engine, data, size, lanes, first, count, some);
	sha256_lane_digests(&portable.engine, data, size, lanes, first, count, all);
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
	assert_null(sha256_way_for(&engine, SHA256_MAX_LANES));
	arch_sha256(&engine, false);
	check_choice(&engine);
}

/*
 * 4 GiB + 1 byte of zeros, but for the bytes 1 to 16 at every 256 MiB, so that a start that lost its high bits shows.
 * The portable code would take a minute for it, as would an emulator. With
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

	if (engine->blocks == sha256_blocks_portable || getenv("EMULATED"))
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

static struct CMUnitTest tests[64];
static char names[64][64];

/* A test whose state is a path. cmocka skips over the rest of `tests`, which has no names. */
static void add(const char *name, CMUnitTestFunction test, struct path *path)
{
	static size_t count;

	snprintf(names[count], sizeof(names[count]), "%s, %s", name, path->name);
	tests[count] = (struct CMUnitTest){.name = names[count], .test_func = test, .initial_state = path};
	count++;
}

static void add_blocks(struct path *path)
{
	add("cavp_short", cavp_short, path);
	add("cavp_long", cavp_long, path);
	add("cavp_monte_carlo", cavp_monte_carlo, path);
	add("every_split", every_split, path);
	add("every_alignment", every_alignment, path);
}

static void add_lanes(struct path *path)
{
	add("lanes_against_portable", lanes_against_portable, path);
	add("striped", striped, path);
}

int main(void)
{
	add_blocks(&portable);
	add("striped", striped, &portable);
	for (size_t i = 0; i < path_count; i++) {
		if (paths[i].engine.blocks != sha256_blocks_portable)
			add_blocks(&paths[i]);
		add_lanes(&paths[i]);
		add("registers", registers, &paths[i]);
	}
	add_lanes(&chosen);
	add("choice", choice, &chosen);
	add("length_past_32_bits", length_past_32_bits, &portable);
	add("past_4_gib", past_4_gib, &chosen);
	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
