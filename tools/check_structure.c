/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "boot_params.h"
#include "arm64_image.h"
#include "bytes.h"
#include "check_structure.h"
#include "console_spec.h"
#include "error.h"
#include "kernel.h"
#include "number.h"
#include "on_failure.h"
#include "segment_name.h"

/* Parts of the parameter block that pack leaves zero: the safe defaults, and what is reserved. */
#define SPAN(first, next) offsetof(struct purg_params, first), offsetof(struct purg_params, next)
static const struct span {
	const char *name;
	size_t start;
	size_t end;
} zero_spans[] = {
	{"params.verify", SPAN(verify, flags)},
	{"params.flags", SPAN(flags, segment_count)},
	{"params.copy_count", SPAN(copy_count, digest)},
	{"params.digest", SPAN(digest, block_digest)},
	{"params.handoff.mode", SPAN(handoff.mode, handoff.checks)},
	{"params.handoff.stub", SPAN(handoff.stub, handoff.reserved)},
	{"params.handoff.reserved", SPAN(handoff.reserved, failure)},
	{"params.report", SPAN(report, reserved)},
	{"params.reserved", SPAN(reserved, linear_map)},
	{"params.linear_map", SPAN(linear_map, copy)},
	{"params.copy", SPAN(copy, reserved2)},
	{"params.reserved2", SPAN(reserved2, segment)},
};

static void check_zeros(const struct packed *packed)
{
	const struct purg_params *params = &packed->purgatory.params;
	uint32_t count = params->segment_count;

	for (size_t i = 0; i < sizeof(zero_spans) / sizeof(zero_spans[0]); i++) {
		const struct span *span = &zero_spans[i];

		if (!bytes_are_zero((const uint8_t *)params + span->start, span->end - span->start))
			fail(packed->file.path, span->name, "is not zero; in a packed image it is");
	}
	if (!bytes_are_zero(&params->segment[count], (PURG_MAX_SEGMENTS - count) * sizeof(params->segment[0])))
		fail(packed->file.path, "params.segment", "is not zero behind entry %u, the last in use", count);
}

/* Halt, or reset without what only the machine can tell. */
static void check_failure(const struct packed *packed)
{
	struct purg_failure failure = packed->purgatory.params.failure;
	bool arm64 = packed->purgatory.header.arch == PURG_ARCH_ARM64, reset = failure.policy == PURG_FAIL_RESET;
	bool known = failure.conduit == PURG_CONDUIT_HVC || failure.conduit == PURG_CONDUIT_SMC;

	if (reset && arm64 && known && failure.delay <= PURG_MAX_DELAY)
		failure.delay = failure.conduit = 0;
	if (reset)
		failure.policy = PURG_FAIL_HALT;
	if (!bytes_are_zero(&failure, sizeof(failure)) || (reset && arm64 && !known))
		fail(packed->file.path, "params.failure", "is not one that pack writes");
}

static bool console_known(const struct purg_console *console)
{
	if (console->baud && console->kind != PURG_CONSOLE_8250_PORT)
		return false;
	switch (console->kind) {
	case PURG_CONSOLE_NONE:
		return bytes_are_zero(console, sizeof(*console));
	case PURG_CONSOLE_PL011:
		return (console->width == 2 || console->width == 4) && !console->stride;
	case PURG_CONSOLE_8250:
		return (console->width == 1 || console->width == 2 || console->width == 4) &&
		       console->stride >= console->width && console->stride <= 16 &&
		       number_is_power_of_two(console->stride);
	case PURG_CONSOLE_8250_PORT:
		return console->width == 1 && !console->stride && console->base <= 0xffff - 7;
	case PURG_CONSOLE_VGA:
		return !console->width && !console->stride;
	case PURG_CONSOLE_SINK:
		return (console->width == 1 || console->width == 4) && !console->stride;
	default:
		return false;
	}
}

