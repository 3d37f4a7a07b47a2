/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* x86_64 (Linux Documentation/arch/x86/boot.rst, the 64-bit boot protocol). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "allocate.h"
#include "boot_params.h"
#include "error.h"
#include "number.h"
#include "plan.h"

#define BELOW_4G (4 * GIB - 1)
#define SEED_SIZE 32

/* What the crash kernel is told of its predecessor's dump. */
#define ELFCOREHDR_SIZE 64

static uint64_t highest(const struct kernel *kernel)
{
	return kernel->bzimage.above_4g ? UINT64_MAX : BELOW_4G;
}

/* Where it wants to be, or, if it can be moved, above that: a kernel that lies below unpacks itself up to there. */
static uint64_t place_kernel(struct plan *plan)
{
	const struct kernel *kernel = &plan->request->kernel;
	const struct purg_bzimage *bzimage = &kernel->bzimage;
	const struct plan_limits limits = {.align = bzimage->align, .min = bzimage->address, .max = highest(kernel)};
	uint64_t start = bzimage->address;

	if ((plan->request->top_down && bzimage->relocatable) || !plan_take(plan, start, kernel->mem_size)) {
		if (!bzimage->relocatable)
			fail(kernel->file.path, "kernel",
			     "must lie at 0x%" PRIx64 " to 0x%" PRIx64 ", and that is not free%s; give a bzImage",
			     start, start + kernel->mem_size, plan->request->panic ? " for a crash kernel" : "");
		start = plan_find(plan, "kernel", kernel->mem_size, &limits);
	}
	plan_add(plan, "kernel", kernel->data, kernel->size, start, kernel->mem_size);
	return start;
}

static uint64_t place_initrd(struct plan *plan)
{
	const struct request *request = plan->request;
	const struct plan_limits limits = {.max = request->kernel.bzimage.initrd_max};

	if (!request->initrd_size)
		return 0;
	return plan_place(plan, "initrd", request->initrd, request->initrd_size, &limits);
}

/* As in the parameters of the kernel's own loader: the dump's header is behind a word of the command line. */
static const char *make_cmdline(const struct plan *plan, uint64_t elfcorehdr)
{
	const struct request *request = plan->request;
	const char *cmdline = request->cmdline ? request->cmdline : "";
	size_t size = strlen(cmdline) + ELFCOREHDR_SIZE;
	char *text;

	if (!request->panic)
		return cmdline;
	text = allocate(1, size);
	snprintf(text, size, "%s%selfcorehdr=0x%" PRIx64, cmdline, *cmdline ? " " : "", elfcorehdr);
	return text;
}

static uint64_t place_cmdline(struct plan *plan, const char *cmdline, uint64_t *size)
{
	const struct kernel *kernel = &plan->request->kernel;
	const struct plan_limits limits = {.max = highest(kernel)};

	*size = strlen(cmdline) + 1;
	if (*size - 1 > kernel->cmdline_max)
		fail(NULL, "--append",
		     "the command line is %" PRIu64 " bytes long; this kernel takes %" PRIu64 " at most", *size - 1,
		     kernel->cmdline_max);
	return plan_place(plan, "cmdline", cmdline, *size, &limits);
}

/* With room for one more. */
static struct purg_map copy_of(const struct purg_map *map)
{
	struct purg_map copy = {.count = map->count, .room = map->count + 1};

	copy.entry = allocate(copy.room, sizeof(copy.entry[0]));
	memcpy(copy.entry, map->entry, map->count * sizeof(map->entry[0]));
	return copy;
}

/*
 * Memory as the firmware has told of it, if the running kernel still says that. For a crash kernel its predecessor's
 * view is right; and the dump's header is not its to use.
 */
static void tell_memory(struct plan *plan, const struct purg_range *core, struct purg_boot_params *in)
{
	const struct machine *machine = plan->machine;
	bool panic = plan->request->panic;
	struct purg_map map = copy_of(machine->firmware.count && !panic ? &machine->firmware : &machine->map);
	uint32_t room = 2 * map.room;
	struct purg_mem *told = allocate(room, sizeof(*told));
	uint64_t core_size = core->size;
	int64_t count = 0;

	number_align(core_size, PAGE, &core_size);
	if (panic)
		count = purg_map_add(&map, core->start, core_size, PURG_MEM_RESERVED);
	if (count == 0)
		count = purg_map_tell(&map, panic ? PURG_FOR_CRASH : PURG_FOR_NEXT, told, room);
	free(map.entry);
	if (count < 0)
		fail(machine->root, "the memory map", "%s", purg_strerror(count));
	in->map = told;
	in->map_count = (uint32_t)count;
}

static uint64_t place_boot_params(struct plan *plan, struct purg_boot_params *in)
{
	const struct plan_limits limits = {.max = highest(&plan->request->kernel)};
	const struct purg_bzimage *bzimage = &plan->request->kernel.bzimage;
	static uint8_t seed[SEED_SIZE];
	int64_t size;
	void *data;

	in->kernel = bzimage->header ? bzimage : NULL;
	in->rsdp = plan->machine->rsdp;
	in->efi = plan->machine->has_efi ? &plan->machine->efi : NULL;
	in->old = plan->machine->boot_params;
	in->report = true;
	if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed)) {
		in->seed = seed;
		in->seed_size = sizeof(seed);
	}
	size = purg_boot_params_size(in);
	if (size < 0)
		fail(plan->request->kernel.file.path, "boot_params", "%s", purg_strerror(size));
	in->address = plan_find(plan, "bootprm", (uint64_t)size, &limits);
	data = allocate(1, (size_t)size);
	size = purg_boot_params_write(data, (size_t)size, in);
	if (size < 0)
		fail(plan->request->kernel.file.path, "boot_params", "%s", purg_strerror(size));
	plan_add(plan, "bootprm", data, (uint64_t)size, in->address, (uint64_t)size);
	plan->report = in->address + PURG_BOOT_PARAMS_REPORT;
	return in->address;
}

/* The purgatory leaves the running kernel's paging mode, as Linux' own loader does (kexec-bzimage64.c). */
static void check_paging(const struct plan *plan)
{
	const struct kernel *kernel = &plan->request->kernel;

	if (plan->machine->paging_5 && kernel->bzimage.header && !(kernel->bzimage.xloadflags & BP_XLF_5LEVEL))
		fail(kernel->file.path, "xloadflags",
		     "has no 5-level paging, which the running kernel uses; boot that with no5lvl");
}

void plan_x86_64(struct plan *plan)
{
	struct purg_boot_params in = {.initrd_size = plan->request->initrd_size};
	struct purg_range core = {0};

	check_paging(plan);
	in.kernel_address = place_kernel(plan);
	in.initrd = place_initrd(plan);
	core.start = plan_core(plan, &core.size);
	in.cmdline = place_cmdline(plan, make_cmdline(plan, core.start), &in.cmdline_size);
	tell_memory(plan, &core, &in);
	plan->handoff = (struct purg_handoff){
		.checks = PURG_CHECK_KERNEL,
		.x86_64 = {.rip = in.kernel_address + plan->request->kernel.entry, .rsi = place_boot_params(plan, &in)},
	};
	free((void *)in.map);
}
