/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SHA-256 against NIST's CAVP vectors, at every split of a message, at every alignment, and past 4 GiB in length. */
#include <stdio.h>
#include <stdlib.h>

#include "fake.h"

#ifndef CAVP
#define CAVP "/usr/lib/python3/dist-packages/cryptography_vectors/hashes/SHA2/"
#endif

#define MAX_MESSAGE 16384

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
static int run_messages(const char *name)
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
		sha256(sha256_blocks_portable, message, bits / 8, digest);
		assert_memory_equal(digest, expected, SHA256_DIGEST);
		count++;
	}
	fclose(file);
	return count;
}

static void cavp_short(void **state)
{
	(void)state;
	assert_int_equal(run_messages("SHA256ShortMsg.rsp"), 65);
}

static void cavp_long(void **state)
{
	(void)state;
	assert_int_equal(run_messages("SHA256LongMsg.rsp"), 64);
}

/* SHAVS 6.4: each digest is the last of a chain of a thousand, each over the three before it. */
static void monte_carlo_chain(uint8_t seed[SHA256_DIGEST])
{
	uint8_t md[3][SHA256_DIGEST], next[SHA256_DIGEST];

	for (int i = 0; i < 3; i++)
		memcpy(md[i], seed, SHA256_DIGEST);
	for (int i = 0; i < 1000; i++) {
		sha256(sha256_blocks_portable, md, sizeof(md), next);
		memmove(md[0], md[1], 2 * sizeof(md[0]));
		memcpy(md[2], next, sizeof(next));
	}
	memcpy(seed, md[2], SHA256_DIGEST);
}

static void cavp_monte_carlo(void **state)
{
	uint8_t seed[SHA256_DIGEST], expected[SHA256_DIGEST];
	FILE *file = open_vectors("SHA256Monte.rsp");
	char line[256];
	int count = 0;

	(void)state;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Seed = ", 7) == 0)
			from_hex(line + 7, seed);
		if (strncmp(line, "MD = ", 5) != 0)
			continue;
		from_hex(line + 5, expected);
		monte_carlo_chain(seed);
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
	uint8_t message[300], expected[SHA256_DIGEST], digest[SHA256_DIGEST];
	struct sha256 ctx;

	(void)state;
	fill(message, sizeof(message));
	for (size_t size = 0; size <= sizeof(message); size++) {
		sha256(sha256_blocks_portable, message, size, expected);
		for (size_t split = 0; split <= size; split++) {
			sha256_init(&ctx, sha256_blocks_portable);
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
	static uint8_t message[1000], moved[1000 + 64];
	uint8_t expected[SHA256_DIGEST], digest[SHA256_DIGEST];

	(void)state;
	fill(message, sizeof(message));
	sha256(sha256_blocks_portable, message, sizeof(message), expected);
	for (size_t offset = 0; offset < 64; offset++) {
		memcpy(moved + offset, message, sizeof(message));
		sha256(sha256_blocks_portable, moved + offset, sizeof(message), digest);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cavp_short),  cmocka_unit_test(cavp_long),       cmocka_unit_test(cavp_monte_carlo),
		cmocka_unit_test(every_split), cmocka_unit_test(every_alignment), cmocka_unit_test(length_past_32_bits),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
