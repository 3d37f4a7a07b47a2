/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the purgatory must know of the running kernel's page tables. vmcoreinfo is in lines of KEY=NUMBER (Linux
 * Documentation/admin-guide/kdump/vmcoreinfo.rst): SYMBOL()s are hexadecimal, NUMBER()s decimal, or hexadecimal behind
 * 0x (include/linux/crash_core.h, arch/arm64/kernel/crash_core.c).
 */
#include <purgatory/loader.h>

#include "number.h"
#include "range.h"
#include "text.h"

/* Where x86_64 maps the kernel itself (arch/x86/include/asm/page_64_types.h); the linear map lies below. */
#define X86_64_KERNEL_MAP 0xffffffff80000000

/* Physical addresses have at most 52 bits on both. */
#define ADDRESSES (UINT64_C(1) << 52)

/* Table entries of a search that are not of the linear map: 256 tables for the kernel itself, its modules, vmap. */
#define SEARCH_MARGIN (PURG_DEFAULT_BUDGET / 8)

/* ---- vmcoreinfo ---- */

static bool read_decimal(struct text *text, uint64_t *number)
{
	const char *start = text->at;

	for (*number = 0; text->at < text->end; text->at++) {
		uint8_t digit = (uint8_t)(*text->at - '0');

		if (digit > 9 || __builtin_mul_overflow(*number, 10, number) || !number_add(*number, digit, number))
			return false;
	}
	return text->at > start;
}

/* What VMCOREINFO_NUMBER writes of a long, too: an address may be negative. */
static bool read_number(struct text text, bool symbol, uint64_t *number)
{
	bool negative = !symbol && text_skip(&text, "-", 1);

	if (symbol || (!negative && text_skip(&text, "0x", 2)))
		return text_read_hex(&text, number) && text.at == text.end;
	if (!read_decimal(&text, number) || (negative && *number > (uint64_t)INT64_MAX + 1))
		return false;
	if (negative)
		*number = -*number;
	return true;
}

#define KEY(name) name "=", sizeof(name)

/* The number behind a key of so many characters. 1, or 0 if there is none, or an error. */
static int find(const struct purg_old_kernel *old, const char *key, size_t size, uint64_t *number)
{
	struct text text = {old->vmcoreinfo, old->vmcoreinfo + old->vmcoreinfo_size}, line;
	int found = 0;

	while (text.at < text.end) {
		if (!text_line(&text, &line))
			return PURG_ERR_OLD_VMCOREINFO;
		if (!text_starts_with(line, key, size - 1))
			continue;
		if (found++ || !text_skip(&line, key, size) || !read_number(line, *key == 'S', number))
			return PURG_ERR_OLD_VMCOREINFO;
	}
	return found;
}

/* Both of two numbers. */
static int find_both(const struct purg_old_kernel *old, const char *key, size_t size, uint64_t *number,
		     const char *other_key, size_t other_size, uint64_t *other)
{
	int found = find(old, key, size, number);

	return found == 1 ? find(old, other_key, other_size, other) : found;
}

/* ---- What follows from it ---- */

static int x86_64_root(const struct purg_old_kernel *old, uint64_t *root)
{
	uint64_t symbol, phys_base, mask = 0;
	int found = find(old, KEY("NUMBER(sme_mask)"), &mask);

	if (found < 0)
		return found;
	if (mask)
		return PURG_ERR_OLD_ENCRYPTED;
	*root = old->root;
	found = find_both(old, KEY("SYMBOL(swapper_pg_dir)"), &symbol, KEY("NUMBER(phys_base)"), &phys_base);
	if (found == 1)
		*root = symbol - X86_64_KERNEL_MAP + phys_base;
	return found < 0 ? found : 0;
}

static int x86_64_levels(const struct purg_old_kernel *old, uint32_t *levels)
{
	uint64_t enabled;
	int found = find(old, KEY("NUMBER(pgtable_l5_enabled)"), &enabled);

	if (found < 0 || (found && enabled > 1))
		return PURG_ERR_OLD_VMCOREINFO;
	*levels = found ? 4 + (uint32_t)enabled : old->levels;
	return *levels == 4 || *levels == 5 ? 0 : PURG_ERR_OLD_LEVELS;
}

/* Zero if it is not said. */
static int arm64_root(const struct purg_old_kernel *old, uint64_t *root)
{
	uint64_t symbol, offset;
	int found = find_both(old, KEY("SYMBOL(swapper_pg_dir)"), &symbol, KEY("NUMBER(kimage_voffset)"), &offset);

	*root = found == 1 ? symbol - offset : 0;
	return found < 0 ? found : 0;
}

/*
 * The linear map begins with the kernel's half of the addresses since Linux 5.4 (arch/arm64/include/asm/memory.h); a
 * kernel that tells of TCR_EL1 is of 5.9 or later. Zero if it is not said.
 */
static int arm64_linear_map(const struct purg_old_kernel *old, uint64_t *linear_map)
{
	uint64_t bits, start, size;
	int found = find_both(old, KEY("NUMBER(VA_BITS)"), &bits, KEY("NUMBER(TCR_EL1_T1SZ)"), &size);

	*linear_map = 0;
	if (found == 1)
		found = find(old, KEY("NUMBER(PHYS_OFFSET)"), &start);
	if (found != 1)
		return found;
	if (bits < 36 || bits > 52)
		return PURG_ERR_OLD_VMCOREINFO;
	*linear_map = -(UINT64_C(1) << bits) - start;
	return 0;
}

