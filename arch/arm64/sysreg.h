/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Bits of system registers that are used here: Arm ARM (DDI 0487), "AArch64 System Register Descriptions". */
#ifndef SYSREG_H
#define SYSREG_H

/* PSTATE.DAIF as the immediate of msr daifset: debug, SError, IRQ, FIQ. */
#define DAIF_ALL 0xf

/* Where vectors.S puts the kind of an exception, above all bits of ESR_ELx: synchronous, IRQ, FIQ, SError */
#define VECTORS_KIND_SHIFT 60

/* CurrentEL.EL */
#define CURRENTEL_SHIFT 2
#define CURRENTEL_MASK 3
#define CURRENTEL_EL2 (2 << CURRENTEL_SHIFT)

/* SCTLR_ELx: MMU on, alignment checks, D-cache on, I-cache on, writable is not executable, data are big-endian */
#define SCTLR_M (1 << 0)
#define SCTLR_A (1 << 1)
#define SCTLR_C (1 << 2)
#define SCTLR_I (1 << 12)
#define SCTLR_WXN (1 << 19)
#define SCTLR_EE (1 << 25)

/* HCR_EL2.E2H: EL2 has the registers and the translation regime of a host; TGE: and is one, none is at EL1 */
#define HCR_E2H (1ull << 34)
#define HCR_TGE (1 << 27)

/* CPACR_EL1, and CPTR_EL2 with E2H: FP and SIMD, and SME, are not trapped. CPTR_EL2 without E2H: they are. */
#define CPACR_FPEN (3 << 20)
#define CPACR_SMEN (3 << 24)
#define CPTR_TFP (1 << 10)
#define CPTR_TSM (1 << 12)

/* ID_AA64PFR1_EL1.SME. smstop sm leaves streaming mode; assemblers know it only if told of SME. */
#define PFR1_SME (0xf << 24)
#define SMSTOP_SM ".inst 0xd503427f"

/* ID_AA64MMFR4_EL1.E2H0, negative: EL2 always has E2H, whatever HCR_EL2 says */
#define ID_AA64MMFR4_EL1 s3_0_c0_c7_4
#define MMFR4_E2H0_SIGN (1 << 27)

/* CTR_EL0.DminLine: log2 of the words (of 4 bytes) in the smallest data cache line */
#define CTR_DMINLINE_SHIFT 16
#define CTR_DMINLINE_BITS 4

/* ID_AA64MMFR0_EL1.PARange; TGran4: all ones if there is no 4 KiB granule */
#define MMFR0_PARANGE_MASK 0xf
#define MMFR0_TGRAN4_SHIFT 28
#define MMFR0_TGRAN4_MASK 0xf
#define MMFR0_TGRAN4_NONE 0xf

/* ID_AA64MMFR3_EL1.TCRX: there is a TCR2_ELx. Assemblers know neither name yet. */
#define ID_AA64MMFR3_EL1 s3_0_c0_c7_3
#define MMFR3_TCRX_MASK 0xf
#define TCR2_EL1 s3_0_c2_c0_3
#define TCR2_EL2 s3_4_c2_c0_3

/* TCR2_EL1, and TCR2_EL2 with E2H: descriptors are of 128 bits */
#define TCR2_D128 (1 << 5)

/* ID_AA64ISAR0_EL1.SHA2: 0 none, 1 SHA256, 2 SHA512 as well */
#define ISAR0_SHA2_SHIFT 12
#define ISAR0_SHA2_MASK 0xf

/* TCR_EL1, and TCR_EL2 with E2H. Walks are of Normal write-back memory, inner shareable; TG0 zero is 4 KiB. */
#define TCR_T0SZ(bits) (64 - (bits))
#define TCR_IRGN0_WBWA (1 << 8)
#define TCR_ORGN0_WBWA (1 << 10)
#define TCR_SH0_INNER (3 << 12)
#define TCR_T1SZ(bits) ((uint64_t)(64 - (bits)) << 16)
#define TCR_EPD1 (1 << 23) /* no walks for the upper half */
#define TCR_TG1_4K (2ull << 30)
#define TCR_IPS_SHIFT 32

/* TCR_EL2 without E2H: the first fields are the same */
#define TCR_EL2_PS_SHIFT 16
#define TCR_EL2_RES1 (1ull << 31 | 1 << 23)

/* The widest physical address of TCR.IPS and PS that the 4 KiB granule has without LPA2: 48 bits */
#define TCR_PS_48 5

/* MAIR_ELx attributes */
#define MAIR_ATTR_DEVICE_NGNRE 0x04ull
#define MAIR_ATTR_NORMAL_WB 0xffull /* write-back, allocate on read and write, inner and outer */

/* Attributes of a leaf: Arm ARM, "Block descriptor and Page descriptor fields". With one privilege level, as at EL2
 * without E2H, AP[1] is RES1 and XN is bit 54. */
#define LEAF_AP1 (1ull << 6)
#define LEAF_PXN (1ull << 53)
#define LEAF_UXN (1ull << 54)
#define LEAF_XN (1ull << 54)

/* PAR_EL1: the translation failed; else the page's physical address */
#define PAR_F (1 << 0)
#define PAR_ADDRESS 0x000ffffffffff000ull

#ifndef __ASSEMBLER__

#include <stdint.h>

#define read_sysreg(name)                                          \
	({                                                         \
		uint64_t value_;                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)); \
		value_;                                            \
	})

#define write_sysreg(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)))

/* The same with a name that is itself a macro. */
#define read_sysreg_named(name) read_sysreg(name)
#define write_sysreg_named(name, value) write_sysreg(name, value)

#define isb() __asm__ volatile("isb" : : : "memory")

#endif /* __ASSEMBLER__ */
#endif
