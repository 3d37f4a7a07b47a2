/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The format: Devicetree Specification v0.4, chapter 5. */
#include "dtb.h"
#include <purgatory/loader.h>
#include <stdbool.h>
#include <string.h>

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4
#define FDT_END 9

/* Offsets in the header. */
#define FDT_TOTALSIZE 4
#define FDT_OFF_STRUCT 8
#define FDT_OFF_STRINGS 12
#define FDT_OFF_RESERVED 16
#define FDT_VERSION 20
#define FDT_LAST_COMP_VERSION 24
#define FDT_BOOT_CPUID 28
#define FDT_SIZE_STRINGS 32
#define FDT_SIZE_STRUCT 36 /* since version 17 */
#define FDT_HEADER_SIZE 40
#define FDT_RESERVED_ENTRY 16

/* The new property names, as they follow the old strings; each offset is the sum of the sizes before it. */
static const char new_names[] = "bootargs\0linux,initrd-start\0linux,initrd-end\0" PURG_DTB_REPORT;
#define NAME_BOOTARGS 0
#define NAME_INITRD_START (NAME_BOOTARGS + (uint32_t)sizeof("bootargs"))
#define NAME_INITRD_END (NAME_INITRD_START + (uint32_t)sizeof("linux,initrd-start"))
#define NAME_REPORT (NAME_INITRD_END + (uint32_t)sizeof("linux,initrd-end"))

/* A value lies at a multiple of 4, a record at one of 8. */
#define REPORT_ALIGN 8u
#define REPORT_ROOM (sizeof(struct purg_report) + REPORT_ALIGN - sizeof(uint32_t))

/* The input's blocks, checked to lie inside it. */
struct dtb {
	const uint8_t *data;
	uint32_t size;
	uint32_t reserved;
	uint32_t structure;
	uint32_t structure_end;
	const char *strings;
	uint32_t strings_size;
	uint32_t strings_end; /* behind the last NUL: a name that begins before it ends in the block */
};

struct out {
	uint8_t *data;
	size_t pos;
	size_t size;
	bool full; /* something did not fit, so that what is there is of no use */
};

/* Where the pass through the structure block is. */
struct walk {
	const struct dtb *in;
	uint32_t pos;
	uint32_t depth;  /* nodes open */
	bool root_done;  /* the root node was closed */
	bool child_done; /* a subnode of the open node was closed: no properties may follow */
	bool in_chosen;
	bool chosen_done; /* /chosen has been seen */
	const struct dtb_changes *changes;
	struct out out;
};

static const char sentences[][64] = {
	[0] = "unknown error",
	[-DTB_E_NULL] = "no DTB was given",
	[-DTB_E_ALIGN] = "the DTB does not lie at a multiple of 8",
	[-DTB_E_MAGIC] = "the DTB has no magic",
	[-DTB_E_VERSION] = "the DTB's version is neither 16 nor 17 nor compatible",
	[-DTB_E_SIZE] = "the DTB's size is not between its header's and 2 MiB",
	[-DTB_E_BLOCK] = "a block of the DTB lies outside it or is not aligned",
	[-DTB_E_RESERVED] = "the DTB's memory reservations have no end",
	[-DTB_E_TRUNCATED] = "the DTB's structure block ends too early",
	[-DTB_E_TOKEN] = "the DTB's structure block has an unknown token",
	[-DTB_E_NESTING] = "the DTB's nodes are not nested in one root",
	[-DTB_E_ROOT] = "the DTB's root node has a name",
	[-DTB_E_ORDER] = "the DTB has a property behind a subnode",
	[-DTB_E_NAME] = "the DTB has a property whose name is not in its strings",
	[-DTB_E_CHOSEN] = "the DTB has two /chosen nodes",
	[-DTB_E_ROOM] = "the completed DTB does not fit into its room or into 2 MiB",
};

const char *dtb_strerror(int error)
{
	if (error >= 0 || error < -(int)(sizeof(sentences) / sizeof(sentences[0])) + 1)
		return sentences[0];
	return sentences[-error];
}

