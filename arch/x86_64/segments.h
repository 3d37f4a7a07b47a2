/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Selectors that the Linux boot protocol fixes for its 64-bit and its 32-bit entry (Documentation/arch/x86/boot.rst),
 * and descriptors.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#define SELECTOR_CODE 0x10 /* __BOOT_CS */
#define SELECTOR_DATA 0x18 /* __BOOT_DS */
#define SELECTOR_TSS 0x20  /* ours, behind them; of 16 bytes */

/*
 * SDM volume 3, 3.4.5: base 0, present, ring 0, accessed, code execute/read, data read/write. CODE64 has L, CODE32 and
 * DATA have D/B; their limit is 4 GiB. CODE16 and DATA16 are what 9.9.2 wants before real mode: limit 64 KiB.
 */
#define DESCRIPTOR_CODE64 0x00af9b000000ffff
#define DESCRIPTOR_CODE32 0x00cf9b000000ffff
#define DESCRIPTOR_DATA 0x00cf93000000ffff
#define DESCRIPTOR_CODE16 0x00009b000000ffff
#define DESCRIPTOR_DATA16 0x000093000000ffff

/* SDM volume 3, 7.2.3: present, 64-bit TSS, not busy; without its limit. */
#define DESCRIPTOR_TSS 0x0000890000000000
#define TSS_BUSY_BYTE 5
#define TSS_BUSY (1 << 1)

/* RFLAGS: bit 1 is always one; IF, DF and the rest are clear. */
#define RFLAGS_CLEAR 0x2

#ifndef __ASSEMBLER__

#include <stdint.h>

/* With the lower half of the base in its places. */
static inline uint64_t segments_with_base(uint64_t descriptor, uint64_t base)
{
	return descriptor | (base & 0xffffff) << 16 | (base & 0xff000000) << 32;
}

#endif
#endif
