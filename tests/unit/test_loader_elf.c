/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The loader library and ELF files that are made by hand: the limits of each relocation, by the numbers of the psABIs;
 * every field at values where it might be believed; every length. What ld makes of sound files, and the library too, is
 * compared in tests/forms/test_loader_elf.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>
#include <purgatory/loader.h>

#include "elf_file.h"

#define ADDRESS UINT64_C(0x40000000)
#define MEMORY_MAX (2 << 20)

static struct elf_file file;

/* A copy of exactly the size, so that a look behind it is seen. */
struct opened {
	uint8_t *bytes;
	uint64_t *scratch;
	struct purg_elf elf;
	int error;
};

static void open_bytes(struct opened *opened, const void *bytes, size_t size)
{
	struct purg_elf before;
	int64_t count;

	opened->bytes = malloc(size);
	memcpy(opened->bytes, bytes, size);
	opened->scratch = NULL;
	memset(&opened->elf, 0xa5, sizeof(opened->elf));
	before = opened->elf;
	count = purg_elf_scratch(opened->bytes, size);
	opened->error = (int)count;
	if (count >= 0) {
		assert_true(count <= (int64_t)(size / 8));
		opened->scratch = malloc((size_t)count * sizeof(uint64_t));
		if (count) {
			assert_int_equal(
				purg_elf_open(&opened->elf, opened->bytes, size, opened->scratch, (size_t)count - 1),
				PURG_ERR_ROOM);
			assert_memory_equal(&opened->elf, &before, sizeof(before));
		}
		opened->error = purg_elf_open(&opened->elf, opened->bytes, size, opened->scratch, (size_t)count);
	}
	if (opened->error) {
		assert_true(opened->error <= PURG_ERR_ELF_CUT && opened->error >= PURG_ERR_ELF_INSTRUCTION);
		assert_memory_equal(&opened->elf, &before, sizeof(before));
	}
}

static void close_bytes(struct opened *opened)
{
	free(opened->bytes);
	free(opened->scratch);
}

static int error_of(const void *bytes, size_t size)
{
	struct opened opened;

	open_bytes(&opened, bytes, size);
	close_bytes(&opened);
	return opened.error;
}

/* Do all that can be done with an open file, in memory of exactly its size. Returns what loading it says. */
static int64_t use(const struct purg_elf *elf, uint64_t address)
{
	static const char *const names[] = {"text", "data", "zeros", "common", "weak", "abs", "a", "w", "", "\xff"};
	uint8_t *memory;
	int64_t loaded;

	assert_true(elf->align && !(elf->align & (elf->align - 1)));
	assert_true(elf->entry < elf->mem_size && elf->mem_size <= INT64_MAX);
	if (elf->mem_size > MEMORY_MAX)
		return 0;
	memory = malloc(elf->mem_size);
	memset(memory, 0xa5, elf->mem_size);
	assert_int_equal(purg_elf_load(elf, memory, elf->mem_size - 1, address), PURG_ERR_ROOM);
	assert_true(memory[0] == 0xa5 && !memcmp(memory, memory + 1, elf->mem_size - 1));
	loaded = purg_elf_load(elf, memory, elf->mem_size, address);
	assert_true(loaded == (int64_t)elf->mem_size || loaded == PURG_ERR_ELF_RANGE ||
		    loaded == PURG_ERR_ELF_MISALIGNED);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		uint64_t offset = 0, size = 0;
		int error = purg_elf_symbol(elf, names[i], &offset, &size);

		assert_true(error == 0 || error == PURG_ERR_ELF_SYMBOL || error == PURG_ERR_ELF_SYMBOL_PLACE);
		if (!error)
			assert_true(size <= elf->mem_size && offset <= elf->mem_size - size);
	}
	if (elf->type != ET_REL)
		assert_int_equal(purg_elf_flatten(elf, memory, elf->mem_size), elf->mem_size);
	free(memory);
	return loaded;
}

static uint64_t address_for(const struct purg_elf *elf)
{
	return elf->type == ET_EXEC ? elf->address : elf->align > ADDRESS ? 0 : ADDRESS;
}

/* ---- Limits. ---- */

static uint64_t word_at(const uint8_t *memory, uint64_t offset)
{
	uint64_t word;

	memcpy(&word, memory + offset, sizeof(word));
	return word;
}

#define ANY_MIN INT64_MIN
#define ANY_MAX INT64_MAX
#define TWO(n) (INT64_C(1) << (n))

enum kind {
	ABS,
	PREL,
	PAGED,
	OF_GOT,
	SIZED,
	SLOT_PREL,
	SLOT_OF_GOT,
	GOT_PREL
};

/* What the value may be, from min to max, and what it is a multiple of. insn: what is there before. */
struct limit {
	uint32_t type;
	enum kind kind;
	uint32_t insn;
	int64_t min;
	int64_t max;
	int64_t unit;
};

static const struct limit arm64_limits[] = {
	{257, ABS, 0, ANY_MIN, ANY_MAX, 1},
	{258, ABS, 0, -TWO(31), TWO(32) - 1, 1},
	{259, ABS, 0, -TWO(15), TWO(16) - 1, 1},
	{260, PREL, 0, ANY_MIN, ANY_MAX, 1},
	{261, PREL, 0, -TWO(31), TWO(32) - 1, 1},
	{262, PREL, 0, -TWO(15), TWO(16) - 1, 1},
	{263, ABS, 0xd2800000, 0, TWO(16) - 1, 1},
	{264, ABS, 0xf2800000, ANY_MIN, ANY_MAX, 1},
	{265, ABS, 0xd2a00000, 0, TWO(32) - 1, 1},
	{266, ABS, 0xf2a00000, ANY_MIN, ANY_MAX, 1},
	{267, ABS, 0xd2c00000, 0, TWO(48) - 1, 1},
	{268, ABS, 0xf2c00000, ANY_MIN, ANY_MAX, 1},
	{269, ABS, 0xd2e00000, ANY_MIN, ANY_MAX, 1},
	{270, ABS, 0xd2800000, -TWO(16), TWO(16) - 1, 1},
	{271, ABS, 0xd2a00000, -TWO(32), TWO(32) - 1, 1},
	{272, ABS, 0xd2c00000, -TWO(48), TWO(48) - 1, 1},
	{273, PREL, 0x58000000, -TWO(20), TWO(20) - 4, 4},
	{274, PREL, 0x10000000, -TWO(20), TWO(20) - 1, 1},
	{275, PAGED, 0x90000000, -TWO(32), TWO(32) - 4096, 4096},
	{276, PAGED, 0x90000000, ANY_MIN, ANY_MAX - 4095, 4096},
	{277, ABS, 0x91000000, ANY_MIN, ANY_MAX, 1},
	{278, ABS, 0x39400000, ANY_MIN, ANY_MAX, 1},
	{279, PREL, 0x36000000, -TWO(15), TWO(15) - 4, 4},
	{280, PREL, 0x54000000, -TWO(20), TWO(20) - 4, 4},
	{282, PREL, 0x14000000, -TWO(27), TWO(27) - 4, 4},
	{283, PREL, 0x94000000, -TWO(27), TWO(27) - 4, 4},
	{284, ABS, 0x79400000, ANY_MIN, ANY_MAX - 1, 2},
	{285, ABS, 0xb9400000, ANY_MIN, ANY_MAX - 3, 4},
	{286, ABS, 0xf9400000, ANY_MIN, ANY_MAX - 7, 8},
	{287, PREL, 0xd2800000, -TWO(16), TWO(16) - 1, 1},
	{288, PREL, 0xf2800000, ANY_MIN, ANY_MAX, 1},
	{289, PREL, 0xd2a00000, -TWO(32), TWO(32) - 1, 1},
	{290, PREL, 0xf2a00000, ANY_MIN, ANY_MAX, 1},
	{291, PREL, 0xd2c00000, -TWO(48), TWO(48) - 1, 1},
	{292, PREL, 0xf2c00000, ANY_MIN, ANY_MAX, 1},
	{293, PREL, 0xd2e00000, ANY_MIN, ANY_MAX, 1},
	{299, ABS, 0x3dc00000, ANY_MIN, ANY_MAX - 15, 16},
	{307, OF_GOT, 0, ANY_MIN, ANY_MAX, 1},
	{308, OF_GOT, 0, -TWO(31), TWO(31) - 1, 1},
	{314, PREL, 0, -TWO(31), TWO(31) - 1, 1},
};

