/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the next kernel is told in /chosen (Linux Documentation/devicetree/bindings/chosen.txt, drivers/of/fdt.c).
 *
 * libfdt changes a tree in place, and only ever needs more memory for it at first than in the end if something is taken
 * out as well. So the tree is copied without what is taken out, and libfdt adds the rest, in memory of the exact size.
 */
#include <string.h>

#include "dtb.h"
#include "number.h"

/* Properties of /chosen: those that are written, and behind them those that are only taken out. */
enum property {
	BOOTARGS,
	INITRD_START,
	INITRD_END,
	KASLR_SEED,
	RNG_SEED,
	USABLE,
	ELFCOREHDR,
	REPORT,
	WRITTEN,
	IMA_BUFFER = WRITTEN, /* the measurements that the old kernel was handed */
	KHO_FDT,              /* and its predecessor's kexec handover */
	KHO_SCRATCH,
	PROPERTIES
};

static const char names[][32] = {
	[BOOTARGS] = "bootargs",
	[INITRD_START] = "linux,initrd-start",
	[INITRD_END] = "linux,initrd-end",
	[KASLR_SEED] = "kaslr-seed",
	[RNG_SEED] = "rng-seed",
	[USABLE] = "linux,usable-memory-range",
	[ELFCOREHDR] = "linux,elfcorehdr",
	[REPORT] = PURG_DTB_REPORT,
	[IMA_BUFFER] = "linux,ima-kexec-buffer",
	[KHO_FDT] = "linux,kho-fdt",
	[KHO_SCRATCH] = "linux,kho-scratch",
};

/* A value lies at a multiple of 4, a record at one of 8. */
#define REPORT_ROOM (sizeof(struct purg_report) + DTB_REPORT_ALIGN - FDT_TAGSIZE)

/* The empty tree: a root with cells. The strings are in the order of the properties. */
#define BIG(number) __builtin_bswap32(number)

#define EMPTY_STRINGS "#address-cells\0#size-cells"

struct empty {
	uint32_t header[10];
	uint64_t reservations[2];
	uint32_t structure[12];
	char strings[sizeof(EMPTY_STRINGS)];
};

static const struct empty empty = {
	.header = {BIG(FDT_MAGIC), BIG(offsetof(struct empty, strings) + sizeof(EMPTY_STRINGS)),
		   BIG(offsetof(struct empty, structure)), BIG(offsetof(struct empty, strings)),
		   BIG(offsetof(struct empty, reservations)), BIG(17), BIG(16), 0, BIG(sizeof(EMPTY_STRINGS)),
		   BIG(sizeof(empty.structure))},
	.structure = {BIG(FDT_BEGIN_NODE), 0, BIG(FDT_PROP), BIG(4), 0, BIG(2), BIG(FDT_PROP), BIG(4),
		      BIG(sizeof("#address-cells")), BIG(2), BIG(FDT_END_NODE), BIG(FDT_END)},
	.strings = EMPTY_STRINGS,
};

struct plan {
	const struct purg_dtb *in;
	const void *dtb;    /* what is copied */
	uint32_t structure; /* bytes of its structure block, with FDT_END */
	struct dtb_cells cells;
	int chosen;                   /* offset of /chosen; below zero: there is none */
	struct purg_range old_initrd; /* these have no reservation any more; size zero: none */
	struct purg_range old_ima;
	uint32_t reservations;  /* bytes of what is copied of the reservation block, with its end ... */
	uint32_t new_structure; /* ... and of the structure block */
	uint64_t size;          /* of the result */
};

static uint64_t text_size(const char *text)
{
	uint64_t size = 1;

	while (*text++)
		size++;
	return size;
}

static int check_range(uint64_t start, uint64_t size, const struct dtb_cells *cells)
{
	uint64_t last;

	if (!size)
		return PURG_ERR_ARGUMENT;
	if (!number_add(start, size - 1, &last))
		return PURG_ERR_WRAP;
	if ((cells->address == 1 && start > UINT32_MAX) || (cells->size == 1 && size > UINT32_MAX))
		return PURG_ERR_DTB_FIT;
	return 0;
}

