/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "../front.h"
#include "dtb.h"
#include "../../arch/arm64/mmu.h"

_Noreturn void front_main(uint64_t base, uint64_t dtb);

/* The packed DTB, or else the machine's, in dtb; *size is how much of it may be read. */
static const void *find_dtb(const struct front *front, uint64_t dtb, size_t *size)
{
	const struct purg_pack *pack = front->pack;

	if (pack->table_size) {
		*size = pack->table_size;
		return (const void *)(front->base + pack->table);
	}
	*size = DTB_MAX_SIZE;
	if (dtb > UINT64_MAX - DTB_MAX_SIZE)
		front_fail(FRONT_E_SOURCE, "the machine's DTB lies at the end of the address space");
	return (const void *)dtb;
}

/* A DTB that lies in the image was put where the loader must not put it, and may be in the room. */
static void check_source(const struct front *front, const uint32_t *dtb)
{
	if (front->pack->table_size || !dtb || (uint64_t)dtb % DTB_ALIGN)
		return;
	if (front_overlaps(front, (uint64_t)dtb, sizeof(*dtb) * 2) ||
	    front_overlaps(front, (uint64_t)dtb, __builtin_bswap32(dtb[1])))
		front_fail(FRONT_E_SOURCE, "the machine's DTB lies in the memory that the image takes");
}

/* *report: where in it the room for the record is. */
static uint64_t complete_dtb(const struct front *front, uint64_t source, uint32_t *report)
{
	const struct purg_pack *pack = front->pack;
	uint64_t room = front->base + pack->room;
	uint64_t initrd = front->base + pack->initrd;
	struct dtb_changes changes = {
		.bootargs = (const char *)(front->base + pack->cmdline),
		.bootargs_size = (uint32_t)pack->cmdline_size,
		.initrd_start = initrd,
		.initrd_end = initrd + pack->initrd_size,
		.report = report,
	};
	const void *dtb;
	size_t size;
	int result;

	dtb = find_dtb(front, source, &size);
	check_source(front, dtb);
	/*
	 * The first call is for a loader that left dirty lines of the room in a cache: they would come down upon the
	 * DTB later. The second is for clean ones, which the purgatory and the kernel would read instead of the DTB.
	 */
	mmu_sync_memory(room, pack->room_size);
	result = dtb_complete((void *)room, pack->room_size, dtb, size, &changes);
	if (result < 0)
		front_fail(FRONT_E_DTB + (uint32_t)-result, dtb_strerror(result));
	mmu_sync_memory(room, (uint64_t)result);
	return room;
}

/* From entry.S, with the image's address and x0 as the machine gave it. */
void front_main(uint64_t base, uint64_t dtb)
{
	struct purg_regs_arm64 *regs;
	struct front front;
	uint32_t report;

	front_open(&front, base, PURG_ARCH_ARM64, UINT64_MAX);
	if (base % PACK_ARM64_ALIGN)
		front_fail(FRONT_E_BASE, "the image does not lie at a multiple of 2 MiB");
	regs = &front.params->handoff.arm64;
	if (regs->pc >= front.pack->image_size)
		front_fail(FRONT_E_HANDOFF, "the kernel's entry does not lie inside the image");
	if (front.pack->cmdline_size > DTB_MAX_SIZE)
		front_fail(FRONT_E_CMDLINE, "the command line is longer than a DTB can hold");
	dtb = complete_dtb(&front, dtb, &report);

	mmu_sync_memory((uint64_t)front.params, sizeof(*front.params));
	front_add_base(&front);
	regs->pc += base;
	regs->x0 = dtb;
	front.params->report = (struct purg_report_place){.address = dtb + report, .size = sizeof(struct purg_report)};
	front_seal(&front);
	mmu_sync_memory((uint64_t)front.params, sizeof(*front.params));
	front_enter(base + front.pack->purgatory);
}