static const struct limit x86_64_limits[] = {
	{1, ABS, 0, ANY_MIN, ANY_MAX, 1},
	{2, PREL, 0, -TWO(31), TWO(31) - 1, 1},
	{3, SLOT_OF_GOT, 0, -TWO(31), TWO(31) - 1, 1},
	{4, PREL, 0, -TWO(31), TWO(31) - 1, 1},
	{9, SLOT_PREL, 0, -TWO(31), TWO(31) - 1, 1},
	{10, ABS, 0, 0, TWO(32) - 1, 1},
	{11, ABS, 0, -TWO(31), TWO(31) - 1, 1},
	{12, ABS, 0, -TWO(15), TWO(16) - 1, 1},
	{13, PREL, 0, -TWO(15), TWO(16) - 1, 1},
	{14, ABS, 0, -TWO(7), TWO(8) - 1, 1},
	{15, PREL, 0, -TWO(7), TWO(7) - 1, 1},
	{24, PREL, 0, ANY_MIN, ANY_MAX, 1},
	{25, OF_GOT, 0, ANY_MIN, ANY_MAX, 1},
	{26, GOT_PREL, 0, -TWO(31), TWO(31) - 1, 1},
	{27, SLOT_OF_GOT, 0, ANY_MIN, ANY_MAX, 1},
	{28, SLOT_PREL, 0, ANY_MIN, ANY_MAX, 1},
	{29, GOT_PREL, 0, ANY_MIN, ANY_MAX, 1},
	{30, SLOT_OF_GOT, 0, ANY_MIN, ANY_MAX, 1},
	{31, OF_GOT, 0, ANY_MIN, ANY_MAX, 1},
	{32, SIZED, 0, 0, TWO(32) - 1, 1},
	{33, SIZED, 0, ANY_MIN, ANY_MAX, 1},
	{41, SLOT_PREL, 0, -TWO(31), TWO(31) - 1, 1},
	{42, SLOT_PREL, 0, -TWO(31), TWO(31) - 1, 1},
};

/* The relocation is the second word of the text; constants and GOT begin a page behind it. */
#define PLACE (ADDRESS + 8)
#define GOT (ADDRESS + 0x1000 + 24)

/* The symbol's absolute value, and the addend, for which the relocation's value is this one. */
static void arguments_for(const struct limit *limit, uint64_t value, uint64_t *absolute, uint64_t *addend)
{
	*addend = 0;
	*absolute = 0;
	switch (limit->kind) {
	case ABS:
		*absolute = value;
		break;
	case PREL:
		*absolute = PLACE + value;
		break;
	case PAGED:
		*absolute = ADDRESS + 0xabc + value;
		break;
	case OF_GOT:
		/* There is no slot: it is where it would begin. */
		*absolute = GOT + value;
		break;
	case SIZED:
		*addend = value;
		break;
	case SLOT_OF_GOT:
		*addend = value;
		break;
	case SLOT_PREL:
	case GOT_PREL:
		*addend = value - GOT + PLACE;
		break;
	}
}

/* What is in the second word when it is loaded, or the error. */
static int64_t relocate(uint16_t machine, const struct limit *limit, uint64_t value, uint64_t *word)
{
	uint64_t text[4] = {0, limit->insn, 0, 0}, absolute, addend;
	struct opened opened;
	Elf64_Rela rela;
	uint8_t *memory;
	int64_t result;

	arguments_for(limit, value, &absolute, &addend);
	/* Split between symbol and addend, where both count. */
	if (limit->kind == ABS || limit->kind == PREL || limit->kind == PAGED || limit->kind == OF_GOT) {
		absolute -= 0x123456789;
		addend += 0x123456789;
	}
	rela = (Elf64_Rela){8, ELF64_R_INFO(SYM_ABS, (uint64_t)limit->type), (int64_t)addend};
	file_object(&file, machine, text, sizeof(text), &rela, 1, absolute);
	open_bytes(&opened, file.bytes, file.size);
	if (opened.error)
		fail_msg("type %u: %s", limit->type, purg_strerror(opened.error));
	memory = malloc(opened.elf.mem_size);
	result = purg_elf_load(&opened.elf, memory, opened.elf.mem_size, ADDRESS);
	memcpy(word, memory + 8, sizeof(*word));
	free(memory);
	close_bytes(&opened);
	return result;
}

static void expect(uint16_t machine, const struct limit *limit, uint64_t value, int error)
{
	uint64_t word;
	int64_t result = relocate(machine, limit, value, &word);

	if ((error || result < 0) && result != error)
		fail_msg("type %u, value 0x%lx: %s, not: %s", limit->type, value, purg_strerror(result),
			 purg_strerror(error));
}

static void check_limits(uint16_t machine, const struct limit *limits, size_t count)
{
	for (const struct limit *limit = limits; limit < limits + count; limit++) {
		expect(machine, limit, (uint64_t)limit->min, 0);
		expect(machine, limit, (uint64_t)limit->max, 0);
		expect(machine, limit, 0, 0);
		if (limit->min != ANY_MIN) {
			expect(machine, limit, (uint64_t)(limit->min - limit->unit), PURG_ERR_ELF_RANGE);
			expect(machine, limit, (uint64_t)(limit->max + limit->unit), PURG_ERR_ELF_RANGE);
			expect(machine, limit, (uint64_t)INT64_MIN, PURG_ERR_ELF_RANGE);
		}
		if (limit->kind != PAGED)
			for (int64_t off = 1; off < limit->unit; off *= 2)
				expect(machine, limit, (uint64_t)(limit->max - limit->unit + off),
				       PURG_ERR_ELF_MISALIGNED);
	}
}

static void test_limits_arm64(void **state)
{
	(void)state;
	check_limits(EM_AARCH64, arm64_limits, sizeof(arm64_limits) / sizeof(*arm64_limits));
}

static void test_limits_x86_64(void **state)
{
	(void)state;
	check_limits(EM_X86_64, x86_64_limits, sizeof(x86_64_limits) / sizeof(*x86_64_limits));
}