/* A cell of the format, at a multiple of 4. */
typedef uint32_t __attribute__((may_alias)) cell;

static uint32_t load(const uint8_t *data)
{
	return __builtin_bswap32(*(const cell *)data);
}

/* Nearly all that is copied lies at a multiple of 4, but seldom of 8; with the MMU off each access takes its time. */
static void copy(uint8_t *out, const uint8_t *in, size_t size)
{
	if ((((uintptr_t)out | (uintptr_t)in) & 3) == 0)
		for (; size >= sizeof(cell); size -= sizeof(cell), out += sizeof(cell), in += sizeof(cell))
			*(cell *)out = *(const cell *)in;
	memcpy(out, in, size);
}

static void put(struct out *out, const void *data, size_t size)
{
	if (size > out->size - out->pos) {
		out->full = true;
		return;
	}
	copy(out->data + out->pos, data, size);
	out->pos += size;
}

static void put32(struct out *out, uint32_t value)
{
	value = __builtin_bswap32(value);
	put(out, &value, sizeof(value));
}

static void put_padding(struct out *out, size_t align)
{
	static const uint8_t zeros[8];

	put(out, zeros, -out->pos & (align - 1));
}

static void put_property(struct out *out, uint32_t name, const void *value, uint32_t size)
{
	put32(out, FDT_PROP);
	put32(out, size);
	put32(out, name);
	put(out, value, size);
	put_padding(out, 4);
}

static void put_node(struct out *out, const char *name, size_t size)
{
	put32(out, FDT_BEGIN_NODE);
	put(out, name, size);
	put_padding(out, 4);
}

/* Two cells, whatever the root's #address-cells: Linux reads as many as the property has. */
static void put_address(struct out *out, uint32_t name, uint64_t address)
{
	address = __builtin_bswap64(address);
	put_property(out, name, &address, sizeof(address));
}

/* The value comes behind token, size and name. */
static void put_report(struct out *out, uint32_t name, uint32_t *report)
{
	static const uint8_t zeros[REPORT_ROOM];
	uint32_t value = (uint32_t)(out->pos + 3 * sizeof(uint32_t));

	*report = (value + REPORT_ALIGN - 1) & -REPORT_ALIGN;
	put_property(out, name, zeros, sizeof(zeros));
}

static void put_changes(struct walk *walk)
{
	const struct dtb_changes *changes = walk->changes;
	uint32_t names = walk->in->strings_size;

	put_property(&walk->out, names + NAME_BOOTARGS, changes->bootargs, changes->bootargs_size);
	if (changes->report)
		put_report(&walk->out, names + NAME_REPORT, changes->report);
	if (changes->initrd_start == changes->initrd_end)
		return;
	put_address(&walk->out, names + NAME_INITRD_START, changes->initrd_start);
	put_address(&walk->out, names + NAME_INITRD_END, changes->initrd_end);
}

/* The next size bytes of the structure block, which are padded to a multiple of 4; NULL if they are not there. */
static const uint8_t *get(struct walk *walk, uint32_t size)
{
	const uint8_t *data = walk->in->data + walk->pos;
	uint32_t left = walk->in->structure_end - walk->pos;
	uint32_t padding = -size & 3;

	if (size > left || padding > left - size)
		return NULL;
	walk->pos += size + padding;
	return data;
}

static bool get32(struct walk *walk, uint32_t *value)
{
	const uint8_t *data = get(walk, sizeof(*value));

	if (data)
		*value = load(data);
	return data;
}

/* Linux finds /chosen as libfdt does: a unit address does not matter. */
static bool is_chosen(const char *name)
{
	static const char chosen[] = "chosen";
	size_t length = sizeof(chosen) - 1;

	/* Not memcmp over a fixed size: the name may be shorter, and be the last thing in the DTB. */
	for (size_t i = 0; i < length; i++)
		if (name[i] != chosen[i])
			return false;
	return name[length] == '\0' || name[length] == '@';
}

