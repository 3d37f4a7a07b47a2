/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The limits of each relocation, by the numbers of the psABIs, and the instruction that it is for. */
#include "elf_opened.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_arm64),      cmocka_unit_test(test_limits_x86_64),
		cmocka_unit_test(test_data_is_the_value), cmocka_unit_test(test_limits_of_slots),
		cmocka_unit_test(test_far_slots),         cmocka_unit_test(test_got_pcrel32),
		cmocka_unit_test(test_unknown_types),     cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_bad_relocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
