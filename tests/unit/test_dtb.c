/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * front/arm64/dtb.c under the host's sanitizers. DTBs are made with libfdt's sequential writer; what dtb_complete makes
 * of them is read back with libfdt, which knows nothing of it. Every input lies in a block of the heap of exactly its
 * size, and so does every room, so that ASan sees a byte read or written outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "../../front/arm64/dtb.h"

#define BIG 65536
#define BOOTARGS "console=ttyAMA0 root=/dev/vda"
#define INITRD_START 0x123456789000
#define INITRD_END 0x12345678abcd

static const struct dtb_changes with_initrd = {BOOTARGS, sizeof(BOOTARGS), INITRD_START, INITRD_END, NULL};
static const struct dtb_changes without_initrd = {BOOTARGS, sizeof(BOOTARGS), 0x40000000, 0x40000000, NULL};

enum chosen {
	NO_CHOSEN,
	EMPTY_CHOSEN,
	FULL_CHOSEN,
	UNIT_CHOSEN,
	TWO_CHOSEN,
	DEEP_CHOSEN
};

static void ok(int result)
{
	assert_true(result >= 0);
}

static void write_chosen(void *fdt, const char *name, bool full)
{
	ok(fdt_begin_node(fdt, name));
	if (full) {
		ok(fdt_property_string(fdt, "bootargs", "old arguments, quite a lot longer than the new ones"));
		ok(fdt_property_u64(fdt, "linux,initrd-start", 0x1111));
		ok(fdt_property_u32(fdt, "linux,initrd-end", 0x2222));
		ok(fdt_property_u64(fdt, "kaslr-seed", 0x3333));
		ok(fdt_property_string(fdt, "stdout-path", "/uart@9000000"));
		ok(fdt_begin_node(fdt, "module@0"));
		ok(fdt_property_string(fdt, "bootargs", "the module's own"));
		ok(fdt_end_node(fdt));
	}
	ok(fdt_end_node(fdt));
}

static void write_tree(void *fdt, enum chosen chosen)
{
	ok(fdt_create(fdt, BIG));
	ok(fdt_add_reservemap_entry(fdt, 0x80000000, 0x1000));
	ok(fdt_add_reservemap_entry(fdt, 0, 0x2000));
	ok(fdt_finish_reservemap(fdt));
	ok(fdt_begin_node(fdt, ""));
	ok(fdt_property_u32(fdt, "#address-cells", 2));
	ok(fdt_property_string(fdt, "model", "odd"));
	ok(fdt_property(fdt, "dma-coherent", NULL, 0));
	if (chosen == EMPTY_CHOSEN || chosen == FULL_CHOSEN || chosen == TWO_CHOSEN)
		write_chosen(fdt, "chosen", chosen == FULL_CHOSEN);
	ok(fdt_begin_node(fdt, "memory@40000000"));
	ok(fdt_property_string(fdt, "bootargs", "not in /chosen"));
	if (chosen == DEEP_CHOSEN)
		write_chosen(fdt, "chosen", true);
	ok(fdt_end_node(fdt));
	ok(fdt_begin_node(fdt, "chosenx"));
	ok(fdt_property_string(fdt, "bootargs", "neither in that"));
	ok(fdt_end_node(fdt));
	if (chosen == UNIT_CHOSEN || chosen == TWO_CHOSEN)
		write_chosen(fdt, "chosen@0", true);
	ok(fdt_end_node(fdt));
	ok(fdt_finish(fdt));
}

