/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The three ELF files: a relocatable object with the flat image as a section, a static PIE, a packed x86_64 image. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "number.h"
#include "packed.h"

/* A purgatory is some ten KiB; a static PIE is copied together, so a limit is needed. */
#define PIE_LIMIT (16 * MIB)

#define SECTION_NAME ".purgatory"
#define START_SYMBOL "purgatory_start"

bool packed_is_elf(const struct file *file)
{
	return file->size >= SELFMAG && !memcmp(file->data, ELFMAG, SELFMAG);
}

static const void *bytes_at(const struct file *file, uint64_t at, uint64_t size, const char *what)
{
	if (!number_inside(at, size, file->size))
		fail(file->path, what,
		     "0x%" PRIx64 " bytes at 0x%" PRIx64 " are not in the file; is the file complete?", size, at);
	return file->data + at;
}

static Elf64_Ehdr read_ehdr(const struct file *file)
{
	static const uint8_t ident[EI_NIDENT] = {ELFMAG0,    ELFMAG1,     ELFMAG2,   ELFMAG3,
						 ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
	Elf64_Ehdr ehdr;

	memcpy(&ehdr, bytes_at(file, 0, sizeof(ehdr), "ELF header"), sizeof(ehdr));
	if (memcmp(ehdr.e_ident, ident, sizeof(ident)))
		fail(file->path, "e_ident", "is not that of a 64-bit little-endian ELF file");
	if (ehdr.e_machine != EM_X86_64 && ehdr.e_machine != EM_AARCH64)
		fail(file->path, "e_machine", "is %u; 183 (arm64) and 62 (x86_64) are known", ehdr.e_machine);
	if (ehdr.e_phnum && ehdr.e_phentsize != sizeof(Elf64_Phdr))
		fail(file->path, "e_phentsize", "is %u; %zu is right", ehdr.e_phentsize, sizeof(Elf64_Phdr));
	if (ehdr.e_shnum && ehdr.e_shentsize != sizeof(Elf64_Shdr))
		fail(file->path, "e_shentsize", "is %u; %zu is right", ehdr.e_shentsize, sizeof(Elf64_Shdr));
	return ehdr;
}

static Elf64_Phdr read_phdr(const struct file *file, const Elf64_Ehdr *ehdr, unsigned int index)
{
	Elf64_Phdr phdr;
	uint64_t at;

	if (!number_add(ehdr->e_phoff, index * sizeof(phdr), &at))
		fail(file->path, "e_phoff", "is 0x%" PRIx64 ", behind the file", ehdr->e_phoff);
	memcpy(&phdr, bytes_at(file, at, sizeof(phdr), "program header"), sizeof(phdr));
	if (phdr.p_type == PT_LOAD || phdr.p_type == PT_NOTE)
		bytes_at(file, phdr.p_offset, phdr.p_filesz, "program header: p_offset");
	if (phdr.p_type == PT_LOAD && phdr.p_filesz > phdr.p_memsz)
		fail(file->path, "program header", "p_filesz is more than p_memsz");
	return phdr;
}

static Elf64_Shdr read_shdr(const struct file *file, const Elf64_Ehdr *ehdr, unsigned int index)
{
	Elf64_Shdr shdr;
	uint64_t at;

	if (index >= ehdr->e_shnum || !number_add(ehdr->e_shoff, index * sizeof(shdr), &at))
		fail(file->path, "section header", "%u does not exist", index);
	memcpy(&shdr, bytes_at(file, at, sizeof(shdr), "section header"), sizeof(shdr));
	if (shdr.sh_type != SHT_NOBITS)
		bytes_at(file, shdr.sh_offset, shdr.sh_size, "section header: sh_offset");
	return shdr;
}

/* A name in a string table, ended within it. */
static bool name_is(const struct file *file, const Elf64_Shdr *strings, uint64_t at, const char *name)
{
	size_t size = strlen(name) + 1;

	return strings->sh_type == SHT_STRTAB && number_inside(at, size, strings->sh_size) &&
	       !memcmp(file->data + strings->sh_offset + at, name, size);
}

static unsigned int find_section(const struct file *file, const Elf64_Ehdr *ehdr)
{
	Elf64_Shdr names = read_shdr(file, ehdr, ehdr->e_shstrndx), shdr;

	for (unsigned int i = 1; i < ehdr->e_shnum; i++) {
		shdr = read_shdr(file, ehdr, i);
		if (shdr.sh_type == SHT_PROGBITS && name_is(file, &names, shdr.sh_name, SECTION_NAME))
			return i;
	}
	fail(file->path, SECTION_NAME, "is not among the sections; this object is not a purgatory");
}

/* The offset of the start symbol in its section. */
static uint64_t find_start(const struct file *file, const Elf64_Ehdr *ehdr, unsigned int section)
{
	for (unsigned int i = 1; i < ehdr->e_shnum; i++) {
		Elf64_Shdr shdr = read_shdr(file, ehdr, i), strings;
		Elf64_Sym sym;

		if (shdr.sh_type != SHT_SYMTAB)
			continue;
		strings = read_shdr(file, ehdr, shdr.sh_link);
		for (uint64_t at = 0; number_inside(at, sizeof(sym), shdr.sh_size); at += sizeof(sym)) {
			memcpy(&sym, file->data + shdr.sh_offset + at, sizeof(sym));
			if (sym.st_shndx == section && name_is(file, &strings, sym.st_name, START_SYMBOL))
				return sym.st_value;
		}
	}
	fail(file->path, START_SYMBOL, "is not among the symbols of " SECTION_NAME);
}

static void open_ro(struct packed *packed, const Elf64_Ehdr *ehdr)
{
	const struct file *file = &packed->file;
	unsigned int index = find_section(file, ehdr);
	Elf64_Shdr shdr = read_shdr(file, ehdr, index);

	packed->form = PACKED_RO;
	if (find_start(file, ehdr, index))
		fail(file->path, START_SYMBOL, "is not at offset 0 of " SECTION_NAME);
	purgatory_image_read(&packed->purgatory, file->path, file->data + shdr.sh_offset, shdr.sh_size);
}

/* Load it at address 0, as a loader would somewhere else. */
static void open_pie(struct packed *packed, const Elf64_Ehdr *ehdr)
{
	const struct file *file = &packed->file;
	uint64_t size = 0, end;
	uint8_t *memory;

	packed->form = PACKED_ELF;
	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		Elf64_Phdr phdr = read_phdr(file, ehdr, i);

		if (phdr.p_type != PT_LOAD)
			continue;
		if (!number_add(phdr.p_vaddr, phdr.p_memsz, &end) || end > PIE_LIMIT)
			fail(file->path, "p_vaddr",
			     "0x%" PRIx64 " leads past 16 MiB; a purgatory starts at 0 and is small", phdr.p_vaddr);
		size = number_max(size, end);
	}
	memory = packed->memory = calloc(1, size + 1);
	if (!memory)
		fail(file->path, NULL, "not enough memory");
	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		Elf64_Phdr phdr = read_phdr(file, ehdr, i);

		if (phdr.p_type == PT_LOAD)
			memcpy(memory + phdr.p_vaddr, file->data + phdr.p_offset, phdr.p_filesz);
	}
	purgatory_image_read(&packed->purgatory, file->path, memory, size);
}

