/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>

/* The Linux Image header: Documentation/arch/arm64/booting.rst. */
#define IMAGE_MAGIC_OFFSET 56
#define IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */

/* Devicetree Specification 0.4, section 5.2; big-endian. The size limit and the alignment: booting.rst. */
#define DTB_MAGIC 0xd00dfeed
#define DTB_TOTALSIZE_OFFSET 4
#define DTB_HEADER_SIZE 40
#define DTB_MAX_SIZE 0x200000
#define DTB_ALIGN 8

bool arch_mode_known(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE;
}

size_t arch_regs_size(void)
{
	return sizeof(struct purg_regs_arm64);
}

uint64_t arch_entry(const struct purg_handoff *handoff)
{
	return handoff->arm64.pc;
}

uint32_t arch_known_checks(void)
{
	return PURG_CHECK_KERNEL | PURG_CHECK_DTB;
}

/* True if size bytes at address are physical memory; what is read there is then at worst not what was hoped for. */
static bool readable(uint64_t address, uint64_t size)
{
	return address < arch_physical_end() && size <= arch_physical_end() - address;
}

static uint32_t read32(uint64_t address)
{
	return *(const volatile uint32_t *)(uintptr_t)address;
}

static uint32_t check_kernel(uint64_t entry)
{
	if (!readable(entry, IMAGE_MAGIC_OFFSET + sizeof(uint32_t)))
		return PURG_E_RANGE;
	return read32(entry + IMAGE_MAGIC_OFFSET) == IMAGE_MAGIC ? PURG_OK : PURG_E_KERNEL;
}

static uint32_t check_dtb(uint64_t dtb)
{
	uint32_t size;

	if (dtb % DTB_ALIGN)
		return PURG_E_DTB;
	if (!readable(dtb, DTB_HEADER_SIZE))
		return PURG_E_RANGE;
	size = __builtin_bswap32(read32(dtb + DTB_TOTALSIZE_OFFSET));
	if (__builtin_bswap32(read32(dtb)) != DTB_MAGIC || size < DTB_HEADER_SIZE || size > DTB_MAX_SIZE)
		return PURG_E_DTB;
	return readable(dtb, size) ? PURG_OK : PURG_E_RANGE;
}

uint32_t arch_handoff_check(const struct purg_handoff *handoff)
{
	uint32_t code = PURG_OK;

	if (handoff->arm64.pc % 4)
		return PURG_E_ENTRY;
	if (handoff->checks & PURG_CHECK_KERNEL)
		code = check_kernel(handoff->arm64.pc);
	if (code == PURG_OK && handoff->checks & PURG_CHECK_DTB)
		code = check_dtb(handoff->arm64.x0);
	return code;
}
