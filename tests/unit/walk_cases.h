/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Cases of the walk that are the same for both architectures, but for what their tables look like. */
#ifndef WALK_CASES_H
#define WALK_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <walk.h>

#include "walk_memory.h"
#include "walk_world.h"

/* Flags, levels and tcr of each kind of tables; the test program has them. */
extern const struct purg_linear_map case_map[];
extern const size_t case_maps;

/* A world in which the root is mapped, with a region of 16 pages, none of which is mapped; all but the first three are
 * a segment. */
#define CASE_PAGES 16
#define CASE_FIRST 3
void case_begin(struct world *world, const struct purg_linear_map *map);

/* Walk, hold it against the oracle, and expect this; returns the walk. */
const struct walk *case_walk(const struct world *world, uint32_t result, uint64_t skip);

/* Such a world, of each kind of tables in turn, for each of the two ways of looking; false: that was all. */
extern struct world case_world;
bool case_begins(size_t which);
#define EACH_MAP_AND_WAY for (size_t which = 0; case_begins(which); which++)

/* Its pages: how large they are, and whether that of this index in the region is mapped. */
uint64_t case_page(void);
void case_map_page(uint32_t index);
void case_unmap_page(uint32_t index);

/* What old_tables_entry must say of an entry. */
struct case_entry {
	uint32_t shift;
	uint64_t entry;
	enum walk_entry is;
	uint64_t address; /* of a table, a leaf, a guard */
};
void case_entries(const struct purg_linear_map *map, const struct case_entry *entry, size_t count);

/* The cases. */
void case_random_look_up(void **state);
void case_random_search(void **state);
void case_budget(void **state);
void case_edges(void **state);
void case_heights(void **state);
void case_segments(void **state);
void case_concat(void **state);
void case_control(void **state);
void case_unproven(void **state);
void case_bases(void **state);
void case_pointers(void **state);
void case_cycles(void **state);
void case_address(void **state);
void case_ranges(void **state);
void case_region(void **state);
void case_policy(void **state);
void case_consoles(void **state);
void case_fields(void **state);

#define CASES                                                                                                       \
	cmocka_unit_test(case_random_look_up), cmocka_unit_test(case_random_search), cmocka_unit_test(case_budget), \
		cmocka_unit_test(case_edges), cmocka_unit_test(case_heights), cmocka_unit_test(case_segments),      \
		cmocka_unit_test(case_concat), cmocka_unit_test(case_control), cmocka_unit_test(case_unproven),     \
		cmocka_unit_test(case_bases), cmocka_unit_test(case_pointers), cmocka_unit_test(case_cycles),       \
		cmocka_unit_test(case_address), cmocka_unit_test(case_ranges), cmocka_unit_test(case_region),       \
		cmocka_unit_test(case_consoles), cmocka_unit_test(case_policy), cmocka_unit_test(case_fields)

#endif
