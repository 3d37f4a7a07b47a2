/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A bzImage, and if it can be read, boot_params for it: the file's last bytes say what they are to hold. What is
 * written is walked as Linux does it, and must lie in the piece.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#define BP_SIZE 4096
#define MAPS 300
#define EFI_MAP 480
#define SEED 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t get(const uint8_t *from, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, from, size);
	return value;
}

static void check_kernel(const struct purg_bzimage *kernel, const uint8_t *data, size_t size)
{
	assert(kernel->header == data + 0x1f1 && kernel->header_size <= size - 0x1f1);
	assert(kernel->header_size >= 0x77 && kernel->header_size <= 0x9f);
	assert(kernel->version >= 0x20c && kernel->offset >= 1024 && kernel->offset % 512 == 0);
	assert(kernel->offset + kernel->size == size && kernel->size > kernel->entry && kernel->entry == 0x200);
	assert(kernel->mem_size >= kernel->size && kernel->align && !(kernel->align & (kernel->align - 1)));
}

/* Every node lies in the piece behind boot_params, behind the one before, and the chain ends. */
static void check_chain(const uint8_t *out, uint64_t size, uint64_t address)
{
	uint64_t next = get(out + 0x250, 8), end = BP_SIZE;

	while (next) {
		uint64_t at = next - address;

		assert(at % 16 == 0 && at >= end && at <= size - 16);
		end = at + 16 + get(out + at + 12, 4);
		assert(end <= size);
		next = get(out + at, 8);
	}
	assert(end <= size);
}

static void check_output(const uint8_t *out, uint64_t size, const struct purg_boot_params *in)
{
	uint64_t map = get(out + 0x1d0, 4) | get(out + 0x1dc, 4) << 32;

	assert(size >= BP_SIZE && out[0x1ef] == 0 && get(out + 0x1fa, 2) == 0xffff);
	assert(get(out + 0x202, 4) == 0x53726448 && out[0x1e8] && out[0x1e8] <= 128);
	assert((get(out + 0x228, 4) | get(out + 0x0c8, 4) << 32) == (in->cmdline_size ? in->cmdline : 0));
	assert((get(out + 0x218, 4) | get(out + 0x0c0, 4) << 32) == (in->initrd_size ? in->initrd : 0));
	if (in->kernel && !in->kernel->above_4g) {
		assert(in->address + size <= 0x100000000);
		assert(!in->cmdline_size || in->cmdline + in->cmdline_size <= 0x100000000);
	}
	check_chain(out, size, in->address);
	if (get(out + 0x1c0, 4))
		assert(map >= in->address + BP_SIZE && map + get(out + 0x1d4, 4) <= in->address + size);
}

static void write_boot_params(const struct purg_boot_params *in)
{
	int64_t size = purg_boot_params_size(in);
	uint8_t *out, before;

	if (size < 0) {
		before = 0x5a;
		assert(purg_boot_params_write(&before, 1, in) == size && before == 0x5a);
		return;
	}
	out = malloc((size_t)size);
	memset(out, 0x5a, (size_t)size);
	assert(purg_boot_params_write(out, (size_t)size - 1, in) == PURG_ERR_ROOM);
	for (int64_t i = 0; i < size; i++)
		assert(out[i] == 0x5a);
	assert(purg_boot_params_write(out, (size_t)size, in) == size);
	check_output(out, (uint64_t)size, in);
	free(out);
}

/* Numbers from the file, near the edges more often than not. */
static uint64_t place(const uint8_t *from)
{
	uint64_t value = get(from, 4);

	return from[4] & 1 ? value : from[4] & 2 ? value << 16 : UINT64_MAX - value;
}

static void fill_map(struct purg_mem *map, uint32_t count, const uint8_t *from)
{
	uint64_t start = 0;

	for (uint32_t i = 0; i < count; i++) {
		map[i] = (struct purg_mem){start, 1 + from[i % 8], 1 + i % 7, 0};
		start += map[i].size + from[(i + 1) % 8] - (from[7] == 0xff && i == 5 ? 0x100 : 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t efi_map[EFI_MAP], seed[SEED];
	static struct purg_mem map[MAPS];
	struct purg_bzimage kernel, before;
	struct purg_efi efi = {.map = efi_map, .descriptor_version = 1, .system_table = 1};
	struct purg_boot_params in = {.map = map, .seed = seed};
	uint8_t tail[64] = {0};

	memset(&kernel, 0x5a, sizeof(kernel));
	before = kernel;
	if (purg_bzimage_read(&kernel, data, size) < 0) {
		assert(!memcmp(&kernel, &before, sizeof(kernel)));
		return 0;
	}
	check_kernel(&kernel, data, size);
	memcpy(tail, data + size - sizeof(tail), sizeof(tail));
	in.kernel = tail[0] & 1 ? &kernel : NULL;
	in.efi = tail[0] & 2 ? &efi : NULL;
	in.old = tail[0] & 4 && size >= BP_SIZE ? data + size - BP_SIZE : NULL;
	in.map_count = (uint32_t)get(tail + 2, 2) % (MAPS + 1);
	in.seed_size = tail[4] % SEED;
	efi.map_size = get(tail + 6, 2) % (EFI_MAP + 1);
	efi.descriptor_size = tail[8];
	in.address = place(tail + 16) & ~(uint64_t)(tail[0] & 8 ? 0 : 15);
	in.cmdline = place(tail + 24);
	in.cmdline_size = get(tail + 30, 2);
	in.initrd = place(tail + 32);
	in.initrd_size = place(tail + 40);
	in.kernel_address = in.rsdp = get(tail + 48, 8);
	fill_map(map, in.map_count, tail + 56);
	write_boot_params(&in);
	return 0;
}
