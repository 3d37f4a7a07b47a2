/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * System V ABI, AMD64 supplement, 4.4: the types that freestanding code has, in any code model. A call by way of the
 * PLT is one of the function itself, as all are in the image. Of 8 and 16 bits the psABI does not say whether they are
 * signed; linkers take both, but for a short jump.
 */
#include "elf.h"

static const struct elf_how types[] = {
	{0, ELF_NOTHING, 0, ELF_ANY, 0, 0, false},                 /* NONE */
	{1, ELF_ABS, ELF_DATA8, ELF_ANY, 0, 0, false},             /* 64 */
	{2, ELF_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},        /* PC32 */
	{3, ELF_SLOT_OFFSET, ELF_DATA4, ELF_SIGNED, 32, 0, false}, /* GOT32 */
	{4, ELF_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},        /* PLT32 */
	{9, ELF_SLOT_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},   /* GOTPCREL */
	{10, ELF_ABS, ELF_DATA4, ELF_UNSIGNED, 32, 0, false},      /* 32 */
	{11, ELF_ABS, ELF_DATA4, ELF_SIGNED, 32, 0, false},        /* 32S */
	{12, ELF_ABS, ELF_DATA2, ELF_EITHER, 16, 0, false},        /* 16 */
	{13, ELF_PREL, ELF_DATA2, ELF_EITHER, 16, 0, false},       /* PC16 */
	{14, ELF_ABS, ELF_DATA1, ELF_EITHER, 8, 0, false},         /* 8 */
	{15, ELF_PREL, ELF_DATA1, ELF_SIGNED, 8, 0, false},        /* PC8 */
	{24, ELF_PREL, ELF_DATA8, ELF_ANY, 0, 0, false},           /* PC64 */
	{25, ELF_FROM_GOT, ELF_DATA8, ELF_ANY, 0, 0, false},       /* GOTOFF64 */
	{26, ELF_GOT_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},   /* GOTPC32 */
	{27, ELF_SLOT_OFFSET, ELF_DATA8, ELF_ANY, 0, 0, false},    /* GOT64 */
	{28, ELF_SLOT_PREL, ELF_DATA8, ELF_ANY, 0, 0, false},      /* GOTPCREL64 */
	{29, ELF_GOT_PREL, ELF_DATA8, ELF_ANY, 0, 0, false},       /* GOTPC64 */
	{30, ELF_SLOT_OFFSET, ELF_DATA8, ELF_ANY, 0, 0, false},    /* GOTPLT64 */
	{31, ELF_FROM_GOT, ELF_DATA8, ELF_ANY, 0, 0, false},       /* PLTOFF64 */
	{32, ELF_SIZE, ELF_DATA4, ELF_UNSIGNED, 32, 0, false},     /* SIZE32 */
	{33, ELF_SIZE, ELF_DATA8, ELF_ANY, 0, 0, false},           /* SIZE64 */
	{41, ELF_SLOT_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},  /* GOTPCRELX */
	{42, ELF_SLOT_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},  /* REX_GOTPCRELX */
};

static const struct elf_how dynamic_types[] = {
	{0, ELF_NOTHING, 0, ELF_ANY, 0, 0, false},        /* NONE */
	{1, ELF_ABS, ELF_DATA8, ELF_ANY, 0, 0, false},    /* 64 */
	{6, ELF_SYMBOL, ELF_DATA8, ELF_ANY, 0, 0, false}, /* GLOB_DAT */
	{7, ELF_SYMBOL, ELF_DATA8, ELF_ANY, 0, 0, false}, /* JUMP_SLOT */
	{8, ELF_BASE, ELF_DATA8, ELF_ANY, 0, 0, false},   /* RELATIVE */
	{38, ELF_BASE, ELF_DATA8, ELF_ANY, 0, 0, false},  /* RELATIVE64 */
};

bool elf_x86_64_how(uint32_t type, bool dynamic, struct elf_how *how)
{
	return dynamic ? elf_how_in(dynamic_types, sizeof(dynamic_types) / sizeof(*dynamic_types), type, how)
		       : elf_how_in(types, sizeof(types) / sizeof(*types), type, how);
}
