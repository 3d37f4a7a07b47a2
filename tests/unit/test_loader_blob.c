/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The loader library and the flat form: digests, the header and the block's head at each bad value, every length, what
 * is put into memory, segments, the two digests of the end. The purgatory is made here; the real ones are loaded by
 * tests/forms/test_loader_elf.py and by the command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <purgatory/loader.h>
#include <sha256.h>

#define RO_SIZE 0x1000
#define PARAMS 0x1008
#define FILE_SIZE (PARAMS + 16)
#define MEM_SIZE 0x3000

static uint8_t blob[FILE_SIZE];

static struct purg_header *header(void)
{
	return (struct purg_header *)blob;
}

static void make_blob(void)
{
	for (size_t i = 0; i < sizeof(blob); i++)
		blob[i] = (uint8_t)(i * 7);
	*header() = (struct purg_header){
		.magic = PURG_HEADER_MAGIC,
		.abi_major = PURG_ABI_MAJOR,
		.abi_minor = PURG_ABI_MINOR,
		.arch = PURG_ARCH_ARM64,
		.header_size = PURG_HEADER_SIZE,
		.align = 4096,
		.file_size = FILE_SIZE,
		.mem_size = MEM_SIZE,
		.ro_size = RO_SIZE,
		.params = PARAMS,
		.params_size = PURG_PARAMS_SIZE,
		.features = PURG_FEATURE_SELF_DIGEST,
	};
	memcpy(blob + PARAMS, "PURGPARM\1\0\0\0\0\x17\0\0", 16);
}

/* Of a copy of exactly this size; the header's copy is untouched if there is an error. */
static int check(size_t size, uint16_t arch)
{
	struct purg_header found, before;
	uint8_t *copy = malloc(size);
	int error;

	memcpy(copy, blob, size);
	memset(&found, 0xa5, sizeof(found));
	before = found;
	error = purg_blob_check(copy, size, arch, &found);
	assert_memory_equal(&found, error ? &before : header(), sizeof(found));
	free(copy);
	return error;
}

#define HEADER(field) offsetof(struct purg_header, field), sizeof(((struct purg_header *)0)->field)

