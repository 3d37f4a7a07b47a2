/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The IDT, and stacks of its own for it, so that an exception is told of whatever rsp has become. Such stacks are in a
 * TSS, and that is in a GDT that can be written to: SDM volume 3, 6.14.5 and 7.7.
 */
#include <arch.h>
#include "registers.h"
#include "segments.h"
#include "vectors.h"

/* An interrupt gate: SDM volume 3, 6.14.1. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

#define GATE_INTERRUPT 0x8e00 /* present, ring 0, 64-bit; in the low bits the number of its stack */

enum {
	STACK_NMI = 1,
	STACK_FAULT,
	STACKS
};

/* SDM volume 3, figure 7-11. */
struct tss {
	uint32_t reserved;
	uint64_t rsp[3];
	uint64_t ist[8]; /* from 1 on */
	uint8_t reserved2[10];
	uint16_t io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "size of the TSS");

static struct gate idt[VECTOR_COUNT];
static uint64_t descriptors[SELECTOR_TSS / 8 + 2];
static struct tss tss;

/* A frame is of five words, and vectors.S pushes two. */
static _Alignas(16) uint64_t stacks[STACKS - 1][8];

static struct table_register our_idt, our_gdt, found_idt;

extern const uint8_t vectors[];

/* At run time: constants would be addresses that somebody must relocate. */
static void build(void)
{
	for (uint32_t vector = 0; vector < VECTOR_COUNT; vector++) {
		uint64_t offset = (uintptr_t)vectors + vector * VECTOR_SIZE;

		idt[vector] = (struct gate){
			.offset_low = (uint16_t)offset,
			.selector = SELECTOR_CODE,
			.type = GATE_INTERRUPT | (vector == VECTOR_NMI ? STACK_NMI : STACK_FAULT),
			.offset_middle = (uint16_t)(offset >> 16),
			.offset_high = (uint32_t)(offset >> 32),
		};
	}
	for (int i = STACK_NMI; i < STACKS; i++)
		tss.ist[i] = (uintptr_t)stacks[i];
	tss.io_map = sizeof(tss);
	descriptors[SELECTOR_CODE / 8] = DESCRIPTOR_CODE64;
	descriptors[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
	descriptors[SELECTOR_TSS / 8] = segments_with_base(DESCRIPTOR_TSS | (sizeof(tss) - 1), (uintptr_t)&tss);
	descriptors[SELECTOR_TSS / 8 + 1] = (uintptr_t)&tss >> 32;
	our_idt.limit = sizeof(idt) - 1;
	our_idt.base = (uintptr_t)idt;
	our_gdt.limit = sizeof(descriptors) - 1;
	our_gdt.base = (uintptr_t)descriptors;
}

void arch_vectors_begin(void)
{
	build();
	__asm__ volatile("sidt %0" : "=m"(found_idt));
	__asm__ volatile("lgdt %0" : : "m"(our_gdt) : "memory");
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS) : "memory");
	__asm__ volatile("lidt %0" : : "m"(our_idt) : "memory");
}

/* The GDT has what the next program is entered with, and TR is in it: what TR had may be in no GDT any more. */
void arch_vectors_end(void)
{
	__asm__ volatile("lidt %0" : : "m"(found_idt) : "memory");
}
