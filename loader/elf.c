/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* ELF files: what all types have in common. Nothing in a file need be aligned, so all of it is copied out. */
#include "elf.h"

struct elf_section elf_section(const struct purg_elf *elf, uint64_t index)
{
	struct elf_section section;

	memcpy(&section, elf->file + elf->sections + index * sizeof(section), sizeof(section));
	return section;
}

struct elf_segment elf_segment(const struct purg_elf *elf, uint64_t index)
{
	struct elf_segment segment;

	memcpy(&segment, elf->file + elf->segments + index * sizeof(segment), sizeof(segment));
	return segment;
}

struct elf_symbol elf_symbol(const struct purg_elf *elf, uint64_t index)
{
	struct elf_symbol symbol;

	memcpy(&symbol, elf->file + elf->symbols + index * sizeof(symbol), sizeof(symbol));
	return symbol;
}

struct elf_rela elf_rela(const struct purg_elf *elf, uint64_t offset)
{
	struct elf_rela rela;

	memcpy(&rela, elf->file + offset, sizeof(rela));
	return rela;
}

/* Every name ends within the strings, and none is an empty one. */
bool elf_named(const struct purg_elf *elf, const struct elf_symbol *symbol, const char *name)
{
	const uint8_t *found = elf->file + elf->strings + symbol->name;

	if (!*name)
		return false;
	while (*name && *found == (uint8_t)*name) {
		found++;
		name++;
	}
	return *found == (uint8_t)*name;
}

/* EI_CLASS, EI_DATA, EI_VERSION. Which operating system it is for does not matter: none is there. */
static bool ident_known(const struct elf_header *header)
{
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	return !memcmp(header->ident, ident, sizeof(ident)) && header->version == 1;
}

static int check_header(const struct elf_header *header, uint64_t size)
{
	if (!ident_known(header))
		return PURG_ERR_ELF_IDENT;
	if (header->machine != PURG_ARCH_ARM64 && header->machine != PURG_ARCH_X86_64)
		return PURG_ERR_ELF_MACHINE;
	if (header->type != ELF_REL && header->type != ELF_DYN && header->type != ELF_EXEC)
		return PURG_ERR_ELF_TYPE;
	if (header->header_size != sizeof(*header) ||
	    (header->section_count && header->section_size != sizeof(struct elf_section)) ||
	    (header->segment_count && header->segment_size != sizeof(struct elf_segment)))
		return PURG_ERR_ELF_HEADER;
	/* Counts that do not fit in the header are elsewhere. */
	if ((header->sections && !header->section_count) || header->section_count >= ELF_RESERVED ||
	    header->segment_count == UINT16_MAX)
		return PURG_ERR_ELF_UNSUPPORTED;
	if (!number_inside(header->sections, header->section_count * sizeof(struct elf_section), size) ||
	    !number_inside(header->segments, header->segment_count * sizeof(struct elf_segment), size))
		return PURG_ERR_ELF_CUT;
	return 0;
}

static int check_symbol(const struct purg_elf *elf, const struct elf_symbol *symbol)
{
	if (symbol->name >= elf->strings_size)
		return PURG_ERR_ELF_SYMBOLS;
	if (symbol->section < elf->section_count || symbol->section == ELF_ABSOLUTE || symbol->section == ELF_COMMON ||
	    (symbol->section == ELF_LARGE_COMMON && elf->arch == PURG_ARCH_X86_64))
		return 0;
	return symbol->section == ELF_ELSEWHERE ? PURG_ERR_ELF_UNSUPPORTED : PURG_ERR_ELF_SYMBOLS;
}

static int take_symbols(struct purg_elf *elf, const struct elf_section *table)
{
	struct elf_section strings;

	if (table->entry_size != sizeof(struct elf_symbol))
		return PURG_ERR_ELF_HEADER;
	if (table->size % sizeof(struct elf_symbol) || table->link >= elf->section_count)
		return PURG_ERR_ELF_SYMBOLS;
	strings = elf_section(elf, table->link);
	if (strings.type != ELF_SECTION_STRINGS)
		return PURG_ERR_ELF_SYMBOLS;
	if (!number_inside(table->offset, table->size, elf->size) ||
	    !number_inside(strings.offset, strings.size, elf->size))
		return PURG_ERR_ELF_CUT;
	if (!strings.size || elf->file[strings.offset + strings.size - 1])
		return PURG_ERR_ELF_SYMBOLS;
	elf->symbols = table->offset;
	elf->symbol_count = table->size / sizeof(struct elf_symbol);
	elf->strings = strings.offset;
	elf->strings_size = strings.size;
	return 0;
}

/* The symbol table of this type, if there is one; two there are not. */
static int find_symbols(struct purg_elf *elf, uint32_t type)
{
	struct elf_section table = {0};

	for (uint32_t i = 0; i < elf->section_count; i++) {
		struct elf_section section = elf_section(elf, i);

		if (section.type != type)
			continue;
		if (table.type == type)
			return PURG_ERR_ELF_SYMBOLS;
		table = section;
	}
	return table.type == type ? take_symbols(elf, &table) : 0;
}

static int check_symbols(const struct purg_elf *elf)
{
	int error = 0;

	for (uint64_t i = 0; i < elf->symbol_count && !error; i++) {
		struct elf_symbol symbol = elf_symbol(elf, i);

		error = check_symbol(elf, &symbol);
	}
	return error;
}