static void check_consoles(const struct packed *packed)
{
	for (unsigned int i = 0; i < PURG_MAX_CONSOLES; i++) {
		const struct purg_console *console = &packed->purgatory.params.console[i];

		if (!console_known(console) || !console_baud_known(console->baud) || console->reserved)
			fail(packed->file.path, "params.console", "entry %u is not one that pack writes", i);
	}
}

static bool lanes_fit_kind(const struct purg_segment *segment)
{
	if (segment->kind == PURG_DIGEST_STRIPED)
		return segment->lanes == 2 || segment->lanes == 4 || segment->lanes == 8 || segment->lanes == 16;
	return segment->kind == PURG_DIGEST_SEGMENT && !segment->lanes;
}

static void check_segments(const struct packed *packed)
{
	const struct purg_params *params = &packed->purgatory.params;
	char name[SEGMENT_NAME_SIZE], field[32];

	for (unsigned int i = 0; i < params->segment_count; i++) {
		const struct purg_segment *segment = &params->segment[i];

		segment_name(segment, name);
		snprintf(field, sizeof(field), "segment %s", name);
		if (!lanes_fit_kind(segment) || segment->flags)
			fail(packed->file.path, field, "kind and lanes are not those of a digest of its own");
		if (segment->lanes && !(packed->purgatory.header.features & PURG_FEATURE_STRIPED_DIGEST))
			fail(packed->file.path, field, "kind is striped, which this purgatory does not support");
		if (!packed_bytes(packed, segment->start, segment->size))
			fail(packed->file.path, field,
			     "0x%" PRIx64 " bytes at 0x%" PRIx64 " are not all in the file; is the file complete?",
			     segment->size, segment->start);
	}
}

/* What pack says about a part is what the segment with its name covers. */
static void check_part(const struct packed *packed, const char *name, const char *field, uint64_t start, uint64_t size)
{
	const struct purg_segment *segment = packed_segment(packed, name);

	if (segment->start != start || segment->size != size)
		fail(packed->file.path, field,
		     "0x%" PRIx64 " bytes at 0x%" PRIx64 " are not segment %s, which has 0x%" PRIx64 " at 0x%" PRIx64,
		     size, start, name, segment->size, segment->start);
}

static void check_initrds(const struct packed *packed, unsigned int first)
{
	const struct purg_params *params = &packed->purgatory.params;
	const struct purg_pack *pack = &packed->pack;
	uint64_t end = pack->initrd;

	for (unsigned int i = first; i < params->segment_count; i++) {
		if (strncmp(params->segment[i].name, "initrd", 6) || params->segment[i].start != end)
			fail(packed->file.path, "params.segment", "entry %u is not the initrd at 0x%" PRIx64, i, end);
		end += params->segment[i].size;
	}
	if (end - pack->initrd != pack->initrd_size || (!pack->initrd_size && pack->initrd))
		fail(packed->file.path, "pack.initrd_size", "is 0x%" PRIx64 ", but the initrds take 0x%" PRIx64,
		     pack->initrd_size, end - pack->initrd);
}

static void check_cmdline(const struct packed *packed)
{
	const struct purg_pack *pack = &packed->pack;
	const uint8_t *cmdline;

	check_part(packed, "cmdline", "pack.cmdline", pack->cmdline, pack->cmdline_size);
	cmdline = packed_bytes(packed, pack->cmdline, pack->cmdline_size);
	if (!pack->cmdline_size || memchr(cmdline, 0, pack->cmdline_size) != cmdline + pack->cmdline_size - 1)
		fail(packed->file.path, "pack.cmdline", "does not end with its only NUL");
}

