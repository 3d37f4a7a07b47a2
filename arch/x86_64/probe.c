/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "probe.h"
#include "registers.h"
#include "segments.h"

#define VECTOR_NMI 2
#define VECTOR_GP 13
#define VECTOR_PF 14

/* An interrupt gate: SDM volume 3, 6.14.1. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

#define GATE_INTERRUPT 0x8e00 /* present, ring 0, 64-bit, on the stack in use */

/* Any other vector is not present, as it is without this IDT. */
static struct gate idt[VECTOR_PF + 1];
static struct table_register ours, found;

extern const uint8_t probe_fault[];
extern const uint8_t probe_nmi[];

static void set_gate(uint8_t vector, const uint8_t *handler)
{
	uint64_t offset = (uintptr_t)handler;

	idt[vector] = (struct gate){
		.offset_low = (uint16_t)offset,
		.selector = SELECTOR_CODE,
		.type = GATE_INTERRUPT,
		.offset_middle = (uint16_t)(offset >> 16),
		.offset_high = (uint32_t)(offset >> 32),
	};
}

/* At run time: a constant would be an address that somebody must relocate. */
static void build(void)
{
	set_gate(VECTOR_NMI, probe_nmi);
	set_gate(VECTOR_GP, probe_fault);
	set_gate(VECTOR_PF, probe_fault);
	ours.limit = sizeof(idt) - 1;
	ours.base = (uintptr_t)idt;
}

void probe_begin(void)
{
	if (!ours.limit)
		build();
	__asm__ volatile("sidt %0" : "=m"(found));
	__asm__ volatile("lidt %0" : : "m"(ours) : "memory");
}

void probe_end(void)
{
	__asm__ volatile("lidt %0" : : "m"(found) : "memory");
}