static bool same_string(const char *one, const char *other)
{
	while (*one && *one == *other) {
		one++;
		other++;
	}
	return *one == *other;
}

static bool is_replaced(const char *name)
{
	return same_string(name, new_names + NAME_BOOTARGS) || same_string(name, new_names + NAME_INITRD_START) ||
	       same_string(name, new_names + NAME_INITRD_END) || same_string(name, new_names + NAME_REPORT);
}

static int begin_node(struct walk *walk)
{
	const char *name = (const char *)walk->in->data + walk->pos;
	uint32_t left = walk->in->structure_end - walk->pos;
	uint32_t length = 0;

	while (length < left && name[length])
		length++;
	if (!get(walk, length + 1))
		return DTB_E_TRUNCATED;
	if (walk->root_done)
		return DTB_E_NESTING;
	if (walk->depth == 0 && length)
		return DTB_E_ROOT;

	walk->depth++;
	walk->child_done = false;
	put_node(&walk->out, name, length + 1);
	if (walk->depth != 2 || !is_chosen(name))
		return 0;
	if (walk->chosen_done)
		return DTB_E_CHOSEN;
	walk->chosen_done = true;
	walk->in_chosen = true;
	put_changes(walk);
	return 0;
}

static int end_node(struct walk *walk)
{
	static const char chosen[] = "chosen";

	if (walk->depth == 0)
		return DTB_E_NESTING;
	if (walk->depth == 1 && !walk->chosen_done) {
		put_node(&walk->out, chosen, sizeof(chosen));
		put_changes(walk);
		put32(&walk->out, FDT_END_NODE);
	}
	if (walk->depth == 2)
		walk->in_chosen = false;
	walk->depth--;
	walk->root_done = walk->depth == 0;
	walk->child_done = true;
	put32(&walk->out, FDT_END_NODE);
	return 0;
}

static int copy_property(struct walk *walk)
{
	const uint8_t *value;
	uint32_t size, name;

	if (!get32(walk, &size) || !get32(walk, &name))
		return DTB_E_TRUNCATED;
	value = get(walk, size);
	if (!value)
		return DTB_E_TRUNCATED;
	if (walk->depth == 0)
		return DTB_E_NESTING;
	if (walk->child_done)
		return DTB_E_ORDER;
	if (name >= walk->in->strings_end)
		return DTB_E_NAME;
	if (walk->in_chosen && walk->depth == 2 && is_replaced(walk->in->strings + name))
		return 0;
	put_property(&walk->out, name, value, size);
	return 0;
}

static int copy_structure(struct walk *walk)
{
	uint32_t token;
	int error = 0;

	while (!error) {
		if (!get32(walk, &token))
			return DTB_E_TRUNCATED;
		if (token == FDT_BEGIN_NODE)
			error = begin_node(walk);
		else if (token == FDT_END_NODE)
			error = end_node(walk);
		else if (token == FDT_PROP)
			error = copy_property(walk);
		else if (token == FDT_END)
			break;
		else if (token != FDT_NOP)
			error = DTB_E_TOKEN;
	}
	if (!error && !walk->root_done)
		error = DTB_E_NESTING;
	put32(&walk->out, FDT_END);
	return error;
}

/* Entries of two 64-bit words; one of zeros is the last. */
static int copy_reserved(struct out *out, const struct dtb *in)
{
	uint32_t pos = in->reserved;
	const uint8_t *entry;

	do {
		if (in->size - pos < FDT_RESERVED_ENTRY)
			return DTB_E_RESERVED;
		entry = in->data + pos;
		put(out, entry, FDT_RESERVED_ENTRY);
		pos += FDT_RESERVED_ENTRY;
	} while (load(entry) || load(entry + 4) || load(entry + 8) || load(entry + 12));
	return 0;
}

static bool inside(uint32_t start, uint32_t size, uint32_t end)
{
	return start >= FDT_HEADER_SIZE - 4 && start <= end && size <= end - start;
}

