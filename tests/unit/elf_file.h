/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* ELF files made by hand, with the system's <elf.h>, for the tests of the library. */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FILE_ROOM (3 << 20)
#define SECTIONS_ROOM 12

struct elf_file {
	size_t size;
	unsigned int count;
	Elf64_Shdr section[SECTIONS_ROOM];
	uint8_t bytes[FILE_ROOM];
};

static inline uint64_t file_append(struct elf_file *file, const void *data, size_t size)
{
	uint64_t at = (file->size + 7) & ~(size_t)7;

	memset(file->bytes + file->size, 0, at - file->size);
	if (data)
		memcpy(file->bytes + at, data, size);
	else
		memset(file->bytes + at, 0, size);
	file->size = at + size;
	return at;
}

/* Without a machine's header yet; section 0 is there. */
static inline void file_begin(struct elf_file *file)
{
	file->size = 0;
	file->count = 1;
	memset(file->section, 0, sizeof(file->section));
	file_append(file, NULL, sizeof(Elf64_Ehdr));
}

static inline Elf64_Shdr *file_section(struct elf_file *file, uint32_t type, uint64_t flags, const void *data,
				       size_t size)
{
	Elf64_Shdr *section = &file->section[file->count++];

	section->sh_type = type;
	section->sh_flags = flags;
	section->sh_addralign = 8;
	section->sh_size = size;
	section->sh_offset = type == SHT_NOBITS ? file->size : file_append(file, data, size);
	return section;
}

static inline void file_end(struct elf_file *file, uint16_t machine, uint16_t type, uint64_t entry)
{
	Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = type,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_entry = entry,
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (uint16_t)file->count,
	};

	header.e_shoff = file_append(file, file->section, file->count * sizeof(*file->section));
	memcpy(file->bytes, &header, sizeof(header));
}

/* An object with text, data, zeros, a symbol in each, a common one, one that is weak and undefined; the relocations of
 * the text. Sections: 1 text, 2 constants, 3 data, 4 zeros, 5 relocations, 6 symbols, 7 strings. */
enum {
	SYM_TEXT = 1,
	SYM_DATA,
	SYM_ZEROS,
	SYM_COMMON,
	SYM_WEAK,
	SYM_ABS,
	SYM_GOT,
	SYM_COUNT
};
#define FILE_STRINGS "\0text\0data\0zeros\0common\0weak\0abs\0_GLOBAL_OFFSET_TABLE_"

#define GLOBAL(type) ELF64_ST_INFO(STB_GLOBAL, type)

static inline void file_object(struct elf_file *file, uint16_t machine, const void *text, size_t text_size,
			       const Elf64_Rela *rela, size_t relas, uint64_t absolute)
{
	static const uint64_t constants[3] = {1, 2, 3}, data[5] = {4, 5, 6, 7, 8};
	const Elf64_Sym symbols[SYM_COUNT] = {
		[SYM_TEXT] = {1, GLOBAL(STT_FUNC), 0, 1, 0, 8},
		[SYM_DATA] = {6, GLOBAL(STT_OBJECT), 0, 3, 8, 16},
		[SYM_ZEROS] = {11, GLOBAL(STT_OBJECT), 0, 4, 0, 100},
		[SYM_COMMON] = {17, GLOBAL(STT_OBJECT), 0, SHN_COMMON, 64, 72},
		[SYM_WEAK] = {24, ELF64_ST_INFO(STB_WEAK, STT_NOTYPE), 0, SHN_UNDEF, 0, 0},
		[SYM_ABS] = {29, GLOBAL(STT_NOTYPE), 0, SHN_ABS, absolute, 0},
		[SYM_GOT] = {33, GLOBAL(STT_NOTYPE), 0, SHN_UNDEF, 0, 0},
	};
	Elf64_Shdr *section;

	file_begin(file);
	file_section(file, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text, text_size);
	file_section(file, SHT_PROGBITS, SHF_ALLOC, constants, sizeof(constants));
	file_section(file, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof(data));
	file_section(file, SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL, 1000);
	section = file_section(file, SHT_RELA, SHF_INFO_LINK, rela, relas * sizeof(*rela));
	section->sh_entsize = sizeof(*rela);
	section->sh_link = 6;
	section->sh_info = 1;
	section = file_section(file, SHT_SYMTAB, 0, symbols, sizeof(symbols));
	section->sh_entsize = sizeof(*symbols);
	section->sh_link = 7;
	file_section(file, SHT_STRTAB, 0, FILE_STRINGS, sizeof(FILE_STRINGS));
	file_end(file, machine, ET_REL, 0);
}

