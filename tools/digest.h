/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* SHA-256 of what may take a while. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

#include <purgatory/abi.h>

/* Space for a digest as sha256sum prints it, and its NUL. */
#define DIGEST_HEX_SIZE (2 * PURG_DIGEST_SIZE + 1)

/* Bytes that are hashed, and may be written, at a time. */
#define DIGEST_CHUNK (1 << 20)

void digest_of(const char *what, const uint8_t *data, uint64_t size, uint8_t digest[PURG_DIGEST_SIZE]);
void digest_hex(const uint8_t digest[PURG_DIGEST_SIZE], char hex[DIGEST_HEX_SIZE]);

#endif
