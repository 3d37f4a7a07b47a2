/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What both psABIs' relocations have in common: all arithmetic is modulo 2^64, then it is seen whether it fits. */
#include "elf.h"

bool elf_how_in(const struct elf_how *table, size_t count, uint32_t type, struct elf_how *how)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].type == type) {
			*how = table[i];
			return true;
		}
	}
	return false;
}

bool elf_how(uint16_t arch, uint32_t type, bool dynamic, struct elf_how *how)
{
	return arch == PURG_ARCH_ARM64 ? elf_arm64_how(type, dynamic, how) : elf_x86_64_how(type, dynamic, how);
}

static uint64_t page(uint64_t address)
{
	return address & -(uint64_t)PAGE;
}

static uint64_t value_of(const struct elf_relocation *r)
{
	uint64_t slot = r->slot + r->addend;

	switch (r->how.value) {
	case ELF_SYMBOL:
		return r->symbol;
	case ELF_BASE:
		return r->base + r->addend;
	case ELF_PREL:
		return r->symbol + r->addend - r->place;
	case ELF_PAGE:
		return page(r->symbol + r->addend) - page(r->place);
	case ELF_SIZE:
		return r->size + r->addend;
	case ELF_GOT_PREL:
		return r->got + r->addend - r->place;
	case ELF_FROM_GOT:
		return r->symbol + r->addend - r->got;
	case ELF_SLOT:
		return slot;
	case ELF_SLOT_PREL:
		return slot - r->place;
	case ELF_SLOT_PAGE:
		return page(slot) - page(r->place);
	case ELF_SLOT_OFFSET:
		return slot - r->got;
	case ELF_SLOT_IN_PAGE:
		return slot - page(r->got);
	default:
		return r->symbol + r->addend;
	}
}

static bool fits(const struct elf_how *how, uint64_t value)
{
	int64_t above = (int64_t)value >> (how->bits - 1);
	bool is_signed = above == 0 || above == -1;
	bool is_unsigned = how->bits == 64 || value >> how->bits == 0;

	switch (how->range) {
	case ELF_SIGNED:
		return is_signed;
	case ELF_UNSIGNED:
		return is_unsigned;
	case ELF_EITHER:
		return is_signed || is_unsigned;
	default:
		return true;
	}
}

int elf_relocate(const struct elf_relocation *r, uint8_t *bytes)
{
	uint64_t value = value_of(r);
	uint32_t instruction;

	if (r->how.field == ELF_BRANCH && r->weak) {
		/* AAELF64, 5.7.11 has it go on behind the branch; linkers make it a no-operation. */
		instruction = ELF_ARM64_NOP;
		memcpy(bytes, &instruction, sizeof(instruction));
		return 0;
	}
	if (r->how.range != ELF_ANY && !fits(&r->how, value))
		return PURG_ERR_ELF_RANGE;
	if (r->how.aligned && value & ((UINT64_C(1) << r->how.low) - 1))
		return PURG_ERR_ELF_MISALIGNED;
	if (r->how.field < ELF_INSTRUCTION) {
		memcpy(bytes, &value, r->how.field);
		return 0;
	}
	memcpy(&instruction, bytes, sizeof(instruction));
	instruction = elf_arm64_put(&r->how, instruction, value);
	memcpy(bytes, &instruction, sizeof(instruction));
	return 0;
}