/* Data is the value, in so many bytes and no more. */
static void test_data_is_the_value(void **state)
{
	static const struct {
		uint16_t machine;
		uint32_t type;
		enum kind kind;
		unsigned int bytes;
	} of[] = {
		{EM_AARCH64, 257, ABS, 8},    {EM_AARCH64, 258, ABS, 4},     {EM_AARCH64, 259, ABS, 2},
		{EM_AARCH64, 314, PREL, 4},   {EM_AARCH64, 307, OF_GOT, 8},  {EM_AARCH64, 308, OF_GOT, 4},
		{EM_X86_64, 14, ABS, 1},      {EM_X86_64, 32, SIZED, 4},     {EM_X86_64, 27, SLOT_OF_GOT, 8},
		{EM_X86_64, 9, SLOT_PREL, 4}, {EM_X86_64, 28, SLOT_PREL, 8}, {EM_X86_64, 26, GOT_PREL, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		const struct limit limit = {of[i].type, of[i].kind, 0x55aa55aa, 0, 0, 1};
		uint64_t mask = of[i].bytes == 8 ? 0 : ~UINT64_C(0) << 8 * of[i].bytes, word;

		assert_true(relocate(of[i].machine, &limit, 0x71, &word) > 0);
		assert_int_equal(word, 0x71 | (0x55aa55aa & mask));
	}
}

/* The GOT is behind the constants: as far as a load of arm64's reaches, and one further. */
static void test_limits_of_slots(void **state)
{
	static const size_t sizes[] = {1 << 20, (1 << 20) + 8};
	static uint32_t text[(1 << 18) + 2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		/* The constants take a page less 8 bytes, if i is 0, and the slot ends it. */
		for (uint64_t place = 0; place <= 4; place += 4) {
			const Elf64_Rela rela = {(int64_t)place + 24, ELF64_R_INFO(SYM_DATA, UINT64_C(309)), 0};
			int error = i || !place ? PURG_ERR_ELF_RANGE : 0;
			struct opened opened;

			for (size_t n = 0; n < sizeof(text) / sizeof(*text); n++)
				text[n] = 0x58000000;
			file_object(&file, EM_AARCH64, text, sizes[i], &rela, 1, 0);
			open_bytes(&opened, file.bytes, file.size);
			assert_int_equal(opened.error, 0);
			assert_int_equal(opened.elf.got, ((sizes[i] + 4095) & ~(size_t)4095) + 24);
			assert_int_equal(use(&opened.elf, ADDRESS), error ? error : (int64_t)opened.elf.mem_size);
			close_bytes(&opened);
		}
	}
}

/* As many slots as loads of 15 bits reach, counted from the GOT or from its page, and one more. */
static void check_far_slots(uint32_t type, uint32_t first, uint32_t count)
{
	static Elf64_Sym symbols[4200];
	static Elf64_Rela rela[4200];
	static uint32_t text[4200];
	struct opened opened;
	Elf64_Shdr *section;
	uint8_t *memory;

	for (uint32_t i = 0; i < 4200; i++) {
		symbols[i] = (Elf64_Sym){0, GLOBAL(STT_NOTYPE), 0, SHN_ABS, i, 0};
		rela[i] = (Elf64_Rela){4 * i, ELF64_R_INFO((uint64_t)i + 1, (uint64_t)type), 0};
		text[i] = 0xf9400000;
	}
	file_object(&file, EM_AARCH64, text, sizeof(text), rela, count, 0);
	section = (Elf64_Shdr *)(file.bytes + ((Elf64_Ehdr *)file.bytes)->e_shoff) + 6;
	section->sh_offset = file_append(&file, symbols, sizeof(symbols));
	section->sh_size = sizeof(symbols);
	open_bytes(&opened, file.bytes, file.size);
	assert_int_equal(opened.error, 0);
	assert_int_equal(opened.elf.slots, count);
	memory = malloc(opened.elf.mem_size);
	if (first + count > 4096) {
		assert_int_equal(purg_elf_load(&opened.elf, memory, opened.elf.mem_size, ADDRESS), PURG_ERR_ELF_RANGE);
	} else {
		assert_true(purg_elf_load(&opened.elf, memory, opened.elf.mem_size, ADDRESS) > 0);
		memcpy(text, memory, sizeof(text));
		for (uint32_t i = 0; i < count; i++) {
			assert_int_equal(text[i], 0xf9400000 | (first + i) << 10);
			assert_int_equal(word_at(memory, opened.elf.got + UINT64_C(8) * i), i + 1);
		}
	}
	free(memory);
	close_bytes(&opened);
}

/* The constants before the GOT are three words. */
static void test_far_slots(void **state)
{
	(void)state;
	check_far_slots(310, 0, 4096);
	check_far_slots(310, 0, 4097);
	check_far_slots(313, 3, 4093);
	check_far_slots(313, 3, 4094);
}

/* Which GNU's tools do not make: the distance of a slot as data. */
static void test_got_pcrel32(void **state)
{
	static const uint64_t text[4];
	const Elf64_Rela rela = {8, ELF64_R_INFO(SYM_DATA, UINT64_C(315)), 0};
	struct opened opened;
	uint8_t *memory;

	(void)state;
	file_object(&file, EM_AARCH64, text, sizeof(text), &rela, 1, 0);
	open_bytes(&opened, file.bytes, file.size);
	memory = malloc(opened.elf.mem_size);
	assert_true(purg_elf_load(&opened.elf, memory, opened.elf.mem_size, ADDRESS) > 0);
	assert_int_equal(word_at(memory, 8), GOT - PLACE);
	free(memory);
	close_bytes(&opened);
}

/* One type after the other, up to all bits: unknown ones are refused, and no others. */
static void check_unknown(uint16_t machine, uint32_t known)
{
	static const uint64_t text[4];
	uint32_t accepted = 0;

	for (uint32_t i = 0; i < 2048 + 32; i++) {
		uint64_t type = i < 2048 ? i : UINT64_C(1) << (i - 2048) | 0x800;
		const Elf64_Rela rela = {8, ELF64_R_INFO(SYM_ABS, type), 0};
		int error;

		file_object(&file, machine, text, sizeof(text), &rela, 1, 0);
		error = error_of(file.bytes, file.size);
		if (error != PURG_ERR_ELF_RELOCATION)
			accepted++;
		/* Nothing is no instruction. */
		assert_true(error == 0 || error == PURG_ERR_ELF_INSTRUCTION || error == PURG_ERR_ELF_RELOCATION);
	}
	assert_int_equal(accepted, known);
}

static void test_unknown_types(void **state)
{
	(void)state;
	/* The limits' types, arm64's five with a slot, and NONE, of which arm64 has two. */
	check_unknown(EM_X86_64, sizeof(x86_64_limits) / sizeof(*x86_64_limits) + 1);
	check_unknown(EM_AARCH64, sizeof(arm64_limits) / sizeof(*arm64_limits) + 6 + 2);
}

/* Each type that is for an instruction is for its own only: of all those here it takes those that are alike. */
static void test_instructions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(arm64_limits) / sizeof(*arm64_limits); i++) {
		const struct limit *limit = &arm64_limits[i];
		const Elf64_Rela rela = {8, ELF64_R_INFO(SYM_ABS, (uint64_t)limit->type), 0};

		if (!limit->insn)
			continue;
		for (unsigned int bit = 0; bit < 32; bit++) {
			uint64_t text[4] = {0, limit->insn ^ 1u << bit, 0, 0};
			int error;

			file_object(&file, EM_AARCH64, text, sizeof(text), &rela, 1, 0);
			error = error_of(file.bytes, file.size);
			assert_true(error == 0 || error == PURG_ERR_ELF_INSTRUCTION);
			/* The register and the field never matter; of bits 28 to 25 a branch has the last in its field.
			 */
			if (bit < 10)
				assert_int_equal(error, 0);
			if (bit == 28 || bit == 27 || (bit == 25 && limit->type != 282 && limit->type != 283))
				assert_int_equal(error, PURG_ERR_ELF_INSTRUCTION);
		}
	}
}

