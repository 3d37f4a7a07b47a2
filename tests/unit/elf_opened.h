/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the tests of ELF files share: an open one in memory of exactly its size, and a sound object. */
#ifndef ELF_OPENED_H
#define ELF_OPENED_H

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

static inline void open_bytes(struct opened *opened, const void *bytes, size_t size)
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

static inline void close_bytes(struct opened *opened)
{
	free(opened->bytes);
	free(opened->scratch);
}

static inline int error_of(const void *bytes, size_t size)
{
	struct opened opened;

	open_bytes(&opened, bytes, size);
	close_bytes(&opened);
	return opened.error;
}

/* Do all that can be done with an open file, in memory of exactly its size. Returns what loading it says. */
static inline int64_t use(const struct purg_elf *elf, uint64_t address)
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

static inline uint64_t address_for(const struct purg_elf *elf)
{
	return elf->type == ET_EXEC ? elf->address : elf->align > ADDRESS ? 0 : ADDRESS;
}

static inline uint64_t word_at(const uint8_t *memory, uint64_t offset)
{
	uint64_t word;

	memcpy(&word, memory + offset, sizeof(word));
	return word;
}

static const uint64_t sound_text[4];
static const Elf64_Rela sound_rela[] = {
	{0, ELF64_R_INFO(SYM_DATA, R_X86_64_64), 1},         {8, ELF64_R_INFO(SYM_ZEROS, R_X86_64_PC32), -4},
	{12, ELF64_R_INFO(SYM_DATA, R_X86_64_GOTPCREL), -4}, {16, ELF64_R_INFO(SYM_COMMON, R_X86_64_64), 0},
	{24, ELF64_R_INFO(SYM_WEAK, R_X86_64_64), 0},
};

static inline void sound_object(void)
{
	file_object(&file, EM_X86_64, sound_text, sizeof(sound_text), sound_rela,
		    sizeof(sound_rela) / sizeof(*sound_rela), 77);
}

#endif