/* A copy in a block of exactly its size. */
static uint8_t *exact(const void *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static uint8_t *make(enum chosen chosen, size_t *size)
{
	static uint64_t buffer[BIG / 8];
	uint8_t *dtb;

	write_tree(buffer, chosen);
	*size = fdt_totalsize(buffer);
	dtb = exact(buffer, *size);
	assert_int_equal(fdt_check_full(dtb, *size), 0);
	return dtb;
}

static const void *get(const void *fdt, const char *path, const char *name, int *size)
{
	int node = fdt_path_offset(fdt, path);

	assert_true(node >= 0);
	return fdt_getprop(fdt, node, name, size);
}

static void has(const void *fdt, const char *path, const char *name, const void *value, int size)
{
	int found;
	const void *data = get(fdt, path, name, &found);

	assert_non_null(data);
	assert_int_equal(found, size);
	assert_memory_equal(data, value, (size_t)size);
}

static void has_u64(const void *fdt, const char *path, const char *name, uint64_t value)
{
	fdt64_t big = cpu_to_fdt64(value);

	has(fdt, path, name, &big, sizeof(big));
}

static void has_string(const void *fdt, const char *path, const char *name, const char *value)
{
	has(fdt, path, name, value, (int)strlen(value) + 1);
}

static void has_not(const void *fdt, const char *path, const char *name)
{
	int found;

	assert_null(get(fdt, path, name, &found));
	assert_int_equal(found, -FDT_ERR_NOTFOUND);
}

static int count_properties(const void *fdt, const char *path, const char *name)
{
	int node = fdt_path_offset(fdt, path), offset, count = 0;
	const char *found;

	fdt_for_each_property_offset(offset, fdt, node)
	{
		assert_non_null(fdt_getprop_by_offset(fdt, offset, &found, NULL));
		count += strcmp(found, name) == 0;
	}
	return count;
}

/* As the boot protocol and the Devicetree Specification want it. */
static void check_form(const uint8_t *out, int result, const struct dtb_changes *changes)
{
	assert_int_equal(fdt_check_full(out, (size_t)result), 0);
	assert_int_equal(fdt_totalsize(out), result);
	assert_int_equal(result % 8, 0);
	assert_int_equal(fdt_version(out), 17);
	assert_int_equal(fdt_last_comp_version(out), 16);
	assert_int_equal(fdt_off_mem_rsvmap(out) % 8, 0);
	assert_int_equal(fdt_off_dt_struct(out) % 4, 0);
	has(out, "/chosen", "bootargs", changes->bootargs, (int)changes->bootargs_size);
	assert_int_equal(count_properties(out, "/chosen", "bootargs"), 1);
	if (changes->initrd_start == changes->initrd_end) {
		has_not(out, "/chosen", "linux,initrd-start");
		has_not(out, "/chosen", "linux,initrd-end");
		return;
	}
	has_u64(out, "/chosen", "linux,initrd-start", changes->initrd_start);
	has_u64(out, "/chosen", "linux,initrd-end", changes->initrd_end);
	assert_int_equal(count_properties(out, "/chosen", "linux,initrd-start"), 1);
	assert_int_equal(count_properties(out, "/chosen", "linux,initrd-end"), 1);
}

static uint8_t *complete(const void *dtb, size_t size, const struct dtb_changes *changes)
{
	uint8_t *out = malloc(BIG);
	int result = dtb_complete(out, BIG, dtb, size, changes);

	assert_true(result > 0);
	check_form(out, result, changes);
	return out;
}

static void check_tree(const uint8_t *out, enum chosen chosen)
{
	uint64_t address, size;
	bool full = chosen == FULL_CHOSEN || chosen == UNIT_CHOSEN;

	assert_int_equal(fdt_num_mem_rsv(out), 2);
	ok(fdt_get_mem_rsv(out, 0, &address, &size));
	assert_int_equal(address, 0x80000000);
	assert_int_equal(size, 0x1000);
	ok(fdt_get_mem_rsv(out, 1, &address, &size));
	assert_int_equal(address, 0);
	assert_int_equal(size, 0x2000);
	has_string(out, "/", "model", "odd");
	has(out, "/", "dma-coherent", "", 0);
	has_string(out, "/memory@40000000", "bootargs", "not in /chosen");
	has_string(out, "/chosenx", "bootargs", "neither in that");
	if (full) {
		has_u64(out, "/chosen", "kaslr-seed", 0x3333);
		has_string(out, "/chosen", "stdout-path", "/uart@9000000");
		has_string(out, "/chosen/module@0", "bootargs", "the module's own");
	}
	if (chosen == DEEP_CHOSEN)
		has_u64(out, "/memory@40000000/chosen", "linux,initrd-start", 0x1111);
}

static void test_trees(void **state)
{
	static const enum chosen chosen[] = {NO_CHOSEN, EMPTY_CHOSEN, FULL_CHOSEN, UNIT_CHOSEN, DEEP_CHOSEN};

	(void)state;
	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++)
		for (int initrd = 0; initrd < 2; initrd++) {
			size_t size;
			uint8_t *dtb = make(chosen[i], &size);
			uint8_t *out = complete(dtb, size, initrd ? &with_initrd : &without_initrd);

			check_tree(out, chosen[i]);
			free(out);
			free(dtb);
		}
}