static int refusal(uint16_t machine, uint64_t text, const Elf64_Rela *rela)
{
	uint64_t words[4] = {text, text, text, text};

	file_object(&file, machine, words, sizeof(words), rela, 1, 0);
	return error_of(file.bytes, file.size);
}

static void test_bad_relocations(void **state)
{
	static const struct {
		uint16_t machine;
		uint64_t text;
		Elf64_Rela rela;
		int error;
	} cases[] = {
		{EM_X86_64, 0, {24, ELF64_R_INFO(SYM_DATA, 1), 0}, 0},
		{EM_X86_64, 0, {25, ELF64_R_INFO(SYM_DATA, 1), 0}, PURG_ERR_ELF_PLACE},
		{EM_X86_64, 0, {28, ELF64_R_INFO(SYM_DATA, 2), 0}, 0},
		{EM_X86_64, 0, {29, ELF64_R_INFO(SYM_DATA, 2), 0}, PURG_ERR_ELF_PLACE},
		{EM_X86_64, 0, {31, ELF64_R_INFO(SYM_DATA, 14), 0}, 0},
		{EM_X86_64, 0, {32, ELF64_R_INFO(SYM_DATA, 14), 0}, PURG_ERR_ELF_PLACE},
		{EM_X86_64, 0, {UINT64_MAX, ELF64_R_INFO(SYM_DATA, 1), 0}, PURG_ERR_ELF_PLACE},
		{EM_X86_64, 0, {UINT64_MAX - 7, ELF64_R_INFO(SYM_DATA, 1), 0}, PURG_ERR_ELF_PLACE},
		{EM_X86_64, 0, {0, ELF64_R_INFO(SYM_COUNT, 1), 0}, PURG_ERR_ELF_SYMBOLS},
		{EM_X86_64, 0, {0, ELF64_R_INFO(UINT64_C(0xffffffff), 1), 0}, PURG_ERR_ELF_SYMBOLS},
		{EM_X86_64, 0, {0, ELF64_R_INFO(UINT64_C(0xffffffff), 0), 0}, 0},
		{EM_X86_64, 0, {0, ELF64_R_INFO(0, 9), 0}, PURG_ERR_ELF_RELOCATION},
		{EM_AARCH64, 0x9400000094000000, {4, ELF64_R_INFO(SYM_DATA, UINT64_C(283)), 0}, 0},
		{EM_AARCH64, 0x9400000094000000, {6, ELF64_R_INFO(SYM_DATA, UINT64_C(283)), 0}, PURG_ERR_ELF_PLACE},
		{EM_AARCH64, 0x9000000090000000, {4, ELF64_R_INFO(SYM_DATA, UINT64_C(311)), 0}, 0},
		{EM_AARCH64,
		 0x9000000090000000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(311)), 8},
		 PURG_ERR_ELF_RELOCATION},
		{EM_AARCH64,
		 0xd2800000d2800000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(265)), 0},
		 PURG_ERR_ELF_INSTRUCTION},
		{EM_AARCH64,
		 0xf2800000f2800000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(270)), 0},
		 PURG_ERR_ELF_INSTRUCTION},
		{EM_AARCH64, 0xf2e00000f2e00000, {4, ELF64_R_INFO(SYM_DATA, UINT64_C(293)), 0}, 0},
		{EM_AARCH64,
		 0xb2800000b2800000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(264)), 0},
		 PURG_ERR_ELF_INSTRUCTION},
		{EM_AARCH64,
		 0xf9400000f9400000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(285)), 0},
		 PURG_ERR_ELF_INSTRUCTION},
		{EM_AARCH64,
		 0x3dc000003dc00000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(278)), 0},
		 PURG_ERR_ELF_INSTRUCTION},
		{EM_AARCH64, 0x3d4000003d400000, {4, ELF64_R_INFO(SYM_DATA, UINT64_C(278)), 0}, 0},
		{EM_AARCH64,
		 0x9140000091400000,
		 {4, ELF64_R_INFO(SYM_DATA, UINT64_C(277)), 0},
		 PURG_ERR_ELF_INSTRUCTION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int error = refusal(cases[i].machine, cases[i].text, &cases[i].rela);

		if (error != cases[i].error)
			fail_msg("case %zu: %s, not: %s", i, purg_strerror(error), purg_strerror(cases[i].error));
	}
}

/* ---- A sound object and a sound PIE, what they come to, and then each field of them at bad values. ---- */

static const uint64_t sound_text[4];
static const Elf64_Rela sound_rela[] = {
	{0, ELF64_R_INFO(SYM_DATA, R_X86_64_64), 1},         {8, ELF64_R_INFO(SYM_ZEROS, R_X86_64_PC32), -4},
	{12, ELF64_R_INFO(SYM_DATA, R_X86_64_GOTPCREL), -4}, {16, ELF64_R_INFO(SYM_COMMON, R_X86_64_64), 0},
	{24, ELF64_R_INFO(SYM_WEAK, R_X86_64_64), 0},
};

static void sound_object(void)
{
	file_object(&file, EM_X86_64, sound_text, sizeof(sound_text), sound_rela,
		    sizeof(sound_rela) / sizeof(*sound_rela), 77);
}