static void check_pack(const struct packed *packed)
{
	const struct purg_pack *pack = &packed->pack;
	const struct purg_header *header = &packed->purgatory.header;
	const char *path = packed->file.path;
	const char *table = pack->arch == PURG_ARCH_ARM64 ? "dtb" : "bootprm";
	unsigned int segments = pack->table_size ? 4 : 3;
	uint64_t end = 0;

	if (pack->arch != header->arch)
		fail(path, "pack.arch", "is %u, but the purgatory's is %u", pack->arch, header->arch);
	if (pack->reserved || !bytes_are_zero(pack->reserved2, sizeof(pack->reserved2)))
		fail(path, "pack.reserved", "is not zero");
	check_part(packed, "front", "pack.front_size", 0, pack->front_size);
	check_cmdline(packed);
	if (pack->table_size)
		check_part(packed, table, "pack.table", pack->table, pack->table_size);
	else if (pack->table || pack->arch != PURG_ARCH_ARM64)
		fail(path, "pack.table_size", "is zero, but there is a table");
	packed_segment(packed, "kernel");
	check_initrds(packed, segments);
	if (pack->purgatory % header->align)
		fail(path, "pack.purgatory", "is not a multiple of its alignment, 0x%x", header->align);
	if (pack->room % PAGE || pack->room_size % PAGE || !pack->room_size)
		fail(path, "pack.room", "is not made of pages");
	for (unsigned int i = 0; i < packed->extent_count; i++)
		end = number_max(end, packed->extent[i].start + packed->extent[i].mem_size);
	if (pack->image_size != end)
		fail(path, "pack.image_size", "is 0x%" PRIx64 ", but the image takes 0x%" PRIx64, pack->image_size,
		     end);
}

static void check_arm64(const struct packed *packed)
{
	const struct purg_segment *kernel = packed_segment(packed, "kernel");
	const struct purg_handoff *handoff = &packed->purgatory.params.handoff;
	struct arm64_image_header header;

	if (kernel->size < sizeof(header))
		fail(packed->file.path, "segment kernel", "is shorter than the header of an arm64 Image");
	memcpy(&header, packed_bytes(packed, kernel->start, sizeof(header)), sizeof(header));
	if (header.magic != ARM64_IMAGE_MAGIC || header.text_offset != kernel->start % PACK_ARM64_ALIGN)
		fail(packed->file.path, "segment kernel", "is not an arm64 Image at its text_offset from 2 MiB");
	if (handoff->arm64.pc != kernel->start)
		fail(packed->file.path, "params.handoff.pc", "is not the kernel's start");
	if (handoff->checks != (PURG_CHECK_KERNEL | PURG_CHECK_DTB))
		fail(packed->file.path, "params.handoff.checks", "is 0x%x, not those of the kernel and the DTB",
		     handoff->checks);
	if (!bytes_are_zero(&handoff->arm64.x0,
			    offsetof(struct purg_handoff, stub) - offsetof(struct purg_handoff, arm64.x0)))
		fail(packed->file.path, "params.handoff", "has a register set that the front end sets");
}

static void check_x86_64(const struct packed *packed)
{
	const struct purg_segment *kernel = packed_segment(packed, "kernel");
	struct purg_handoff handoff = packed->purgatory.params.handoff;
	const char *path = packed->file.path;

	if (kernel->size <= BZIMAGE_ENTRY || handoff.x86_64.rip != kernel->start + BZIMAGE_ENTRY)
		fail(path, "params.handoff.rip", "is not the kernel's 64-bit entry");
	if (handoff.checks != PURG_CHECK_KERNEL)
		fail(path, "params.handoff.checks", "is 0x%x, not that of the kernel", handoff.checks);
	handoff.x86_64.rip = 0;
	if (!bytes_are_zero(&handoff.x86_64, sizeof(handoff.x86_64)))
		fail(path, "params.handoff", "has a register set that the front end sets");
}

void check_structure(const struct packed *packed)
{
	if (packed->form != PACKED_IMAGE)
		fail(packed->file.path, NULL,
		     "is a purgatory by itself, not a packed image; 'purgatory inspect' shows it");
	check_zeros(packed);
	check_failure(packed);
	check_consoles(packed);
	check_segments(packed);
	check_pack(packed);
	if (packed->pack.arch == PURG_ARCH_ARM64)
		check_arm64(packed);
	else
		check_x86_64(packed);
}
