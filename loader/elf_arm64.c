/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * AAELF64, 5.7: the types that freestanding code has, in any code model; Arm ARM, C4.1: the instructions that they
 * change.
 */
#include "elf.h"

static const struct elf_how types[] = {
	{0, ELF_NOTHING, 0, ELF_ANY, 0, 0, false},                          /* NONE */
	{256, ELF_NOTHING, 0, ELF_ANY, 0, 0, false},                        /* NONE, as it was once numbered */
	{257, ELF_ABS, ELF_DATA8, ELF_ANY, 0, 0, false},                    /* ABS64 */
	{258, ELF_ABS, ELF_DATA4, ELF_EITHER, 32, 0, false},                /* ABS32 */
	{259, ELF_ABS, ELF_DATA2, ELF_EITHER, 16, 0, false},                /* ABS16 */
	{260, ELF_PREL, ELF_DATA8, ELF_ANY, 0, 0, false},                   /* PREL64 */
	{261, ELF_PREL, ELF_DATA4, ELF_EITHER, 32, 0, false},               /* PREL32 */
	{262, ELF_PREL, ELF_DATA2, ELF_EITHER, 16, 0, false},               /* PREL16 */
	{263, ELF_ABS, ELF_MOVE, ELF_UNSIGNED, 16, 0, false},               /* MOVW_UABS_G0 */
	{264, ELF_ABS, ELF_MOVE, ELF_ANY, 0, 0, false},                     /* MOVW_UABS_G0_NC */
	{265, ELF_ABS, ELF_MOVE, ELF_UNSIGNED, 32, 16, false},              /* MOVW_UABS_G1 */
	{266, ELF_ABS, ELF_MOVE, ELF_ANY, 0, 16, false},                    /* MOVW_UABS_G1_NC */
	{267, ELF_ABS, ELF_MOVE, ELF_UNSIGNED, 48, 32, false},              /* MOVW_UABS_G2 */
	{268, ELF_ABS, ELF_MOVE, ELF_ANY, 0, 32, false},                    /* MOVW_UABS_G2_NC */
	{269, ELF_ABS, ELF_MOVE, ELF_ANY, 0, 48, false},                    /* MOVW_UABS_G3 */
	{270, ELF_ABS, ELF_MOVE_SIGNED, ELF_SIGNED, 17, 0, false},          /* MOVW_SABS_G0 */
	{271, ELF_ABS, ELF_MOVE_SIGNED, ELF_SIGNED, 33, 16, false},         /* MOVW_SABS_G1 */
	{272, ELF_ABS, ELF_MOVE_SIGNED, ELF_SIGNED, 49, 32, false},         /* MOVW_SABS_G2 */
	{273, ELF_PREL, ELF_LITERAL, ELF_SIGNED, 21, 2, true},              /* LD_PREL_LO19 */
	{274, ELF_PREL, ELF_ADR, ELF_SIGNED, 21, 0, false},                 /* ADR_PREL_LO21 */
	{275, ELF_PAGE, ELF_ADRP, ELF_SIGNED, 33, 12, false},               /* ADR_PREL_PG_HI21 */
	{276, ELF_PAGE, ELF_ADRP, ELF_ANY, 0, 12, false},                   /* ADR_PREL_PG_HI21_NC */
	{277, ELF_ABS, ELF_ADD, ELF_ANY, 0, 0, false},                      /* ADD_ABS_LO12_NC */
	{278, ELF_ABS, ELF_LOAD_STORE, ELF_ANY, 0, 0, false},               /* LDST8_ABS_LO12_NC */
	{279, ELF_PREL, ELF_TEST_BRANCH, ELF_SIGNED, 16, 2, true},          /* TSTBR14 */
	{280, ELF_PREL, ELF_CONDITIONAL_BRANCH, ELF_SIGNED, 21, 2, true},   /* CONDBR19 */
	{282, ELF_PREL, ELF_BRANCH, ELF_SIGNED, 28, 2, true},               /* JUMP26 */
	{283, ELF_PREL, ELF_BRANCH, ELF_SIGNED, 28, 2, true},               /* CALL26 */
	{284, ELF_ABS, ELF_LOAD_STORE, ELF_ANY, 0, 1, true},                /* LDST16_ABS_LO12_NC */
	{285, ELF_ABS, ELF_LOAD_STORE, ELF_ANY, 0, 2, true},                /* LDST32_ABS_LO12_NC */
	{286, ELF_ABS, ELF_LOAD_STORE, ELF_ANY, 0, 3, true},                /* LDST64_ABS_LO12_NC */
	{287, ELF_PREL, ELF_MOVE_SIGNED, ELF_SIGNED, 17, 0, false},         /* MOVW_PREL_G0 */
	{288, ELF_PREL, ELF_MOVE, ELF_ANY, 0, 0, false},                    /* MOVW_PREL_G0_NC */
	{289, ELF_PREL, ELF_MOVE_SIGNED, ELF_SIGNED, 33, 16, false},        /* MOVW_PREL_G1 */
	{290, ELF_PREL, ELF_MOVE, ELF_ANY, 0, 16, false},                   /* MOVW_PREL_G1_NC */
	{291, ELF_PREL, ELF_MOVE_SIGNED, ELF_SIGNED, 49, 32, false},        /* MOVW_PREL_G2 */
	{292, ELF_PREL, ELF_MOVE, ELF_ANY, 0, 32, false},                   /* MOVW_PREL_G2_NC */
	{293, ELF_PREL, ELF_MOVE_SIGNED, ELF_ANY, 0, 48, false},            /* MOVW_PREL_G3 */
	{299, ELF_ABS, ELF_LOAD_STORE, ELF_ANY, 0, 4, true},                /* LDST128_ABS_LO12_NC */
	{307, ELF_FROM_GOT, ELF_DATA8, ELF_ANY, 0, 0, false},               /* GOTREL64 */
	{308, ELF_FROM_GOT, ELF_DATA4, ELF_SIGNED, 32, 0, false},           /* GOTREL32 */
	{309, ELF_SLOT_PREL, ELF_LITERAL, ELF_SIGNED, 21, 2, true},         /* GOT_LD_PREL19 */
	{310, ELF_SLOT_OFFSET, ELF_LOAD_STORE, ELF_UNSIGNED, 15, 3, true},  /* LD64_GOTOFF_LO15 */
	{311, ELF_SLOT_PAGE, ELF_ADRP, ELF_SIGNED, 33, 12, false},          /* ADR_GOT_PAGE */
	{312, ELF_SLOT, ELF_LOAD_STORE, ELF_ANY, 0, 3, true},               /* LD64_GOT_LO12_NC */
	{313, ELF_SLOT_IN_PAGE, ELF_LOAD_STORE, ELF_UNSIGNED, 15, 3, true}, /* LD64_GOTPAGE_LO15 */
	{314, ELF_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},               /* PLT32 */
	{315, ELF_SLOT_PREL, ELF_DATA4, ELF_SIGNED, 32, 0, false},          /* GOTPCREL32 */
};