/* Headers and symbols. */
static int begin(struct purg_elf *elf, struct elf_header *header, const void *file, size_t size)
{
	int error;

	*header = (struct elf_header){0};
	memcpy(header, file, number_min(size, sizeof(*header)));
	/* Of what ends within its header, that it is no ELF file is the better thing to say. */
	error = size < sizeof(*header) && ident_known(header) ? PURG_ERR_ELF_CUT : check_header(header, size);
	if (error)
		return error;
	*elf = (struct purg_elf){
		.arch = header->machine,
		.type = header->type,
		.align = 1,
		.file = file,
		.size = size,
		.sections = header->sections,
		.segments = header->segments,
		.section_count = header->section_count,
		.segment_count = header->segment_count,
	};
	error = find_symbols(elf, ELF_SECTION_SYMBOLS);
	if (!error && !elf->symbol_count && elf->type != ELF_REL)
		error = find_symbols(elf, ELF_SECTION_DYNAMIC_SYMBOLS);
	return error ? error : check_symbols(elf);
}

/* ET_REL: a number for each section, two for each symbol (elf_relocatable.c). Else one for each PT_LOAD. */
static int64_t scratch_of(const struct purg_elf *elf)
{
	return elf->type == ELF_REL ? (int64_t)(elf->section_count + 2 * elf->symbol_count) : elf->segment_count;
}

int64_t purg_elf_scratch(const void *file, size_t size)
{
	struct elf_header header;
	struct purg_elf elf;
	int error = begin(&elf, &header, file, size);

	return error ? error : scratch_of(&elf);
}

int purg_elf_open(struct purg_elf *elf, const void *file, size_t size, uint64_t *scratch, size_t scratch_count)
{
	struct elf_header header;
	struct purg_elf opened;
	int error = begin(&opened, &header, file, size);

	if (error)
		return error;
	if ((uint64_t)scratch_of(&opened) > scratch_count)
		return PURG_ERR_ROOM;
	opened.scratch = scratch;
	error = opened.type == ELF_REL ? elf_relocatable_open(&opened, &header) : elf_linked_open(&opened, &header);
	if (!error)
		*elf = opened;
	return error;
}

int64_t purg_elf_load(const struct purg_elf *elf, void *memory, size_t room, uint64_t address)
{
	int error = 0;

	if (elf->type == ELF_EXEC && address != elf->address)
		return PURG_ERR_ARGUMENT;
	if (address & (elf->align - 1))
		return PURG_ERR_ALIGN;
	if (elf->mem_size && address > UINT64_MAX - (elf->mem_size - 1))
		return PURG_ERR_WRAP;
	if (elf->mem_size > room)
		return PURG_ERR_ROOM;
	if (elf->type == ELF_REL) {
		error = elf_relocatable_fill(elf, memory, address);
	} else {
		elf_linked_fill(elf, memory);
		elf_dynamic_relocate(elf, memory, address);
	}
	return error ? error : (int64_t)elf->mem_size;
}

int64_t purg_elf_flatten(const struct purg_elf *elf, void *memory, size_t room)
{
	if (elf->type == ELF_REL)
		return PURG_ERR_ARGUMENT;
	if (elf->mem_size > room)
		return PURG_ERR_ROOM;
	elf_linked_fill(elf, memory);
	return (int64_t)elf->mem_size;
}

/* Hidden symbols are local in what is linked, by some linkers. */
static bool is_global(const struct purg_elf *elf, const struct elf_symbol *symbol)
{
	return elf_binding(symbol) != ELF_LOCAL || (elf->type != ELF_REL && (symbol->other & 3) == ELF_HIDDEN);
}

int purg_elf_symbol(const struct purg_elf *elf, const char *name, uint64_t *offset, uint64_t *size)
{
	for (uint64_t i = 1; i < elf->symbol_count; i++) {
		struct elf_symbol symbol = elf_symbol(elf, i);
		uint64_t found;

		if (symbol.section == ELF_UNDEFINED || !is_global(elf, &symbol) || !elf_named(elf, &symbol, name))
			continue;
		if (elf->type == ELF_REL ? elf_relocatable_find(elf, i, &found) : elf_linked_find(elf, i, &found))
			return PURG_ERR_ELF_SYMBOL_PLACE;
		/* What has no size takes none, and may have been put behind all that does. */
		if (!number_inside(found, symbol.size, elf->mem_size))
			return PURG_ERR_ELF_SYMBOL_PLACE;
		*offset = found;
		*size = symbol.size;
		return 0;
	}
	return PURG_ERR_ELF_SYMBOL;
}

static int find_exactly(const struct purg_elf *elf, const char *name, size_t size, uint64_t *offset)
{
	uint64_t found;
	int error = purg_elf_symbol(elf, name, offset, &found);

	if (error)
		return error;
	return found == size ? 0 : PURG_ERR_ELF_SYMBOL_SIZE;
}

int purg_elf_set(const struct purg_elf *elf, void *memory, const char *name, const void *value, size_t size)
{
	uint64_t offset;
	int error = find_exactly(elf, name, size, &offset);

	if (!error)
		memcpy((uint8_t *)memory + offset, value, size);
	return error;
}

int purg_elf_get(const struct purg_elf *elf, const void *memory, const char *name, void *value, size_t size)
{
	uint64_t offset;
	int error = find_exactly(elf, name, size, &offset);

	if (!error)
		memcpy(value, (const uint8_t *)memory + offset, size);
	return error;
}