static int check_ranges(const struct plan *plan)
{
	const struct purg_dtb *in = plan->in;
	uint64_t end;
	int error = 0;

	if (!number_add(in->initrd, in->initrd_size, &end))
		return PURG_ERR_WRAP;
	if (in->elfcorehdr_size)
		error = check_range(in->elfcorehdr, in->elfcorehdr_size, &plan->cells);
	for (uint32_t i = 0; i < in->usable_count && !error; i++)
		error = check_range(in->usable[i].start, in->usable[i].size, &plan->cells);
	return error;
}

/* linux,initrd-*: one cell or two, whatever the root has. */
static int read_old_initrd(struct plan *plan)
{
	uint32_t start_size, end_size;
	const uint8_t *start = dtb_property(plan->dtb, plan->chosen, names[INITRD_START], &start_size);
	const uint8_t *end = dtb_property(plan->dtb, plan->chosen, names[INITRD_END], &end_size);
	struct purg_range *old = &plan->old_initrd;

	if (!start || !end)
		return 0;
	if ((start_size != 4 && start_size != 8) || (end_size != 4 && end_size != 8))
		return PURG_ERR_DTB_PROPERTY;
	old->start = dtb_number(start, start_size / 4);
	old->size = dtb_number(end, end_size / 4) - old->start;
	if (old->start > old->start + old->size)
		old->size = 0;
	return 0;
}

static int read_old(struct plan *plan)
{
	uint32_t size;
	const uint8_t *ima = dtb_property(plan->dtb, plan->chosen, names[IMA_BUFFER], &size);

	if (ima && size != (plan->cells.address + plan->cells.size) * 4)
		return PURG_ERR_DTB_PROPERTY;
	if (ima)
		dtb_range(ima, &plan->cells, &plan->old_ima);
	return read_old_initrd(plan);
}

/* Firmware may have reserved whole pages. */
static bool covers(const struct purg_range *range, uint64_t start, uint64_t size)
{
	uint64_t offset = start - range->start, room;

	if (!number_add(range->size, -(range->start + range->size) & (PAGE - 1), &room))
		room = UINT64_MAX;
	return offset < range->size && number_inside(offset, size, room);
}

static bool is_kept(const struct plan *plan, uint64_t start, uint64_t size)
{
	if (covers(&plan->old_initrd, start, size) || covers(&plan->old_ima, start, size))
		return false;
	for (uint32_t i = 0; i < plan->in->dropped_count; i++)
		if (covers(&plan->in->dropped[i], start, size))
			return false;
	return true;
}

/* Copy the reservations that are kept, and the end; or, if to is NULL, only count their bytes. */
static uint32_t copy_reservations(const struct plan *plan, uint8_t *to)
{
	struct fdt_reserve_entry entry;
	uint32_t count = (uint32_t)fdt_num_mem_rsv(plan->dtb), bytes = 0;
	const uint8_t *block = (const uint8_t *)plan->dtb + fdt_off_mem_rsvmap(plan->dtb);

	for (uint32_t i = 0; i < count; i++) {
		memcpy(&entry, block + i * sizeof(entry), sizeof(entry));
		if (!is_kept(plan, fdt64_to_cpu(entry.address), fdt64_to_cpu(entry.size)))
			continue;
		if (to)
			memcpy(to + bytes, &entry, sizeof(entry));
		bytes += sizeof(entry);
	}
	if (to)
		memset(to + bytes, 0, sizeof(entry));
	return bytes + sizeof(entry);
}

static bool is_replaced(const struct plan *plan, const struct fdt_property *property)
{
	int length;
	const char *name = fdt_get_string(plan->dtb, (int)fdt32_ld(&property->nameoff), &length);

	for (unsigned int i = plan->in->bootargs ? BOOTARGS : BOOTARGS + 1; i < PROPERTIES; i++)
		if ((size_t)length < sizeof(names[i]) && !memcmp(name, names[i], (size_t)length + 1))
			return true;
	return false;
}

