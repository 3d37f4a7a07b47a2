/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The header of an arm64 Image (Linux Documentation/arch/arm64/booting.rst, "Call the kernel image"). */
#ifndef ARM64_IMAGE_H
#define ARM64_IMAGE_H

#include <stdint.h>

struct arm64_image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe;
};
_Static_assert(sizeof(struct arm64_image_header) == 64, "size of the arm64 Image header");

#define ARM64_IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */
#define ARM64_IMAGE_BIG_ENDIAN (1 << 0)
#define ARM64_IMAGE_PAGE_SHIFT 1 /* two bits: 0, 4 KiB, 16 KiB, 64 KiB */
#define ARM64_IMAGE_PAGE_MASK 3
#define ARM64_IMAGE_ANYWHERE (1 << 3)
#define ARM64_IMAGE_ALIGN 0x200000 /* text_offset counts from a multiple of this */

#endif
