/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The sections that are named are those of docs/abi.md. */
#include <string.h>

#include "params_oracle.h"

#define GIB4 (UINT64_C(1) << 32)
#define MIB1 (UINT64_C(1) << 20)
#define ENTRY_BYTES 15

/* Ends of ranges do not wrap in here. */
typedef unsigned __int128 wide;

enum role {
	IMAGE,
	CONSOLE,
	SEGMENT,
	SOURCE,
	DESTINATION,
	STUB,
	FALLBACK,
	RECORD,
	ENTRY,
	ROLES
};

#define SELF PURG_E_OVERLAP_SELF
#define BAD PURG_E_OVERLAP

/* Who may not touch whom, and what that is called. */
static const uint8_t forbidden[ROLES][ROLES] = {
	[IMAGE] = {0, SELF, SELF, SELF, SELF, SELF, SELF, SELF, 0},
	[CONSOLE] = {SELF, 0, BAD, 0, BAD, BAD, BAD, BAD, 0},
	[SEGMENT] = {SELF, BAD, BAD, 0, 0, BAD, 0, 0, 0},
	[SOURCE] = {SELF, 0, 0, 0, 0, 0, 0, BAD, 0},
	[DESTINATION] = {SELF, BAD, 0, 0, 0, BAD, BAD, BAD, 0},
	[STUB] = {SELF, BAD, BAD, 0, BAD, 0, BAD, BAD, 0},
	[FALLBACK] = {SELF, BAD, 0, 0, BAD, BAD, 0, BAD, 0},
	[RECORD] = {SELF, BAD, 0, BAD, BAD, BAD, BAD, 0, BAD},
	[ENTRY] = {0, 0, 0, 0, 0, 0, 0, BAD, 0},
};

/* A range that has a byte. */
struct place {
	enum role role;
	wide start, end;
};

#define PLACES (1 + PURG_MAX_CONSOLES + PURG_MAX_SEGMENTS + 2 * PURG_MAX_COPIES + 5)

struct oracle {
	const struct purg_params *params;
	const struct oracle_world *world;
	bool never;
	uint32_t segments, copies; /* as many as there can be */
	uint32_t wrong;
	uint32_t count;
	struct place place[PLACES];
};

static void require(struct oracle *oracle, bool holds, uint32_t code)
{
	if (!holds)
		oracle->wrong |= 1u << code;
}

static bool is_zero(const void *start, const void *end)
{
	static const uint8_t zeros[sizeof(struct purg_params)];

	return memcmp(start, zeros, (size_t)((const uint8_t *)end - (const uint8_t *)start)) == 0;
}

static bool touch(wide start, wide end, wide start2, wide end2)
{
	return start < end && start2 < end2 && start < end2 && start2 < end;
}

static bool within(wide start, wide end, wide start2, wide end2)
{
	return start2 <= start && end <= end2;
}

static void put(struct oracle *oracle, enum role role, uint64_t start, uint64_t size)
{
	if (size)
		oracle->place[oracle->count++] = (struct place){role, start, (wide)start + size};
}

/* Memory, and as a rule such as the purgatory can reach. */
static void require_memory(struct oracle *oracle, uint64_t start, uint64_t size, bool mapped)
{
	const struct oracle_world *world = oracle->world;
	wide end = (wide)start + size;

	require(oracle, end <= world->physical_end, PURG_E_RANGE);
	if (mapped)
		require(oracle, !touch(start, end, world->hole, (wide)world->hole + world->hole_size), PURG_E_UNMAPPED);
}

/* "Console": the table's columns. */
static bool console_values(const struct purg_console *console, bool x86)
{
	uint32_t width = console->width, stride = console->stride, baud = console->baud;
	uint32_t least = width ? width : 1;
	bool narrow = width == 0 || width == 1 || width == 2 || width == 4;

	switch (console->kind) {
	case PURG_CONSOLE_PL011:
		return (width == 0 || width == 2 || width == 4) && !stride && !baud;
	case PURG_CONSOLE_8250:
		return narrow && !baud && (stride == 0 || (stride >= least && stride <= 16 && 16 % stride == 0));
	case PURG_CONSOLE_8250_PORT:
		return x86 && width <= 1 && !stride &&
		       (baud == 0 || (baud >= 50 && baud <= 115200 && 115200 % baud == 0));
	case PURG_CONSOLE_VGA:
		return x86 && !width && !stride && !baud;
	case PURG_CONSOLE_SINK:
		return !x86 && narrow && !stride && !baud;
	default:
		return false;
	}
}

