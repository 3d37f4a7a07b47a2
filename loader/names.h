/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Included by the compiler and the assembler before anything else, when the library is built for somebody else's
 * program: what one of its files has for another gets a name that cannot be one of that program, which may well have a
 * sha256_init of its own. A test fails when a name is missing here.
 */
#ifndef LIBPURGATORY_NAMES_H
#define LIBPURGATORY_NAMES_H

#define arch_sha256 purg_internal_arch_sha256
#define params_digest purg_internal_params_digest
#define sha256 purg_internal_sha256
#define sha256_blocks_ce purg_internal_sha256_blocks_ce
#define sha256_blocks_portable purg_internal_sha256_blocks_portable
#define sha256_blocks_shani purg_internal_sha256_blocks_shani
#define sha256_blocks_ssse3 purg_internal_sha256_blocks_ssse3
#define sha256_init purg_internal_sha256_init
#define sha256_k purg_internal_sha256_k
#define sha256_lane_digests purg_internal_sha256_lane_digests
#define sha256_lanes16_avx512 purg_internal_sha256_lanes16_avx512
#define sha256_lanes2_ce purg_internal_sha256_lanes2_ce
#define sha256_lanes2_shani purg_internal_sha256_lanes2_shani
#define sha256_lanes8_avx2 purg_internal_sha256_lanes8_avx2
#define sha256_out purg_internal_sha256_out
#define sha256_striped purg_internal_sha256_striped
#define sha256_update purg_internal_sha256_update
#define sha256_way_for purg_internal_sha256_way_for
#define zero_digest purg_internal_zero_digest

#endif
