/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A sound object and a sound PIE: every field at values where it might be believed; every length. */
#include "elf_opened.h"

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

/* A field, a bad value, and what is said. */
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
		cmocka_unit_test(test_spoilt_object), cmocka_unit_test(test_spoilt_pie),
		cmocka_unit_test(test_every_length),  cmocka_unit_test(test_bad_objects),
		cmocka_unit_test(test_bad_pies),      cmocka_unit_test(test_shared_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