/* What one access takes; a base that is no multiple of it is none. */
static uint32_t console_unit(const struct purg_console *console)
{
	if (console->kind == PURG_CONSOLE_VGA)
		return 2;
	if (console->width)
		return console->width;
	return console->kind == PURG_CONSOLE_PL011 ? 4 : 1;
}

static uint32_t console_span(const struct purg_console *console)
{
	if (console->kind == PURG_CONSOLE_NONE || console->kind == PURG_CONSOLE_8250_PORT)
		return 0;
	return console->kind == PURG_CONSOLE_VGA ? PURG_CONSOLE_VGA_SPAN : PURG_CONSOLE_SPAN;
}

static void require_console(struct oracle *oracle, const struct purg_console *console)
{
	if (console->kind == PURG_CONSOLE_NONE) {
		require(oracle, is_zero(console, console + 1), PURG_E_RESERVED);
		return;
	}
	require(oracle, console_values(console, oracle->world->x86), PURG_E_VALUE);
	require(oracle, !console->reserved, PURG_E_RESERVED);
	if (console->kind == PURG_CONSOLE_8250_PORT) {
		require(oracle, (wide)console->base + 6 <= 0x10000, PURG_E_RANGE);
		return;
	}
	require(oracle, console->base % console_unit(console) == 0, PURG_E_RANGE);
	require_memory(oracle, console->base, console_span(console), true);
}

/* "Segments"; the fallback is one too. */
static void require_segment(struct oracle *oracle, const struct purg_segment *segment)
{
	uint32_t lanes = segment->lanes;

	if (segment->kind == PURG_DIGEST_STRIPED)
		require(oracle, lanes == 2 || lanes == 4 || lanes == 8 || lanes == 16, PURG_E_VALUE);
	else
		require(oracle, lanes == 0, PURG_E_RESERVED);
	if (segment->kind == PURG_DIGEST_CONCAT)
		require(oracle, is_zero(segment->digest, segment->digest + PURG_DIGEST_SIZE), PURG_E_RESERVED);
	require(oracle, segment->flags == 0, PURG_E_VALUE);
	require_memory(oracle, segment->start, segment->size, true);
}

static void require_segments(struct oracle *oracle)
{
	const struct purg_params *params = oracle->params;
	const struct purg_segment *segment = params->segment;
	bool concat = false;

	require(oracle, params->segment_count <= PURG_MAX_SEGMENTS, PURG_E_COUNT);
	require(oracle, params->segment_count || oracle->never, PURG_E_NOTHING);
	for (uint32_t i = 0; i < oracle->segments; i++) {
		require(oracle,
			segment[i].kind == PURG_DIGEST_SEGMENT || segment[i].kind == PURG_DIGEST_CONCAT ||
				segment[i].kind == PURG_DIGEST_STRIPED,
			PURG_E_VALUE);
		require_segment(oracle, &segment[i]);
		concat |= segment[i].kind == PURG_DIGEST_CONCAT;
	}
	require(oracle, is_zero(segment + oracle->segments, segment + PURG_MAX_SEGMENTS), PURG_E_RESERVED);
	require(oracle, concat || is_zero(params->digest, params->digest + PURG_DIGEST_SIZE), PURG_E_RESERVED);
}

/* "Copies" */
static bool in_a_segment(const struct oracle *oracle, uint64_t start, uint64_t size)
{
	const struct purg_segment *segment = oracle->params->segment;

	for (uint32_t i = 0; i < oracle->segments; i++)
		if (within(start, (wide)start + size, segment[i].start, (wide)segment[i].start + segment[i].size))
			return true;
	return false;
}

static void require_copies(struct oracle *oracle)
{
	const struct purg_copy *copy = oracle->params->copy;

	require(oracle, oracle->params->copy_count <= PURG_MAX_COPIES, PURG_E_COUNT);
	for (uint32_t i = 0; i < oracle->copies; i++) {
		require(oracle, (copy[i].flags & ~(uint32_t)PURG_COPY_UNVERIFIED) == 0, PURG_E_VALUE);
		require(oracle, copy[i].reserved == 0, PURG_E_RESERVED);
		require_memory(oracle, copy[i].src, copy[i].size, true);
		require_memory(oracle, copy[i].dst, copy[i].size, true);
		if (!oracle->never && !(copy[i].flags & PURG_COPY_UNVERIFIED))
			require(oracle, in_a_segment(oracle, copy[i].src, copy[i].size), PURG_E_SOURCE);
	}
	require(oracle, is_zero(copy + oracle->copies, copy + PURG_MAX_COPIES), PURG_E_RESERVED);
}