static void test_check(void **state)
{
	static const struct {
		size_t at;
		size_t width;
		uint64_t value;
		int error;
	} bad[] = {
		{HEADER(code), 0xffffffff, 0},
		{HEADER(magic), PURG_PARAMS_MAGIC, PURG_ERR_BLOB_MAGIC},
		{HEADER(abi_major), 0, PURG_ERR_BLOB_VERSION},
		{HEADER(abi_major), 2, PURG_ERR_BLOB_VERSION},
		{HEADER(abi_minor), PURG_ABI_MINOR + 1, PURG_ERR_BLOB_VERSION},
		{HEADER(header_size), 0x48, PURG_ERR_BLOB_VERSION},
		{HEADER(reserved), 1, PURG_ERR_BLOB_VERSION},
		{HEADER(arch), PURG_ARCH_X86_64, 0},
		{HEADER(arch), 3, PURG_ERR_BLOB_ARCH},
		{HEADER(arch), 0, PURG_ERR_BLOB_ARCH},
		{HEADER(align), 0, PURG_ERR_BLOB_SIZES},
		{HEADER(align), 12288, PURG_ERR_BLOB_SIZES},
		{HEADER(align), 1, 0},
		{HEADER(file_size), FILE_SIZE + 1, PURG_ERR_BLOB_CUT},
		{HEADER(file_size), FILE_SIZE - 1, PURG_ERR_BLOB_SIZES},
		{HEADER(file_size), MEM_SIZE + 1, PURG_ERR_BLOB_SIZES},
		{HEADER(file_size), MEM_SIZE, PURG_ERR_BLOB_CUT},
		{HEADER(mem_size), FILE_SIZE - 1, PURG_ERR_BLOB_SIZES},
		{HEADER(mem_size), PARAMS + PURG_PARAMS_SIZE - 1, PURG_ERR_BLOB_SIZES},
		{HEADER(mem_size), PARAMS + PURG_PARAMS_SIZE, 0},
		{HEADER(mem_size), UINT32_MAX, 0},
		{HEADER(ro_size), PURG_HEADER_SIZE - 1, PURG_ERR_BLOB_SIZES},
		{HEADER(ro_size), PURG_HEADER_SIZE, 0},
		{HEADER(ro_size), PARAMS, 0},
		{HEADER(ro_size), PARAMS + 1, PURG_ERR_BLOB_SIZES},
		{HEADER(ro_size), FILE_SIZE + 1, PURG_ERR_BLOB_SIZES},
		{HEADER(entry), RO_SIZE - 1, 0},
		{HEADER(entry), RO_SIZE, PURG_ERR_BLOB_SIZES},
		{HEADER(params), PARAMS + 8, PURG_ERR_BLOB_SIZES},
		{HEADER(params), PARAMS - 4, PURG_ERR_BLOB_SIZES},
		{HEADER(params), RO_SIZE - 8, PURG_ERR_BLOB_SIZES},
		{HEADER(params), RO_SIZE, PURG_ERR_PARAMS_MAGIC},
		{HEADER(params), 0xfffffff8, PURG_ERR_BLOB_SIZES},
		{HEADER(params_size), PURG_PARAMS_SIZE + 8, PURG_ERR_BLOB_SIZES},
		{HEADER(features), 0xffffffff, 0},
		{PARAMS, 8, PURG_HEADER_MAGIC, PURG_ERR_PARAMS_MAGIC},
		{PARAMS + 8, 2, 2, PURG_ERR_PARAMS_MAGIC},
		{PARAMS + 10, 2, 1, PURG_ERR_PARAMS_MAGIC},
		{PARAMS + 12, 4, PURG_PARAMS_SIZE - 8, PURG_ERR_PARAMS_MAGIC},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int error;

		make_blob();
		memcpy(blob + bad[i].at, &bad[i].value, bad[i].width);
		error = check(sizeof(blob), 0);
		if (error != bad[i].error)
			fail_msg("case %zu: %s, not: %s", i, purg_strerror(error), purg_strerror(bad[i].error));
	}
	make_blob();
	assert_int_equal(check(sizeof(blob), PURG_ARCH_ARM64), 0);
	assert_int_equal(check(sizeof(blob), PURG_ARCH_X86_64), PURG_ERR_BLOB_ARCH);
	for (size_t size = 0; size < sizeof(blob); size++)
		assert_int_equal(check(size, 0), PURG_ERR_BLOB_CUT);
}

static void test_place(void **state)
{
	uint8_t *memory = malloc(MEM_SIZE + 1);

	(void)state;
	make_blob();
	memset(memory, 0xa5, MEM_SIZE + 1);
	assert_int_equal(purg_blob_place(memory, MEM_SIZE - 1, blob, sizeof(blob)), PURG_ERR_ROOM);
	assert_int_equal(purg_blob_place(memory, MEM_SIZE, blob, sizeof(blob) - 1), PURG_ERR_BLOB_CUT);
	for (size_t i = 0; i <= MEM_SIZE; i++)
		assert_int_equal(memory[i], 0xa5);
	assert_int_equal(purg_blob_place(memory, MEM_SIZE, blob, sizeof(blob)), MEM_SIZE);
	assert_memory_equal(memory, blob, sizeof(blob));
	for (size_t i = sizeof(blob); i < MEM_SIZE; i++)
		assert_int_equal(memory[i], 0);
	assert_int_equal(memory[MEM_SIZE], 0xa5);
	free(memory);
}

