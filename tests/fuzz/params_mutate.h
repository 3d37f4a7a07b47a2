/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Changes of a block that a fuzzer of bytes would hardly find: a word of another policy, an address at the edge of
 * another range, an entry more or less in a table. Bits are flipped as well.
 */
#ifndef FUZZ_PARAMS_MUTATE_H
#define FUZZ_PARAMS_MUTATE_H

#include <stddef.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *data2, size_t size2, uint8_t *out,
				 size_t max_size, unsigned int seed);

static uint64_t random_state;

/* Steele and others, "Fast Splittable Pseudorandom Number Generators": SplitMix64. */
static uint64_t random64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t end)
{
	return (uint32_t)((random64() >> 32) * end >> 32);
}

static uint32_t random_word(void)
{
	static const uint32_t words[] = {0,
					 0,
					 PURG_VERIFY_UNLESS_UNMAPPED,
					 PURG_VERIFY_NEVER,
					 PURG_FAIL_RESET,
					 PURG_FAIL_RETURN,
					 PURG_FAIL_FALLBACK,
					 PURG_CONDUIT_HVC,
					 PURG_CONDUIT_SMC,
					 PURG_HANDOFF_X86_32,
					 PURG_HANDOFF_X86_16,
					 PURG_CONSOLE_PL011,
					 PURG_CONSOLE_8250,
					 PURG_CONSOLE_8250_PORT,
					 PURG_CONSOLE_VGA,
					 PURG_CONSOLE_SINK,
					 PURG_DIGEST_CONCAT,
					 PURG_DIGEST_STRIPED};

	return words[below(sizeof(words) / sizeof(*words))];
}

/* Of what a range, somewhere in the block or around it, begins or ends with. */
static uint64_t random_edge(const struct input *input)
{
	const struct purg_params *params = &input->params;
	const struct purg_segment *segment = &params->segment[below(8)];
	const struct purg_copy *copy = &params->copy[below(4)];
	bool end = below(2);

	switch (below(14)) {
	case 0:
		return IMAGE + (end ? IMAGE_ALIGN + input->image_size % (IMAGE_MAX - IMAGE_ALIGN) : 0);
	case 1:
		return UINT64_C(1) << (32 + input->physical_bits % 25);
	case 2:
		return input->hole + (end ? input->hole_size : 0);
	case 3:
		return params->console[below(2)].base + (end ? PURG_CONSOLE_SPAN : 0);
	case 4:
		return params->console[below(2)].base + (end ? PURG_CONSOLE_VGA_SPAN : 0);
	case 5:
		return params->handoff.stub + (end ? PURG_STUB_SIZE : 0);
	case 6:
		return params->failure.fallback.start + (end ? params->failure.fallback.size : 0);
	case 7:
		return params->report.address + (end ? sizeof(struct purg_report) : 0);
	case 8:
		return copy->src + (end ? copy->size : 0);
	case 9:
		return copy->dst + (end ? copy->size : 0);
	case 10:
		return arch_entry(&params->handoff);
	case 11:
		return end ? UINT64_C(1) << 20 : UINT64_C(1) << 32;
	default:
		return segment->start + (end ? segment->size : 0);
	}
}

static uint64_t random_step(void)
{
	static const uint32_t steps[] = {0,     0, 0,  1,  2,    8,    15,   16,
					 0x100, 4, 96, 14, 4000, 4096, 8192, sizeof(struct purg_report)};
	uint64_t step = steps[below(sizeof(steps) / sizeof(*steps))];

	return below(2) ? step : -step;
}

static uint64_t random_address(const struct input *input)
{
	if (below(32) == 0)
		return random64() >> below(64);
	return random_edge(input) + random_step();
}

/* Of a range from start on: small, to an edge, or nonsense. */
static uint64_t random_size(const struct input *input, uint64_t start)
{
	switch (below(8)) {
	case 0:
		return random_edge(input) + random_step() - start;
	case 1:
		return random64() >> below(64);
	case 2:
		return 0;
	case 3:
		return (UINT64_C(1) << (32 + input->physical_bits % 25)) - 1 + below(3);
	default:
		return below(0x4000);
	}
}

