/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "number.h"
#include "pack.h"
#include "pvh.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18

/*
 * Xen and later versions of QEMU read 32 bits of the descriptor, QEMU up to 9.1 reads 64 in a 64-bit file: a 64-bit
 * number below 4 GiB serves both. QEMU rounds the name's size up to p_align and, unlike ELF, adds that to the header's
 * size rather than to its own offset: with an alignment of 8 it would read the wrong bytes.
 */
#define NOTE_ALIGN 4

struct note {
	uint32_t name_size;
	uint32_t desc_size;
	uint32_t type;
	char name[4];
	uint32_t entry;
	uint32_t entry_high;
};
_Static_assert(sizeof(struct note) == 24, "size of the note");

struct headers {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[EXTENT_MAX + 1];
	struct note note;
};
_Static_assert(sizeof(struct headers) <= PVH_HEADERS_SIZE, "the ELF headers do not fit");

static void fill_ehdr(Elf64_Ehdr *ehdr, unsigned int phnum)
{
	*ehdr = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = PACK_X86_BASE,
		.e_phoff = offsetof(struct headers, phdr),
		.e_ehsize = sizeof(*ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)phnum,
	};
}

static void fill_load(Elf64_Phdr *phdr, const struct extent *extent)
{
	*phdr = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = extent->file,
		.p_vaddr = PACK_X86_BASE + extent->start,
		.p_paddr = PACK_X86_BASE + extent->start,
		.p_filesz = extent->file_size,
		.p_memsz = extent->mem_size,
		.p_align = PAGE,
	};
}

static void fill_note(Elf64_Phdr *phdr, struct note *note)
{
	*note = (struct note){
		.name_size = sizeof(note->name),
		.desc_size = 8,
		.type = XEN_ELFNOTE_PHYS32_ENTRY,
		.name = "Xen",
		.entry = PACK_X86_BASE,
	};
	*phdr = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_flags = PF_R,
		.p_offset = offsetof(struct headers, note),
		.p_filesz = sizeof(*note),
		.p_memsz = sizeof(*note),
		.p_align = NOTE_ALIGN,
	};
}

void pvh_headers(const struct extent *extent, unsigned int count, uint8_t page[PVH_HEADERS_SIZE])
{
	struct headers headers = {0};

	fill_ehdr(&headers.ehdr, count + 1);
	for (unsigned int i = 0; i < count; i++)
		fill_load(&headers.phdr[i], &extent[i]);
	fill_note(&headers.phdr[count], &headers.note);
	memset(page, 0, PVH_HEADERS_SIZE);
	memcpy(page, &headers, sizeof(headers));
}
