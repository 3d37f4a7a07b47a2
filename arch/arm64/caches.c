/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The caches come on for hashing and copying, and go off again.
 *
 * What memory and caches hold of one address may differ when the purgatory is entered: the old kernel died with dirty
 * lines, or a device wrote behind the caches. So all that is going to be read is cleaned and invalidated first: what is
 * verified is then what memory has. entry.S has done so for the image, so that no line of it is dirty; but one may have
 * been fetched since, and must go before the caches come on.
 */
#include <arch.h>
#include <walk.h>
#include "cpu.h"
#include "mmu.h"
#include "sysreg.h"
#include "tables.h"

/* Registers as the purgatory found them. */
static struct {
	uint64_t sctlr;
	uint64_t tcr;
	uint64_t tcr2;
	uint64_t ttbr0;
	uint64_t mair;
} found;

static uint64_t tables_end;

/* Our tables have addresses of so many bits. */
#define WINDOW_BITS 48

static bool has_tcr2(void)
{
	return read_sysreg_named(ID_AA64MMFR3_EL1) & MMFR3_TCRX_MASK;
}

static void save_registers(void)
{
	if (cpu_at_el2()) {
		found.tcr = read_sysreg(tcr_el2);
		found.ttbr0 = read_sysreg(ttbr0_el2);
		found.mair = read_sysreg(mair_el2);
		if (has_tcr2())
			found.tcr2 = read_sysreg_named(TCR2_EL2);
	} else {
		found.tcr = read_sysreg(tcr_el1);
		found.ttbr0 = read_sysreg(ttbr0_el1);
		found.mair = read_sysreg(mair_el1);
		if (has_tcr2())
			found.tcr2 = read_sysreg_named(TCR2_EL1);
	}
}

/* With the MMU off. TCR2 matters even so: an old kernel's permission indirection would change what our leaves mean. */
static void write_registers(uint64_t tcr, uint64_t tcr2, uint64_t ttbr0, uint64_t mair)
{
	if (cpu_at_el2()) {
		write_sysreg(tcr_el2, tcr);
		write_sysreg(ttbr0_el2, ttbr0);
		write_sysreg(mair_el2, mair);
		if (has_tcr2())
			write_sysreg_named(TCR2_EL2, tcr2);
	} else {
		write_sysreg(tcr_el1, tcr);
		write_sysreg(ttbr0_el1, ttbr0);
		write_sysreg(mair_el1, mair);
		if (has_tcr2())
			write_sysreg_named(TCR2_EL1, tcr2);
	}
	mmu_forget();
}

static uint64_t our_tcr(uint32_t bits)
{
	uint64_t tcr = TCR_T0SZ(bits) | TCR_IRGN0_WBWA | TCR_ORGN0_WBWA | TCR_SH0_INNER;
	uint64_t range = read_sysreg(id_aa64mmfr0_el1) & MMFR0_PARANGE_MASK;

	if (range > TCR_PS_48)
		range = TCR_PS_48;
	if (cpu_at_plain_el2())
		return tcr | range << TCR_EL2_PS_SHIFT | TCR_EL2_RES1;
	return tcr | TCR_T1SZ(bits) | TCR_EPD1 | TCR_TG1_4K | range << TCR_IPS_SHIFT;
}

static void build(const struct purg_params *params, struct tables *tables)
{
	if (cpu_at_plain_el2())
		tables_build(params, &(struct tables_regime){LEAF_AP1, 0, LEAF_XN}, tables);
	else
		tables_build(params, &(struct tables_regime){0, LEAF_UXN, LEAF_UXN | LEAF_PXN}, tables);
}

static bool has_4k_granule(void)
{
	return (read_sysreg(id_aa64mmfr0_el1) >> MMFR0_TGRAN4_SHIFT & MMFR0_TGRAN4_MASK) != MMFR0_TGRAN4_NONE;
}