static void change_segment(struct input *input, struct purg_segment *segment)
{
	switch (below(6)) {
	case 0:
		segment->kind = random_word();
		break;
	case 1:
		segment->kind = PURG_DIGEST_STRIPED;
		segment->lanes = (uint16_t)(below(4) ? 2 << below(4) : below(40));
		break;
	case 2:
		segment->kind = PURG_DIGEST_CONCAT;
		segment->lanes = 0;
		memset(segment->digest, 0, sizeof(segment->digest));
		break;
	case 3:
		segment->start = random_address(input);
		break;
	case 4:
		segment->size = random_size(input, segment->start);
		break;
	default:
		*segment = (struct purg_segment){.start = random_address(input), .size = below(0x4000)};
	}
}

static void change_segments(struct input *input)
{
	struct purg_params *params = &input->params;
	uint32_t count = params->segment_count <= PURG_MAX_SEGMENTS ? params->segment_count : PURG_MAX_SEGMENTS;

	if (below(4) == 0 && count < PURG_MAX_SEGMENTS) {
		params->segment[count] = (struct purg_segment){.start = random_address(input), .size = below(0x2000)};
		params->segment_count = count + 1;
	} else if (below(6) == 0 && count) {
		memset(&params->segment[count - 1], 0, sizeof(*params->segment));
		params->segment_count = count - 1;
	} else if (below(64) == 0) {
		/* A table as full as it can be. */
		uint64_t at = random_address(input);

		for (uint32_t i = count; i < PURG_MAX_SEGMENTS; i++)
			params->segment[i] = (struct purg_segment){.start = at + 16 * i, .size = 1 + below(16)};
		params->segment_count = PURG_MAX_SEGMENTS;
	} else {
		change_segment(input, &params->segment[count && below(16) ? below(count) : below(PURG_MAX_SEGMENTS)]);
	}
}

static void change_copy(struct input *input, struct purg_copy *copy)
{
	const struct purg_segment *segment = &input->params.segment[below(4)];

	switch (below(6)) {
	case 0:
		copy->flags ^= PURG_COPY_UNVERIFIED;
		break;
	case 1:
		copy->src = random_address(input);
		break;
	case 2:
		copy->dst = random_address(input);
		break;
	case 3:
		copy->size = random_size(input, below(2) ? copy->src : copy->dst);
		break;
	case 4:
		copy->src = segment->start;
		copy->size = segment->size;
		break;
	default:
		*copy = (struct purg_copy){.src = random_address(input),
					   .dst = random_address(input),
					   .size = below(0x1000),
					   .flags = below(2)};
	}
}

static void change_copies(struct input *input)
{
	struct purg_params *params = &input->params;
	uint32_t count = params->copy_count <= PURG_MAX_COPIES ? params->copy_count : PURG_MAX_COPIES;

	if (below(4) == 0 && count < PURG_MAX_COPIES) {
		const struct purg_segment *segment = &params->segment[below(4)];

		params->copy[count] =
			(struct purg_copy){.dst = random_address(input), .src = segment->start, .size = segment->size};
		params->copy_count = count + 1;
	} else if (below(6) == 0 && count) {
		memset(&params->copy[count - 1], 0, sizeof(*params->copy));
		params->copy_count = count - 1;
	} else {
		change_copy(input, &params->copy[count && below(16) ? below(count) : below(PURG_MAX_COPIES)]);
	}
}

static void change_console(struct input *input)
{
	struct purg_console *console = &input->params.console[below(2)];

	switch (below(8)) {
	case 0:
		memset(console, 0, sizeof(*console));
		break;
	case 1:
		console->kind = random_word();
		break;
	case 2:
		console->width = below(below(2) ? 5 : 40);
		break;
	case 3:
		console->stride = below(2) ? 1u << below(6) : below(20);
		break;
	case 4:
		console->baud = below(2) ? 115200 / (1 + below(2400)) : below(below(2) ? 64 : 120000);
		break;
	case 5:
		console->base = below(2) ? 0xffe8 + below(32) : random_address(input);
		break;
	case 6:
		console->base &= -16;
		break;
	default:
		console->width = console->stride = console->baud = 0;
	}
}

