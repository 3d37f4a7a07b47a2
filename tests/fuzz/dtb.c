/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The last bytes of the input say how the DTB before them is completed. It is completed, read for its memory, and
 * again. */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include <purgatory/loader.h>

#define ENTRIES 8

struct order {
	uint64_t initrd, initrd_size, kaslr_seed, elfcorehdr, elfcorehdr_size;
	struct purg_range range[2]; /* usable, and dropped */
	uint8_t seed[16];
	uint8_t seed_size, bootargs_size, usable_count, dropped_count;
	char bootargs[28];
};

static void ensure(int condition)
{
	if (!condition)
		__builtin_trap();
}

static void read_memory(const void *dtb, size_t size)
{
	struct purg_mem entry[ENTRIES] = {0};
	struct purg_map map = {.entry = entry, .count = 1, .room = ENTRIES};
	int error = purg_map_from_dtb(&map, dtb, size);

	ensure(error <= 0 && map.count <= ENTRIES && map.count >= 1 && (!error || map.count == 1));
	for (uint32_t i = 1; i < map.count; i++)
		ensure(entry[i].size && entry[i].start + (entry[i].size - 1) >= entry[i].start);
}

/* NULL after an error, which must be the same without the output. */
static void *complete(const struct purg_dtb *in, int64_t *size)
{
	uint8_t before[16] = {0}, *out;

	*size = purg_dtb_size(in);
	if (*size <= 0) {
		out = calloc(1, sizeof(before));
		ensure(purg_dtb_write(out, sizeof(before), in) == *size && !memcmp(out, before, sizeof(before)));
		free(out);
		return NULL;
	}
	ensure(*size <= PURG_DTB_MAX_SIZE);
	out = malloc((size_t)*size);
	memset(out, 0xa5, sizeof(before));
	memset(before, 0xa5, sizeof(before));
	ensure(purg_dtb_write(out, (size_t)*size - 1, in) == PURG_ERR_ROOM && !memcmp(out, before, sizeof(before)));
	ensure(purg_dtb_write(out, (size_t)*size, in) == *size);
	ensure(!fdt_check_full(out, (size_t)*size) && fdt_totalsize(out) == *size);
	ensure(fdt_off_dt_strings(out) + fdt_size_dt_strings(out) == *size);
	return out;
}

/* Whatever the tree, room that is found lies in it. */
static int64_t find_room(const void *dtb, size_t size)
{
	int64_t at = purg_dtb_report(dtb, size);

	ensure(at < 0 || (at % 8 == 0 && (size_t)at < size && size - (size_t)at >= sizeof(struct purg_report)));
	return at;
}

static void check_chosen(const void *out, const struct purg_dtb *in)
{
	int chosen = fdt_path_offset(out, "/chosen"), size;
	const char *bootargs = fdt_getprop(out, chosen, "bootargs", &size);

	ensure(chosen > 0);
	if (in->bootargs)
		ensure(bootargs && !strcmp(bootargs, in->bootargs) && (size_t)size == strlen(bootargs) + 1);
	ensure(!fdt_getprop(out, chosen, "linux,initrd-end", &size) == !in->initrd_size);
	ensure(!fdt_getprop(out, chosen, "kaslr-seed", &size) == !in->kaslr_seed);
	ensure(!fdt_getprop(out, chosen, "rng-seed", &size) == !in->rng_seed_size);
	ensure(!fdt_getprop(out, chosen, "linux,usable-memory-range", &size) == !in->usable_count);
	ensure(!fdt_getprop(out, chosen, "linux,elfcorehdr", &size) == !in->elfcorehdr_size);
	ensure(!fdt_getprop(out, chosen, "linux,kho-fdt", &size));
	ensure(in->report ? find_room(out, fdt_totalsize(out)) > 0
			  : find_room(out, fdt_totalsize(out)) == PURG_ERR_REPORT_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct order order;
	struct purg_dtb in;
	int64_t first, second;
	void *dtb, *out, *again;

	if (size < sizeof(order))
		return 0;
	size -= sizeof(order);
	memcpy(&order, data + size, sizeof(order));
	order.bootargs[sizeof(order.bootargs) - 1] = 0;
	dtb = malloc(size ? size : 1);
	memcpy(dtb, data, size);
	read_memory(dtb, size);
	find_room(dtb, size);
	in = (struct purg_dtb){
		.dtb = size ? dtb : NULL,
		.size = size,
		.bootargs = order.bootargs_size ? order.bootargs : NULL,
		.initrd = order.initrd,
		.initrd_size = order.initrd_size,
		.kaslr_seed = order.kaslr_seed,
		.rng_seed = order.seed,
		.rng_seed_size = order.seed_size % (sizeof(order.seed) + 1),
		.usable = order.range,
		.usable_count = order.usable_count % 3,
		.elfcorehdr = order.elfcorehdr,
		.elfcorehdr_size = order.elfcorehdr_size,
		.dropped = order.range,
		.dropped_count = order.dropped_count % 3,
		.report = order.dropped_count & 4,
	};
	out = complete(&in, &first);
	if (out) {
		check_chosen(out, &in);
		in.dtb = out;
		in.size = (uint64_t)first;
		again = complete(&in, &second);
		ensure(again && second <= first);
		check_chosen(again, &in);
		free(again);
	}
	free(out);
	free(dtb);
	return 0;
}
