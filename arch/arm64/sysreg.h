/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Names for the bits of system registers that are used here. Arm ARM (DDI 0487), chapter D19. */
#ifndef SYSREG_H
#define SYSREG_H

/* PSTATE.DAIF as the immediate of msr daifset: debug, SError, IRQ, FIQ. */
#define DAIF_ALL 0xf

/* CurrentEL.EL */
#define CURRENTEL_SHIFT 2
#define CURRENTEL_MASK 3

/* SCTLR_ELx.M: the MMU is on */
#define SCTLR_M (1 << 0)

/* CTR_EL0.DminLine: log2 of the words (of 4 bytes) in the smallest data cache line */
#define CTR_DMINLINE_SHIFT 16
#define CTR_DMINLINE_BITS 4

/* ID_AA64MMFR0_EL1.PARange */
#define MMFR0_PARANGE_MASK 0xf

#endif