/* ---- The linear map ---- */

static uint64_t lowest_address(uint16_t arch, uint32_t levels)
{
	if (arch == PURG_ARCH_ARM64)
		return -(UINT64_C(1) << 52);
	return -(UINT64_C(1) << (levels == 4 ? 47 : 56));
}

static uint64_t highest_address(uint16_t arch)
{
	return arch == PURG_ARCH_ARM64 ? UINT64_MAX : X86_64_KERNEL_MAP - 1;
}

static int look_up(const struct purg_old_kernel *old, uint64_t linear_map, struct purg_linear_map *map)
{
	uint64_t last;

	map->va = linear_map + old->region.start;
	map->pa = old->region.start;
	if (map->va < lowest_address(old->arch, map->levels) || !number_add(map->va, old->region.size - 1, &last) ||
	    last > highest_address(old->arch))
		return PURG_ERR_OLD_ADDRESS;
	return 0;
}

/* One entry for each page is as many as the linear map can need. */
static int search(const struct purg_old_kernel *old, struct purg_linear_map *map)
{
	uint64_t left = (uint64_t)(PURG_DEFAULT_BUDGET - SEARCH_MARGIN) * PAGE;

	for (uint32_t i = 0; i < old->memory_count; i++) {
		if (old->memory[i].size > left)
			return PURG_ERR_OLD_SEARCH;
		left -= old->memory[i].size;
	}
	map->flags |= PURG_LINEAR_MAP_SEARCH;
	return old->region.size > left ? PURG_ERR_OLD_SEARCH : 0;
}

static int find_linear_map(const struct purg_old_kernel *old, struct purg_linear_map *map)
{
	uint64_t said = 0;
	int error = old->arch == PURG_ARCH_ARM64 ? arm64_linear_map(old, &said) : 0;

	if (error)
		return error;
	if (said && old->linear_map && said != old->linear_map)
		return PURG_ERR_OLD_ADDRESS;
	if (said || old->linear_map)
		return look_up(old, said ? said : old->linear_map, map);
	return search(old, map);
}

/* ---- Memory ---- */

static bool is_memory(const struct purg_range *range)
{
	return range->size && number_inside(range->start, range->size, ADDRESSES);
}

static int check_memory(const struct purg_old_kernel *old)
{
	const struct purg_range *region = &old->region;

	if (!is_memory(region))
		return PURG_ERR_OLD_REGION;
	for (uint32_t i = 0; i < old->memory_count; i++) {
		if (!is_memory(&old->memory[i]))
			return PURG_ERR_OLD_MEMORY;
		if (ranges_overlap(region->start, region->size, old->memory[i].start, old->memory[i].size))
			return PURG_ERR_OLD_REGION;
	}
	return old->memory_count ? 0 : PURG_ERR_OLD_MEMORY;
}

static bool has_table(const struct purg_range *range, uint64_t table)
{
	return range_within(table, PAGE, range->start, range->size);
}

/* The smallest, but for the one with the top table. */
static uint32_t least(const struct purg_linear_map *map, uint64_t root)
{
	uint32_t least = has_table(&map->range[0], root);

	for (uint32_t i = least + 1; i < map->range_count; i++)
		if (map->range[i].size < map->range[least].size && !has_table(&map->range[i], root))
			least = i;
	return least;
}

/* They stay in the order that they have. */
static void take_range(struct purg_linear_map *map, const struct purg_range *range, uint64_t root)
{
	if (map->range_count == PURG_MAX_RANGES) {
		uint32_t out = least(map, root);

		if (range->size <= map->range[out].size && !has_table(range, root))
			return;
		map->range_count--;
		memmove(&map->range[out], &map->range[out + 1], (map->range_count - out) * sizeof(*range));
	}
	map->range[map->range_count++] = *range;
}

static bool take_memory(const struct purg_old_kernel *old, uint64_t root, struct purg_linear_map *map)
{
	bool found = false;

	for (uint32_t i = 0; i < old->memory_count; i++) {
		take_range(map, &old->memory[i], root);
		found |= has_table(&old->memory[i], root);
	}
	return found;
}

/* ---- All of it ---- */

static int fill_x86_64(const struct purg_old_kernel *old, struct purg_linear_map *map)
{
	int error = x86_64_root(old, &map->root);

	if (!error)
		error = x86_64_levels(old, &map->levels);
	if (error)
		return error;
	return !(map->root % PAGE) && take_memory(old, map->root, map) ? 0 : PURG_ERR_OLD_ROOT;
}

static int fill_arm64(const struct purg_old_kernel *old, struct purg_linear_map *map)
{
	uint64_t root;
	int error = arm64_root(old, &root);

	map->flags = PURG_LINEAR_MAP_LIVE;
	take_memory(old, root, map);
	return error;
}

int purg_params_unless_unmapped(struct purg_params *params, const struct purg_old_kernel *old)
{
	struct purg_linear_map map = {.region = old->region.start, .region_size = old->region.size};
	int error = check_memory(old);

	if (old->arch != PURG_ARCH_ARM64 && old->arch != PURG_ARCH_X86_64)
		return PURG_ERR_ARGUMENT;
	if (!error)
		error = old->arch == PURG_ARCH_ARM64 ? fill_arm64(old, &map) : fill_x86_64(old, &map);
	if (!error)
		error = find_linear_map(old, &map);
	if (error)
		return error;
	params->verify = PURG_VERIFY_UNLESS_UNMAPPED;
	params->linear_map = map;
	return 0;
}
