/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "blobs.h"
#include "error.h"
#include "number.h"
#include "plan.h"

/* Below lie what firmware and boot loaders of all times believed to be theirs, and the trampolines of other CPUs. */
#define LOWEST MIB

/* The largest page that an arm64 kernel may have: whatever the running one has, it takes multiples of this. */
#define ARM64_PAGE (64 * KIB)

static uint64_t pages(const struct plan *plan, const char *name, uint64_t size)
{
	uint64_t up;

	if (!number_align(size, plan->page, &up))
		fail(NULL, name, "is larger than the address space");
	return up;
}

static uint64_t free_bytes(const struct purg_space *space)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < space->count; i++)
		sum += space->range[i].size;
	return sum;
}

_Noreturn static void fail_no_room(const struct plan *plan, const char *name, uint64_t size)
{
	uint64_t left = free_bytes(&plan->space);

	if (plan->request->panic)
		fail(NULL, name,
		     "needs %" PRIu64
		     " KiB in one piece, but of the memory that is reserved for a crash kernel %" PRIu64
		     " KiB are left, or not where it may be; boot with a larger crashkernel=, or without ,high",
		     size / KIB, left / KIB);
	fail(NULL, name,
	     "needs %" PRIu64 " KiB in one piece where it may be; of this machine's free memory %" PRIu64
	     " KiB are left; 'purgatory load --dry-run --map' shows where",
	     size / KIB, left / KIB);
}

uint64_t plan_find(struct plan *plan, const char *name, uint64_t mem_size, const struct plan_limits *limits)
{
	struct purg_need need = {
		.size = pages(plan, name, mem_size),
		.align = number_max(limits->align, plan->page),
		.min = number_max(limits->min, LOWEST),
		.max = limits->max ? limits->max : UINT64_MAX,
		.top_down = plan->request->top_down && !limits->bottom_up,
	};
	uint64_t start;
	int error = purg_space_place(&plan->space, &need, &start);

	if (error == PURG_ERR_NO_HOLE)
		fail_no_room(plan, name, need.size);
	if (error)
		fail(NULL, name, "%s", purg_strerror(error));
	return start;
}

bool plan_take(struct plan *plan, uint64_t start, uint64_t mem_size)
{
	int error;

	if (start < LOWEST || start % plan->page)
		return false;
	error = purg_space_take(&plan->space, start, pages(plan, "kernel", mem_size));
	if (error && error != PURG_ERR_NOT_FREE && error != PURG_ERR_WRAP)
		fail(NULL, "memory", "%s", purg_strerror(error));
	return !error;
}

void plan_add(struct plan *plan, const char *name, const void *data, uint64_t size, uint64_t start, uint64_t mem_size)
{
	struct piece *piece = &plan->piece[plan->count];

	*piece = (struct piece){.data = data, .size = size, .start = start};
	snprintf(piece->name, sizeof(piece->name), "%s", name);
	plan->mem_size[plan->count++] = pages(plan, name, mem_size);
}

uint64_t plan_place(struct plan *plan, const char *name, const void *data, uint64_t size,
		    const struct plan_limits *limits)
{
	uint64_t start = plan_find(plan, name, size, limits);

	plan_add(plan, name, data, size, start, size);
	return start;
}

uint64_t plan_core(struct plan *plan, uint64_t *size)
{
	static const struct plan_limits anywhere;
	struct purg_core core;
	int64_t need;
	void *data;

	if (!plan->request->panic)
		return 0;
	machine_read_core(plan->machine, &core);
	core.memory = plan->dump;
	core.memory_count = plan->dump_count;
	need = purg_core_size(&core);
	if (need < 0)
		fail(NULL, "elfcorehdr", "%s", purg_strerror(need));
	data = allocate(1, (size_t)need);
	*size = (uint64_t)purg_core_write(data, (size_t)need, &core);
	free((void *)core.note);
	return plan_place(plan, "elfcore", data, *size, &anywhere);
}

/*
 * Of several parts that are reserved for a crash kernel kexec_load takes the highest alone (crashk_res in Linux
 * kernel/kexec_core.c); one below 4 GiB beside it is for the crash kernel's devices. On x86 it gets the first MiB for
 * its own as well (arch/x86/realmode/init.c keeps it free for that).
 */
static void find_crash_memory(struct plan *plan)
{
	struct purg_map *map = &plan->machine->map;
	int error = 0;

	for (uint32_t i = 0; i < map->count; i++)
		if (map->entry[i].type == PURG_MEM_CRASH && map->entry[i].start >= plan->crash.start)
			plan->crash = (struct purg_range){map->entry[i].start, map->entry[i].size};
	if (!plan->crash.size)
		fail(NULL, "--panic", "no memory is reserved for a crash kernel; boot with crashkernel=512M");
	if (plan->request->kernel.arch == PURG_ARCH_X86_64)
		error = purg_map_add(map, 0, LOWEST, PURG_MEM_CRASH);
	if (error)
		fail(plan->machine->root, "/proc/iomem", "%s", purg_strerror(error));
}