static const struct elf_how dynamic_types[] = {
	{0, ELF_NOTHING, 0, ELF_ANY, 0, 0, false},         /* NONE */
	{256, ELF_NOTHING, 0, ELF_ANY, 0, 0, false},       /* NONE, as it was once numbered */
	{257, ELF_ABS, ELF_DATA8, ELF_ANY, 0, 0, false},   /* ABS64 */
	{1025, ELF_ABS, ELF_DATA8, ELF_ANY, 0, 0, false},  /* GLOB_DAT */
	{1026, ELF_ABS, ELF_DATA8, ELF_ANY, 0, 0, false},  /* JUMP_SLOT */
	{1027, ELF_BASE, ELF_DATA8, ELF_ANY, 0, 0, false}, /* RELATIVE */
};

bool elf_arm64_how(uint32_t type, bool dynamic, struct elf_how *how)
{
	return dynamic ? elf_how_in(dynamic_types, sizeof(dynamic_types) / sizeof(*dynamic_types), type, how)
		       : elf_how_in(types, sizeof(types) / sizeof(*types), type, how);
}

#define MOVE_OPCODE UINT32_C(0x60000000) /* 0 MOVN, 2 MOVZ, 3 MOVK */
#define MOVN UINT32_C(0x00000000)
#define MOVZ UINT32_C(0x40000000)
#define MOVK UINT32_C(0x60000000)