static void test_layout(void **state)
{
	struct opened opened;
	uint64_t offset, size;
	uint8_t *memory;

	(void)state;
	sound_object();
	open_bytes(&opened, file.bytes, file.size);
	assert_int_equal(opened.error, 0);
	assert_int_equal(opened.elf.arch, PURG_ARCH_X86_64);
	assert_int_equal(opened.elf.type, ET_REL);
	assert_int_equal(opened.elf.align, 4096);
	assert_int_equal(opened.elf.entry, 0);
	/* Text; constants and one slot; data; zeros and the common symbol at a multiple of 64. */
	assert_int_equal(opened.elf.mem_size, 0x3000 + 1024 + 72);
	memory = malloc(opened.elf.mem_size);
	assert_int_equal(purg_elf_load(&opened.elf, memory, opened.elf.mem_size, ADDRESS), opened.elf.mem_size);
	assert_int_equal(word_at(memory, 0), ADDRESS + 0x2008 + 1);
	assert_int_equal(word_at(memory, 8) & 0xffffffff, 0x3000 - 8 - 4);
	assert_int_equal(word_at(memory, 8) >> 32, 0x1018 - 12 - 4);
	assert_int_equal(word_at(memory, 16), ADDRESS + 0x3400);
	assert_int_equal(word_at(memory, 24), 0);
	assert_int_equal(word_at(memory, 0x1000), 1);
	assert_int_equal(word_at(memory, 0x1018), ADDRESS + 0x2008);
	assert_int_equal(word_at(memory, 0x2000), 4);
	for (uint64_t i = 0x2028; i < opened.elf.mem_size; i++)
		assert_int_equal(memory[i], 0);
	assert_int_equal(purg_elf_symbol(&opened.elf, "common", &offset, &size), 0);
	assert_int_equal(offset, 0x3400);
	assert_int_equal(size, 72);
	assert_int_equal(purg_elf_symbol(&opened.elf, "abs", &offset, &size), PURG_ERR_ELF_SYMBOL_PLACE);
	assert_int_equal(purg_elf_symbol(&opened.elf, "weak", &offset, &size), PURG_ERR_ELF_SYMBOL);
	assert_int_equal(purg_elf_symbol(&opened.elf, "tex", &offset, &size), PURG_ERR_ELF_SYMBOL);
	assert_int_equal(purg_elf_symbol(&opened.elf, "texts", &offset, &size), PURG_ERR_ELF_SYMBOL);
	assert_int_equal(offset, 0x3400);
	/* Where it may not be. */
	size = opened.elf.mem_size;
	assert_int_equal(purg_elf_load(&opened.elf, memory, size, ADDRESS + 0x800), PURG_ERR_ALIGN);
	assert_int_equal(purg_elf_load(&opened.elf, memory, size, -UINT64_C(0x3000)), PURG_ERR_WRAP);
	assert_int_equal(purg_elf_load(&opened.elf, memory, size, -UINT64_C(0x4000)), size);
	assert_int_equal(purg_elf_flatten(&opened.elf, memory, size), PURG_ERR_ARGUMENT);
	free(memory);
	close_bytes(&opened);
}

static void check_pie(uint16_t machine)
{
	static const unsigned int relr[] = {3, 4, 6, 3 + 1 + 63 + 1};
	const uint64_t base = ADDRESS - PIE_BASE;
	struct opened opened;
	struct pie pie;
	uint8_t *memory;
	uint64_t data = PIE_DATA - PIE_BASE;

	file_pie(&pie, machine);
	open_bytes(&opened, &pie, sizeof(pie));
	assert_int_equal(opened.error, 0);
	assert_int_equal(opened.elf.entry, offsetof(struct pie, code) + 8);
	assert_int_equal(opened.elf.mem_size, data + 800);
	assert_int_equal(opened.elf.align, 0x1000);
	memory = malloc(opened.elf.mem_size);
	assert_int_equal(purg_elf_flatten(&opened.elf, memory, opened.elf.mem_size), opened.elf.mem_size);
	assert_memory_equal(memory, &pie, offsetof(struct pie, words));
	assert_memory_equal(memory + data, pie.words, sizeof(pie.words));
	memset(memory, 0xa5, opened.elf.mem_size);
	assert_int_equal(purg_elf_load(&opened.elf, memory, opened.elf.mem_size, ADDRESS), opened.elf.mem_size);
	pie.words[0] = base + PIE_DATA + 0x10;
	pie.words[1] = base + PIE_DATA + 32 + 4;
	pie.words[2] = 0x1234;
	/* Of x86_64's GLOB_DAT the addend does not count. */
	pie.words[7] = base + PIE_DATA + 32 + (machine == EM_AARCH64 ? 7 : 0);
	for (size_t i = 0; i < sizeof(relr) / sizeof(*relr); i++)
		pie.words[relr[i]] += base;
	assert_memory_equal(memory + data, pie.words, sizeof(pie.words));
	for (uint64_t i = data + 640; i < data + 800; i += 8)
		assert_int_equal(word_at(memory, i), i == data + 720 ? 5 : 0);
	for (uint64_t i = offsetof(struct pie, words); i < data; i++)
		assert_int_equal(memory[i], 0);
	assert_int_equal(purg_elf_flatten(&opened.elf, memory, opened.elf.mem_size - 1), PURG_ERR_ROOM);
	free(memory);
	close_bytes(&opened);
}

/* The last byte of it may be the last that there is. */
static void test_end_of_memory(void **state)
{
	struct opened opened;
	struct pie pie;
	uint8_t *memory;
	uint64_t size;

	(void)state;
	file_pie(&pie, EM_X86_64);
	pie.segment[0].p_align = 1;
	open_bytes(&opened, &pie, sizeof(pie));
	assert_int_equal(opened.elf.align, 8);
	size = opened.elf.mem_size;
	memory = malloc(size);
	assert_int_equal(purg_elf_load(&opened.elf, memory, size, -size), size);
	assert_int_equal(purg_elf_load(&opened.elf, memory, size, -size + 8), PURG_ERR_WRAP);
	assert_int_equal(purg_elf_load(&opened.elf, memory, size, -size + 4), PURG_ERR_ALIGN);
	free(memory);
	close_bytes(&opened);
}

/* What a symbol of the object is, when this many bytes of it are changed, and where it is found. */
static int find_when(unsigned int symbol, size_t at, unsigned int width, uint64_t value, const char *name)
{
	uint64_t offset = 1234, size = 5678;
	struct opened opened;
	int error;

	sound_object();
	memcpy(file.bytes + file.section[6].sh_offset + symbol * sizeof(Elf64_Sym) + at, &value, width);
	open_bytes(&opened, file.bytes, file.size);
	assert_int_equal(opened.error, 0);
	error = purg_elf_symbol(&opened.elf, name, &offset, &size);
	assert_true((offset == 1234 && size == 5678) == (error != 0));
	close_bytes(&opened);
	return error;
}

static void test_symbols(void **state)
{
	struct opened opened;
	uint64_t offset, size;
	struct pie pie;

	(void)state;
	assert_int_equal(find_when(SYM_TEXT, offsetof(Elf64_Sym, st_size), 8, 32, "text"), 0);
	assert_int_equal(find_when(SYM_TEXT, offsetof(Elf64_Sym, st_size), 8, 33, "text"), PURG_ERR_ELF_SYMBOL_PLACE);
	assert_int_equal(find_when(SYM_TEXT, offsetof(Elf64_Sym, st_value), 8, 25, "text"), PURG_ERR_ELF_SYMBOL_PLACE);
	/* The strings' section is not loaded. */
	assert_int_equal(find_when(SYM_TEXT, offsetof(Elf64_Sym, st_shndx), 2, 7, "text"), PURG_ERR_ELF_SYMBOL_PLACE);
	assert_int_equal(find_when(SYM_TEXT, offsetof(Elf64_Sym, st_info), 1, STT_FUNC, "text"), PURG_ERR_ELF_SYMBOL);
	assert_int_equal(find_when(SYM_TEXT, offsetof(Elf64_Sym, st_info), 2, STV_HIDDEN << 8, "text"),
			 PURG_ERR_ELF_SYMBOL);
	/* It takes nothing, and would lie behind the rest. */
	assert_int_equal(find_when(SYM_COMMON, offsetof(Elf64_Sym, st_value), 8, 1, "common"), 0);
	sound_object();
	((Elf64_Sym *)(file.bytes + file.section[6].sh_offset))[SYM_COMMON].st_value = 0x10000;
	((Elf64_Sym *)(file.bytes + file.section[6].sh_offset))[SYM_COMMON].st_size = 0;
	open_bytes(&opened, file.bytes, file.size);
	assert_int_equal(purg_elf_symbol(&opened.elf, "common", &offset, &size), PURG_ERR_ELF_SYMBOL_PLACE);
	close_bytes(&opened);
	/* In what is linked, a hidden one may have become local. */
	for (unsigned int hidden = 0; hidden <= STV_PROTECTED; hidden++) {
		file_pie(&pie, EM_X86_64);
		pie.symbol[1].st_info = STT_OBJECT;
		pie.symbol[1].st_other = (uint8_t)hidden;
		open_bytes(&opened, &pie, sizeof(pie));
		assert_int_equal(purg_elf_symbol(&opened.elf, "a", &offset, &size),
				 hidden == STV_HIDDEN ? 0 : PURG_ERR_ELF_SYMBOL);
		close_bytes(&opened);
	}
	assert_int_equal(offset, PIE_DATA - PIE_BASE + 32);
}

