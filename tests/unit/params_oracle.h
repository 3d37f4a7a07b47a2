/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Which parameter blocks must be accepted, by docs/abi.md alone: each rule by itself, without arithmetic that can wrap,
 * and all that is wrong instead of the first.
 */
#ifndef PARAMS_ORACLE_H
#define PARAMS_ORACLE_H

#include <purgatory/abi.h>
#include <stdbool.h>

/* The machine that a block is for. */
struct oracle_world {
	bool x86;
	uint64_t image, image_size;
	uint64_t physical_end;
	uint64_t hole, hole_size; /* memory that the purgatory cannot reach */
	uint64_t counter_hz;
};

/* What is wrong: bit N for PURG_E_* number N; zero: nothing. Of the head, of the record's place alone, of all. */
uint32_t oracle_head(const struct purg_params *params);
uint32_t oracle_record(const struct purg_params *params, const struct oracle_world *world);
uint32_t oracle_fields(const struct purg_params *params, const struct oracle_world *world);

#endif
