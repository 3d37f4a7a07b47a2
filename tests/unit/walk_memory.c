/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include <arch.h>
#include <console.h>
#include <verify.h>
#include <walk.h>

#include "walk_memory.h"

#define CHUNK 4096
#define CHUNKS 1024
#define SLOTS (4 * CHUNKS)

struct memory memory;

/* What was written to, found by a hash of the address: slot[] has one more than the number of the chunk. */
static struct {
	uint64_t start;
	uint32_t slot;
	uint64_t word[CHUNK / 8];
} chunk[CHUNKS];
static uint32_t chunk_count;
static uint16_t slot[SLOTS];

void memory_clear(void)
{
	for (uint32_t i = 0; i < chunk_count; i++)
		slot[chunk[i].slot] = 0;
	chunk_count = 0;
	memset(&memory, 0, sizeof(memory));
}

/* The slot of the chunk that has this address, or the one where it would be. */
static uint32_t find(uint64_t start)
{
	uint32_t at = (uint32_t)(start / CHUNK * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SLOTS;

	while (slot[at] && chunk[slot[at] - 1].start != start)
		at = (at + 1) % SLOTS;
	return at;
}

bool memory_set(uint64_t address, uint64_t value)
{
	uint64_t start = address & -(uint64_t)CHUNK;
	uint32_t at = find(start);

	if (!slot[at]) {
		if (chunk_count == CHUNKS)
			return false;
		chunk[chunk_count].start = start;
		chunk[chunk_count].slot = at;
		memset(chunk[chunk_count].word, 0, CHUNK);
		slot[at] = (uint16_t)++chunk_count;
	}
	chunk[slot[at] - 1].word[address % CHUNK / 8] = value;
	return true;
}

uint64_t memory_get(uint64_t address)
{
	uint32_t at = find(address & -(uint64_t)CHUNK);

	return slot[at] ? chunk[slot[at] - 1].word[address % CHUNK / 8] : 0;
}

bool memory_declared(const struct purg_linear_map *map, uint64_t start, uint64_t size)
{
	for (uint32_t i = 0; i < map->range_count && i < PURG_MAX_RANGES; i++)
		if (size <= map->range[i].size && start >= map->range[i].start &&
		    start - map->range[i].start <= map->range[i].size - size)
			return true;
	return false;
}

bool old_memory_begin(void)
{
	memory.open = !memory.no_caches;
	return memory.open;
}

bool old_memory_read(uint64_t address, uint64_t *value)
{
	memory.reads++;
	memory.stray += !memory.open || address % 8 || !memory_declared(memory.map, address, 8);
	*value = memory_get(address);
	return !memory.unreachable || address != memory.unreachable;
}

void old_memory_registers(uint64_t *ttbr1, uint64_t *tcr)
{
	*ttbr1 = memory.ttbr1;
	*tcr = memory.tcr;
}

uint64_t arch_physical_end(void)
{
	return UINT64_C(1) << 52;
}

bool verify_is_given(const uint8_t digest[PURG_DIGEST_SIZE])
{
	for (int i = 0; i < PURG_DIGEST_SIZE; i++)
		if (digest[i])
			return true;
	return false;
}

bool console_touches(const struct purg_console *console, uint64_t start, uint64_t size)
{
	uint64_t span = console->kind == PURG_CONSOLE_VGA ? PURG_CONSOLE_VGA_SPAN : PURG_CONSOLE_SPAN;

	return console->kind && console->kind != PURG_CONSOLE_8250_PORT && start < console->base + span &&
	       console->base < start + size;
}

/* Nobody reads what walk_tell writes. */
void console_puts(const char *string)
{
	(void)string;
}

void console_hex(uint64_t number)
{
	(void)number;
}

void console_dec(uint64_t number)
{
	(void)number;
}
