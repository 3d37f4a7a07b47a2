/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * loader/core.c. What it writes is read back through <elf.h>, which the library does not use, and by readelf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <elf.h>
#include <purgatory/loader.h>

#define X86_LINEAR 0xffff888000000000
#define X86_TEXT 0xffffffff81000000

static const struct purg_range memory[] = {{0x1000, 0x9e000}, {0x100000, 0x3ff00001}, {0x100000000, 0x123456789000}};
static const struct purg_range notes[] = {{0x7fe01234, 0x168}, {0, 0}, {0x17fe01238, 0x169}};

static struct purg_core make(void)
{
	return (struct purg_core){
		.arch = PURG_ARCH_X86_64,
		.memory = memory,
		.memory_count = 3,
		.linear_map = X86_LINEAR,
		.text = X86_TEXT,
		.text_address = 0x1c00000,
		.text_size = 0x2a00000,
		.vmcoreinfo = 0x17f000010,
		.vmcoreinfo_size = 0x1024,
		.note = notes,
		.note_count = 3,
	};
}

/* In a block of exactly its size. */
static uint8_t *write_core(const struct purg_core *in, size_t *size)
{
	int64_t result = purg_core_size(in);
	uint8_t *out;

	assert_true(result > 0);
	out = malloc((size_t)result);
	assert_int_equal(purg_core_write(out, (size_t)result, in), result);
	*size = (size_t)result;
	return out;
}

static void same_header(const Elf64_Phdr *found, uint32_t type, uint64_t vaddr, uint64_t paddr, uint64_t size)
{
	assert_int_equal(found->p_type, type);
	assert_int_equal(found->p_flags, type == PT_LOAD ? PF_R | PF_W | PF_X : 0);
	assert_int_equal(found->p_offset, paddr);
	assert_int_equal(found->p_vaddr, vaddr);
	assert_int_equal(found->p_paddr, paddr);
	assert_int_equal(found->p_filesz, size);
	assert_int_equal(found->p_memsz, size);
	assert_int_equal(found->p_align, 0);
}

static void check_ehdr(const Elf64_Ehdr *ehdr, uint16_t machine, uint16_t count)
{
	static const uint8_t ident[EI_NIDENT] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};

	assert_memory_equal(ehdr->e_ident, ident, sizeof(ident));
	assert_int_equal(ehdr->e_type, ET_CORE);
	assert_int_equal(ehdr->e_machine, machine);
	assert_int_equal(ehdr->e_version, EV_CURRENT);
	assert_int_equal(ehdr->e_phoff, sizeof(Elf64_Ehdr));
	assert_int_equal(ehdr->e_ehsize, sizeof(Elf64_Ehdr));
	assert_int_equal(ehdr->e_phentsize, sizeof(Elf64_Phdr));
	assert_int_equal(ehdr->e_phnum, count);
	assert_true(!ehdr->e_entry && !ehdr->e_shoff && !ehdr->e_flags && !ehdr->e_shentsize && !ehdr->e_shnum &&
		    !ehdr->e_shstrndx);
}

static void test_x86_64(void **state)
{
	struct purg_core in = make();
	const Elf64_Phdr *phdr;
	uint8_t *out;
	size_t size;

	(void)state;
	out = write_core(&in, &size);
	assert_int_equal(size, sizeof(Elf64_Ehdr) + 7 * sizeof(Elf64_Phdr));
	check_ehdr((const Elf64_Ehdr *)out, EM_X86_64, 7);
	phdr = (const Elf64_Phdr *)(out + sizeof(Elf64_Ehdr));
	same_header(phdr++, PT_NOTE, 0, 0x7fe01234, 0x168);
	same_header(phdr++, PT_NOTE, 0, 0x17fe01238, 0x169);
	same_header(phdr++, PT_NOTE, 0, 0x17f000010, 0x1024);
	same_header(phdr++, PT_LOAD, X86_TEXT, 0x1c00000, 0x2a00000);
	for (int i = 0; i < 3; i++)
		same_header(phdr++, PT_LOAD, X86_LINEAR + memory[i].start, memory[i].start, memory[i].size);
	free(out);
}

/* RAM at 512 GiB, mapped from the start of the linear map on: address 0 would lie before it, and may wrap. */
static void test_arm64(void **state)
{
	static const struct purg_range ram[] = {{0x8000000000, 0x40000000}, {0x8080000000, 0x1000}};
	struct purg_core in = make();
	const Elf64_Phdr *phdr;
	uint8_t *out;
	size_t size;

	(void)state;
	in.arch = PURG_ARCH_ARM64;
	in.memory = ram;
	in.memory_count = 2;
	in.linear_map = 0x1000 - 0x8000000000;
	in.text_size = 0;
	in.vmcoreinfo_size = 0;
	out = write_core(&in, &size);
	check_ehdr((const Elf64_Ehdr *)out, EM_AARCH64, 4);
	phdr = (const Elf64_Phdr *)(out + sizeof(Elf64_Ehdr)) + 2;
	same_header(phdr++, PT_LOAD, 0x1000, 0x8000000000, 0x40000000);
	same_header(phdr, PT_LOAD, 0x80001000, 0x8080000000, 0x1000);
	free(out);
}

