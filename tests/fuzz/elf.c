/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* ELF files: whatever opens can be loaded, and its symbols lie in what is loaded. */
#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#define MEMORY_MAX (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void look_up(const struct purg_elf *elf, uint8_t *memory, const char *name)
{
	uint64_t offset, bytes;
	uint8_t value[64];

	if (purg_elf_symbol(elf, name, &offset, &bytes))
		return;
	require(bytes <= elf->mem_size && offset <= elf->mem_size - bytes);
	if (bytes > sizeof(value))
		return;
	memset(value, 0x5a, sizeof(value));
	require(purg_elf_set(elf, memory, name, value, bytes) == 0);
	memset(value, 0, sizeof(value));
	require(purg_elf_get(elf, memory, name, value, bytes) == 0);
	for (uint64_t i = 0; i < bytes; i++)
		require(value[i] == 0x5a && memory[offset + i] == 0x5a);
}

/* Twice the same; of what has no error, nothing depends on what was in memory before. */
static void load(const struct purg_elf *elf, uint64_t address)
{
	uint8_t *memory = malloc(elf->mem_size), *again = malloc(elf->mem_size);
	int64_t loaded;

	memset(memory, 0xa5, elf->mem_size);
	memset(again, 0x5a, elf->mem_size);
	loaded = purg_elf_load(elf, memory, elf->mem_size, address);
	require(loaded == (int64_t)elf->mem_size || loaded == PURG_ERR_ELF_RANGE || loaded == PURG_ERR_ELF_MISALIGNED ||
		loaded == PURG_ERR_WRAP);
	require(purg_elf_load(elf, again, elf->mem_size, address) == loaded);
	require(loaded < 0 || !memcmp(memory, again, elf->mem_size));
	look_up(elf, memory, "text");
	look_up(elf, memory, "common");
	look_up(elf, memory, "a");
	if (elf->type != 1)
		require(purg_elf_flatten(elf, again, elf->mem_size) == (int64_t)elf->mem_size);
	free(memory);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t count = purg_elf_scratch(data, size);
	struct purg_elf elf, before;
	uint64_t *scratch;
	int error;

	if (count < 0)
		return 0;
	require(count <= (int64_t)(size / 8));
	scratch = malloc((size_t)count * sizeof(*scratch));
	memset(&elf, 0xa5, sizeof(elf));
	before = elf;
	error = purg_elf_open(&elf, data, size, scratch, (size_t)count);
	if (error) {
		require(error <= PURG_ERR_ELF_CUT && error >= PURG_ERR_ELF_INSTRUCTION);
		require(!memcmp(&elf, &before, sizeof(elf)));
	} else {
		require(elf.entry < elf.mem_size && elf.align && !(elf.align & (elf.align - 1)));
		if (elf.mem_size <= MEMORY_MAX) {
			load(&elf, elf.type == 2 ? elf.address : 0);
			load(&elf, elf.type == 2 ? elf.address : elf.align << 10);
		}
	}
	free(scratch);
	return 0;
}