static uint32_t answer(const struct plan *plan, int64_t count)
{
	if (count < 0)
		fail(plan->machine->root, "/proc/iomem", "%s", purg_strerror(count));
	return (uint32_t)count;
}

static void keep_highest_part(struct plan *plan)
{
	struct purg_space *space = &plan->space;

	plan->spare = space->range;
	while (space->count && space->range->start < plan->crash.start) {
		space->range++;
		space->count--;
		space->room--;
		plan->spare_count++;
	}
}

/* Each placement may cut a range in two. */
static void find_space(struct plan *plan)
{
	struct purg_map *map = &plan->machine->map;
	uint32_t room = 2 * map->room + PLAN_PIECES_MAX + 1;
	bool panic = plan->request->panic;

	if (panic)
		find_crash_memory(plan);
	plan->space.range = allocate(room, sizeof(plan->space.range[0]));
	plan->space.room = room;
	plan->space.count =
		answer(plan, purg_map_usable(map, panic ? PURG_FOR_CRASH : PURG_FOR_NEXT, plan->space.range, room));
	if (!panic)
		return;
	keep_highest_part(plan);
	plan->dump = allocate(room, sizeof(plan->dump[0]));
	plan->dump_count = answer(plan, purg_map_dump(map, plan->dump, room));
}

static void place_purgatory(struct plan *plan)
{
	struct plan_limits limits = {0};
	struct blobs blobs;

	blobs_get(&blobs, plan->request->kernel.arch);
	plan->header = blobs.header;
	plan->purgatory = allocate(1, plan->header.mem_size);
	if (purg_blob_place(plan->purgatory, plan->header.mem_size, blobs.purgatory, blobs.header.file_size) < 0)
		fail(NULL, "the purgatory built into this command", "cannot be placed");
	limits.align = plan->header.align;
	plan->purgatory_start = plan_find(plan, "purgatory", plan->header.mem_size, &limits);
	plan->purgatory_size = pages(plan, "purgatory", plan->header.mem_size);
}

/* Which file does not say what is needed. */
static const char *silent(int error, const struct purg_old_kernel *old)
{
	switch (error) {
	case PURG_ERR_OLD_MEMORY:
	case PURG_ERR_OLD_REGION:
		return "/proc/iomem";
	case PURG_ERR_OLD_ROOT:
		return old->vmcoreinfo ? "/proc/kcore: VMCOREINFO" : "/proc/kallsyms";
	case PURG_ERR_OLD_VMCOREINFO:
	case PURG_ERR_OLD_ENCRYPTED:
		return "/proc/kcore: VMCOREINFO";
	default:
		return "/proc/kcore";
	}
}

/* How the purgatory finds the running kernel's page tables. */
static void find_tables(struct plan *plan)
{
	struct purg_params params = {0};
	struct purg_old_kernel old;
	int error;

	machine_read_tables(plan->machine, &plan->crash, &old);
	old.memory = plan->dump;
	old.memory_count = plan->dump_count;
	error = purg_params_unless_unmapped(&params, &old);
	if (error)
		fail(plan->machine->root, silent(error, &old),
		     "%s, and --verify=unless-unmapped needs that; give --verify=always", purg_strerror(error));
	plan->linear_map = params.linear_map;
}

static void fill_params(struct plan *plan)
{
	const struct request *request = plan->request;
	struct purg_params *params = purg_blob_params(plan->purgatory, plan->header.mem_size);

	params->handoff = plan->handoff;
	params->failure = request->failure;
	params->report = (struct purg_report_place){.address = plan->report, .size = sizeof(struct purg_report)};
	memcpy(params->console, request->consoles.console, sizeof(params->console));
	pieces_describe(plan->piece, plan->count, request->stripes, params);
	params->verify = request->verify;
	params->linear_map = plan->linear_map;
	purg_params_finish(plan->purgatory, plan->header.mem_size);
	plan->params = params;
}

void plan_make(struct plan *plan, const struct request *request, struct machine *machine)
{
	*plan = (struct plan){
		.request = request,
		.machine = machine,
		.page = request->kernel.arch == PURG_ARCH_ARM64 ? ARM64_PAGE : PAGE,
	};
	find_space(plan);
	if (request->verify == PURG_VERIFY_UNLESS_UNMAPPED)
		find_tables(plan);
	if (request->kernel.arch == PURG_ARCH_ARM64)
		plan_arm64(plan);
	else
		plan_x86_64(plan);
	place_purgatory(plan);
	fill_params(plan);
}
