/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "../front.h"
#include "bootparams.h"
#include <arch.h>
#include <console.h>
#include <fail.h>

_Noreturn void front_main(uint64_t start_info, uint64_t limit);

static const struct hvm_start_info *check_start_info(const struct front *front, uint64_t address, uint64_t limit)
{
	const struct hvm_start_info *info = (const struct hvm_start_info *)address;
	int error;

	if (front_overlaps(front, address, sizeof(*info)))
		front_fail(FRONT_E_SOURCE, "the machine's PVH start info lies in the memory that the image takes");
	error = bootparams_check_start_info(info, limit);
	if (error)
		front_fail(FRONT_E_BOOTPARAMS + (uint32_t)-error, bootparams_strerror(error));
	if (front_overlaps(front, info->map, (uint64_t)info->map_count * sizeof(struct purg_mem)))
		front_fail(FRONT_E_SOURCE, "the machine's memory map lies in the memory that the image takes");
	return info;
}

static void check_piece(const struct front *front, const struct hvm_start_info *info, uint64_t limit,
			const struct front_piece *piece)
{
	const struct purg_mem *map = (const struct purg_mem *)info->map;

	if (!bootparams_is_ram(map, info->map_count, front->base + piece->start, piece->size))
		front_fail_piece(front, FRONT_E_MEMORY, piece,
				 "not in this machine's RAM; give the machine more memory");
	if (front->base + piece->start + piece->size > limit)
		front_fail_piece(front, FRONT_E_MAPPED, piece,
				 "beyond what the front end maps on this CPU; pack a smaller image");
}

/*
 * A loader that writes to memory that is not there need not notice. The kernel's own piece counts with the memory that
 * it takes before it knows the memory map.
 */
static void check_memory(const struct front *front, const struct hvm_start_info *info, uint64_t limit)
{
	const struct purg_pack *pack = front->pack;
	struct front_piece kernel = {.what = "kernel's memory", .start = front->params->handoff.x86_64.rip};
	struct front_piece piece;

	for (uint32_t i = 0; front_piece(front, i, &piece); i++)
		check_piece(front, info, limit, &piece);
	if (pack->table_size < BP_SIZE || kernel.start < BZIMAGE_ENTRY)
		return;
	kernel.start -= BZIMAGE_ENTRY;
	kernel.size = bootparams_init_size((const void *)(front->base + pack->table));
	check_piece(front, info, limit, &kernel);
}

static uint64_t complete_boot_params(const struct front *front, const struct hvm_start_info *info)
{
	const struct purg_pack *pack = front->pack;
	struct purg_boot_params machine = {
		.address = front->base + pack->room,
		.cmdline = front->base + pack->cmdline,
		.cmdline_size = pack->cmdline_size,
		.initrd = front->base + pack->initrd,
		.initrd_size = pack->initrd_size,
		.rsdp = info->rsdp,
		.map = (const struct purg_mem *)info->map,
		.map_count = info->map_count,
		.report = true,
	};
	int64_t result = BOOTPARAMS_E_TEMPLATE;

	if (pack->table_size >= BP_SIZE)
		result = bootparams_complete((void *)machine.address, pack->room_size,
					     (const void *)(front->base + pack->table), &machine);
	if (result < 0)
		front_fail(FRONT_E_BOOTPARAMS + (uint32_t)-result, bootparams_strerror(result));
	return machine.address;
}

void fault(uint64_t syndrome, uint64_t pc, uint64_t address)
{
	struct finding finding = {.index = NO_INDEX, .syndrome = syndrome, .pc = pc};

	console_forsake();
	refuse(&finding, PURG_E_FAULT, "front end address", address);
	fail_tell(&finding);
	console_puts("; halted\n");
	console_flush();
	arch_halt(PURG_E_FAULT);
}

/* From entry.S, with ebx as the machine gave it, and the end of the identity map. */
void front_main(uint64_t start_info, uint64_t limit)
{
	const struct hvm_start_info *info;
	struct purg_regs_x86_64 *regs;
	struct front front;
	uint64_t boot_params;

	arch_vectors_begin();
	front_open(&front, PACK_X86_BASE, PURG_ARCH_X86_64, limit);
	regs = &front.params->handoff.x86_64;
	if (regs->rip >= front.pack->image_size)
		front_fail(FRONT_E_HANDOFF, "the kernel's entry does not lie inside the image");
	info = check_start_info(&front, start_info, limit);
	check_memory(&front, info, limit);
	boot_params = complete_boot_params(&front, info);

	front_add_base(&front);
	regs->rip += front.base;
	regs->rsi = boot_params;
	front.params->report = (struct purg_report_place){.address = boot_params + PURG_BOOT_PARAMS_REPORT,
							  .size = sizeof(struct purg_report)};
	front_seal(&front);
	arch_vectors_end();
	front_enter(front.base + front.pack->purgatory);
}
