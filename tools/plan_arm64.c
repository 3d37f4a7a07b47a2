/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* arm64 (Linux Documentation/arch/arm64/booting.rst). */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "allocate.h"
#include "error.h"
#include "number.h"
#include "plan.h"

#define IMAGE_ALIGN (2 * MIB)

/* The initrd lies within such a window, aligned to 1 GiB, that holds the kernel as well. */
#define INITRD_WINDOW (32 * GIB)

#define SEED_SIZE 64

struct usable {
	struct purg_range *range;
	uint32_t count;
};

/* The crash kernel's memory: Linux takes the first for its own, so that is the largest. */
static struct usable crash_memory(const struct machine *machine)
{
	const struct purg_map *map = &machine->map;
	struct usable usable = {.range = allocate(map->count, sizeof(struct purg_range))};

	for (uint32_t i = 0; i < map->count; i++) {
		struct purg_range range = {map->entry[i].start, map->entry[i].size};

		if (map->entry[i].type != PURG_MEM_CRASH)
			continue;
		usable.range[usable.count++] = range;
		if (range.size > usable.range[0].size) {
			usable.range[usable.count - 1] = usable.range[0];
			usable.range[0] = range;
		}
	}
	return usable;
}

static uint64_t place_kernel(struct plan *plan)
{
	const struct kernel *kernel = &plan->request->kernel;
	const struct plan_limits limits = {.align = IMAGE_ALIGN, .bottom_up = !kernel->anywhere};
	uint64_t size, start;

	if (kernel->text_offset % plan->page)
		fail(kernel->file.path, "text_offset", "is 0x%" PRIx64 "; kexec_load needs a multiple of 0x%" PRIx64,
		     kernel->text_offset, plan->page);
	if (!number_add(kernel->text_offset, kernel->mem_size, &size))
		fail(kernel->file.path, "image_size", "leads past the end of the address space");
	start = plan_find(plan, "kernel", size, &limits) + kernel->text_offset;
	plan_add(plan, "kernel", kernel->data, kernel->size, start, kernel->mem_size);
	return start;
}

/* What lies below a kernel that may not lie anywhere is lost to it. */
static uint64_t lowest(const struct request *request, uint64_t kernel)
{
	return request->kernel.anywhere ? 0 : kernel;
}

/* Of an initrd below the kernel: where the window begins that ends behind the kernel. */
static uint64_t window_below(uint64_t end)
{
	uint64_t up;

	return number_align(end, GIB, &up) && up > INITRD_WINDOW ? up - INITRD_WINDOW : 0;
}

static uint64_t place_initrd(struct plan *plan, uint64_t kernel)
{
	const struct request *request = plan->request;
	const struct plan_limits limits = {
		.min = number_max(window_below(kernel + request->kernel.mem_size), lowest(request, kernel)),
		.max = (kernel & ~(GIB - 1)) + INITRD_WINDOW - 1,
	};

	if (!request->initrd_size)
		return 0;
	return plan_place(plan, "initrd", request->initrd, request->initrd_size, &limits);
}

/* The completed tree, and where in it the record goes. */
static const void *write_dtb(const struct request *request, const struct purg_dtb *in, uint64_t *size, uint64_t *report)
{
	int64_t result = purg_dtb_size(in);
	void *dtb = NULL;

	if (result >= 0) {
		*size = (uint64_t)result;
		dtb = allocate(1, *size);
		result = purg_dtb_write(dtb, *size, in);
	}
	if (result >= 0)
		result = purg_dtb_report(dtb, *size);
	if (result < 0)
		fail(request->dtb_name, "dtb", "%s", purg_strerror(result));
	*report = (uint64_t)result;
	return dtb;
}

/* The tree is made last, since it says where the others are; its size depends on none of that. */
static uint64_t place_dtb(struct plan *plan, uint64_t kernel, uint64_t initrd)
{
	const struct request *request = plan->request;
	const struct plan_limits limits = {.min = lowest(request, kernel)};
	struct purg_dtb in = {
		.dtb = request->dtb,
		.size = request->dtb_size,
		.bootargs = request->cmdline,
		.initrd = initrd,
		.initrd_size = request->initrd_size,
		.report = true,
	};
	uint8_t seed[SEED_SIZE];
	uint64_t size, report, start;
	const void *dtb;

	if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed) &&
	    getrandom(&in.kaslr_seed, sizeof(in.kaslr_seed), GRND_NONBLOCK) == sizeof(in.kaslr_seed)) {
		in.rng_seed = seed;
		in.rng_seed_size = sizeof(seed);
	}
	if (request->panic) {
		struct usable usable = crash_memory(plan->machine);

		in.usable = usable.range;
		in.usable_count = usable.count;
		in.elfcorehdr = plan_core(plan, &in.elfcorehdr_size);
	}
	dtb = write_dtb(request, &in, &size, &report);
	free((void *)in.usable);
	start = plan_place(plan, "dtb", dtb, size, &limits);
	plan->report = start + report;
	return start;
}

void plan_arm64(struct plan *plan)
{
	uint64_t kernel = place_kernel(plan);
	uint64_t initrd = place_initrd(plan, kernel);
	uint64_t dtb = place_dtb(plan, kernel, initrd);

	plan->handoff = (struct purg_handoff){
		.checks = PURG_CHECK_KERNEL | PURG_CHECK_DTB,
		.arm64 = {.pc = kernel, .x0 = dtb},
	};
}