static void test_set_and_get(void **state)
{
	uint8_t value[17], *memory;
	struct opened opened;
	uint64_t size;

	(void)state;
	sound_object();
	open_bytes(&opened, file.bytes, file.size);
	size = opened.elf.mem_size;
	memory = calloc(1, size);
	memset(value, 0x77, sizeof(value));
	for (size_t wrong = 0; wrong < sizeof(value) + 1; wrong++) {
		if (wrong == 16)
			continue;
		assert_int_equal(purg_elf_set(&opened.elf, memory, "data", value, wrong), PURG_ERR_ELF_SYMBOL_SIZE);
		assert_int_equal(purg_elf_get(&opened.elf, memory, "data", value, wrong), PURG_ERR_ELF_SYMBOL_SIZE);
	}
	assert_int_equal(purg_elf_set(&opened.elf, memory, "nobody", value, 16), PURG_ERR_ELF_SYMBOL);
	assert_int_equal(purg_elf_get(&opened.elf, memory, "nobody", value, 16), PURG_ERR_ELF_SYMBOL);
	assert_true(memory[0] == 0 && !memcmp(memory, memory + 1, size - 1) && value[16] == 0x77);
	assert_int_equal(purg_elf_set(&opened.elf, memory, "data", value, 16), 0);
	for (uint64_t i = 0; i < size; i++)
		assert_int_equal(memory[i], i >= 0x2008 && i < 0x2018 ? 0x77 : 0);
	memory[0x2008] = 1;
	assert_int_equal(purg_elf_get(&opened.elf, memory, "data", value, 16), 0);
	assert_memory_equal(value, memory + 0x2008, 16);
	free(memory);
	close_bytes(&opened);
}

static void test_pie(void **state)
{
	(void)state;
	check_pie(EM_X86_64);
	check_pie(EM_AARCH64);
}

/* Open, and if that works, use. */
static void try(const uint8_t *bytes, size_t size)
{
	struct opened opened;

	open_bytes(&opened, bytes, size);
	if (!opened.error)
		use(&opened.elf, address_for(&opened.elf));
	close_bytes(&opened);
}

/* Each run of 1, 2, 4 or 8 bytes at its alignment is taken for a field, and given each value. */
static void spoil(uint8_t *bytes, size_t size, size_t from, size_t to)
{
	const uint64_t values[] = {
		0,
		1,
		2,
		3,
		4,
		6,
		7,
		8,
		9,
		10,
		14,
		23,
		24,
		25,
		36,
		0x7f,
		0x80,
		0xff,
		0x100,
		0xff00,
		0xfff1,
		0xfff2,
		0xffff,
		0x10000,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xfffffffffffff000,
		0xfffffffffffffff8,
		0xffffffffffffffff,
		size,
		size - 1,
		size + 1,
		size - 8,
		PIE_DATA,
		PIE_BASE,
		PIE_DATA + 800 - 8,
		PIE_DATA + 800 - 7,
		PIE_DATA + 640,
	};
	uint8_t saved[8];

	for (size_t width = 1; width <= 8; width *= 2)
		for (size_t at = from; at + width <= to; at += width)
			for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
				memcpy(saved, bytes + at, width);
				memcpy(bytes + at, &values[i], width);
				try(bytes, size);
				memcpy(bytes + at, saved, width);
			}
}

static void test_spoilt_object(void **state)
{
	(void)state;
	sound_object();
	spoil(file.bytes, file.size, 0, file.size);
}

static void test_spoilt_pie(void **state)
{
	struct pie pie;

	(void)state;
	file_pie(&pie, EM_AARCH64);
	spoil((uint8_t *)&pie, sizeof(pie), 0, offsetof(struct pie, code));
	spoil((uint8_t *)&pie, sizeof(pie), offsetof(struct pie, section), sizeof(pie));
	file_pie(&pie, EM_X86_64);
	pie.header.e_type = ET_EXEC;
	pie.segment[2].p_type = PT_NOTE;
	spoil((uint8_t *)&pie, sizeof(pie), 0, offsetof(struct pie, dynamic));
}

static void test_every_length(void **state)
{
	struct pie pie;

	(void)state;
	sound_object();
	assert_int_equal(error_of(file.bytes, file.size), 0);
	for (size_t size = 0; size < file.size; size++) {
		/* Of what ends before its version, nobody can say what it is; the version is a 1 in byte 20. */
		int error = size <= 20 ? PURG_ERR_ELF_IDENT : PURG_ERR_ELF_CUT;

		assert_int_equal(error_of(file.bytes, size), error);
	}
	file_pie(&pie, EM_AARCH64);
	assert_int_equal(error_of(&pie, sizeof(pie)), 0);
	for (size_t size = 64; size < sizeof(pie); size++)
		assert_int_equal(error_of(&pie, size), PURG_ERR_ELF_CUT);
}

/* ---- A field, a bad value, and what is said. ---- */

struct bad {
	size_t at;
	unsigned int width;
	uint64_t value;
	int error;
};

static void check_bad(uint8_t *bytes, size_t size, const struct bad *bad, size_t count)
{
	uint8_t saved[8];

	assert_int_equal(error_of(bytes, size), 0);
	for (size_t i = 0; i < count; i++) {
		int error;

		memcpy(saved, bytes + bad[i].at, 8);
		memcpy(bytes + bad[i].at, &bad[i].value, bad[i].width);
		error = error_of(bytes, size);
		if (error != bad[i].error)
			fail_msg("case %zu: %s, not: %s", i, purg_strerror(error), purg_strerror(bad[i].error));
		memcpy(bytes + bad[i].at, saved, 8);
	}
}

#define HEADER(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define SECTION(index, field) \
	sections + (index) * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, field), sizeof(((Elf64_Shdr *)0)->field)
#define SYMBOL(index, field) \
	symbols + (index) * sizeof(Elf64_Sym) + offsetof(Elf64_Sym, field), sizeof(((Elf64_Sym *)0)->field)

