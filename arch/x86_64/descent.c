/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Into 32-bit and 16-bit mode, by way of the stub. */
#include <stdbool.h>
#include <string.h>
#include "descent.h"
#include "segments.h"

/* The interrupt vector table of real mode (SDM volume 3, 20.1.4): 256 far pointers from 0 on. */
#define IVT_LIMIT 0x3ff

/* Where the loader gives no other place. Real mode wants a multiple of 16. */
static _Alignas(16) struct stub own_stub;

static void fill_gdt(struct stub *stub)
{
	uintptr_t base = (uintptr_t)stub;

	stub->gdt[0] = 0;
	stub->gdt[SELECTOR_STUB32 / 8] = segments_with_base(DESCRIPTOR_CODE32, base);
	stub->gdt[SELECTOR_CODE / 8] = DESCRIPTOR_CODE32;
	stub->gdt[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
	stub->gdt[SELECTOR_STUB16 / 8] = segments_with_base(DESCRIPTOR_CODE16, base);
	stub->gdt[SELECTOR_DATA16 / 8] = DESCRIPTOR_DATA16;
	stub->gdtr = (struct table_register){.limit = sizeof(stub->gdt) - 1, .base = (uintptr_t)stub->gdt};
}

static void fill(struct stub *stub, const struct purg_handoff *handoff)
{
	bool real = handoff->mode == PURG_HANDOFF_X86_16;

	fill_gdt(stub);
	stub->idtr = (struct table_register){.limit = real ? IVT_LIMIT : 0};
	stub->mode = handoff->mode;
	stub->real.ip = descent_real;
	stub->real.cs = (uint16_t)((uintptr_t)stub >> 4);
	stub->x86_16 = handoff->x86_16;
	if (!real)
		stub->cs = SELECTOR_CODE;
	memcpy(stub->code, descent_code, sizeof(stub->code));
}

_Noreturn void descend_to(const struct purg_handoff *handoff)
{
	struct stub *stub = handoff->stub ? (struct stub *)handoff->stub : &own_stub;

	fill(stub, handoff);
	descend(stub);
}
