/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The loader library and ELF files that are made by hand: where everything of a sound one comes to lie, and its
 * symbols. What ld makes of sound files, and the library too, is compared in tests/forms/test_loader_elf.py.
 */
#include "elf_opened.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),  cmocka_unit_test(test_end_of_memory),
		cmocka_unit_test(test_symbols), cmocka_unit_test(test_set_and_get),
		cmocka_unit_test(test_pie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