static void test_bad_objects(void **state)
{
	size_t sections, symbols;

	(void)state;
	sound_object();
	sections = ((Elf64_Ehdr *)file.bytes)->e_shoff;
	symbols = file.section[6].sh_offset;
	{
		const struct bad bad[] = {
			{0, 1, 0x7e, PURG_ERR_ELF_IDENT},
			{EI_CLASS, 1, 1, PURG_ERR_ELF_IDENT},
			{EI_DATA, 1, 2, PURG_ERR_ELF_IDENT},
			{EI_VERSION, 1, 0, PURG_ERR_ELF_IDENT},
			{EI_OSABI, 1, ELFOSABI_GNU, 0},
			{HEADER(e_version), 2, PURG_ERR_ELF_IDENT},
			{HEADER(e_machine), EM_386, PURG_ERR_ELF_MACHINE},
			{HEADER(e_type), ET_CORE, PURG_ERR_ELF_TYPE},
			{HEADER(e_type), ET_NONE, PURG_ERR_ELF_TYPE},
			{HEADER(e_ehsize), 63, PURG_ERR_ELF_HEADER},
			{HEADER(e_shentsize), 63, PURG_ERR_ELF_HEADER},
			{HEADER(e_shnum), 0, PURG_ERR_ELF_UNSUPPORTED},
			{HEADER(e_shnum), 0xff00, PURG_ERR_ELF_UNSUPPORTED},
			{HEADER(e_phnum), 0xffff, PURG_ERR_ELF_UNSUPPORTED},
			{HEADER(e_shoff), UINT64_MAX - 511, PURG_ERR_ELF_CUT},
			{HEADER(e_entry), 31, 0},
			{HEADER(e_entry), 32, PURG_ERR_ELF_ENTRY},
			{SECTION(1, sh_addr), 1, PURG_ERR_ELF_ENTRY},
			{SECTION(1, sh_flags), SHF_ALLOC, PURG_ERR_ELF_ENTRY},
			{SECTION(1, sh_addralign), 12, PURG_ERR_ELF_SECTION},
			{SECTION(1, sh_addralign), 0, 0},
			{SECTION(1, sh_offset), file.size - 31, PURG_ERR_ELF_CUT},
			{SECTION(1, sh_size), UINT64_MAX, PURG_ERR_ELF_CUT},
			{SECTION(1, sh_flags), SHF_ALLOC | SHF_EXECINSTR | SHF_COMPRESSED, PURG_ERR_ELF_SECTION},
			{SECTION(2, sh_flags), SHF_ALLOC | SHF_TLS, PURG_ERR_ELF_UNSUPPORTED},
			{SECTION(3, sh_flags), 0, PURG_ERR_ELF_SYMBOL_PLACE},
			{SECTION(4, sh_size), INT64_MAX - 127 - 0x3000 + 1, PURG_ERR_ELF_SECTION},
			{SECTION(4, sh_size), UINT64_MAX, PURG_ERR_ELF_SECTION},
			{SECTION(4, sh_addralign), UINT64_C(1) << 63, PURG_ERR_ELF_SECTION},
			{SECTION(4, sh_size), INT64_MAX - 127 - 0x3000, 0},
			{SECTION(5, sh_type), SHT_REL, PURG_ERR_ELF_RELOCATION},
			{SECTION(5, sh_type), 0x40000014, PURG_ERR_ELF_RELOCATION},
			{SECTION(5, sh_entsize), 23, PURG_ERR_ELF_HEADER},
			{SECTION(5, sh_size), 25, PURG_ERR_ELF_SECTION},
			{SECTION(5, sh_link), 5, PURG_ERR_ELF_SECTION},
			{SECTION(5, sh_link), 8, PURG_ERR_ELF_SECTION},
			{SECTION(5, sh_info), 8, PURG_ERR_ELF_SECTION},
			{SECTION(5, sh_info), 4, PURG_ERR_ELF_PLACE},
			{SECTION(5, sh_info), 7, 0},
			{SECTION(6, sh_entsize), 25, PURG_ERR_ELF_HEADER},
			{SECTION(6, sh_size), 25, PURG_ERR_ELF_SYMBOLS},
			{SECTION(6, sh_link), 6, PURG_ERR_ELF_SYMBOLS},
			{SECTION(6, sh_link), 8, PURG_ERR_ELF_SYMBOLS},
			{SECTION(6, sh_offset), file.size - 24, PURG_ERR_ELF_CUT},
			{SECTION(6, sh_type), SHT_PROGBITS, PURG_ERR_ELF_SECTION},
			{SECTION(7, sh_type), SHT_SYMTAB, PURG_ERR_ELF_SYMBOLS},
			{SECTION(7, sh_size), 0, PURG_ERR_ELF_SYMBOLS},
			{SECTION(7, sh_size), 8, PURG_ERR_ELF_SYMBOLS},
			{SECTION(7, sh_offset), file.size, PURG_ERR_ELF_CUT},
			{SYMBOL(2, st_name), sizeof(FILE_STRINGS), PURG_ERR_ELF_SYMBOLS},
			{SYMBOL(2, st_name), sizeof(FILE_STRINGS) - 1, 0},
			{SYMBOL(2, st_shndx), 8, PURG_ERR_ELF_SYMBOLS},
			{SYMBOL(2, st_shndx), 0xffff, PURG_ERR_ELF_UNSUPPORTED},
			{SYMBOL(2, st_shndx), 0xff00, PURG_ERR_ELF_SYMBOLS},
			{SYMBOL(4, st_shndx), 0xff02, 0},
			{SYMBOL(2, st_shndx), 0, PURG_ERR_ELF_UNDEFINED},
			{SYMBOL(5, st_info), 0x10, PURG_ERR_ELF_UNDEFINED},
			{SYMBOL(2, st_info), GLOBAL(STT_TLS), PURG_ERR_ELF_UNSUPPORTED},
			{SYMBOL(2, st_info), GLOBAL(STT_GNU_IFUNC), PURG_ERR_ELF_UNSUPPORTED},
			{SYMBOL(4, st_value), 0, PURG_ERR_ELF_SYMBOLS},
			{SYMBOL(4, st_value), 3, PURG_ERR_ELF_SYMBOLS},
			{SYMBOL(4, st_size), UINT64_MAX, PURG_ERR_ELF_SECTION},
		};

		check_bad(file.bytes, file.size, bad, sizeof(bad) / sizeof(*bad));
	}
}

#define PIE(field) offsetof(struct pie, field), sizeof(((struct pie *)0)->field)