static void test_readelf(void **state)
{
	static const char *const lines[] = {
		"Type: CORE (Core file)",
		"Machine: Advanced Micro Devices X86-64",
		"Number of program headers: 7",
		"NOTE 0x7fe01234 0x0000000000000000 0x000000007fe01234 0x000168 0x000168 0",
		"LOAD 0x1c00000 0xffffffff81000000 0x0000000001c00000 0x2a00000 0x2a00000 RWE 0",
		"LOAD 0x100000000 0xffff888100000000 0x0000000100000000 0x123456789000 0x123456789000 RWE 0",
	};
	char path[] = "/tmp/purgatory-core-XXXXXX", command[128], line[256];
	struct purg_core in = make();
	unsigned int found = 0;
	uint8_t *out;
	size_t size;
	FILE *pipe;
	int fd;

	(void)state;
	out = write_core(&in, &size);
	fd = mkstemp(path);
	assert_int_equal(write(fd, out, size), size);
	close(fd);
	free(out);
	snprintf(command, sizeof(command), "LC_ALL=C readelf -Whl %s | tr -s ' ' | sed 's/^ //; s/ $//'", path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			found |= strcmp(line, lines[i]) ? 0 : 1u << i;
	}
	pclose(pipe);
	unlink(path);
	assert_int_equal(found, (1u << sizeof(lines) / sizeof(lines[0])) - 1);
}

static int64_t try(const struct purg_core *in, size_t room)
{
	uint8_t *out = malloc(room + 1);
	int64_t result;

	memset(out, 0xa5, room + 1);
	result = purg_core_write(out, room, in);
	for (size_t i = result < 0 ? 0 : (size_t)result; i <= room; i++)
		assert_int_equal(out[i], 0xa5);
	free(out);
	return result;
}

static void test_room(void **state)
{
	struct purg_core in = make();
	size_t enough = (size_t)purg_core_size(&in);

	(void)state;
	for (size_t room = 0; room < enough; room++)
		assert_int_equal(try(&in, room), PURG_ERR_ROOM);
	assert_int_equal(try(&in, enough), enough);
	assert_int_equal(try(&in, enough + 100), enough);
}

static void assert_error(const struct purg_core *in, int64_t error)
{
	if (error)
		assert_int_equal(purg_core_size(in), error);
	else
		assert_true(purg_core_size(in) > 0);
	if (error)
		assert_int_equal(try(in, 4096), error);
}

static int64_t of_range(uint64_t start, uint64_t size, uint64_t linear_map)
{
	struct purg_range range = {start, size};
	struct purg_core in = make();

	in.memory = &range;
	in.memory_count = 1;
	in.linear_map = linear_map;
	return purg_core_size(&in) > 0 ? 0 : try(&in, 4096);
}

static void test_ranges(void **state)
{
	struct purg_range note = {UINT64_MAX - 7, 8};
	struct purg_core in = make();

	(void)state;
	assert_int_equal(of_range(0x1000, 0, 0), PURG_ERR_CORE_RANGE);
	assert_int_equal(of_range(0, 0, 0), PURG_ERR_CORE_RANGE);
	assert_int_equal(of_range(UINT64_MAX - 0xfff, 0x1000, 0), 0);
	assert_int_equal(of_range(UINT64_MAX - 0xfff, 0x1001, 0), PURG_ERR_CORE_RANGE);
	assert_int_equal(of_range(0, UINT64_MAX, 0), 0);
	/* The linear map: it may end with the address space, but not go on at its start. */
	assert_int_equal(of_range(0x1000, 0x1000, 0 - (uint64_t)0x2000), 0);
	assert_int_equal(of_range(0x1000, 0x1001, 0 - (uint64_t)0x2000), PURG_ERR_CORE_RANGE);
	assert_int_equal(of_range(0x2000, 0x1000, 0 - (uint64_t)0x2000), 0);

	in.note = &note;
	in.note_count = 1;
	assert_error(&in, 0);
	note.size = 9;
	assert_error(&in, PURG_ERR_CORE_RANGE);
	in = make();
	in.vmcoreinfo = UINT64_MAX - 0x1022;
	assert_error(&in, PURG_ERR_CORE_RANGE);
	in = make();
	in.text = UINT64_MAX - 0x29ffffe;
	assert_error(&in, PURG_ERR_CORE_RANGE);
	in.text--;
	assert_error(&in, 0);
	in.text_address = UINT64_MAX - 0x29ffffe;
	assert_error(&in, PURG_ERR_CORE_RANGE);
}

static void test_counts(void **state)
{
	struct purg_range *many = calloc(0x10000, sizeof(*many));
	struct purg_core in = make();
	uint8_t *out;
	size_t size;

	(void)state;
	for (uint32_t i = 0; i < 0x10000; i++)
		many[i] = (struct purg_range){(uint64_t)i << 20, 0x1000};
	in.memory = many;
	in.memory_count = 0xfffe - 4;
	out = write_core(&in, &size);
	assert_int_equal(((const Elf64_Ehdr *)out)->e_phnum, 0xfffe);
	same_header((const Elf64_Phdr *)(out + size) - 1, PT_LOAD, X86_LINEAR + 0xfff900000, 0xfff900000, 0x1000);
	free(out);
	in.memory_count++;
	assert_error(&in, PURG_ERR_CORE_COUNT);
	in.memory_count = 0;
	assert_error(&in, PURG_ERR_CORE_COUNT);
	free(many);

	in = make();
	in.note_count = 0;
	assert_error(&in, 0);
	in.vmcoreinfo_size = 0;
	assert_error(&in, PURG_ERR_CORE_COUNT);
	in.note = notes + 1; /* an empty one */
	in.note_count = 1;
	assert_error(&in, PURG_ERR_CORE_COUNT);
	in = make();
	in.arch = 0;
	assert_error(&in, PURG_ERR_ARGUMENT);
	in.arch = EM_386;
	assert_error(&in, PURG_ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64), cmocka_unit_test(test_arm64),  cmocka_unit_test(test_readelf),
		cmocka_unit_test(test_room),   cmocka_unit_test(test_ranges), cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
