/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Selectors and descriptors that the Linux boot protocol fixes: Documentation/arch/x86/boot.rst, "64-bit boot". */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#define SELECTOR_CODE 0x10 /* __BOOT_CS */
#define SELECTOR_DATA 0x18 /* __BOOT_DS */

/* SDM volume 3, 3.4.5: base 0, limit 4 GiB, present, ring 0, accessed; execute/read with L, read/write. */
#define DESCRIPTOR_CODE64 0x00af9b000000ffff
#define DESCRIPTOR_DATA 0x00cf93000000ffff

/* RFLAGS: bit 1 is always one; IF, DF and the rest are clear. */
#define RFLAGS_CLEAR 0x2

#endif