static void set_entry(struct purg_handoff *handoff, uint64_t entry)
{
	if (!FUZZ_X86)
		handoff->arm64.pc = below(8) ? entry & -UINT64_C(4) : entry;
	else if (handoff->mode == PURG_HANDOFF_X86_32)
		handoff->x86_32.eip = (uint32_t)entry;
	else if (handoff->mode != PURG_HANDOFF_X86_16)
		handoff->x86_64.rip = entry;
	else
		handoff->x86_16.cs = (uint16_t)(entry >> 4), handoff->x86_16.ip = entry & 15;
}

static void change_handoff(struct input *input, struct purg_handoff *handoff, uint64_t start)
{
	switch (below(7)) {
	case 0:
		handoff->mode = random_word();
		break;
	case 5:
		((uint8_t *)handoff)[below(sizeof(*handoff))] ^= (uint8_t)(1 << below(8));
		break;
	case 1:
		memset(handoff, 0, sizeof(*handoff));
		if (FUZZ_X86 && below(3))
			handoff->mode = below(2) ? PURG_HANDOFF_X86_32 : PURG_HANDOFF_X86_16;
		set_entry(handoff, start);
		break;
	case 2:
		handoff->checks = below(5);
		break;
	case 3:
		handoff->stub = below(4) ? random_address(input) & -(uint64_t)PURG_STUB_SIZE : random_address(input);
		break;
	case 4:
		handoff->stub = 0;
		break;
	default:
		set_entry(handoff, below(2) ? start + below(0x1000) : random_address(input));
	}
}

static void set_policy(struct input *input, struct purg_failure *failure)
{
	memset(failure, 0, sizeof(*failure));
	switch (below(4)) {
	case 0:
		failure->policy = PURG_FAIL_RESET;
		failure->conduit = FUZZ_X86 ? 0 : below(2) ? PURG_CONDUIT_HVC : PURG_CONDUIT_SMC;
		break;
	case 1:
		failure->policy = PURG_FAIL_RETURN;
		break;
	case 2:
		failure->policy = PURG_FAIL_FALLBACK;
		failure->fallback.start = random_address(input);
		failure->fallback.size = 1 + below(0x2000);
		set_entry(&failure->fallback_handoff, failure->fallback.start + below(4) * 4);
		break;
	default:
		break;
	}
}

static void change_failure(struct input *input)
{
	struct purg_failure *failure = &input->params.failure;

	switch (below(10)) {
	case 0:
		set_policy(input, failure);
		break;
	case 1:
		failure->policy = random_word();
		break;
	case 2:
		failure->conduit = random_word();
		break;
	case 3:
		failure->delay = below(2) ? below(4) : (uint32_t)random64();
		break;
	case 4:
		failure->timer_hz = below(2) ? 0 : random64() >> below(64);
		break;
	case 5:
		failure->reset_width = (uint8_t)(below(4) ? 8 : below(256));
		failure->reset_value = (uint8_t)below(256);
		failure->reset_space = (uint8_t)below(4);
		failure->reset_address = 0xcf9;
		break;
	case 6:
		failure->reset_space = (uint8_t)below(3);
		failure->reset_address =
			below(2)   ? random_address(input)
			: below(2) ? (below(2) ? 0x10000 : UINT64_C(1) << (32 + input->physical_bits % 25)) - below(3)
				   : (uint64_t)below(34) << 32 | below(10) << 16 | below(260);
		break;
	case 7:
		change_segment(input, &failure->fallback);
		break;
	default:
		change_handoff(input, &failure->fallback_handoff, failure->fallback.start);
	}
}

static void change_report(struct input *input)
{
	struct purg_report_place *report = &input->params.report;

	if (below(8) == 0) {
		memset(report, 0, sizeof(*report));
		return;
	}
	report->address = below(8) ? random_address(input) & -8ull : random_address(input);
	report->size = below(8) ? sizeof(struct purg_report) : below(0x200);
}

