/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A sound boot on the fake architecture, with a kernel and perhaps an initrd; and how its run must end. */
#ifndef CORRIDOR_H
#define CORRIDOR_H

#include "fake.h"

static uint8_t kernel[1000], initrd[777];

static inline int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	for (size_t i = 0; i < sizeof(kernel); i++)
		kernel[i] = (uint8_t)(i * 7);
	memset(initrd, 0x5a, sizeof(initrd));
	fake_valid_block(&purg_params, kernel, sizeof(kernel));
	return 0;
}

static inline void add_segment(const char *name, const void *start, size_t size)
{
	struct purg_segment *segment = &purg_params.segment[purg_params.segment_count++];

	segment->start = (uintptr_t)start;
	segment->size = size;
	memcpy(segment->name, name, strlen(name));
	sha256(sha256_blocks_portable, start, size, segment->digest);
}

static inline void add_initrd(void)
{
	add_segment("initrd", initrd, sizeof(initrd));
}

static inline void assert_said(const char *expected)
{
	if (!strstr(fake.transcript, expected))
		fail_msg("no \"%s\" in \"%s\"", expected, fake.transcript);
}

static inline void assert_refused(uint32_t code, const char *line)
{
	fake_run();
	assert_int_equal(fake.end, FAKE_HALTED);
	assert_int_equal(fake.code, code);
	assert_said("purgatory: refused: ");
	assert_said(line);
	assert_said("; halted\r\n");
	assert_null(strstr(fake.transcript, "jumping"));
}

static inline void assert_jumped(const char *line)
{
	fake_run();
	assert_int_equal(fake.end, FAKE_JUMPED);
	assert_int_equal(fake.entry, purg_params.handoff.arm64.pc);
	assert_said(line);
}

static inline void make_concat(void)
{
	struct sha256 ctx;

	add_initrd();
	for (int i = 0; i < 2; i++) {
		purg_params.segment[i].kind = PURG_DIGEST_CONCAT;
		memset(purg_params.segment[i].digest, 0, PURG_DIGEST_SIZE);
	}
	sha256_init(&ctx, sha256_blocks_portable);
	sha256_update(&ctx, kernel, sizeof(kernel));
	sha256_update(&ctx, initrd, sizeof(initrd));
	sha256_out(&ctx, purg_params.digest);
}

static inline void digest_block(void)
{
	memset(purg_params.block_digest, 0, PURG_DIGEST_SIZE);
	sha256(sha256_blocks_portable, &purg_params, sizeof(purg_params), purg_params.block_digest);
}

#endif