static int find_blocks(struct dtb *in)
{
	uint32_t structure_size;

	in->reserved = load(in->data + FDT_OFF_RESERVED);
	in->structure = load(in->data + FDT_OFF_STRUCT);
	in->strings_size = load(in->data + FDT_SIZE_STRINGS);
	if (!inside(in->reserved, 0, in->size) || in->reserved % 8 || !inside(in->structure, 0, in->size) ||
	    in->structure % 4 || !inside(load(in->data + FDT_OFF_STRINGS), in->strings_size, in->size))
		return DTB_E_BLOCK;

	structure_size = in->size - in->structure;
	if (load(in->data + FDT_VERSION) >= 17) {
		structure_size = load(in->data + FDT_SIZE_STRUCT);
		if (!inside(in->structure, structure_size, in->size))
			return DTB_E_BLOCK;
	}
	in->structure_end = in->structure + structure_size;

	in->strings = (const char *)in->data + load(in->data + FDT_OFF_STRINGS);
	in->strings_end = in->strings_size;
	while (in->strings_end && in->strings[in->strings_end - 1])
		in->strings_end--;
	return 0;
}

static int check_header(struct dtb *in, const uint8_t *data, size_t size)
{
	if (!data)
		return DTB_E_NULL;
	if ((uintptr_t)data % DTB_ALIGN)
		return DTB_E_ALIGN;
	if (size < FDT_HEADER_SIZE)
		return DTB_E_SIZE;
	if (load(data) != FDT_MAGIC)
		return DTB_E_MAGIC;
	if (load(data + FDT_VERSION) < 16 || load(data + FDT_LAST_COMP_VERSION) > 17 ||
	    load(data + FDT_LAST_COMP_VERSION) > load(data + FDT_VERSION))
		return DTB_E_VERSION;
	in->data = data;
	in->size = load(data + FDT_TOTALSIZE);
	if (in->size < FDT_HEADER_SIZE || in->size > DTB_MAX_SIZE || in->size > size)
		return DTB_E_SIZE;
	return find_blocks(in);
}

/* The blocks come in this order, and the new names directly behind the old strings. */
static void put_header(struct out out, const struct dtb *in, uint32_t structure, uint32_t strings)
{
	uint32_t size = (uint32_t)out.pos;

	out.pos = 0;
	put32(&out, FDT_MAGIC);
	put32(&out, size);
	put32(&out, structure);
	put32(&out, strings);
	put32(&out, FDT_HEADER_SIZE);
	put32(&out, 17);
	put32(&out, 16);
	put32(&out, load(in->data + FDT_BOOT_CPUID));
	put32(&out, in->strings_size + (uint32_t)sizeof(new_names));
	put32(&out, strings - structure);
}

int dtb_complete(void *out, size_t out_size, const void *data, size_t size, const struct dtb_changes *changes)
{
	static const uint8_t header[FDT_HEADER_SIZE];
	struct dtb in;
	struct walk walk = {.in = &in, .changes = changes, .out = {.data = out, .size = out_size}};
	uint32_t structure, strings;
	int error = check_header(&in, data, size);

	if (error)
		return error;
	if (walk.out.size > DTB_MAX_SIZE)
		walk.out.size = DTB_MAX_SIZE;

	put(&walk.out, header, sizeof(header));
	error = copy_reserved(&walk.out, &in);
	if (error)
		return error;
	walk.pos = in.structure;
	structure = (uint32_t)walk.out.pos;
	error = copy_structure(&walk);
	if (error)
		return error;
	strings = (uint32_t)walk.out.pos;
	put(&walk.out, in.strings, in.strings_size);
	put(&walk.out, new_names, sizeof(new_names));
	put_padding(&walk.out, DTB_ALIGN);
	if (walk.out.full)
		return DTB_E_ROOM;
	put_header(walk.out, &in, structure, strings);
	return (int)walk.out.pos;
}
