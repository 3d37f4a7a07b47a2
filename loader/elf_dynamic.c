/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The relocations of a static PIE: DT_RELA, DT_JMPREL and DT_RELR (gABI, chapter 5), all of words of 64 bits. They may
 * be in code that is not writable (DT_TEXTREL), since they are made before anything is mapped. Initialization functions
 * are the program's own business.
 */
#include "elf.h"

/* d_tag. */
#define NONE 0
#define NEEDED 1
#define PLT_SIZE 2
#define SYMBOLS 6
#define RELA 7
#define RELA_SIZE 8
#define RELA_ENTRY 9
#define SYMBOL_ENTRY 11
#define REL_SIZE 18
#define PLT_KIND 20
#define PLT 23
#define RELR_SIZE 35
#define RELR 36
#define RELR_ENTRY 37
/* Relocations packed in ways of Android's, and with pointer authentication: DT_ANDROID_*, DT_AARCH64_AUTH_RELR*. */
#define ANDROID_FIRST 0x6000000f
#define ANDROID_LAST 0x60000012
#define ANDROID_RELR 0x6fffe000
#define AUTH_RELR 0x70000012
#define AUTH_RELR_SIZE 0x70000011

#define WORD sizeof(uint64_t)

/* First by address, then, located, by offset in the file. */
struct table {
	uint64_t at;
	uint64_t size;
};

struct dynamic {
	struct table rela, plt, relr, symbols;
};

static int read_entry(struct dynamic *dynamic, uint64_t tag, uint64_t value)
{
	switch (tag) {
	case NEEDED:
		return PURG_ERR_ELF_DYNAMIC;
	case PLT_SIZE:
		dynamic->plt.size = value;
		return 0;
	case SYMBOLS:
		dynamic->symbols.at = value;
		dynamic->symbols.size = sizeof(struct elf_symbol);
		return 0;
	case RELA:
		dynamic->rela.at = value;
		return 0;
	case RELA_SIZE:
		dynamic->rela.size = value;
		return 0;
	case RELA_ENTRY:
		return value == sizeof(struct elf_rela) ? 0 : PURG_ERR_ELF_HEADER;
	case SYMBOL_ENTRY:
		return value == sizeof(struct elf_symbol) ? 0 : PURG_ERR_ELF_HEADER;
	case REL_SIZE:
		return value ? PURG_ERR_ELF_RELOCATION : 0;
	case PLT_KIND:
		return value == RELA ? 0 : PURG_ERR_ELF_RELOCATION;
	case PLT:
		dynamic->plt.at = value;
		return 0;
	case RELR_SIZE:
		dynamic->relr.size = value;
		return 0;
	case RELR:
		dynamic->relr.at = value;
		return 0;
	case RELR_ENTRY:
		return value == WORD ? 0 : PURG_ERR_ELF_HEADER;
	case ANDROID_FIRST ... ANDROID_LAST:
	case ANDROID_RELR:
	case AUTH_RELR:
	case AUTH_RELR_SIZE:
		return PURG_ERR_ELF_RELOCATION;
	default:
		return 0;
	}
}

static int read_entries(const struct purg_elf *elf, const struct elf_segment *segment, struct dynamic *dynamic)
{
	uint64_t entry[2];

	if (!number_inside(segment->offset, segment->file_size, elf->size))
		return PURG_ERR_ELF_CUT;
	for (uint64_t at = 0; number_inside(at, sizeof(entry), segment->file_size); at += sizeof(entry)) {
		int error;

		memcpy(entry, elf->file + segment->offset + at, sizeof(entry));
		if (entry[0] == NONE)
			return 0;
		error = read_entry(dynamic, entry[0], entry[1]);
		if (error)
			return error;
	}
	return PURG_ERR_ELF_DYNAMIC;
}

/* From its address to its offset in the file; what is left of the segment's file there is *room. */
static int locate(const struct purg_elf *elf, struct table *table, uint64_t unit, uint64_t *room)
{
	struct elf_segment segment;
	uint64_t offset;

	if (!table->size)
		return 0;
	if (table->size % unit || !elf_linked_around(elf, table->at, table->size, &segment))
		return PURG_ERR_ELF_DYNAMIC;
	offset = table->at - segment.virtual;
	if (!number_inside(offset, table->size, segment.file_size))
		return PURG_ERR_ELF_DYNAMIC;
	table->at = segment.offset + offset;
	*room = segment.file_size - offset;
	return 0;
}

/* Of the symbol table nothing says how long it is: it is what its segment has from there on. */
static int locate_all(const struct purg_elf *elf, struct dynamic *dynamic)
{
	uint64_t room = 0;
	int error = locate(elf, &dynamic->rela, sizeof(struct elf_rela), &room);

	if (!error)
		error = locate(elf, &dynamic->plt, sizeof(struct elf_rela), &room);
	if (!error)
		error = locate(elf, &dynamic->relr, WORD, &room);
	if (!error)
		error = locate(elf, &dynamic->symbols, sizeof(struct elf_symbol), &room);
	if (dynamic->symbols.size)
		dynamic->symbols.size = room - room % sizeof(struct elf_symbol);
	return error;
}