/* Room for a record: where it is said to be, at a multiple of 8, in a property of zeros; an old one goes. */
static void test_report(void **state)
{
	static const uint8_t zeros[0x154];
	unsigned int skipped = 0;

	(void)state;
	for (uint32_t args = 1; args < 10; args++) {
		size_t size;
		uint8_t *dtb = make(FULL_CHOSEN, &size), *out, *again;
		uint32_t report = 0;
		struct dtb_changes changes = {"12345678", args, 0x40000000, 0x40001000, &report};
		const uint8_t *value;
		int length;

		out = complete(dtb, size, &changes);
		has(out, "/chosen", "purgatory,report", zeros, sizeof(zeros));
		value = get(out, "/chosen", "purgatory,report", &length);
		assert_int_equal(report % 8, 0);
		assert_true(out + report >= value && out + report + 0x150 <= value + length);
		skipped |= 1u << (out + report - value);
		memset(out + report, 0x5a, 0x150);
		again = complete(out, fdt_totalsize(out), &changes);
		has(again, "/chosen", "purgatory,report", zeros, sizeof(zeros));
		assert_int_equal(count_properties(again, "/chosen", "purgatory,report"), 1);
		free(again);
		changes.report = NULL;
		again = complete(out, fdt_totalsize(out), &changes);
		has_not(again, "/chosen", "purgatory,report");
		free(again);
		free(out);
		free(dtb);
	}
	assert_int_equal(skipped, 1 << 0 | 1 << 4);
}

/* What comes out can go in again, and then changes no more. */
static void test_twice(void **state)
{
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size), *out, *again;

	(void)state;
	out = complete(dtb, size, &with_initrd);
	again = complete(out, fdt_totalsize(out), &with_initrd);
	assert_int_equal(fdt_size_dt_struct(out), fdt_size_dt_struct(again));
	has_u64(again, "/chosen", "kaslr-seed", 0x3333);
	free(again);
	free(out);
	free(dtb);
}

static void test_nops_dropped(void **state)
{
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size), *plain = complete(dtb, size, &with_initrd), *out;
	int node = fdt_path_offset(dtb, "/chosen"), offset, next = 0;
	uint32_t tag;

	(void)state;
	ok(fdt_nop_property(dtb, node, "kaslr-seed"));
	ok(fdt_nop_node(dtb, fdt_path_offset(dtb, "/chosenx")));
	out = complete(dtb, size, &with_initrd);
	assert_true(fdt_size_dt_struct(out) < fdt_size_dt_struct(plain));
	has_not(out, "/chosen", "kaslr-seed");
	do {
		offset = next;
		tag = fdt_next_tag(out, offset, &next);
		assert_int_not_equal(tag, FDT_NOP);
	} while (tag != FDT_END);
	free(out);
	free(plain);
	free(dtb);
}

/* Version 16 has no size of the structure block; the boot CPU goes through. */
static void test_version_16(void **state)
{
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size), *out;

	(void)state;
	fdt_set_version(dtb, 16);
	fdt_set_size_dt_struct(dtb, 0xffffffff);
	fdt_set_boot_cpuid_phys(dtb, 0x101);
	out = complete(dtb, size, &with_initrd);
	assert_int_equal(fdt_boot_cpuid_phys(out), 0x101);
	free(out);
	free(dtb);
}

