/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "kcore.h"
#include "number.h"

/* Its program headers lie behind its header, one for each range of RAM, and its notes behind those. */
#define ROOM MIB

/* A program header; false if there is none of this number, or not yet. */
static bool get_header(const struct kcore *kcore, unsigned int number, Elf64_Phdr *phdr)
{
	Elf64_Ehdr ehdr;

	if (kcore->size < sizeof(ehdr))
		return false;
	memcpy(&ehdr, kcore->data, sizeof(ehdr));
	if (number >= ehdr.e_phnum || !number_inside(ehdr.e_phoff, (number + 1) * sizeof(*phdr), kcore->size))
		return false;
	memcpy(phdr, kcore->data + ehdr.e_phoff + number * sizeof(*phdr), sizeof(*phdr));
	return true;
}

/* How much of it is worth reading, as far as that is known. */
static size_t wanted(const struct kcore *kcore)
{
	uint64_t end = sizeof(Elf64_Ehdr), note_end;
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;

	if (kcore->size < sizeof(ehdr))
		return sizeof(ehdr);
	memcpy(&ehdr, kcore->data, sizeof(ehdr));
	end += (uint64_t)ehdr.e_phnum * sizeof(phdr);
	for (unsigned int i = 0; get_header(kcore, i, &phdr); i++)
		if (phdr.p_type == PT_NOTE && number_add(phdr.p_offset, phdr.p_filesz, &note_end) && note_end <= ROOM)
			end = number_max(end, note_end);
	return (size_t)number_min(end, ROOM);
}

void kcore_read(struct kcore *kcore, const struct machine *machine)
{
	char path[4096];
	ssize_t got;
	int fd;

	*kcore = (struct kcore){0};
	snprintf(path, sizeof(path), "%s%s", machine->root, KCORE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	kcore->data = allocate(1, ROOM);
	while (kcore->size < wanted(kcore) &&
	       (got = read(fd, kcore->data + kcore->size, wanted(kcore) - kcore->size)) > 0)
		kcore->size += (size_t)got;
	close(fd);
}

bool kcore_mappings(const struct kcore *kcore, uint64_t address, Elf64_Phdr *smallest, Elf64_Phdr *largest)
{
	Elf64_Phdr phdr;

	*smallest = (Elf64_Phdr){.p_memsz = UINT64_MAX};
	*largest = (Elf64_Phdr){0};
	for (unsigned int i = 0; get_header(kcore, i, &phdr); i++) {
		if (phdr.p_type != PT_LOAD || phdr.p_paddr > address || address - phdr.p_paddr >= phdr.p_memsz)
			continue;
		if (phdr.p_memsz < smallest->p_memsz)
			*smallest = phdr;
		if (phdr.p_memsz > largest->p_memsz)
			*largest = phdr;
	}
	return largest->p_memsz;
}

/* In notes of so many bytes, as ELF has them: each a header, a name and what it says, both padded to four bytes. */
static const char *find_vmcoreinfo(const uint8_t *note, uint64_t left, uint64_t *size)
{
	static const char name[] = "VMCOREINFO";
	Elf64_Nhdr header;
	uint64_t name_size, data_size;

	for (; left >= sizeof(header);
	     note += sizeof(header) + name_size + data_size, left -= sizeof(header) + name_size + data_size) {
		memcpy(&header, note, sizeof(header));
		name_size = ((uint64_t)header.n_namesz + 3) & ~UINT64_C(3);
		data_size = ((uint64_t)header.n_descsz + 3) & ~UINT64_C(3);
		if (name_size + data_size > left - sizeof(header))
			return NULL;
		if (header.n_namesz == sizeof(name) && !memcmp(note + sizeof(header), name, sizeof(name))) {
			*size = header.n_descsz;
			return (const char *)note + sizeof(header) + name_size;
		}
	}
	return NULL;
}

const char *kcore_vmcoreinfo(const struct kcore *kcore, uint64_t *size)
{
	const char *found = NULL;
	Elf64_Phdr phdr;

	*size = 0;
	for (unsigned int i = 0; !found && get_header(kcore, i, &phdr); i++)
		if (phdr.p_type == PT_NOTE && number_inside(phdr.p_offset, phdr.p_filesz, kcore->size))
			found = find_vmcoreinfo(kcore->data + phdr.p_offset, phdr.p_filesz, size);
	return found;
}