static void change_head(struct input *input)
{
	struct purg_params *params = &input->params;

	switch (below(8)) {
	case 0:
		params->verify = random_word();
		break;
	case 1:
		params->flags = below(9);
		break;
	case 2:
		params->segment_count = below(2) ? below(70) : (uint32_t)random64();
		break;
	case 3:
		params->copy_count = below(2) ? below(20) : (uint32_t)random64();
		break;
	case 4:
		params->digest[below(PURG_DIGEST_SIZE)] ^= below(2);
		break;
	case 5:
		memset(&params->linear_map, 0, sizeof(params->linear_map));
		break;
	case 6:
		params->linear_map.range_count = below(34);
		break;
	default:
		params->verify = below(2) ? PURG_VERIFY_ALWAYS : PURG_VERIFY_NEVER;
	}
}

static void change_world(struct input *input)
{
	switch (below(5)) {
	case 0:
		input->hole = random_address(input);
		break;
	case 1:
		input->hole_size = below(0x3000);
		break;
	case 2:
		input->image_size = below(2) ? below(IMAGE_MAX) : 0x100000 - IMAGE - IMAGE_ALIGN + below(3) - 1;
		break;
	case 3:
		input->physical_bits = (uint8_t)below(25);
		break;
	default:
		input->counter_hz = (uint8_t)below(2);
	}
}

static void flip(struct input *input)
{
	uint8_t *bytes = (uint8_t *)input;
	uint32_t end = below(2) ? sizeof(*input) : offsetof(struct input, params.segment[4]);

	bytes[below(end)] ^= (uint8_t)(1 << below(8));
}

static void change(struct input *input)
{
	switch (below(16)) {
	case 0:
	case 1:
	case 2:
		change_segments(input);
		break;
	case 3:
	case 4:
	case 5:
		change_copies(input);
		break;
	case 6:
		change_console(input);
		break;
	case 7:
	case 8:
		change_handoff(input, &input->params.handoff, input->params.segment[below(4)].start);
		break;
	case 9:
	case 10:
	case 11:
		change_failure(input);
		break;
	case 12:
	case 13:
		change_report(input);
		break;
	case 14:
		below(2) ? change_head(input) : change_world(input);
		break;
	default:
		flip(input);
	}
}

/* Zeros at the end need not be there. */
static size_t finish(const struct input *input, uint8_t *out, size_t max_size)
{
	static const uint8_t zeros[sizeof(struct purg_segment)];
	const uint8_t *bytes = (const uint8_t *)input;
	size_t size = sizeof(*input);

	while (size > sizeof(zeros) && !memcmp(bytes + size - sizeof(zeros), zeros, sizeof(zeros)))
		size -= sizeof(zeros);
	size = size < max_size ? size : max_size;
	memcpy(out, bytes, size);
	return size;
}

static void get(struct input *input, const uint8_t *data, size_t size)
{
	memset(input, 0, sizeof(*input));
	memcpy(input, data, size < sizeof(*input) ? size : sizeof(*input));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct input input;

	random_state = seed;
	get(&input, data, size);
	do
		change(&input);
	while (below(3) == 0);
	return finish(&input, data, max_size);
}

/* Each part from the one or the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *data2, size_t size2, uint8_t *out,
				 size_t max_size, unsigned int seed)
{
	static struct input input, other;
	struct purg_params *params = &input.params;

	random_state = seed;
	get(&input, data, size);
	get(&other, data2, size2);
	if (below(2))
		memcpy(params->console, other.params.console, sizeof(params->console));
	if (below(2))
		params->failure = other.params.failure;
	if (below(2))
		params->report = other.params.report;
	if (below(2))
		params->handoff = other.params.handoff;
	if (below(2)) {
		params->copy_count = other.params.copy_count;
		memcpy(params->copy, other.params.copy, sizeof(params->copy));
	}
	return finish(&input, out, max_size);
}

#endif