/* Copy the structure block without what is replaced in /chosen; or, if to is NULL, only count the bytes. */
static uint32_t copy_structure(const struct plan *plan, uint8_t *to)
{
	const uint8_t *block = (const uint8_t *)plan->dtb + fdt_off_dt_struct(plan->dtb);
	uint32_t from = 0, bytes = 0;
	int offset, length;

	fdt_for_each_property_offset(offset, plan->dtb, plan->chosen)
	{
		const struct fdt_property *property = fdt_get_property_by_offset(plan->dtb, offset, &length);

		if (!is_replaced(plan, property))
			continue;
		if (to)
			memcpy(to + bytes, block + from, (uint32_t)offset - from);
		bytes += (uint32_t)offset - from;
		from = (uint32_t)offset + (uint32_t)sizeof(*property) + (((uint32_t)length + 3) & ~3u);
	}
	if (to)
		memcpy(to + bytes, block + from, plan->structure - from);
	return bytes + plan->structure - from;
}

/* Of a property's new value; zero: none is written. */
static uint64_t value_size(const struct plan *plan, unsigned int property)
{
	const struct purg_dtb *in = plan->in;
	uint64_t range_size = (plan->cells.address + plan->cells.size) * 4;

	switch (property) {
	case BOOTARGS:
		return in->bootargs ? text_size(in->bootargs) : 0;
	case INITRD_START:
	case INITRD_END:
		return in->initrd_size ? 8 : 0;
	case KASLR_SEED:
		return in->kaslr_seed ? 8 : 0;
	case RNG_SEED:
		return in->rng_seed_size;
	case USABLE:
		return range_size * in->usable_count;
	case ELFCOREHDR:
		return in->elfcorehdr_size ? range_size : 0;
	default: /* REPORT */
		return in->report ? REPORT_ROOM : 0;
	}
}

static uint8_t *put_number(uint8_t *to, uint64_t number, uint32_t cells)
{
	for (uint32_t i = cells * 4; i--; number >>= 8)
		to[i] = (uint8_t)number;
	return to + cells * 4;
}

static uint8_t *put_range(uint8_t *to, uint64_t start, uint64_t size, const struct dtb_cells *cells)
{
	return put_number(put_number(to, start, cells->address), size, cells->size);
}

static void put_value(const struct plan *plan, unsigned int property, uint8_t *to, uint64_t size)
{
	const struct purg_dtb *in = plan->in;

	switch (property) {
	case BOOTARGS:
		memcpy(to, in->bootargs, size);
		break;
	case INITRD_START:
		put_number(to, in->initrd, 2);
		break;
	case INITRD_END:
		put_number(to, in->initrd + in->initrd_size, 2);
		break;
	case KASLR_SEED:
		put_number(to, in->kaslr_seed, 2);
		break;
	case RNG_SEED:
		memcpy(to, in->rng_seed, size);
		break;
	case USABLE:
		for (uint32_t i = 0; i < in->usable_count; i++)
			to = put_range(to, in->usable[i].start, in->usable[i].size, &plan->cells);
		break;
	case ELFCOREHDR:
		put_range(to, in->elfcorehdr, in->elfcorehdr_size, &plan->cells);
		break;
	default: /* REPORT */
		memset(to, 0, size);
	}
}

/* libfdt uses the end of any string for a name. No name here is the end of another one. */
static bool has_name(const void *dtb, const char *name, uint64_t size)
{
	const uint8_t *strings = (const uint8_t *)dtb + fdt_off_dt_strings(dtb);

	for (uint64_t i = 0; i + size <= fdt_size_dt_strings(dtb); i++)
		if (!memcmp(strings + i, name, size))
			return true;
	return false;
}

/* The bytes that libfdt will add. */
static uint64_t count_added(const struct plan *plan)
{
	/* A node is two tokens and its name. */
	uint64_t bytes = plan->chosen < 0 ? 4 + sizeof("chosen\0") + 4 : 0;

	for (unsigned int i = 0; i < WRITTEN; i++) {
		uint64_t size = value_size(plan, i), name_size = text_size(names[i]);

		if (!size)
			continue;
		bytes += sizeof(struct fdt_property) + ((size + 3) & ~UINT64_C(3));
		bytes += has_name(plan->dtb, names[i], name_size) ? 0 : name_size;
	}
	return bytes;
}

