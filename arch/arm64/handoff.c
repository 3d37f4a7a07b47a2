/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <range.h>

/* The Linux Image header: Documentation/arch/arm64/booting.rst. */
#define IMAGE_MAGIC_OFFSET 56
#define IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */

/* Devicetree Specification 0.4, section 5.2; big-endian. The size limit and the alignment: booting.rst. */
#define DTB_MAGIC 0xd00dfeed
#define DTB_TOTALSIZE_OFFSET 4
#define DTB_HEADER_SIZE 40
#define DTB_MAX_SIZE 0x200000
#define DTB_ALIGN 8

/* Within the physical address space: memory, as far as can be told. */
static bool readable(uint64_t address, uint64_t size)
{
	return range_within(address, size, 0, arch_physical_end());
}

static uint32_t read32(uint64_t address)
{
	return *(const volatile uint32_t *)(uintptr_t)address;
}

static bool check_kernel(uint64_t entry, struct finding *finding)
{
	if (!readable(entry, IMAGE_MAGIC_OFFSET + sizeof(uint32_t)))
		return refuse(finding, PURG_E_RANGE, "pc", entry);
	return read32(entry + IMAGE_MAGIC_OFFSET) == IMAGE_MAGIC || refuse(finding, PURG_E_KERNEL, "pc", entry);
}

static bool check_dtb(uint64_t dtb, struct finding *finding)
{
	uint32_t size;

	if (dtb % DTB_ALIGN)
		return refuse(finding, PURG_E_DTB, "x0", dtb);
	if (!readable(dtb, DTB_HEADER_SIZE))
		return refuse(finding, PURG_E_RANGE, "x0", dtb);
	size = __builtin_bswap32(read32(dtb + DTB_TOTALSIZE_OFFSET));
	if (__builtin_bswap32(read32(dtb)) != DTB_MAGIC || size < DTB_HEADER_SIZE || size > DTB_MAX_SIZE ||
	    !readable(dtb, size))
		return refuse(finding, PURG_E_DTB, "x0", dtb);
	return true;
}

bool arch_handoff_check(const struct purg_handoff *handoff, struct finding *finding)
{
	const struct purg_regs_arm64 *regs = &handoff->arm64;

	if (regs->pc % 4)
		return refuse(finding, PURG_E_ENTRY, "pc", regs->pc);
	return (!(handoff->checks & PURG_CHECK_KERNEL) || check_kernel(regs->pc, finding)) &&
	       (!(handoff->checks & PURG_CHECK_DTB) || check_dtb(regs->x0, finding));
}