static void sync_all(const struct purg_params *params)
{
	for (uint32_t i = 0; i < params_segments_to_read(params); i++)
		mmu_sync_memory(params->segment[i].start, params->segment[i].size);
	for (uint32_t i = 0; i < params->copy_count; i++) {
		mmu_sync_memory(params->copy[i].src, params->copy[i].size);
		mmu_sync_memory(params->copy[i].dst, params->copy[i].size);
	}
	if (params->failure.policy == PURG_FAIL_FALLBACK)
		mmu_sync_memory(params->failure.fallback.start, params->failure.fallback.size);
}

const char *arch_caches_begin(const struct purg_params *params)
{
	const uint64_t image = (uintptr_t)&purg_header;
	struct tables tables;

	tables_end = image + purg_header.mem_size;
	found.sctlr = cpu_sctlr();
	save_registers();
	sync_all(params);
	if (found.sctlr & SCTLR_M)
		return found.sctlr & SCTLR_C ? NULL : "the MMU is on, with caches off";
	if (!has_4k_granule())
		return "no 4 KiB granule";
	build(params, &tables);
	if (tables.problem)
		return tables.problem;
	tables_end = tables.end;
	write_registers(our_tcr(tables.bits), 0, tables.root,
			MAIR_ATTR_DEVICE_NGNRE << 8 * MAIR_DEVICE_NGNRE | MAIR_ATTR_NORMAL_WB << 8 * MAIR_NORMAL_WB);
	mmu_on((found.sctlr | SCTLR_M | SCTLR_C | SCTLR_I) & ~(uint64_t)(SCTLR_A | SCTLR_WXN),
	       image + purg_header.ro_size, tables_end - image - purg_header.ro_size);
	return NULL;
}

static void leave_caches(void)
{
	if (!(cpu_sctlr() & SCTLR_M))
		return;
	mmu_off(found.sctlr & ~(uint64_t)(SCTLR_M | SCTLR_C), (uintptr_t)&purg_header,
		tables_end - (uintptr_t)&purg_header);
	write_registers(found.tcr, found.tcr2, found.ttbr0, found.mair);
}

void arch_caches_end(const struct purg_params *params)
{
	leave_caches();
	sync_all(params);
}

/* What was found is not known before arch_caches_begin, and nothing of it has been changed. */
void arch_caches_abandon(void)
{
	if (tables_end)
		leave_caches();
}

/* A firmware's caller has its MMU on again. */
_Noreturn void arch_return(uint32_t code)
{
	if (found.sctlr & SCTLR_M && !(cpu_sctlr() & SCTLR_M))
		mmu_on(found.sctlr, (uintptr_t)&purg_header, purg_header.mem_size);
	return_to_caller(code);
}

void arch_sync_memory(uint64_t start, uint64_t size)
{
	mmu_sync_memory(start, size);
}

/*
 * The old kernel wrote its tables through the caches, of this CPU and of others: memory by itself may have older ones.
 * Only under our map do we see what it saw; a firmware's map, if that is in force, does not have the window.
 */
bool old_memory_begin(void)
{
	return cpu_sctlr() & SCTLR_M && !(found.sctlr & SCTLR_M);
}

bool old_memory_read(uint64_t address, uint64_t *value)
{
	if (address >> WINDOW_BITS)
		return false;
	*value = tables_read(address);
	return true;
}

/*
 * At EL2 without E2H they are still the kernel's; with it, TTBR1 is, and TCR was until ours came in its place, but for
 * a kernel that ran at EL1 beside it: TGE tells. Entries of 128 bits are of no granule that is known.
 */
void old_memory_registers(uint64_t *ttbr1, uint64_t *tcr)
{
	uint64_t tcr2 = found.tcr2;

	*ttbr1 = read_sysreg(ttbr1_el1);
	*tcr = found.tcr;
	if (cpu_at_plain_el2()) {
		*tcr = read_sysreg(tcr_el1);
		tcr2 = has_tcr2() ? read_sysreg_named(TCR2_EL1) : 0;
	} else if (cpu_at_el2() && !(read_sysreg(hcr_el2) & HCR_TGE)) {
		*tcr = 0;
	}
	if (tcr2 & TCR2_D128)
		*tcr = 0;
}