/* What is saved as it is may not come upon what was verified, on its way to where it is needed. */
static void require_clean_copies(struct oracle *oracle, uint64_t entry_segment)
{
	const struct purg_copy *copy = oracle->params->copy;
	const struct purg_segment *segment = oracle->params->segment;

	for (uint32_t i = 0; i < oracle->copies; i++) {
		wide start = copy[i].dst, end = start + copy[i].size;

		if (!(copy[i].flags & PURG_COPY_UNVERIFIED))
			continue;
		for (uint32_t j = 0; j < oracle->copies; j++)
			if (i != j)
				require(oracle,
					!touch(start, end, copy[j].src, (wide)copy[j].src + copy[j].size) &&
						!touch(start, end, copy[j].dst, (wide)copy[j].dst + copy[j].size),
					PURG_E_OVERLAP);
		if (entry_segment < oracle->segments)
			require(oracle,
				!touch(start, end, segment[entry_segment].start,
				       (wide)segment[entry_segment].start + segment[entry_segment].size),
				PURG_E_ENTRY);
	}
}

/* "Handoff" */
static uint64_t entry_of(const struct oracle_world *world, const struct purg_handoff *handoff)
{
	if (!world->x86)
		return handoff->arm64.pc;
	if (handoff->mode == PURG_HANDOFF_X86_32)
		return handoff->x86_32.eip;
	if (handoff->mode == PURG_HANDOFF_X86_16)
		return handoff->x86_16.cs * UINT64_C(16) + handoff->x86_16.ip;
	return handoff->x86_64.rip;
}

static bool known_mode(const struct oracle_world *world, uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE ||
	       (world->x86 && (mode == PURG_HANDOFF_X86_32 || mode == PURG_HANDOFF_X86_16));
}

/* Offset of the first byte that is no register of the mode. */
static size_t regs_end(const struct oracle_world *world, uint32_t mode)
{
	if (!world->x86)
		return offsetof(struct purg_handoff, arm64.x3) + 8;
	if (mode == PURG_HANDOFF_X86_32)
		return offsetof(struct purg_handoff, x86_32.eip) + 4;
	if (mode == PURG_HANDOFF_X86_16)
		return offsetof(struct purg_handoff, x86_16.cs) + 2;
	return offsetof(struct purg_handoff, x86_64.rip) + 8;
}

/* That arm64's entry is a multiple of 4 is looked at when all is in place. */
static void require_handoff(struct oracle *oracle, const struct purg_handoff *handoff)
{
	const struct oracle_world *world = oracle->world;
	uint64_t low = handoff->mode == PURG_HANDOFF_X86_32 ? GIB4 : MIB1;
	uint64_t entry = entry_of(world, handoff);
	uint32_t checks = world->x86 ? PURG_CHECK_KERNEL : PURG_CHECK_KERNEL | PURG_CHECK_DTB;

	require(oracle, known_mode(world, handoff->mode), PURG_E_VALUE);
	require(oracle, (handoff->checks & ~checks) == 0, PURG_E_VALUE);
	require(oracle, is_zero((const uint8_t *)handoff + regs_end(world, handoff->mode), &handoff->stub),
		PURG_E_RESERVED);
	require(oracle, handoff->reserved == 0, PURG_E_RESERVED);
	require_memory(oracle, entry, 1, true);
	require(oracle, !touch(entry, (wide)entry + 1, world->image, (wide)world->image + world->image_size),
		PURG_E_OVERLAP_SELF);
	if (handoff->mode == PURG_HANDOFF_NATIVE) {
		require(oracle, handoff->stub == 0, PURG_E_RESERVED);
	} else if (handoff->stub == 0) {
		require(oracle, (wide)world->image + world->image_size <= low, PURG_E_PLACEMENT);
	} else {
		require(oracle, handoff->stub % PURG_STUB_SIZE == 0, PURG_E_PLACEMENT);
		require(oracle, (wide)handoff->stub + PURG_STUB_SIZE <= low, PURG_E_PLACEMENT);
		require_memory(oracle, handoff->stub, PURG_STUB_SIZE, true);
	}
}