/* Room of exactly each size: an error, and nothing written outside, until it is enough. */
static void test_room(void **state)
{
	size_t size;
	uint8_t *dtb = make(NO_CHOSEN, &size), *out = complete(dtb, size, &with_initrd);
	size_t enough = fdt_totalsize(out);

	(void)state;
	for (size_t room = 0; room <= enough; room++) {
		uint8_t *small = malloc(room + 16);
		int result;

		memset(small, 0xa5, room + 16);
		result = dtb_complete(small, room, dtb, size, &with_initrd);
		assert_int_equal(result, room < enough ? DTB_E_ROOM : (int)enough);
		for (size_t i = 0; i < 16; i++)
			assert_int_equal(small[room + i], 0xa5);
		free(small);
		small = malloc(room ? room : 1);
		assert_int_equal(dtb_complete(small, room, dtb, size, &with_initrd), result);
		free(small);
	}
	free(out);
	free(dtb);
}

/* However large the room, no DTB of more than 2 MiB comes out. */
static void test_out_limit(void **state)
{
	size_t size, args_size = DTB_MAX_SIZE;
	uint8_t *dtb = make(NO_CHOSEN, &size), *out = malloc(2 * DTB_MAX_SIZE);
	char *args = malloc(args_size);
	struct dtb_changes changes = {args, (uint32_t)args_size, 0, 0, NULL};
	int result;

	(void)state;
	memset(args, 'x', args_size);
	assert_int_equal(dtb_complete(out, 2 * DTB_MAX_SIZE, dtb, size, &changes), DTB_E_ROOM);
	changes.bootargs_size = DTB_MAX_SIZE - BIG;
	result = dtb_complete(out, 2 * DTB_MAX_SIZE, dtb, size, &changes);
	assert_true(result > 0 && result <= DTB_MAX_SIZE);
	free(args);
	free(out);
	free(dtb);
}

/* An error, or a DTB that libfdt accepts in full. */
static int survives(const uint8_t *dtb, size_t size, const struct dtb_changes *changes)
{
	uint8_t *in = exact(dtb, size), *out = malloc(BIG);
	int result = dtb_complete(out, BIG, in, size, changes);

	if (result >= 0)
		check_form(out, result, changes);
	else
		assert_string_not_equal(dtb_strerror(result), "unknown error");
	free(out);
	free(in);
	return result;
}

static void test_truncated(void **state)
{
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size);

	(void)state;
	for (size_t length = 0; length < size; length++) {
		uint8_t *cut = exact(dtb, length < 40 ? 40 : length);

		assert_int_equal(survives(dtb, length, &with_initrd), DTB_E_SIZE);
		/* With a header that owns up to it, in each version. */
		if (length >= 40) {
			fdt_set_totalsize(cut, (uint32_t)length);
			assert_true(survives(cut, length, &with_initrd) < 0);
			fdt_set_size_dt_strings(cut, 0);
			fdt_set_off_dt_strings(cut, 40);
			survives(cut, length, &with_initrd);
			fdt_set_version(cut, 16);
			survives(cut, length, &with_initrd);
		}
		free(cut);
	}
	free(dtb);
}

/* A structure block that ends at each of its words. */
static void test_structure_cut(void **state)
{
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size);
	uint32_t whole = fdt_size_dt_struct(dtb);

	(void)state;
	for (uint32_t length = 0; length < whole; length++) {
		fdt_set_size_dt_struct(dtb, length);
		assert_int_equal(survives(dtb, size, &with_initrd), DTB_E_TRUNCATED);
	}
	free(dtb);
}

static void test_corrupted_bytes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x09, 0x2f, 0x7f, 0x80, 0xfe, 0xff};
	size_t size;

	(void)state;
	for (int chosen = NO_CHOSEN; chosen <= FULL_CHOSEN; chosen++) {
		uint8_t *dtb = make((enum chosen)chosen, &size);

		for (size_t i = 0; i < size; i++) {
			uint8_t old = dtb[i];

			for (size_t j = 0; j < sizeof(values) + 8; j++) {
				dtb[i] = j < sizeof(values) ? values[j] : old ^ (uint8_t)(1 << (j - sizeof(values)));
				survives(dtb, size, &with_initrd);
			}
			dtb[i] = old;
		}
		free(dtb);
	}
}