static void test_params(void **state)
{
	uint8_t *memory = malloc(MEM_SIZE + 8);

	(void)state;
	make_blob();
	purg_blob_place(memory, MEM_SIZE, blob, sizeof(blob));
	assert_ptr_equal(purg_blob_params(memory, MEM_SIZE), memory + PARAMS);
	assert_null(purg_blob_params(memory, MEM_SIZE - 1));
	memmove(memory + 4, memory, MEM_SIZE);
	assert_null(purg_blob_params(memory + 4, MEM_SIZE));
	assert_int_equal(purg_params_finish(memory + 4, MEM_SIZE), PURG_ERR_ALIGN);
	memory[4 + 8]++;
	assert_null(purg_blob_params(memory + 4, MEM_SIZE));
	free(memory);
}

static void expect_add(struct purg_params *params, const char *name, uint64_t start, uint64_t size, uint32_t lanes,
		       int error)
{
	uint8_t digest[PURG_DIGEST_SIZE];
	struct purg_params before = *params;
	const struct purg_segment *segment = &params->segment[before.segment_count];
	char *copy = strdup(name);

	memset(digest, 0x42, sizeof(digest));
	assert_int_equal(purg_params_add(params, copy, start, size, lanes, digest), error);
	if (!error) {
		struct purg_segment *added = &before.segment[before.segment_count++];

		*added = (struct purg_segment){.start = start, .size = size, .lanes = (uint16_t)lanes};
		added->kind = lanes ? PURG_DIGEST_STRIPED : PURG_DIGEST_SEGMENT;
		memcpy(added->name, name, strlen(name));
		memcpy(added->digest, digest, sizeof(digest));
		assert_true(segment->name[PURG_NAME_SIZE - 1] == 0 || strlen(name) == PURG_NAME_SIZE);
	}
	assert_memory_equal(params, &before, sizeof(before));
	free(copy);
}

static void test_add(void **state)
{
	struct purg_params *params = calloc(1, sizeof(*params));

	(void)state;
	expect_add(params, "kernel", 0x1000, 0x2000, 0, 0);
	expect_add(params, "12345678", 0, 0, 16, 0);
	expect_add(params, "a", UINT64_MAX, 0, 2, 0);
	expect_add(params, "b", UINT64_MAX, 1, 4, 0);
	expect_add(params, "c", 0, UINT64_MAX, 8, 0);
	expect_add(params, "d", UINT64_MAX, 2, 0, PURG_ERR_WRAP);
	expect_add(params, "e", 2, UINT64_MAX, 0, PURG_ERR_WRAP);
	expect_add(params, "", 0, 1, 0, PURG_ERR_PARAMS_NAME);
	expect_add(params, "123456789", 0, 1, 0, PURG_ERR_PARAMS_NAME);
	for (uint32_t lanes = 1; lanes < 70000; lanes++)
		if (lanes != 2 && lanes != 4 && lanes != 8 && lanes != 16)
			assert_int_equal(purg_params_add(params, "f", 0, 1, lanes, (uint8_t[32]){0}), PURG_ERR_STRIPES);
	while (params->segment_count < PURG_MAX_SEGMENTS)
		expect_add(params, "more", params->segment_count, 1, 0, 0);
	expect_add(params, "full", 0, 1, 0, PURG_ERR_PARAMS_FULL);
	params->segment_count = UINT32_MAX;
	assert_int_equal(purg_params_add(params, "full", 0, 1, 0, (uint8_t[32]){0}), PURG_ERR_PARAMS_FULL);
	free(params);
}