/* Where the last PT_LOAD ended; the first may begin where it likes. */
static uint64_t memory_end(const struct packed *packed, uint64_t otherwise)
{
	const struct extent *extent = packed->extent;

	if (!packed->extent_count)
		return otherwise;
	extent += packed->extent_count - 1;
	return packed->base + extent->start + extent->mem_size;
}

static void add_extent(struct packed *packed, const Elf64_Phdr *phdr)
{
	const char *path = packed->file.path;
	uint64_t end, lowest;

	if (packed->extent_count == EXTENT_MAX)
		fail(path, "program headers", "there are more PT_LOADs than the %d of a packed image", EXTENT_MAX);
	lowest = memory_end(packed, phdr->p_paddr);
	if (!packed->extent_count)
		packed->base = phdr->p_paddr;
	if (phdr->p_paddr < lowest || !number_add(phdr->p_paddr, phdr->p_memsz, &end))
		fail(path, "p_paddr", "is 0x%" PRIx64 ", in the segment before it or past the address space",
		     phdr->p_paddr);
	packed->extent[packed->extent_count++] = (struct extent){
		.start = phdr->p_paddr - packed->base,
		.mem_size = phdr->p_memsz,
		.file = phdr->p_offset,
		.file_size = phdr->p_filesz,
	};
}

static void open_pvh(struct packed *packed, const Elf64_Ehdr *ehdr)
{
	packed->form = PACKED_IMAGE;
	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		Elf64_Phdr phdr = read_phdr(&packed->file, ehdr, i);

		if (phdr.p_type == PT_LOAD)
			add_extent(packed, &phdr);
	}
}

void packed_open_elf(struct packed *packed)
{
	Elf64_Ehdr ehdr = read_ehdr(&packed->file);

	switch (ehdr.e_type) {
	case ET_REL:
		open_ro(packed, &ehdr);
		break;
	case ET_DYN:
		open_pie(packed, &ehdr);
		break;
	case ET_EXEC:
		open_pvh(packed, &ehdr);
		break;
	default:
		fail(packed->file.path, "e_type", "is %u; ET_REL, ET_DYN and ET_EXEC are known", ehdr.e_type);
	}
	if (packed->form != PACKED_IMAGE && packed->purgatory.header.arch != ehdr.e_machine)
		fail(packed->file.path, "header.arch", "is %u, but e_machine is %u", packed->purgatory.header.arch,
		     ehdr.e_machine);
}