static void test_corrupted_words(void **state)
{
	static const uint32_t values[] = {0, 1, 2, 3, 4, 9, 0x7ffffffc, 0x80000000, 0xfffffffc, 0xfffffffd, 0xffffffff};
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size);

	(void)state;
	for (size_t i = 0; i + 4 <= size; i += 4) {
		fdt32_t old = *(fdt32_t *)(dtb + i);

		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			fdt32_st(dtb + i, values[j]);
			survives(dtb, size, &with_initrd);
		}
		for (size_t j = 0; j < 8; j++) {
			fdt32_st(dtb + i, (uint32_t)(size - 8 + 2 * j));
			survives(dtb, size, &with_initrd);
		}
		*(fdt32_t *)(dtb + i) = old;
	}
	free(dtb);
}

/* Many bytes at once, the same ones in every run. */
static void test_random(void **state)
{
	uint32_t seed = 1;
	size_t size;
	uint8_t *dtb = make(FULL_CHOSEN, &size);

	(void)state;
	for (int run = 0; run < 20000; run++) {
		uint8_t *in = exact(dtb, size);

		for (int i = 0; i < 1 + run % 5; i++) {
			seed = seed * 1664525 + 1013904223;
			in[(seed >> 8) % size] = (uint8_t)(seed >> 24);
		}
		survives(in, size, &with_initrd);
		free(in);
	}
	free(dtb);
}

static int refused(uint8_t *dtb, size_t size)
{
	int result = survives(dtb, size, &with_initrd);

	free(dtb);
	return result;
}

static void test_header_errors(void **state)
{
	size_t size;
	uint8_t *dtb, out[64] __attribute__((aligned(8)));

	(void)state;
	assert_int_equal(dtb_complete(out, sizeof(out), NULL, 40, &with_initrd), DTB_E_NULL);
	assert_int_equal(dtb_complete(out, sizeof(out), out + 4, 40, &with_initrd), DTB_E_ALIGN);
	dtb = make(NO_CHOSEN, &size);
	assert_int_equal(survives(dtb, 39, &with_initrd), DTB_E_SIZE);
	fdt_set_magic(dtb, 0xd00dfeec);
	assert_int_equal(refused(dtb, size), DTB_E_MAGIC);
	dtb = make(NO_CHOSEN, &size);
	fdt_set_version(dtb, 15);
	fdt_set_last_comp_version(dtb, 15);
	assert_int_equal(refused(dtb, size), DTB_E_VERSION);
	dtb = make(NO_CHOSEN, &size);
	fdt_set_version(dtb, 18);
	assert_true(survives(dtb, size, &with_initrd) > 0);
	fdt_set_last_comp_version(dtb, 18);
	assert_int_equal(refused(dtb, size), DTB_E_VERSION);
	dtb = make(NO_CHOSEN, &size);
	fdt_set_version(dtb, 16);
	fdt_set_last_comp_version(dtb, 17);
	assert_int_equal(refused(dtb, size), DTB_E_VERSION);
	dtb = make(NO_CHOSEN, &size);
	fdt_set_totalsize(dtb, 39);
	assert_int_equal(refused(dtb, size), DTB_E_SIZE);
	dtb = make(NO_CHOSEN, &size);
	fdt_set_totalsize(dtb, (uint32_t)size + 1);
	assert_int_equal(refused(dtb, size), DTB_E_SIZE);
}

static void test_in_limit(void **state)
{
	size_t size;
	uint8_t *dtb = make(NO_CHOSEN, &size), *large = calloc(1, DTB_MAX_SIZE + 8);

	(void)state;
	memcpy(large, dtb, size);
	fdt_set_totalsize(large, DTB_MAX_SIZE);
	assert_true(survives(large, DTB_MAX_SIZE + 8, &with_initrd) > 0);
	fdt_set_totalsize(large, DTB_MAX_SIZE + 1);
	assert_int_equal(survives(large, DTB_MAX_SIZE + 8, &with_initrd), DTB_E_SIZE);
	free(large);
	free(dtb);
}