/* MOVN, MOVZ, MOVK of the sixteen bits that the type is about. */
static bool is_move(const struct elf_how *how, uint32_t instruction)
{
	uint32_t opcode = instruction & MOVE_OPCODE;

	return (instruction & 0x1f800000) == 0x12800000 && (instruction >> 21 & 3) == how->low / 16 &&
	       (opcode == MOVN || opcode == MOVZ || opcode == MOVK);
}

/* Unsigned offset; how much of it is a unit: the size's two bits, or 128 for a vector register. */
static bool is_load_store(const struct elf_how *how, uint32_t instruction)
{
	bool quad = (instruction & 0xc4800000) == 0x04800000;

	return (instruction & 0x3b000000) == 0x39000000 && (quad ? 4 : instruction >> 30) == how->low;
}

bool elf_arm64_has(const struct elf_how *how, uint32_t instruction)
{
	switch (how->field) {
	case ELF_MOVE:
		return is_move(how, instruction);
	case ELF_MOVE_SIGNED:
		/* The sign must have a place in the opcode; the highest bits have theirs in the value. */
		return is_move(how, instruction) && ((instruction & MOVE_OPCODE) != MOVK || how->low == 48);
	case ELF_ADR:
		return (instruction & 0x9f000000) == 0x10000000;
	case ELF_ADRP:
		return (instruction & 0x9f000000) == 0x90000000;
	case ELF_LITERAL:
		return (instruction & 0x3b000000) == 0x18000000;
	case ELF_TEST_BRANCH:
		return (instruction & 0x7e000000) == 0x36000000;
	case ELF_CONDITIONAL_BRANCH: /* B.cond, BC.cond; CBZ, CBNZ */
		return (instruction & 0xff000000) == 0x54000000 || (instruction & 0x7e000000) == 0x34000000;
	case ELF_BRANCH:
		return (instruction & 0x7c000000) == 0x14000000;
	case ELF_ADD: /* ADD, ADDS, SUB, SUBS of an immediate that is not shifted */
		return (instruction & 0x1fc00000) == 0x11000000;
	case ELF_LOAD_STORE:
		return is_load_store(how, instruction);
	default:
		return false;
	}
}

/* width bits of the value, from its lowest that is stored on, to the instruction's bit at. */
static uint32_t put(uint32_t instruction, uint64_t value, unsigned int at, unsigned int width)
{
	uint32_t mask = (UINT32_C(1) << width) - 1;

	return (instruction & ~(mask << at)) | ((uint32_t)value & mask) << at;
}

/* MOVN writes the complement: what is negative becomes one, what is not MOVZ. */
static uint32_t put_signed(uint32_t instruction, uint64_t value, unsigned int low)
{
	bool negative = value >> 63;

	if ((instruction & MOVE_OPCODE) == MOVK)
		return put(instruction, value >> low, 5, 16);
	instruction = (instruction & ~MOVE_OPCODE) | (negative ? MOVN : MOVZ);
	return put(instruction, (negative ? ~value : value) >> low, 5, 16);
}

uint32_t elf_arm64_put(const struct elf_how *how, uint32_t instruction, uint64_t value)
{
	uint64_t stored = value >> how->low;

	switch (how->field) {
	case ELF_MOVE:
		return put(instruction, stored, 5, 16);
	case ELF_MOVE_SIGNED:
		return put_signed(instruction, value, how->low);
	case ELF_ADR:
	case ELF_ADRP:
		return put(put(instruction, stored, 29, 2), stored >> 2, 5, 19);
	case ELF_TEST_BRANCH:
		return put(instruction, stored, 5, 14);
	case ELF_BRANCH:
		return put(instruction, stored, 0, 26);
	case ELF_ADD:
		return put(instruction, stored, 10, 12);
	case ELF_LOAD_STORE:
		/* Of what has no range, the offset in the page. */
		return put(instruction, how->range == ELF_ANY ? (value & (PAGE - 1)) >> how->low : stored, 10, 12);
	default: /* ELF_LITERAL, ELF_CONDITIONAL_BRANCH */
		return put(instruction, stored, 5, 19);
	}
}