static int read_dynamic(const struct purg_elf *elf, struct dynamic *dynamic)
{
	struct elf_header header;
	int error = 0;

	*dynamic = (struct dynamic){0};
	memcpy(&header, elf->file, sizeof(header));
	for (uint32_t i = 0; i < header.segment_count && !error; i++) {
		struct elf_segment segment = elf_segment(elf, i);

		if (segment.type == ELF_SEGMENT_DYNAMIC)
			error = read_entries(elf, &segment, dynamic);
	}
	return error ? error : locate_all(elf, dynamic);
}

static bool is_word(const struct purg_elf *elf, uint64_t address)
{
	struct elf_segment segment;

	return elf_linked_around(elf, address, WORD, &segment);
}

static struct elf_symbol symbol_of(const struct purg_elf *elf, const struct dynamic *dynamic, uint64_t index)
{
	struct elf_symbol symbol;

	memcpy(&symbol, elf->file + dynamic->symbols.at + index * sizeof(symbol), sizeof(symbol));
	return symbol;
}

static int check_symbol(const struct purg_elf *elf, const struct dynamic *dynamic, uint64_t index)
{
	struct elf_symbol symbol;

	if (!index)
		return 0;
	if (index >= dynamic->symbols.size / sizeof(symbol))
		return PURG_ERR_ELF_SYMBOLS;
	symbol = symbol_of(elf, dynamic, index);
	if (elf_kind(&symbol) == ELF_TLS || elf_kind(&symbol) == ELF_IFUNC)
		return PURG_ERR_ELF_UNSUPPORTED;
	if (symbol.section == ELF_UNDEFINED && elf_binding(&symbol) != ELF_WEAK)
		return PURG_ERR_ELF_UNDEFINED;
	return 0;
}

static int check_table(const struct purg_elf *elf, const struct dynamic *dynamic, const struct table *table)
{
	for (uint64_t at = 0; at < table->size; at += sizeof(struct elf_rela)) {
		struct elf_rela rela = elf_rela(elf, table->at + at);
		struct elf_how how;
		int error;

		if (!elf_how(elf->arch, rela.type, true, &how))
			return PURG_ERR_ELF_RELOCATION;
		if (how.value == ELF_NOTHING)
			continue;
		if (!is_word(elf, rela.offset))
			return PURG_ERR_ELF_PLACE;
		error = check_symbol(elf, dynamic, rela.symbol);
		if (error)
			return error;
	}
	return 0;
}

static void relocate_table(const struct purg_elf *elf, const struct dynamic *dynamic, const struct table *table,
			   uint8_t *memory, uint64_t base)
{
	for (uint64_t at = 0; at < table->size; at += sizeof(struct elf_rela)) {
		struct elf_rela rela = elf_rela(elf, table->at + at);
		struct elf_relocation r = {.addend = rela.addend, .base = base};

		if (!elf_how(elf->arch, rela.type, true, &r.how) || r.how.value == ELF_NOTHING)
			continue;
		if (rela.symbol) {
			struct elf_symbol symbol = symbol_of(elf, dynamic, rela.symbol);

			r.symbol = symbol.value;
			if (symbol.section != ELF_UNDEFINED && symbol.section != ELF_ABSOLUTE)
				r.symbol += base;
		}
		elf_relocate(&r, memory + (rela.offset - elf->base));
	}
}

/* Add to the word at this address; without memory, only see whether there is one. */
static int relocate_word(const struct purg_elf *elf, uint64_t address, uint8_t *memory, uint64_t base)
{
	uint64_t word;

	if (!memory)
		return is_word(elf, address) ? 0 : PURG_ERR_ELF_PLACE;
	memcpy(&word, memory + (address - elf->base), sizeof(word));
	word += base;
	memcpy(memory + (address - elf->base), &word, sizeof(word));
	return 0;
}

/* An even entry is an address. An odd one has a bit for each of the 63 words that follow. */
static int relocate_relr(const struct purg_elf *elf, const struct table *table, uint8_t *memory, uint64_t base)
{
	uint64_t next = 0;
	int error = 0;

	for (uint64_t at = 0, entry; at < table->size && !error; at += sizeof(entry)) {
		memcpy(&entry, elf->file + table->at + at, sizeof(entry));
		if (!(entry & 1)) {
			error = relocate_word(elf, entry, memory, base);
			next = entry + WORD;
			continue;
		}
		if (!at)
			return PURG_ERR_ELF_DYNAMIC;
		for (uint64_t word = next, bits = entry >> 1; bits && !error; bits >>= 1, word += WORD)
			if (bits & 1)
				error = relocate_word(elf, word, memory, base);
		next += 63 * WORD;
	}
	return error;
}

int elf_dynamic_check(const struct purg_elf *elf)
{
	struct dynamic dynamic;
	int error = read_dynamic(elf, &dynamic);

	if (!error)
		error = check_table(elf, &dynamic, &dynamic.rela);
	if (!error)
		error = check_table(elf, &dynamic, &dynamic.plt);
	return error ? error : relocate_relr(elf, &dynamic.relr, NULL, 0);
}

void elf_dynamic_relocate(const struct purg_elf *elf, uint8_t *memory, uint64_t address)
{
	uint64_t base = address - elf->base;
	struct dynamic dynamic;

	if (elf->type != ELF_DYN || read_dynamic(elf, &dynamic))
		return;
	relocate_table(elf, &dynamic, &dynamic.rela, memory, base);
	relocate_table(elf, &dynamic, &dynamic.plt, memory, base);
	relocate_relr(elf, &dynamic.relr, memory, base);
}