/* What is behind FDT_END is not copied; before version 17 nothing else says where it is. */
static uint32_t structure_size(const void *dtb)
{
	int next = 0;

	while (fdt_next_tag(dtb, next, &next) != FDT_END)
		;
	return (uint32_t)next;
}

static int make_plan(struct plan *plan, const struct purg_dtb *in)
{
	int error = in->dtb ? dtb_check(in->dtb, in->size) : 0;

	if (error)
		return error;
	*plan = (struct plan){.in = in, .dtb = in->dtb ? in->dtb : &empty};
	plan->structure = structure_size(plan->dtb);
	plan->chosen = fdt_path_offset(plan->dtb, "/chosen");
	if (plan->chosen < 0 && plan->chosen != -FDT_ERR_NOTFOUND)
		return PURG_ERR_DTB_DAMAGED;
	error = dtb_root_cells(plan->dtb, &plan->cells);
	if (!error)
		error = check_ranges(plan);
	if (!error)
		error = read_old(plan);
	if (error)
		return error;

	plan->reservations = copy_reservations(plan, NULL);
	plan->new_structure = copy_structure(plan, NULL);
	plan->size = sizeof(struct fdt_header) + plan->reservations + plan->new_structure +
		     fdt_size_dt_strings(plan->dtb) + count_added(plan);
	return plan->size > PURG_DTB_MAX_SIZE ? PURG_ERR_DTB_SIZE : 0;
}

static void copy(uint8_t *out, const struct plan *plan)
{
	const uint8_t *dtb = plan->dtb;
	uint32_t structure = sizeof(struct fdt_header) + plan->reservations;
	uint32_t strings = structure + plan->new_structure;

	fdt_set_magic(out, FDT_MAGIC);
	fdt_set_totalsize(out, (uint32_t)plan->size);
	fdt_set_off_dt_struct(out, structure);
	fdt_set_off_dt_strings(out, strings);
	fdt_set_off_mem_rsvmap(out, sizeof(struct fdt_header));
	fdt_set_version(out, 17);
	fdt_set_last_comp_version(out, 16);
	fdt_set_boot_cpuid_phys(out, fdt_boot_cpuid_phys(dtb));
	fdt_set_size_dt_strings(out, fdt_size_dt_strings(dtb));
	fdt_set_size_dt_struct(out, plan->new_structure);
	copy_reservations(plan, out + sizeof(struct fdt_header));
	copy_structure(plan, out + structure);
	memcpy(out + strings, dtb + fdt_off_dt_strings(dtb), fdt_size_dt_strings(dtb));
}

static int add(void *out, const struct plan *plan)
{
	int chosen = fdt_path_offset(out, "/chosen"), error = 0;
	void *value;

	if (chosen < 0)
		chosen = fdt_add_subnode(out, 0, "chosen");
	for (unsigned int i = 0; i < WRITTEN && !error; i++) {
		uint64_t size = value_size(plan, i);

		if (!size)
			continue;
		error = fdt_setprop_placeholder(out, chosen, names[i], (int)size, &value);
		if (!error)
			put_value(plan, i, value, size);
	}
	return error;
}

int64_t purg_dtb_size(const struct purg_dtb *in)
{
	struct plan plan;
	int error = make_plan(&plan, in);

	return error ? error : (int64_t)plan.size;
}

int64_t purg_dtb_write(void *out, size_t room, const struct purg_dtb *in)
{
	struct plan plan;
	int error = make_plan(&plan, in);

	if (error)
		return error;
	if ((uintptr_t)out % 8)
		return PURG_ERR_ALIGN;
	if (room < plan.size)
		return PURG_ERR_ROOM;
	copy(out, &plan);
	/* Nothing of it can fail in a tree that was checked, and with the room that was counted. */
	return add(out, &plan) ? PURG_ERR_DTB_DAMAGED : (int64_t)plan.size;
}
