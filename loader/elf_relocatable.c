/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * ET_REL. Scratch memory: for each section, where it lies in what is loaded, or NOWHERE; behind that, for each symbol,
 * where it lies if it is a common one; behind that, for each symbol, which slot of the GOT it has, counted from 1.
 */
#include "elf.h"

#define NOWHERE UINT64_MAX

/* In the order in which they are loaded. */
enum group {
	CODE,
	CONSTANTS,
	DATA,
	ZEROS,
	GROUPS
};

static uint64_t *common_place(const struct purg_elf *elf, uint64_t symbol)
{
	return &elf->scratch[elf->section_count + symbol];
}

static uint64_t *slot_of(const struct purg_elf *elf, uint64_t symbol)
{
	return &elf->scratch[elf->section_count + elf->symbol_count + symbol];
}

static bool is_loaded(const struct elf_section *section)
{
	return section->type != ELF_SECTION_NULL && section->flags & ELF_FLAG_ALLOC;
}

static bool is_common(const struct elf_symbol *symbol)
{
	return symbol->section == ELF_COMMON || symbol->section == ELF_LARGE_COMMON;
}

static bool is_got(const struct purg_elf *elf, const struct elf_symbol *symbol)
{
	return symbol->section == ELF_UNDEFINED && elf_named(elf, symbol, "_GLOBAL_OFFSET_TABLE_");
}

/* In the file no section overlaps another: *total of their sizes is no more than the file, and so is all work. */
static int check_section(const struct purg_elf *elf, const struct elf_section *section, uint64_t *total)
{
	if (section->type == ELF_SECTION_NULL)
		return 0;
	if (section->align & (section->align - 1))
		return PURG_ERR_ELF_SECTION;
	if (section->type != ELF_SECTION_NOBITS) {
		if (!number_inside(section->offset, section->size, elf->size))
			return PURG_ERR_ELF_CUT;
		*total += section->size;
		if (*total > elf->size)
			return PURG_ERR_ELF_SECTION;
	}
	if (is_loaded(section) && section->flags & ELF_FLAG_TLS)
		return PURG_ERR_ELF_UNSUPPORTED;
	return is_loaded(section) && section->flags & ELF_FLAG_COMPRESSED ? PURG_ERR_ELF_SECTION : 0;
}

static int check_sections(const struct purg_elf *elf)
{
	uint64_t total = 0;
	int error = 0;

	for (uint32_t i = 0; i < elf->section_count && !error; i++) {
		struct elf_section section = elf_section(elf, i);

		error = check_section(elf, &section, &total);
	}
	return error;
}

static int check_commons(const struct purg_elf *elf)
{
	for (uint64_t i = 0; i < elf->symbol_count; i++) {
		struct elf_symbol symbol = elf_symbol(elf, i);

		/* The value is the alignment. */
		if (is_common(&symbol) && !number_is_power_of_two(symbol.value))
			return PURG_ERR_ELF_SYMBOLS;
		*slot_of(elf, i) = 0;
	}
	return 0;
}

/* ---- Relocations: checked first, since they say what has a slot in the GOT. ---- */

/* The section's entries relocate one that is loaded, and can: 1, and its number is section->info. They do not: 0. */
static int relocates(const struct purg_elf *elf, const struct elf_section *section)
{
	struct elf_section target;

	if (section->type != ELF_SECTION_RELA && section->type != ELF_SECTION_REL && section->type != ELF_SECTION_CREL)
		return 0;
	if (section->info >= elf->section_count)
		return PURG_ERR_ELF_SECTION;
	target = elf_section(elf, section->info);
	if (!is_loaded(&target))
		return 0;
	if (section->type != ELF_SECTION_RELA)
		return PURG_ERR_ELF_RELOCATION;
	if (section->entry_size != sizeof(struct elf_rela))
		return PURG_ERR_ELF_HEADER;
	if (section->size % sizeof(struct elf_rela) || section->link >= elf->section_count ||
	    elf_section(elf, section->link).type != ELF_SECTION_SYMBOLS)
		return PURG_ERR_ELF_SECTION;
	if (target.type == ELF_SECTION_NOBITS)
		return PURG_ERR_ELF_PLACE;
	return 1;
}

/* The instruction is whole, and of those that have the field. What is loaded lies on pages, so all else is as here. */
static int check_instruction(const struct purg_elf *elf, const struct elf_section *target, const struct elf_rela *rela,
			     const struct elf_how *how)
{
	uint32_t instruction;

	if ((rela->offset | number_max(target->align, 1)) % sizeof(instruction))
		return PURG_ERR_ELF_PLACE;
	memcpy(&instruction, elf->file + target->offset + rela->offset, sizeof(instruction));
	return elf_arm64_has(how, instruction) ? 0 : PURG_ERR_ELF_INSTRUCTION;
}

