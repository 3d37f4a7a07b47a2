/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "bytes.h"
#include "check_memory.h"
#include "error.h"
#include "number.h"
#include "pvh.h"

/* Everything that is in memory, to see that no two are in one place. */
struct part {
	uint64_t start;
	uint64_t end;
	const char *name;
};

struct parts {
	struct part part[PURG_MAX_SEGMENTS + 4];
	unsigned int count;
};

static int by_start(const void *a, const void *b)
{
	uint64_t left = ((const struct part *)a)->start, right = ((const struct part *)b)->start;

	return left < right ? -1 : left > right;
}

static void add_part(const struct packed *packed, struct parts *parts, uint64_t start, uint64_t size, const char *name)
{
	struct part *part = &parts->part[parts->count];

	*part = (struct part){.start = start, .name = name};
	if (!number_add(start, size, &part->end) || part->end > packed->pack.image_size)
		fail(packed->file.path, name, "0x%" PRIx64 " bytes at 0x%" PRIx64 " are outside the image", size,
		     start);
	if (size)
		parts->count++;
}

/* What the kernel takes behind its bytes, before it knows of anything else in memory. */
static void add_kernel_memory(const struct packed *packed, struct parts *parts)
{
	const struct purg_segment *kernel = packed_segment(packed, "kernel");
	uint64_t size = packed_kernel_memory(packed, kernel);

	if (!size)
		fail(packed->file.path, "segment kernel", "does not tell how much memory it takes");
	if (size > kernel->size)
		add_part(packed, parts, kernel->start + kernel->size, size - kernel->size, "the kernel's memory");
}

static void collect_parts(const struct packed *packed, struct parts *parts)
{
	const struct purg_params *params = &packed->purgatory.params;
	const struct purg_pack *pack = &packed->pack;

	parts->count = 0;
	for (unsigned int i = 0; i < params->segment_count; i++)
		add_part(packed, parts, params->segment[i].start, params->segment[i].size, "a segment");
	if (pack->front_mem < pack->front_size)
		fail(packed->file.path, "pack.front_mem", "is 0x%x, less than front_size", pack->front_mem);
	add_part(packed, parts, pack->front_size, pack->front_mem - pack->front_size, "the front end's memory");
	add_part(packed, parts, pack->purgatory, packed->purgatory.header.mem_size, "the purgatory");
	add_part(packed, parts, pack->room, pack->room_size, "the room");
	add_kernel_memory(packed, parts);
	qsort(parts->part, parts->count, sizeof(parts->part[0]), by_start);
}

static void check_overlap(const struct packed *packed, const struct parts *parts)
{
	for (unsigned int i = 1; i < parts->count; i++) {
		const struct part *part = &parts->part[i], *before = part - 1;

		if (part->start < before->end)
			fail(packed->file.path, part->name, "at 0x%" PRIx64 " overlaps %s at 0x%" PRIx64, part->start,
			     before->name, before->start);
	}
}

/* Whatever of the file is in no segment and not the purgatory must be zero: front end and kernel count on it. */
static void check_gap(const struct packed *packed, uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < packed->extent_count; i++) {
		const struct extent *extent = &packed->extent[i];
		uint64_t from = number_max(start, extent->start);
		uint64_t to = number_min(end, extent->start + extent->file_size);

		if (from < to && !bytes_are_zero(packed->file.data + extent->file + (from - extent->start), to - from))
			fail(packed->file.path, "gap",
			     "the bytes from 0x%" PRIx64 " to 0x%" PRIx64 " belong to nothing and are not zero", from,
			     to);
	}
}

/* The purgatory's memory behind what its own file has, but for the parameter block. */
static void check_bss(const struct packed *packed)
{
	const struct purg_header *header = &packed->purgatory.header;
	uint64_t start = number_max(header->file_size, (uint64_t)header->params + header->params_size);

	if (start < header->mem_size)
		check_gap(packed, packed->pack.purgatory + start, packed->pack.purgatory + header->mem_size);
}

static void check_gaps(const struct packed *packed, const struct parts *parts)
{
	const struct purg_segment *kernel = packed_segment(packed, "kernel");
	const struct purg_pack *pack = &packed->pack;
	uint64_t end = 0;

	check_bss(packed);
	check_gap(packed, pack->front_size, pack->front_mem);
	check_gap(packed, pack->room, pack->room + pack->room_size);
	check_gap(packed, kernel->start + kernel->size, kernel->start + packed_kernel_memory(packed, kernel));
	for (unsigned int i = 0; i < parts->count; i++) {
		check_gap(packed, end, parts->part[i].start);
		end = parts->part[i].end;
	}
	check_gap(packed, end, pack->image_size);
}

static bool some_part_ends_at(const struct parts *parts, uint64_t end)
{
	for (unsigned int i = 0; i < parts->count; i++)
		if (parts->part[i].end == end)
			return true;
	return false;
}

/* The ELF headers say nothing that the extents do not, so there is one right way for them to be. */
static void check_elf(const struct packed *packed, const struct parts *parts)
{
	const struct file *file = &packed->file;
	uint64_t end = PVH_HEADERS_SIZE;
	uint8_t headers[PVH_HEADERS_SIZE];

	pvh_headers(packed->extent, packed->extent_count, headers);
	for (unsigned int i = 0; i < sizeof(headers); i++)
		if (file->size < sizeof(headers) || headers[i] != file->data[i])
			fail(file->path, "ELF header", "the byte at 0x%x is not what pack writes", i);
	for (unsigned int i = 0; i < packed->extent_count; i++) {
		const struct extent *extent = &packed->extent[i];

		if (extent->file < end || !bytes_are_zero(file->data + end, extent->file - end))
			fail(file->path, "p_offset", "0x%" PRIx64 " does not follow 0x%" PRIx64 " with zeros between",
			     extent->file, end);
		if (!some_part_ends_at(parts, extent->start + extent->file_size) ||
		    !some_part_ends_at(parts, extent->start + extent->mem_size))
			fail(file->path, "p_filesz",
			     "the PT_LOAD at 0x%" PRIx64 " ends where no part of the image does",
			     packed->base + extent->start);
		end = extent->file + extent->file_size;
	}
	if (end != file->size)
		fail(file->path, NULL, "has 0x%" PRIx64 " bytes; the image ends at 0x%" PRIx64, file->size, end);
}

void check_memory(const struct packed *packed)
{
	struct parts parts;

	collect_parts(packed, &parts);
	check_overlap(packed, &parts);
	check_gaps(packed, &parts);
	if (packed_is_elf(&packed->file))
		check_elf(packed, &parts);
}
