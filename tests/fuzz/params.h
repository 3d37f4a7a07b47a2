/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The checks of the parameter block, with an architecture's own rules, held against the oracle of the unit tests. An
 * input is a machine and a block for it; what is missing at its end is zero. The block lies between what may not be
 * read; what it points at is nowhere.
 */
#ifndef FUZZ_PARAMS_H
#define FUZZ_PARAMS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <arch.h>
#include <params.h>

#include "../unit/params_oracle.h"

/* The image, at the address that the linker was told, IMAGE: low enough for every mode or, if it is large, too high. */
#define IMAGE_MAX 0x200000
#define IMAGE_ALIGN 0x1000

struct input {
	uint64_t hole, hole_size;
	uint32_t image_size;
	uint8_t physical_bits, counter_hz, reserved[2];
	struct purg_params params;
};

#include "params_mutate.h"

static struct oracle_world world;

uint64_t arch_physical_end(void)
{
	return world.physical_end;
}

/* The caller has seen to it that this is physical memory. */
bool arch_mapped(uint64_t start, uint64_t size)
{
	if (start > world.physical_end || size > world.physical_end - start)
		abort();
	return !size || !world.hole_size || start + size <= world.hole || start >= world.hole + world.hole_size;
}

uint64_t arch_ticks_hz(void)
{
	return world.counter_hz;
}

/* What console.c calls once it writes: it does not, here. */
uint32_t arch_mmio_read(uint64_t address, uint32_t width)
{
	(void)address, (void)width;
	abort();
}

void arch_mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	(void)address, (void)width, (void)value;
	abort();
}

uint32_t arch_port_read(uint16_t port)
{
	(void)port;
	abort();
}

void arch_port_write(uint16_t port, uint8_t value)
{
	(void)port, (void)value;
	abort();
}

uint64_t arch_ticks(void)
{
	abort();
}

static void set_world(const struct input *input)
{
	world.x86 = FUZZ_X86;
	world.image = IMAGE;
	world.image_size = IMAGE_ALIGN + input->image_size % (IMAGE_MAX - IMAGE_ALIGN);
	world.physical_end = UINT64_C(1) << (32 + input->physical_bits % 25);
	world.hole = input->hole % world.physical_end;
	world.hole_size = input->hole_size % (world.physical_end - world.hole);
	world.counter_hz = input->counter_hz;
	((struct purg_header *)IMAGE)->mem_size = (uint32_t)world.image_size;
}

static struct finding fresh(void)
{
	return (struct finding){.index = NO_INDEX};
}

/* What the line on the console is made of. */
static bool can_be_told(const struct finding *finding, const struct purg_params *params)
{
	uint32_t entries = PURG_MAX_CONSOLES;

	if (finding->table && !strcmp(finding->table, "segment"))
		entries = PURG_MAX_SEGMENTS;
	if (finding->table && !strcmp(finding->table, "copy"))
		entries = PURG_MAX_COPIES;
	return finding->field && !finding->expected && (finding->index == NO_INDEX || finding->index < entries) &&
	       (!finding->name || (finding->name > (const char *)params && finding->name < (const char *)(params + 1)));
}

/* What was found is something that is wrong, and it is found if there is anything. */
static void require_agreement(const char *what, bool good, const struct finding *finding, uint32_t wrong,
			      const struct purg_params *params)
{
	if (good ? !wrong : finding->code < 32 && wrong >> finding->code & 1 && can_be_told(finding, params))
		return;
	fprintf(stderr, "%s: %s, code %u (%s %u %s: %#llx); the oracle says %#x\n", what, good ? "accepted" : "refused",
		finding->code, finding->table ? finding->table : "-", finding->index, finding->field,
		(unsigned long long)finding->value, wrong);
	abort();
}

static bool wraps(uint64_t start, uint64_t size)
{
	return start + size < size;
}

/*
 * A range that wraps keeps a record off nothing, and a console that the architecture has not is as long as others: they
 * are refused later, and not used.
 */
static bool can_place_record(const struct purg_params *params)
{
	const struct purg_failure *failure = &params->failure;

	for (uint32_t i = 0; i < PURG_MAX_COPIES; i++) {
		const struct purg_copy *copy = &params->copy[i];

		if (wraps(copy->src, copy->size) || wraps(copy->dst, copy->size))
			return false;
	}
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		if (wraps(params->console[i].base, PURG_CONSOLE_VGA_SPAN) || !arch_has_console(params->console[i].kind))
			return false;
	return !wraps(failure->fallback.start, failure->fallback.size) &&
	       !wraps(params->handoff.stub, PURG_STUB_SIZE) && !wraps(failure->fallback_handoff.stub, PURG_STUB_SIZE) &&
	       arch_mode_known(params->handoff.mode);
}

static void check(const struct purg_params *params)
{
	struct finding finding = fresh();
	bool good = params_check_head(params, &finding);
	uint32_t wrong;

	require_agreement("head", good, &finding, oracle_head(params), params);
	if (!good)
		return;
	good = params_check_report(params, &finding);
	if (can_place_record(params))
		require_agreement("record", good, &finding, oracle_record(params, &world), params);
	wrong = oracle_fields(params, &world);
	if (!good && wrong)
		return;
	if (good)
		good = params_check_fields(params, &finding);
	require_agreement("block", good, &finding, wrong, params);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (mmap((void *)IMAGE, IMAGE_ALIGN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		 -1, 0) != (void *)IMAGE)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input input;

	if (size > sizeof(input))
		size = sizeof(input);
	memcpy(&input, data, size);
	memset((uint8_t *)&input + size, 0, sizeof(input) - size);
	set_world(&input);
	check(&input.params);
	return 0;
}

#endif
