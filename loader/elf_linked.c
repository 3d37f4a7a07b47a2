/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * ET_DYN and ET_EXEC: their PT_LOADs, of which scratch memory has the numbers. gABI, chapter 5, has them sorted by
 * p_vaddr; those of x86_64's vmlinux are sorted by p_paddr, and it is that by which an executable is loaded.
 */
#include "elf.h"

static uint64_t address_of(const struct purg_elf *elf, const struct elf_segment *segment)
{
	return elf->type == ELF_EXEC ? segment->physical : segment->virtual;
}

/* A segment that is loaded: scratch has `count` of them, and the last one ends before `end`. */
static int add_load(struct purg_elf *elf, uint32_t index, uint32_t *count, uint64_t *last)
{
	struct elf_segment segment = elf_segment(elf, index);
	uint64_t start = address_of(elf, &segment);

	if (!segment.mem_size)
		return segment.file_size ? PURG_ERR_ELF_SEGMENT : 0;
	if (!number_inside(segment.offset, segment.file_size, elf->size))
		return PURG_ERR_ELF_CUT;
	if (segment.file_size > segment.mem_size || segment.align & (segment.align - 1) ||
	    start > UINT64_MAX - (segment.mem_size - 1) || segment.virtual > UINT64_MAX - (segment.mem_size - 1) ||
	    (*count && start <= *last))
		return PURG_ERR_ELF_SEGMENT;
	if (!*count)
		elf->base = start;
	elf->align = number_max(elf->align, segment.align);
	elf->scratch[(*count)++] = index;
	*last = start + (segment.mem_size - 1);
	return 0;
}

static int check_segments(struct purg_elf *elf, uint32_t *count, uint64_t *last)
{
	bool dynamic = false;
	int error = 0;

	for (uint32_t i = 0; i < elf->segment_count && !error; i++) {
		struct elf_segment segment = elf_segment(elf, i);

		if (segment.type == ELF_SEGMENT_LOAD)
			error = add_load(elf, i, count, last);
		else if (segment.type == ELF_SEGMENT_TLS && segment.mem_size)
			error = PURG_ERR_ELF_UNSUPPORTED;
		else if (segment.type == ELF_SEGMENT_INTERPRETER)
			error = PURG_ERR_ELF_DYNAMIC;
		else if (segment.type == ELF_SEGMENT_DYNAMIC) {
			if (dynamic || elf->type == ELF_EXEC)
				error = PURG_ERR_ELF_DYNAMIC;
			dynamic = true;
		}
	}
	return error;
}

/* By physical address, as vmlinux has it, or by virtual address. */
static bool holds_entry(const struct elf_segment *segment, uint64_t entry, bool virtual)
{
	return segment->flags & ELF_SEGMENT_EXECUTE &&
	       entry - (virtual ? segment->virtual : segment->physical) < segment->mem_size;
}

static bool find_entry(struct purg_elf *elf, uint64_t entry, bool virtual)
{
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		struct elf_segment segment = elf_segment(elf, elf->scratch[i]);

		if (!holds_entry(&segment, entry, virtual))
			continue;
		entry -= virtual ? segment.virtual : segment.physical;
		elf->entry = address_of(elf, &segment) - elf->base + entry;
		return true;
	}
	return false;
}

int elf_linked_open(struct purg_elf *elf, const struct elf_header *header)
{
	uint64_t last = 0;
	uint32_t count = 0;
	int error = check_segments(elf, &count, &last);

	if (error)
		return error;
	if (!count)
		return PURG_ERR_ELF_SEGMENT;
	elf->segment_count = count;
	if (elf->type == ELF_EXEC) {
		elf->address = elf->base;
		elf->align = 1;
	}
	elf->base &= -elf->align;
	if (last - elf->base >= INT64_MAX)
		return PURG_ERR_ELF_SEGMENT;
	elf->mem_size = last - elf->base + 1;
	if (!(elf->type == ELF_EXEC && find_entry(elf, header->entry, false)) && !find_entry(elf, header->entry, true))
		return PURG_ERR_ELF_ENTRY;
	return elf_dynamic_check(elf);
}

void elf_linked_fill(const struct purg_elf *elf, uint8_t *memory)
{
	memset(memory, 0, elf->mem_size);
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		struct elf_segment segment = elf_segment(elf, elf->scratch[i]);

		if (segment.file_size)
			memcpy(memory + (address_of(elf, &segment) - elf->base), elf->file + segment.offset,
			       segment.file_size);
	}
}

/* ET_DYN's are sorted by their virtual addresses. */
bool elf_linked_around(const struct purg_elf *elf, uint64_t address, uint64_t size, struct elf_segment *segment)
{
	uint32_t low = 0, high = elf->segment_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (elf_segment(elf, elf->scratch[middle]).virtual <= address)
			low = middle;
		else
			high = middle;
	}
	*segment = elf_segment(elf, elf->scratch[low]);
	return address >= segment->virtual && number_inside(address - segment->virtual, size, segment->mem_size);
}

/* By its virtual address, and in an executable so, too. */
int elf_linked_find(const struct purg_elf *elf, uint64_t index, uint64_t *offset)
{
	struct elf_symbol symbol = elf_symbol(elf, index);

	if (symbol.section >= ELF_RESERVED)
		return PURG_ERR_ELF_SYMBOL_PLACE;
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		struct elf_segment segment = elf_segment(elf, elf->scratch[i]);

		if (symbol.value >= segment.virtual &&
		    number_inside(symbol.value - segment.virtual, symbol.size, segment.mem_size)) {
			*offset = address_of(elf, &segment) - elf->base + (symbol.value - segment.virtual);
			return 0;
		}
	}
	return PURG_ERR_ELF_SYMBOL_PLACE;
}