static void test_block_errors(void **state)
{
	static const uint32_t fields[][2] = {
		{8, 4}, {12, 1}, {16, 8}}; /* offset in the header, alignment of the block */
	size_t size;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t *dtb = make(NO_CHOSEN, &size);
		uint32_t old = fdt32_ld((fdt32_t *)(dtb + fields[i][0]));
		const uint32_t bad[] = {0, 32, (uint32_t)size + 8, 0xfffffff8, old + fields[i][1] / 2};

		for (size_t j = 0; j < 4 + (fields[i][1] > 1); j++) {
			fdt32_st(dtb + fields[i][0], bad[j]);
			assert_int_equal(survives(dtb, size, &with_initrd), DTB_E_BLOCK);
		}
		free(dtb);
	}
	/* Without the structure block's size there is only its start to go by. */
	for (uint32_t beyond = 4; beyond <= 4096; beyond *= 2) {
		uint8_t *dtb = make(NO_CHOSEN, &size);

		fdt_set_version(dtb, 16);
		fdt_set_off_dt_struct(dtb, ((uint32_t)size & ~3u) + beyond);
		assert_int_equal(refused(dtb, size), DTB_E_BLOCK);
	}
	for (size_t field = 32; field <= 36; field += 4) {
		uint8_t *dtb = make(NO_CHOSEN, &size);

		fdt32_st(dtb + field, (uint32_t)size);
		assert_int_equal(survives(dtb, size, &with_initrd), DTB_E_BLOCK);
		fdt32_st(dtb + field, 0xffffffff);
		assert_int_equal(refused(dtb, size), DTB_E_BLOCK);
	}
}

/* A DTB of these words as its structure block; one string, "p". */
static int structure(const uint32_t *words, size_t count)
{
	size_t size = 40 + 16 + count * 4 + 8;
	uint8_t *dtb = calloc(1, size);

	fdt_set_magic(dtb, FDT_MAGIC);
	fdt_set_totalsize(dtb, (uint32_t)size);
	fdt_set_off_dt_struct(dtb, 56);
	fdt_set_off_dt_strings(dtb, (uint32_t)size - 8);
	fdt_set_off_mem_rsvmap(dtb, 40);
	fdt_set_version(dtb, 17);
	fdt_set_last_comp_version(dtb, 16);
	fdt_set_size_dt_strings(dtb, 3); /* "p", NUL, and a "q" with no end */
	fdt_set_size_dt_struct(dtb, (uint32_t)count * 4);
	for (size_t i = 0; i < count; i++)
		fdt32_st(dtb + 56 + i * 4, words[i]);
	memcpy(dtb + size - 8, "p\0q", 3);
	return refused(dtb, size);
}

#define STRUCTURE(...) structure((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)
#define NODE 1
#define END_NODE 2
#define PROP 3
#define END 9
#define NAME_A 0x61000000

static void test_structure_errors(void **state)
{
	(void)state;
	assert_true(STRUCTURE(NODE, 0, END_NODE, END) > 0);
	assert_true(STRUCTURE(NODE, 0, PROP, 1, 0, 0, NODE, NAME_A, END_NODE, 4, END_NODE, END) > 0);
	assert_int_equal(STRUCTURE(END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(END_NODE, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(NODE, 0, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(NODE, 0, END_NODE, END_NODE, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(END_NODE, NODE, 0, NODE, 0, END_NODE, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(NODE, 0, END_NODE, NODE, 0, END_NODE, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(PROP, 0, 0, NODE, 0, END_NODE, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(NODE, 0, END_NODE, PROP, 0, 0, END), DTB_E_NESTING);
	assert_int_equal(STRUCTURE(NODE, NAME_A, END_NODE, END), DTB_E_ROOT);
	assert_int_equal(STRUCTURE(NODE, 0, NODE, NAME_A, END_NODE, PROP, 0, 0, END_NODE, END), DTB_E_ORDER);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 0, 2, END_NODE, END), DTB_E_NAME);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 0, 3, END_NODE, END), DTB_E_NAME);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 0, 0xffffffff, END_NODE, END), DTB_E_NAME);
	assert_int_equal(STRUCTURE(NODE, 0, 5, END_NODE, END), DTB_E_TOKEN);
	assert_int_equal(STRUCTURE(NODE, 0, 0, END_NODE, END), DTB_E_TOKEN);
	assert_int_equal(STRUCTURE(NODE, 0, END_NODE), DTB_E_TRUNCATED);
	assert_int_equal(STRUCTURE(NODE), DTB_E_TRUNCATED);
	assert_int_equal(STRUCTURE(NODE, 0x61616161), DTB_E_TRUNCATED);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 0), DTB_E_TRUNCATED);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 5, 0, 0), DTB_E_TRUNCATED);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 0xfffffffd, 0, 0), DTB_E_TRUNCATED);
	assert_int_equal(STRUCTURE(NODE, 0, PROP, 0xffffffff, 0, END_NODE, END), DTB_E_TRUNCATED);
}