/* The entry, and where it comes from. */
static void require_entry(struct oracle *oracle)
{
	const struct purg_params *params = oracle->params;
	const struct oracle_world *world = oracle->world;
	uint64_t entry = entry_of(world, &params->handoff);
	wide at = entry;
	uint32_t segment = 0;

	if (oracle->never)
		return;
	for (uint32_t i = oracle->copies; i-- > 0;) {
		const struct purg_copy *copy = &params->copy[i];

		if (within(at, at + 1, copy->dst, (wide)copy->dst + copy->size)) {
			require(oracle, !(copy->flags & PURG_COPY_UNVERIFIED), PURG_E_ENTRY);
			at = at - copy->dst + copy->src;
		}
	}
	while (segment < oracle->segments &&
	       !within(at, at + 1, params->segment[segment].start,
		       (wide)params->segment[segment].start + params->segment[segment].size))
		segment++;
	require(oracle, segment < oracle->segments, PURG_E_ENTRY);
	require_clean_copies(oracle, segment);
}

/* "Failure policies" */
static void require_reset(struct oracle *oracle, const struct purg_failure *failure)
{
	const struct oracle_world *world = oracle->world;
	uint64_t address = failure->reset_address;
	bool none = is_zero(&failure->reset_space, &failure->reserved) && address == 0;

	if (!world->x86) {
		require(oracle, failure->conduit == PURG_CONDUIT_HVC || failure->conduit == PURG_CONDUIT_SMC,
			PURG_E_VALUE);
		require(oracle, none, PURG_E_RESERVED);
		return;
	}
	require(oracle, failure->conduit == PURG_CONDUIT_NONE, PURG_E_RESERVED);
	if (failure->reset_width == 0) {
		require(oracle, none, PURG_E_RESERVED);
		return;
	}
	require(oracle, failure->reset_width == 8, PURG_E_VALUE);
	switch (failure->reset_space) {
	case 0: /* memory */
		require_memory(oracle, address, 1, false);
		require(oracle,
			!touch(address, (wide)address + 1, world->image, (wide)world->image + world->image_size),
			PURG_E_OVERLAP_SELF);
		break;
	case 1: /* ports */
		require(oracle, address <= 0xffff, PURG_E_RANGE);
		break;
	case 2: /* PCI configuration space: 16 bits each of zero, device, function, register */
		require(oracle,
			address >> 48 == 0 && (address >> 32 & 0xffff) < 32 && (address >> 16 & 0xffff) < 8 &&
				(address & 0xffff) < 256,
			PURG_E_RANGE);
		break;
	default:
		require(oracle, false, PURG_E_VALUE);
	}
}

static void require_fallback(struct oracle *oracle, const struct purg_failure *failure)
{
	const struct purg_segment *fallback = &failure->fallback;
	uint64_t entry = entry_of(oracle->world, &failure->fallback_handoff);

	require(oracle, fallback->kind == PURG_DIGEST_SEGMENT || fallback->kind == PURG_DIGEST_STRIPED, PURG_E_VALUE);
	require_segment(oracle, fallback);
	require_handoff(oracle, &failure->fallback_handoff);
	require(oracle, within(entry, (wide)entry + 1, fallback->start, (wide)fallback->start + fallback->size),
		PURG_E_ENTRY);
}

static void require_failure(struct oracle *oracle)
{
	const struct purg_failure *failure = &oracle->params->failure;
	uint32_t policy = failure->policy;
	bool delays = failure->delay != 0;

	require(oracle,
		policy == PURG_FAIL_HALT || policy == PURG_FAIL_RESET || policy == PURG_FAIL_RETURN ||
			policy == PURG_FAIL_FALLBACK,
		PURG_E_VALUE);
	require(oracle, failure->reserved == 0, PURG_E_RESERVED);
	if (policy == PURG_FAIL_RESET)
		require_reset(oracle, failure);
	else
		require(oracle, is_zero(&failure->conduit, &failure->timer_hz), PURG_E_RESERVED);
	if (policy == PURG_FAIL_FALLBACK)
		require_fallback(oracle, failure);
	else
		require(oracle, is_zero(&failure->fallback, failure + 1), PURG_E_RESERVED);
	require(oracle, !delays || policy != PURG_FAIL_HALT, PURG_E_RESERVED);
	require(oracle, !delays || failure->timer_hz || oracle->world->counter_hz, PURG_E_VALUE);
	require(oracle, !failure->timer_hz || delays || oracle->params->report.address, PURG_E_RESERVED);
}

/* "The record": in its own right. */
static void require_record(struct oracle *oracle)
{
	const struct purg_report_place *report = &oracle->params->report;

	require(oracle, report->reserved == 0, PURG_E_RESERVED);
	if (report->address == 0) {
		require(oracle, report->size == 0, PURG_E_RESERVED);
		return;
	}
	require(oracle, report->address % 8 == 0, PURG_E_PLACEMENT);
	require(oracle, report->size >= sizeof(struct purg_report), PURG_E_SIZE);
	require_memory(oracle, report->address, sizeof(struct purg_report), true);
}

