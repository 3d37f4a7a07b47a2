/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The caches are coherent, and the loader's identity map, in which a table should lie, is asked page by page. */
#include <arch.h>
#include <walk.h>
#include "probe.h"
#include "registers.h"

#define PAGE 0x1000ull

static uint64_t reached; /* the page that was asked for last; none begins at 1 */

bool old_memory_begin(void)
{
	reached = 1;
	return !(read_cr0() & CR0_CD);
}

/* Where nobody can tell what is mapped, all is said to be: so try. */
static bool reach(uint64_t page)
{
	uint64_t any;

	return probe_read(page, &any) && arch_mapped(page, PAGE);
}

bool old_memory_read(uint64_t address, uint64_t *value)
{
	uint64_t page = address & -PAGE;

	if (page != reached && !reach(page))
		return false;
	reached = page;
	*value = *(const volatile uint64_t *)(uintptr_t)address;
	return true;
}
