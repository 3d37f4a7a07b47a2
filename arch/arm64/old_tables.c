/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The old kernel's translation tables, of any granule and size: Arm ARM (DDI 0487), "The AArch64 Virtual Memory System
 * Architecture", VMSAv8-64. Linux unmaps what it loads for a crash (until 6.3): any leaf at all counts.
 */
#include <walk.h>

/* TCR_EL1: size and granule of the upper half, whether it is walked, the size of physical addresses, FEAT_LPA2. */
#define T1SZ_SHIFT 16
#define T1SZ_MASK 0x3f
#define EPD1 (1ull << 23)
#define TG1_SHIFT 30
#define TG1_MASK 3
#define IPS_SHIFT 32
#define IPS_MASK 7
#define IPS_52 6
#define DS (1ull << 59)

/* The largest half: of 52 bits if descriptors can have as many, else of 48. The smallest that every CPU has: of 25. */
#define MIN_T1SZ_WIDE 12
#define MIN_T1SZ 16
#define MAX_T1SZ 39

/* TTBR1_EL1: the table's address; where that has 52 bits, the upper ones stand in place of those of 32 bytes. */
#define TTBR_ADDRESS 0x0000fffffffffffeull
#define TTBR_ADDRESS_52 0x0000ffffffffffc0ull
#define TTBR_HIGH_SHIFT 2
#define TTBR_HIGH_MASK 0xfull

#define VALID 1
#define TYPE_MASK 3
#define TYPE_GUARD 2 /* a page, but for VALID */
#define TYPE_BLOCK 1 /* with VALID but for this: a table, or, at the last level, a page */

#define SHIFT_4K 12
#define SHIFT_64K 16

const char old_tables_safe[] = "unmapped from";
const char old_tables_exposed[] = " is mapped";

/* log2 of the bytes of a page, by TG1; zero: there is no such granule. */
static uint32_t granule(uint64_t tcr)
{
	static const uint8_t shifts[] = {0, 14, SHIFT_4K, SHIFT_64K};

	return shifts[tcr >> TG1_SHIFT & TG1_MASK];
}

static uint64_t root(uint64_t ttbr, bool high)
{
	if (high)
		return (ttbr & TTBR_ADDRESS_52) | (ttbr >> TTBR_HIGH_SHIFT & TTBR_HIGH_MASK) << 48;
	return ttbr & TTBR_ADDRESS;
}

bool old_tables_geometry(const struct purg_linear_map *map, struct walk_geometry *geometry)
{
	uint64_t ttbr = map->root, tcr = map->tcr;
	uint32_t page_shift, size;
	bool wide;

	if (map->levels || (map->flags & PURG_LINEAR_MAP_LIVE && (ttbr || tcr)))
		return false;
	if (map->flags & PURG_LINEAR_MAP_LIVE)
		old_memory_registers(&ttbr, &tcr);
	page_shift = granule(tcr);
	size = tcr >> T1SZ_SHIFT & T1SZ_MASK;
	wide = page_shift == SHIFT_64K || tcr & DS;
	if (!page_shift || tcr & EPD1 || size < (wide ? MIN_T1SZ_WIDE : MIN_T1SZ) || size > MAX_T1SZ)
		return false;
	*geometry = (struct walk_geometry){
		.root = root(ttbr, page_shift == SHIFT_64K ? (tcr >> IPS_SHIFT & IPS_MASK) == IPS_52 : wide),
		.first = -(1ull << (64 - size)),
		.bits = 64 - size,
		.page_shift = page_shift,
		.level_bits = page_shift - 3,
		.wide = wide,
	};
	return true;
}

/*
 * Of 52 bits the upper ones stand in what else is zero, or says whether memory is shared. Those below an address are
 * not cleared.
 */
static uint64_t output(const struct walk_geometry *geometry, uint64_t entry)
{
	if (!geometry->wide)
		return entry & 0x0000ffffffffffffull;
	if (geometry->page_shift == SHIFT_64K)
		return (entry & 0x0000ffffffffffffull) | (entry >> 12 & 0xf) << 48;
	return (entry & 0x0003ffffffffffffull) | (entry >> 8 & 3) << 50;
}

/* A block is of one level above pages, of two with 4 KiB; and of one more where addresses have 52 bits. */
static uint32_t max_block_shift(const struct walk_geometry *geometry)
{
	return geometry->page_shift + geometry->level_bits * (1u + (geometry->page_shift == SHIFT_4K) + geometry->wide);
}

/* Linux unmaps page by page: it clears VALID, and the address stays (set_memory_valid in arch/arm64/mm/pageattr.c). */
enum walk_entry old_tables_entry(const struct walk_geometry *geometry, uint32_t shift, uint64_t entry,
				 uint64_t *address)
{
	bool last = shift == geometry->page_shift, block = (entry & TYPE_MASK) == TYPE_BLOCK;

	if (!(entry & VALID) && !(last && (entry & TYPE_MASK) == TYPE_GUARD))
		return WALK_ABSENT;
	if (block && (last || shift > max_block_shift(geometry)))
		return WALK_BROKEN;
	*address = output(geometry, entry) & -(1ull << (block ? shift : geometry->page_shift));
	if (!(entry & VALID))
		return WALK_GUARD;
	return block || last ? WALK_LEAF : WALK_TABLE;
}