static void test_two_chosen(void **state)
{
	size_t size;
	uint8_t *dtb = make(TWO_CHOSEN, &size);

	(void)state;
	assert_int_equal(refused(dtb, size), DTB_E_CHOSEN);
}

static void test_reservations_without_end(void **state)
{
	size_t size;
	uint8_t *dtb = make(NO_CHOSEN, &size);

	(void)state;
	for (size_t i = 40; i < fdt_off_dt_struct(dtb); i++)
		dtb[i] = 0xff;
	fdt_set_off_mem_rsvmap(dtb, (uint32_t)(size & ~7ul));
	assert_int_equal(survives(dtb, size, &with_initrd), DTB_E_RESERVED);
	free(dtb);
}

/* Only an entry of two zeros is the last: one of no size is copied, and so is what follows. */
static void test_empty_reservation(void **state)
{
	uint64_t buffer[BIG / 8];
	uint8_t *dtb, *out;

	(void)state;
	ok(fdt_create(buffer, BIG));
	ok(fdt_add_reservemap_entry(buffer, 0x123400000000, 0));
	ok(fdt_add_reservemap_entry(buffer, 0x5678, 0));
	ok(fdt_add_reservemap_entry(buffer, 0, 0x9abc));
	ok(fdt_add_reservemap_entry(buffer, 0, 0x123400000000));
	ok(fdt_finish_reservemap(buffer));
	ok(fdt_begin_node(buffer, ""));
	ok(fdt_end_node(buffer));
	ok(fdt_finish(buffer));
	dtb = exact(buffer, fdt_totalsize(buffer));
	out = complete(dtb, fdt_totalsize(dtb), &with_initrd);
	assert_int_equal(fdt_off_dt_struct(out) - fdt_off_mem_rsvmap(out), 5 * 16);
	assert_memory_equal(out + fdt_off_mem_rsvmap(out), dtb + fdt_off_mem_rsvmap(dtb), 5 * 16);
	free(out);
	free(dtb);
}

static void test_sentences(void **state)
{
	(void)state;
	for (int error = DTB_E_ROOM; error < 0; error++)
		for (int other = DTB_E_ROOM; other < error; other++)
			assert_string_not_equal(dtb_strerror(error), dtb_strerror(other));
	assert_string_equal(dtb_strerror(0), "unknown error");
	assert_string_equal(dtb_strerror(1), "unknown error");
	assert_string_equal(dtb_strerror(DTB_E_ROOM - 1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_nops_dropped),
		cmocka_unit_test(test_version_16),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_out_limit),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_structure_cut),
		cmocka_unit_test(test_corrupted_bytes),
		cmocka_unit_test(test_corrupted_words),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_header_errors),
		cmocka_unit_test(test_in_limit),
		cmocka_unit_test(test_block_errors),
		cmocka_unit_test(test_structure_errors),
		cmocka_unit_test(test_two_chosen),
		cmocka_unit_test(test_reservations_without_end),
		cmocka_unit_test(test_empty_reservation),
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