static void test_bad_pies(void **state)
{
	static const struct bad bad[] = {
		{PIE(header.e_phentsize), 55, PURG_ERR_ELF_HEADER},
		{PIE(header.e_phnum), 0, PURG_ERR_ELF_SEGMENT},
		{PIE(header.e_phoff), UINT64_MAX, PURG_ERR_ELF_CUT},
		{PIE(header.e_entry), PIE_BASE - 1, PURG_ERR_ELF_ENTRY},
		{PIE(header.e_entry), PIE_DATA, PURG_ERR_ELF_ENTRY},
		{PIE(header.e_entry), PIE_BASE + offsetof(struct pie, words), PURG_ERR_ELF_ENTRY},
		{PIE(header.e_entry), PIE_BASE + offsetof(struct pie, words) - 1, 0},
		{PIE(segment[0].p_filesz), offsetof(struct pie, words) + 1, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[0].p_memsz), PIE_DATA - PIE_BASE + 1, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[0].p_memsz), PIE_DATA - PIE_BASE, 0},
		{PIE(segment[0].p_align), 3, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[0].p_offset), sizeof(struct pie), PURG_ERR_ELF_CUT},
		{PIE(segment[0].p_flags), PF_R, PURG_ERR_ELF_ENTRY},
		{PIE(segment[0].p_vaddr), PIE_DATA, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[1].p_vaddr), UINT64_MAX - 100, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[1].p_memsz), 0, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[1].p_memsz), INT64_MAX, PURG_ERR_ELF_SEGMENT},
		{PIE(segment[1].p_type), PT_INTERP, PURG_ERR_ELF_DYNAMIC},
		{PIE(segment[1].p_type), PT_TLS, PURG_ERR_ELF_UNSUPPORTED},
		{PIE(segment[1].p_type), PT_DYNAMIC, PURG_ERR_ELF_DYNAMIC},
		{PIE(header.e_type), ET_EXEC, PURG_ERR_ELF_DYNAMIC},
		{PIE(segment[2].p_type), PT_NOTE, 0},
		{PIE(segment[2].p_offset), UINT64_MAX, PURG_ERR_ELF_CUT},
		{PIE(segment[2].p_filesz), 11 * 16, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[0].d_tag), DT_NEEDED, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[0].d_tag), DT_TEXTREL, PURG_ERR_ELF_SYMBOLS},
		{PIE(dynamic[0].d_un), PIE_BASE + offsetof(struct pie, words) - 24, PURG_ERR_ELF_SYMBOLS},
		{PIE(dynamic[0].d_un), PIE_BASE + offsetof(struct pie, words) - 23, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[1].d_un), 25, PURG_ERR_ELF_HEADER},
		{PIE(dynamic[1].d_tag), DT_TEXTREL, 0},
		{PIE(dynamic[1].d_tag), DT_RELSZ, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[1].d_tag), 0x6000000f, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[1].d_tag), 0x60000012, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[1].d_tag), 0x6fffe000, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[1].d_tag), 0x70000011, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[1].d_tag), 0x70000012, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[2].d_un), PIE_DATA + 640 - 71, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[2].d_un), UINT64_MAX, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[3].d_un), 23, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[3].d_un), 24 * 1000, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[4].d_un), 16, PURG_ERR_ELF_HEADER},
		{PIE(dynamic[6].d_un), 25, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[7].d_un), DT_REL, PURG_ERR_ELF_RELOCATION},
		{PIE(dynamic[9].d_un), 9, PURG_ERR_ELF_DYNAMIC},
		{PIE(dynamic[10].d_un), 4, PURG_ERR_ELF_HEADER},
		{PIE(dynamic[11].d_tag), 0x12345, PURG_ERR_ELF_DYNAMIC},
		{PIE(rela[0].r_offset), PIE_DATA + 800 - 7, PURG_ERR_ELF_PLACE},
		{PIE(rela[0].r_offset), PIE_DATA - 8, PURG_ERR_ELF_PLACE},
		{PIE(rela[0].r_offset), PIE_BASE - 1, PURG_ERR_ELF_PLACE},
		{PIE(rela[0].r_offset), UINT64_MAX, PURG_ERR_ELF_PLACE},
		{PIE(rela[0].r_info), R_X86_64_32, PURG_ERR_ELF_RELOCATION},
		{PIE(rela[0].r_info), R_X86_64_IRELATIVE, PURG_ERR_ELF_RELOCATION},
		{PIE(rela[0].r_info), R_X86_64_COPY, PURG_ERR_ELF_RELOCATION},
		{PIE(rela[1].r_info), ELF64_R_INFO(UINT64_C(9999), 1), PURG_ERR_ELF_SYMBOLS},
		{PIE(plt[0].r_info), ELF64_R_INFO(UINT64_C(3), 2), PURG_ERR_ELF_RELOCATION},
		{PIE(relr[0]), 1, PURG_ERR_ELF_DYNAMIC},
		{PIE(relr[0]), PIE_DATA + 800 - 6, PURG_ERR_ELF_PLACE},
		{PIE(relr[2]), UINT64_MAX, PURG_ERR_ELF_PLACE},
		{PIE(symbol[1].st_info), GLOBAL(STT_GNU_IFUNC), PURG_ERR_ELF_UNSUPPORTED},
		{PIE(symbol[1].st_info), GLOBAL(STT_TLS), PURG_ERR_ELF_UNSUPPORTED},
		{PIE(symbol[2].st_info), GLOBAL(STT_NOTYPE), PURG_ERR_ELF_UNDEFINED},
		{PIE(section[1].sh_entsize), 16, PURG_ERR_ELF_HEADER},
		{PIE(section[1].sh_size), 25, PURG_ERR_ELF_SYMBOLS},
		{PIE(section[1].sh_link), 3, PURG_ERR_ELF_SYMBOLS},
		{PIE(section[1].sh_link), 0, PURG_ERR_ELF_SYMBOLS},
		{PIE(section[1].sh_offset), sizeof(struct pie) - 95, PURG_ERR_ELF_CUT},
		{PIE(section[2].sh_offset), sizeof(struct pie) - 15, PURG_ERR_ELF_CUT},
		{PIE(section[2].sh_type), SHT_DYNSYM, PURG_ERR_ELF_SYMBOLS},
		{PIE(strings[15]), 1, PURG_ERR_ELF_SYMBOLS},
	};
	struct pie pie;

	(void)state;
	file_pie(&pie, EM_X86_64);
	check_bad((uint8_t *)&pie, sizeof(pie), bad, sizeof(bad) / sizeof(*bad));
}

/* Relocations that many sections share would be looked at as often: much work for a small file. */
static void test_shared_sections(void **state)
{
	Elf64_Shdr *headers;

	(void)state;
	sound_object();
	headers = (Elf64_Shdr *)(file.bytes + ((Elf64_Ehdr *)file.bytes)->e_shoff);
	headers[0] = headers[5];
	assert_int_equal(error_of(file.bytes, file.size), 0);
	headers[0].sh_offset = 0;
	headers[0].sh_size = file.size / 2 / 24 * 24;
	headers[5].sh_offset = 0;
	headers[5].sh_size = file.size / 2 / 24 * 24;
	assert_int_equal(error_of(file.bytes, file.size), PURG_ERR_ELF_SECTION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_arm64),
		cmocka_unit_test(test_limits_x86_64),
		cmocka_unit_test(test_data_is_the_value),
		cmocka_unit_test(test_limits_of_slots),
		cmocka_unit_test(test_far_slots),
		cmocka_unit_test(test_got_pcrel32),
		cmocka_unit_test(test_unknown_types),
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_bad_relocations),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_pie),
		cmocka_unit_test(test_spoilt_object),
		cmocka_unit_test(test_spoilt_pie),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_bad_objects),
		cmocka_unit_test(test_bad_pies),
		cmocka_unit_test(test_shared_sections),
		cmocka_unit_test(test_end_of_memory),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_set_and_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