/* The two digests as docs/abi.md defines them, by the portable code. */
static void test_finish(void **state)
{
	uint8_t *memory = malloc(MEM_SIZE), *before = malloc(MEM_SIZE), digest[PURG_DIGEST_SIZE];
	struct purg_params *params, copy;

	(void)state;
	make_blob();
	purg_blob_place(memory, MEM_SIZE, blob, sizeof(blob));
	params = purg_blob_params(memory, MEM_SIZE);
	purg_params_add(params, "kernel", 1, 2, 0, (uint8_t[32]){3});
	memcpy(before, memory, MEM_SIZE);
	assert_int_equal(purg_params_finish(memory, MEM_SIZE - 1), PURG_ERR_BLOB_CUT);
	assert_memory_equal(memory, before, MEM_SIZE);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(purg_params_finish(memory, MEM_SIZE), 0);
		sha256(sha256_blocks_portable, memory, RO_SIZE, digest);
		assert_memory_equal(params->image_digest, digest, sizeof(digest));
		copy = *params;
		memset(copy.block_digest, 0, sizeof(copy.block_digest));
		sha256(sha256_blocks_portable, &copy, sizeof(copy), digest);
		assert_memory_equal(params->block_digest, digest, sizeof(digest));
	}
	memcpy(before + PARAMS + offsetof(struct purg_params, block_digest), params->block_digest, 64);
	assert_memory_equal(memory, before, MEM_SIZE);
	/* What a build does not know is not asked of it. */
	((struct purg_header *)memory)->features = ~(uint32_t)PURG_FEATURE_SELF_DIGEST;
	memset(params->block_digest, 0, 64);
	memcpy(before, memory, MEM_SIZE);
	assert_int_equal(purg_params_finish(memory, MEM_SIZE), 0);
	assert_memory_equal(memory, before, MEM_SIZE);
	free(memory);
	free(before);
}

/* test_sha256 has the paths; here: the stream is cut anywhere, copied, and goes on after its end. */
static void test_digests(void **state)
{
	static const uint8_t abc[] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
		0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	uint8_t whole[PURG_DIGEST_SIZE], parts[PURG_DIGEST_SIZE], lanes[2][PURG_DIGEST_SIZE];
	struct purg_sha256 stream, copy;

	(void)state;
	make_blob();
	assert_int_equal(purg_digest("abc", 3, 0, whole), 0);
	assert_memory_equal(whole, abc, sizeof(abc));
	assert_int_equal(purg_digest(blob, 1000, 0, whole), 0);
	for (size_t cut = 0; cut <= 1000; cut++) {
		purg_sha256_begin(&stream);
		purg_sha256_add(&stream, blob, cut);
		purg_sha256_end(&stream, parts);
		copy = stream;
		memset(&stream, 0xa5, sizeof(stream));
		purg_sha256_add(&copy, blob + cut, 1000 - cut);
		purg_sha256_end(&copy, parts);
		assert_memory_equal(parts, whole, sizeof(whole));
	}
	/* docs/abi.md: lanes of whole blocks, the last with the rest. */
	purg_digest(blob, 7 * 64, 0, lanes[0]);
	purg_digest(blob + 7 * 64, 1000 - 7 * 64, 0, lanes[1]);
	purg_digest(lanes, sizeof(lanes), 0, whole);
	assert_int_equal(purg_digest(blob, 1000, 2, parts), 0);
	assert_memory_equal(parts, whole, sizeof(whole));
	for (uint32_t n = 1; n < 40; n++)
		if (n != 2 && n != 4 && n != 8 && n != 16)
			assert_int_equal(purg_digest(blob, 1000, n, parts), PURG_ERR_STRIPES);
	assert_memory_equal(parts, whole, sizeof(whole));
}

/* Each error of the header has a sentence of its own, and nothing else has one. */
static void test_sentences(void **state)
{
	const char *unknown = purg_strerror(1);

	(void)state;
	assert_string_equal(unknown, "unknown error");
	assert_string_equal(purg_strerror(0), unknown);
	assert_string_equal(purg_strerror(INT64_MIN), unknown);
	for (int64_t error = PURG_ERR_STRIPES; error <= PURG_ERR_BLOB_CUT; error++)
		assert_string_not_equal(purg_strerror(error), unknown);
	for (int64_t error = PURG_ERR_ELF_INSTRUCTION; error <= PURG_ERR_ELF_CUT; error++)
		assert_string_not_equal(purg_strerror(error), unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),     cmocka_unit_test(test_place),  cmocka_unit_test(test_params),
		cmocka_unit_test(test_add),       cmocka_unit_test(test_finish), cmocka_unit_test(test_digests),
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
