/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* UAPI group specification 5, "Unified Kernel Image": UKI Components, Multi-Profile UKIs. */
#include <string.h>

#include "number.h"
#include "pe.h"

enum kind {
	LINUX,
	INITRD,
	CMDLINE,
	DTB,
	UCODE,
	KINDS,
	PROFILE = KINDS,
	OTHER
};

static const char names[][PE_NAME_SIZE] = {
	[LINUX] = ".linux", [INITRD] = ".initrd", [CMDLINE] = ".cmdline",
	[DTB] = ".dtb",     [UCODE] = ".ucode",   [PROFILE] = ".profile",
};

struct found {
	struct purg_part part[KINDS];
	bool there[KINDS]; /* in the profile that is being read */
};

static enum kind kind_of(const struct pe_section *section)
{
	unsigned int kind = 0;

	while (kind < OTHER && memcmp(section->name, names[kind], PE_NAME_SIZE))
		kind++;
	return kind;
}

static int take(struct found *found, enum kind kind, const struct purg_part *content, uint64_t size)
{
	if (found->there[kind])
		return kind == DTB ? 0 : PURG_ERR_UKI_TWICE;
	if (!number_inside(content->offset, content->size, size))
		return PURG_ERR_PE_SECTION;
	found->there[kind] = true;
	found->part[kind] = content->size ? *content : (struct purg_part){0};
	return 0;
}

/* The base profile is what comes before the first .profile; profile 0 is from there to the second. */
static int find(struct found *found, const struct pe *pe)
{
	unsigned int profiles = 0;

	for (uint32_t i = 0; i < pe->sections; i++) {
		struct pe_section section = pe_section(pe, i);
		enum kind kind = kind_of(&section);
		int error;

		if (kind == OTHER)
			continue;
		if (kind == PROFILE) {
			if (profiles++)
				return 0;
			memset(found->there, 0, sizeof(found->there));
			continue;
		}
		error = take(found, kind, &section.content, pe->size);
		if (error)
			return error;
	}
	return 0;
}

static uint16_t arch_of(const struct pe *pe)
{
	switch (pe->machine) {
	case PE_MACHINE_ARM64:
		return PURG_ARCH_ARM64;
	case PE_MACHINE_X86_64:
		return PURG_ARCH_X86_64;
	default:
		return 0;
	}
}

int purg_uki_read(struct purg_uki *uki, const void *file, size_t size)
{
	struct found found = {0};
	struct pe pe;
	int error = pe_open(&pe, file, size);

	if (!error)
		error = find(&found, &pe);
	if (error)
		return error;
	if (!found.part[LINUX].size)
		return PURG_ERR_UKI_LINUX;
	if (!arch_of(&pe))
		return PURG_ERR_PE_MACHINE;
	*uki = (struct purg_uki){
		.arch = arch_of(&pe),
		.kernel = found.part[LINUX],
		.initrd = found.part[INITRD],
		.cmdline = found.part[CMDLINE],
		.dtb = found.part[DTB],
		.ucode = found.part[UCODE],
	};
	return 0;
}