static int check_symbol(const struct purg_elf *elf, uint64_t index)
{
	struct elf_symbol symbol;
	struct elf_section section;

	/* The first one stands for none. */
	if (!index)
		return 0;
	if (index >= elf->symbol_count)
		return PURG_ERR_ELF_SYMBOLS;
	symbol = elf_symbol(elf, index);
	if (elf_kind(&symbol) == ELF_TLS || elf_kind(&symbol) == ELF_IFUNC)
		return PURG_ERR_ELF_UNSUPPORTED;
	if (symbol.section == ELF_UNDEFINED)
		return elf_binding(&symbol) == ELF_WEAK || is_got(elf, &symbol) ? 0 : PURG_ERR_ELF_UNDEFINED;
	if (symbol.section >= ELF_RESERVED)
		return 0;
	section = elf_section(elf, symbol.section);
	return is_loaded(&section) ? 0 : PURG_ERR_ELF_SYMBOL_PLACE;
}

static int take_slot(struct purg_elf *elf, const struct elf_rela *rela)
{
	/* AAELF64 would have a slot for each addend; nobody writes such. */
	if (!rela->symbol || (elf->arch == PURG_ARCH_ARM64 && rela->addend))
		return PURG_ERR_ELF_RELOCATION;
	if (!*slot_of(elf, rela->symbol))
		*slot_of(elf, rela->symbol) = ++elf->slots;
	return 0;
}

static int check_relocation(struct purg_elf *elf, const struct elf_section *target, const struct elf_rela *rela)
{
	struct elf_how how;
	int error = 0;

	if (!elf_how(elf->arch, rela->type, false, &how))
		return PURG_ERR_ELF_RELOCATION;
	if (!number_inside(rela->offset, elf_width(&how), target->size))
		return PURG_ERR_ELF_PLACE;
	if (how.field >= ELF_INSTRUCTION)
		error = check_instruction(elf, target, rela, &how);
	if (!error && how.value != ELF_NOTHING)
		error = check_symbol(elf, rela->symbol);
	if (!error && how.value >= ELF_SLOT)
		error = take_slot(elf, rela);
	return error;
}

static int check_relocations(struct purg_elf *elf)
{
	for (uint32_t i = 0; i < elf->section_count; i++) {
		struct elf_section target, section = elf_section(elf, i);
		int error = relocates(elf, &section);

		if (error < 0)
			return error;
		if (!error)
			continue;
		target = elf_section(elf, section.info);
		for (uint64_t at = 0; at < section.size; at += sizeof(struct elf_rela)) {
			struct elf_rela rela = elf_rela(elf, section.offset + at);

			error = check_relocation(elf, &target, &rela);
			if (error)
				return error;
		}
	}
	return 0;
}

/* ---- The layout. ---- */

static enum group group_of(const struct elf_section *section)
{
	if (section->type == ELF_SECTION_NOBITS)
		return ZEROS;
	if (section->flags & ELF_FLAG_EXECUTE)
		return CODE;
	return section->flags & ELF_FLAG_WRITE ? DATA : CONSTANTS;
}

/*
 * Behind what is placed already. What has a size is placed at a page if *page, the alignment for the first of a group,
 * says so. The size stays within what an int64_t can say.
 */
static bool place(struct purg_elf *elf, uint64_t size, uint64_t align, uint64_t *page, uint64_t *start)
{
	uint64_t end;

	align = number_max(align, size ? *page : 1);
	if (!number_align(elf->mem_size, align, start) || !number_add(*start, size, &end) || end > INT64_MAX)
		return false;
	elf->align = number_max(elf->align, align);
	if (size) {
		elf->mem_size = end;
		*page = 1;
	}
	return true;
}

static bool place_commons(struct purg_elf *elf, uint64_t *page)
{
	for (uint64_t i = 0; i < elf->symbol_count; i++) {
		struct elf_symbol symbol = elf_symbol(elf, i);

		if (is_common(&symbol) && !place(elf, symbol.size, symbol.value, page, common_place(elf, i)))
			return false;
	}
	return true;
}

static bool place_group(struct purg_elf *elf, enum group group)
{
	uint64_t page = PAGE;

	for (uint32_t i = 0; i < elf->section_count; i++) {
		struct elf_section section = elf_section(elf, i);

		if (is_loaded(&section) && group_of(&section) == group &&
		    !place(elf, section.size, number_max(section.align, 1), &page, &elf->scratch[i]))
			return false;
	}
	if (group == CONSTANTS)
		return place(elf, elf->slots * sizeof(uint64_t), sizeof(uint64_t), &page, &elf->got);
	return group != ZEROS || place_commons(elf, &page);
}

static int lay_out(struct purg_elf *elf)
{
	for (uint32_t i = 0; i < elf->section_count; i++)
		elf->scratch[i] = NOWHERE;
	elf->align = PAGE;
	for (enum group group = CODE; group < GROUPS; group++)
		if (!place_group(elf, group))
			return PURG_ERR_ELF_SECTION;
	return 0;
}

