/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The ways of the host's architecture to compute SHA-256, for test_sha256.c: one file for each architecture. */
#ifndef PATHS_H
#define PATHS_H

#include "fake.h"

/* A way, and what Linux calls the features of the CPU that it needs. */
struct path {
	const char *name;
	const char *features[2];
	struct sha256_engine engine;
};

/* Each by itself, as the arrangement that arch_sha256 makes of them is tested as well. */
extern struct path paths[];
extern const size_t path_count;

/* Whether Linux says that the CPU has a feature. */
bool has_feature(const char *feature);

/* Fail if arch_sha256 should have chosen otherwise on this CPU. */
void check_choice(const struct sha256_engine *engine);

/* A test, of which a path is the state: what its functions must do to the registers. */
void registers(void **state);

/* The engine of a test's path; a CPU that lacks it skips the test. */
const struct sha256_engine *engine_of(void **state);

/* Bytes of which no stretch is like another. */
void fill(uint8_t *bytes, size_t size);

#endif
