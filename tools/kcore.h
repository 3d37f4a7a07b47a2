/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What /proc/kcore says at its beginning: where memory is mapped, and vmcoreinfo. The rest of it is all of the running
 * kernel's memory, and is left alone.
 */
#ifndef KCORE_H
#define KCORE_H

#include <elf.h>

#include "machine.h"

#define KCORE "/proc/kcore"

struct kcore {
	uint8_t *data; /* headers and notes, the caller's to free; NULL: there is none, as under lockdown */
	size_t size;
};

void kcore_read(struct kcore *kcore, const struct machine *machine);

/* The smallest and the largest mapping of a physical address; false if it has none. */
bool kcore_mappings(const struct kcore *kcore, uint64_t address, Elf64_Phdr *smallest, Elf64_Phdr *largest);

/* The text of the note VMCOREINFO, in data; NULL if there is none, as before Linux 4.19. */
const char *kcore_vmcoreinfo(const struct kcore *kcore, uint64_t *size);

#endif
