/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Selectors that the Linux boot protocol fixes for its 64-bit and its 32-bit entry (Documentation/arch/x86/boot.rst),
 * and descriptors.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#define SELECTOR_CODE 0x10 /* __BOOT_CS */
#define SELECTOR_DATA 0x18 /* __BOOT_DS */

/*
 * SDM volume 3, 3.4.5: base 0, present, ring 0, accessed, code execute/read, data read/write. CODE64 has L, CODE32 and
 * DATA have D/B; their limit is 4 GiB. CODE16 and DATA16 are what 9.9.2 wants before real mode: limit 64 KiB.
 */
#define DESCRIPTOR_CODE64 0x00af9b000000ffff
#define DESCRIPTOR_CODE32 0x00cf9b000000ffff
#define DESCRIPTOR_DATA 0x00cf93000000ffff
#define DESCRIPTOR_CODE16 0x00009b000000ffff
#define DESCRIPTOR_DATA16 0x000093000000ffff

/* RFLAGS: bit 1 is always one; IF, DF and the rest are clear. */
#define RFLAGS_CLEAR 0x2

#endif