/* Everything in its place; of the tables what lies behind their ends too: that is wrong anyway. */
static void put_all(struct oracle *oracle)
{
	const struct purg_params *params = oracle->params;
	const struct purg_failure *failure = &params->failure;

	put(oracle, IMAGE, oracle->world->image, oracle->world->image_size);
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		put(oracle, CONSOLE, params->console[i].base, console_span(&params->console[i]));
	for (uint32_t i = 0; i < oracle->segments; i++)
		put(oracle, SEGMENT, params->segment[i].start, params->segment[i].size);
	for (uint32_t i = 0; i < PURG_MAX_COPIES; i++) {
		put(oracle, SOURCE, params->copy[i].src, params->copy[i].size);
		put(oracle, DESTINATION, params->copy[i].dst, params->copy[i].size);
	}
	put(oracle, STUB, params->handoff.stub, params->handoff.stub ? PURG_STUB_SIZE : 0);
	put(oracle, STUB, failure->fallback_handoff.stub, failure->fallback_handoff.stub ? PURG_STUB_SIZE : 0);
	put(oracle, FALLBACK, failure->fallback.start, failure->fallback.size);
	put(oracle, RECORD, params->report.address, params->report.address ? sizeof(struct purg_report) : 0);
	put(oracle, ENTRY, entry_of(oracle->world, &params->handoff), ENTRY_BYTES);
}

/* Each with each, or with the record alone. */
static void require_distance(struct oracle *oracle, bool all)
{
	for (uint32_t i = 0; i < oracle->count; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct place *a = &oracle->place[i], *b = &oracle->place[j];
			uint32_t code = forbidden[a->role][b->role];

			if (code && (all || a->role == RECORD || b->role == RECORD))
				require(oracle, !touch(a->start, a->end, b->start, b->end), code);
		}
}

static void begin(struct oracle *oracle, const struct purg_params *params, const struct oracle_world *world)
{
	oracle->params = params;
	oracle->world = world;
	oracle->never = params->verify == PURG_VERIFY_NEVER;
	oracle->segments = params->segment_count < PURG_MAX_SEGMENTS ? params->segment_count : PURG_MAX_SEGMENTS;
	oracle->copies = params->copy_count < PURG_MAX_COPIES ? params->copy_count : PURG_MAX_COPIES;
	oracle->wrong = 0;
	oracle->count = 0;
	put_all(oracle);
}

uint32_t oracle_head(const struct purg_params *params)
{
	struct oracle oracle = {0};

	require(&oracle, memcmp(params, "PURGPARM", 8) == 0, PURG_E_MAGIC);
	require(&oracle, params->abi_major == 1 && params->abi_minor == 0, PURG_E_VERSION);
	require(&oracle, params->size == 0x1700, PURG_E_SIZE);
	return oracle.wrong;
}

uint32_t oracle_record(const struct purg_params *params, const struct oracle_world *world)
{
	struct oracle oracle;

	begin(&oracle, params, world);
	require_record(&oracle);
	require_distance(&oracle, false);
	return oracle.wrong;
}

uint32_t oracle_fields(const struct purg_params *params, const struct oracle_world *world)
{
	uint32_t flags = PURG_FLAG_PORTABLE_SHA256 | (world->x86 ? PURG_FLAG_RESET_VGA | PURG_FLAG_LEGACY_PIC : 0);
	struct oracle oracle;

	begin(&oracle, params, world);
	require(&oracle,
		params->verify == PURG_VERIFY_ALWAYS || params->verify == PURG_VERIFY_UNLESS_UNMAPPED ||
			params->verify == PURG_VERIFY_NEVER,
		PURG_E_VALUE);
	require(&oracle, (params->flags & ~flags) == 0, PURG_E_VALUE);
	for (uint32_t i = 0; i < PURG_MAX_CONSOLES; i++)
		require_console(&oracle, &params->console[i]);
	require_segments(&oracle);
	require_copies(&oracle);
	require_handoff(&oracle, &params->handoff);
	require_entry(&oracle);
	require_failure(&oracle);
	require_record(&oracle);
	require(&oracle,
		params->verify == PURG_VERIFY_UNLESS_UNMAPPED || is_zero(&params->linear_map, &params->linear_map + 1),
		PURG_E_RESERVED);
	require(&oracle, is_zero(params->reserved, &params->linear_map), PURG_E_RESERVED);
	require(&oracle, is_zero(params->reserved2, params->segment), PURG_E_RESERVED);
	require_distance(&oracle, true);
	return oracle.wrong;
}