static int find_entry(struct purg_elf *elf, uint64_t entry)
{
	for (uint32_t i = 0; i < elf->section_count; i++) {
		struct elf_section section = elf_section(elf, i);

		if (is_loaded(&section) && group_of(&section) == CODE && entry >= section.address &&
		    entry - section.address < section.size) {
			elf->entry = elf->scratch[i] + (entry - section.address);
			return 0;
		}
	}
	return PURG_ERR_ELF_ENTRY;
}

int elf_relocatable_open(struct purg_elf *elf, const struct elf_header *header)
{
	int error = check_sections(elf);

	if (!error)
		error = check_commons(elf);
	if (!error)
		error = check_relocations(elf);
	if (!error)
		error = lay_out(elf);
	return error ? error : find_entry(elf, header->entry);
}

/* ---- Loading. ---- */

static uint64_t symbol_address(const struct purg_elf *elf, uint64_t index, uint64_t address)
{
	struct elf_symbol symbol = elf_symbol(elf, index);

	if (symbol.section == ELF_UNDEFINED)
		return is_got(elf, &symbol) ? address + elf->got : 0;
	if (symbol.section == ELF_ABSOLUTE)
		return symbol.value;
	if (is_common(&symbol))
		return address + *common_place(elf, index);
	return address + elf->scratch[symbol.section] + symbol.value;
}

static void fill_got(const struct purg_elf *elf, uint8_t *memory, uint64_t address)
{
	for (uint64_t i = 1; i < elf->symbol_count; i++) {
		uint64_t value, slot = *slot_of(elf, i);

		if (!slot)
			continue;
		value = symbol_address(elf, i, address);
		memcpy(memory + elf->got + (slot - 1) * sizeof(value), &value, sizeof(value));
	}
}

/* AAELF64, 5.7.11: what is relative to the place has, for a symbol that is not there, the place as its value. */
static void resolve(const struct purg_elf *elf, uint64_t index, uint64_t address, struct elf_relocation *r)
{
	struct elf_symbol symbol = elf_symbol(elf, index);

	r->symbol = symbol_address(elf, index, address);
	r->size = symbol.size;
	r->slot = r->got + (*slot_of(elf, index) - 1) * sizeof(uint64_t);
	r->weak = symbol.section == ELF_UNDEFINED && !is_got(elf, &symbol);
	if (r->weak && elf->arch == PURG_ARCH_ARM64 && (r->how.value == ELF_PREL || r->how.value == ELF_PAGE))
		r->symbol = r->place;
}

static int relocate(const struct purg_elf *elf, uint32_t target, const struct elf_rela *rela, uint8_t *memory,
		    uint64_t address)
{
	uint64_t offset = elf->scratch[target] + rela->offset;
	struct elf_relocation r = {
		.place = address + offset,
		.addend = rela->addend,
		.got = address + elf->got,
	};

	if (!elf_how(elf->arch, rela->type, false, &r.how) || r.how.value == ELF_NOTHING)
		return 0;
	if (rela->symbol)
		resolve(elf, rela->symbol, address, &r);
	return elf_relocate(&r, memory + offset);
}

static void fill_sections(const struct purg_elf *elf, uint8_t *memory)
{
	memset(memory, 0, elf->mem_size);
	for (uint32_t i = 0; i < elf->section_count; i++) {
		struct elf_section section = elf_section(elf, i);

		if (is_loaded(&section) && section.type != ELF_SECTION_NOBITS && section.size)
			memcpy(memory + elf->scratch[i], elf->file + section.offset, section.size);
	}
}

int elf_relocatable_fill(const struct purg_elf *elf, uint8_t *memory, uint64_t address)
{
	int error = 0;

	fill_sections(elf, memory);
	fill_got(elf, memory, address);
	for (uint32_t i = 0; i < elf->section_count && !error; i++) {
		struct elf_section section = elf_section(elf, i);

		if (relocates(elf, &section) != 1)
			continue;
		for (uint64_t at = 0; at < section.size && !error; at += sizeof(struct elf_rela)) {
			struct elf_rela rela = elf_rela(elf, section.offset + at);

			error = relocate(elf, section.info, &rela, memory, address);
		}
	}
	return error;
}

int elf_relocatable_find(const struct purg_elf *elf, uint64_t index, uint64_t *offset)
{
	struct elf_symbol symbol = elf_symbol(elf, index);
	struct elf_section section;

	if (is_common(&symbol)) {
		*offset = *common_place(elf, index);
		return 0;
	}
	if (symbol.section >= ELF_RESERVED)
		return PURG_ERR_ELF_SYMBOL_PLACE;
	section = elf_section(elf, symbol.section);
	if (!is_loaded(&section) || !number_inside(symbol.value, symbol.size, section.size))
		return PURG_ERR_ELF_SYMBOL_PLACE;
	*offset = elf->scratch[symbol.section] + symbol.value;
	return 0;
}
