/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the readers of memory maps share. */
#ifndef MAP_H
#define MAP_H

#include <purgatory/loader.h>

/* purg_map_add for a range that is known by its last byte, which may be the last that there is. */
int map_add_to(struct purg_map *map, uint64_t start, uint64_t last, uint32_t type);

#endif