/* A static PIE from one structure: all its tables are in its first segment; its data is in a second one. */
struct pie {
	Elf64_Ehdr header;
	Elf64_Phdr segment[3];
	Elf64_Dyn dynamic[12];
	Elf64_Rela rela[3];
	Elf64_Rela plt[2];
	uint64_t relr[3];
	Elf64_Sym symbol[4];
	char strings[16];
	uint64_t code[4];
	uint64_t words[80];
	Elf64_Shdr section[3];
};

#define PIE_BASE 0x3000
#define PIE_DATA (PIE_BASE + 0x2000) /* the address of words */

static inline void file_pie(struct pie *pie, uint16_t machine)
{
	uint32_t word = machine == EM_AARCH64 ? 257 : R_X86_64_64;
	uint32_t relative = machine == EM_AARCH64 ? 1027 : R_X86_64_RELATIVE;
	uint32_t slot = machine == EM_AARCH64 ? 1026 : R_X86_64_JUMP_SLOT;

	*pie = (struct pie){
		.header =
			{
				.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
				.e_type = ET_DYN,
				.e_machine = machine,
				.e_version = EV_CURRENT,
				.e_entry = PIE_BASE + offsetof(struct pie, code) + 8,
				.e_phoff = offsetof(struct pie, segment),
				.e_shoff = offsetof(struct pie, section),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 3,
				.e_shentsize = sizeof(Elf64_Shdr),
				.e_shnum = 3,
			},
		.segment =
			{
				{PT_LOAD, PF_R | PF_X, 0, PIE_BASE, PIE_BASE, offsetof(struct pie, words),
				 offsetof(struct pie, words), 0x1000},
				{PT_LOAD, PF_R | PF_W, offsetof(struct pie, words), PIE_DATA, PIE_DATA, 80 * 8, 100 * 8,
				 8},
				{PT_DYNAMIC, PF_R, offsetof(struct pie, dynamic),
				 PIE_BASE + offsetof(struct pie, dynamic), 0, sizeof(pie->dynamic),
				 sizeof(pie->dynamic), 8},
			},
		.dynamic =
			{
				{DT_SYMTAB, {PIE_BASE + offsetof(struct pie, symbol)}},
				{DT_SYMENT, {sizeof(Elf64_Sym)}},
				{DT_RELA, {PIE_BASE + offsetof(struct pie, rela)}},
				{DT_RELASZ, {sizeof(pie->rela)}},
				{DT_RELAENT, {sizeof(Elf64_Rela)}},
				{DT_JMPREL, {PIE_BASE + offsetof(struct pie, plt)}},
				{DT_PLTRELSZ, {sizeof(pie->plt)}},
				{DT_PLTREL, {DT_RELA}},
				{36 /* DT_RELR */, {PIE_BASE + offsetof(struct pie, relr)}},
				{35 /* DT_RELRSZ */, {sizeof(pie->relr)}},
				{37 /* DT_RELRENT */, {sizeof(uint64_t)}},
			},
		.rela =
			{
				{PIE_DATA, ELF64_R_INFO(0, relative), PIE_DATA + 0x10},
				{PIE_DATA + 8, ELF64_R_INFO(1, word), 4},
				{PIE_DATA + 90 * 8, ELF64_R_INFO(2, word), 5}, /* behind the file's */
			},
		.plt =
			{
				{PIE_DATA + 16, ELF64_R_INFO(3, slot), 0},
				{PIE_DATA + 56, ELF64_R_INFO(1, slot - 1), 7}, /* GLOB_DAT */
			},
		.relr = {PIE_DATA + 24, 1 | 1 << 1 | 1 << 3, 1 | 1 << 2},
		.symbol =
			{
				{0},
				{1, GLOBAL(STT_OBJECT), 0, 1, PIE_DATA + 32, 8},
				{3, ELF64_ST_INFO(STB_WEAK, STT_NOTYPE), 0, SHN_UNDEF, 0, 0},
				{5, GLOBAL(STT_NOTYPE), 0, SHN_ABS, 0x1234, 0},
			},
		.strings = "\0a\0w\0abs",
		.section =
			{
				{0},
				{0, SHT_DYNSYM, SHF_ALLOC, PIE_BASE + offsetof(struct pie, symbol),
				 offsetof(struct pie, symbol), sizeof(pie->symbol), 2, 1, 8, sizeof(Elf64_Sym)},
				{0, SHT_STRTAB, SHF_ALLOC, PIE_BASE + offsetof(struct pie, strings),
				 offsetof(struct pie, strings), sizeof(pie->strings), 0, 0, 1, 0},
			},
	};
	for (unsigned int i = 0; i < 80; i++)
		pie->words[i] = 0x100 + i;
}

#endif
