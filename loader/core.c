/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The ELF header of a dump (ELF-64 Object File Format 1.5). Who reads it is Linux' fs/proc/vmcore.c: it takes p_offset
 * for a physical address, and joins all PT_NOTEs to one.
 */
#include "elf.h"

#define ALL_ALLOWED 7
#define PHNUM_MAX 0xfffe /* 0xffff (PN_XNUM) says that the number is in a section header */

/* A range to be described, and where it is mapped; an empty one is an error where memory is meant. */
static int check_range(uint64_t start, uint64_t size, uint64_t vaddr)
{
	uint64_t last;

	if (!size || !number_add(start, size - 1, &last) || !number_add(vaddr, size - 1, &last))
		return PURG_ERR_CORE_RANGE;
	return 0;
}

/* Linux goes astray in a note without bytes, so there is none: a CPU that is not there. */
static int check_notes(const struct purg_core *in, uint64_t *count)
{
	*count = 0;
	for (uint32_t i = 0; i < in->note_count; i++) {
		if (!in->note[i].size)
			continue;
		if (check_range(in->note[i].start, in->note[i].size, 0))
			return PURG_ERR_CORE_RANGE;
		++*count;
	}
	if (!in->vmcoreinfo_size)
		return 0;
	++*count;
	return check_range(in->vmcoreinfo, in->vmcoreinfo_size, 0);
}

/* p_vaddr is modulo 2^64: arm64's linear map begins at the lowest RAM, so that address 0 would lie before it. */
static int check_memory(const struct purg_core *in)
{
	int error = 0;

	for (uint32_t i = 0; i < in->memory_count && !error; i++)
		error = check_range(in->memory[i].start, in->memory[i].size, in->linear_map + in->memory[i].start);
	if (in->text_size && !error)
		error = check_range(in->text_address, in->text_size, in->text);
	return error;
}

int64_t purg_core_size(const struct purg_core *in)
{
	uint64_t notes, count;
	int error;

	if (in->arch != PURG_ARCH_ARM64 && in->arch != PURG_ARCH_X86_64)
		return PURG_ERR_ARGUMENT;
	error = check_notes(in, &notes);
	if (!error)
		error = check_memory(in);
	if (error)
		return error;
	/* Without a PT_NOTE, Linux drops a program header of another type in joining them. */
	count = notes + (in->text_size != 0) + (uint64_t)in->memory_count;
	if (!notes || !in->memory_count || count > PHNUM_MAX)
		return PURG_ERR_CORE_COUNT;
	return (int64_t)(sizeof(struct elf_header) + count * sizeof(struct elf_segment));
}

static uint8_t *write_header(uint8_t *out, uint32_t type, uint64_t vaddr, uint64_t start, uint64_t size)
{
	struct elf_segment header = {
		.type = type,
		.flags = type == ELF_SEGMENT_LOAD ? ALL_ALLOWED : 0,
		.offset = start,
		.virtual = vaddr,
		.physical = start,
		.file_size = size,
		.mem_size = size,
	};

	memcpy(out, &header, sizeof(header));
	return out + sizeof(header);
}

static uint8_t *write_elf_header(uint8_t *out, uint16_t arch, uint64_t size)
{
	struct elf_header header = {
		.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1}, /* 64-bit, little-endian, version 1 */
		.type = ELF_CORE,
		.machine = arch, /* PURG_ARCH_* are ELF's numbers */
		.version = 1,
		.segments = sizeof(header),
		.header_size = sizeof(header),
		.segment_size = sizeof(struct elf_segment),
		.segment_count = (uint16_t)((size - sizeof(header)) / sizeof(struct elf_segment)),
	};

	memcpy(out, &header, sizeof(header));
	return out + sizeof(header);
}

int64_t purg_core_write(void *room_start, size_t room, const struct purg_core *in)
{
	int64_t size = purg_core_size(in);
	uint8_t *out = room_start;

	if (size < 0)
		return size;
	if ((uint64_t)size > room)
		return PURG_ERR_ROOM;
	out = write_elf_header(out, in->arch, (uint64_t)size);
	for (uint32_t i = 0; i < in->note_count; i++)
		if (in->note[i].size)
			out = write_header(out, ELF_SEGMENT_NOTE, 0, in->note[i].start, in->note[i].size);
	if (in->vmcoreinfo_size)
		out = write_header(out, ELF_SEGMENT_NOTE, 0, in->vmcoreinfo, in->vmcoreinfo_size);
	if (in->text_size)
		out = write_header(out, ELF_SEGMENT_LOAD, in->text, in->text_address, in->text_size);
	for (uint32_t i = 0; i < in->memory_count; i++)
		out = write_header(out, ELF_SEGMENT_LOAD, in->linear_map + in->memory[i].start, in->memory[i].start,
				   in->memory[i].size);
	return size;
}
