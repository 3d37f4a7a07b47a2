/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The stub: what the last steps into 32-bit and 16-bit mode need, in one place below 4 GiB or 1 MiB. descent.c fills it
 * in, descent.S runs it. Its code and its data are addressed through segments that begin at the stub, in each of the
 * modes, so that nothing in it depends on where it is but two descriptors and one far pointer.
 */
#ifndef DESCENT_H
#define DESCENT_H

/* Selectors of its GDT, beside SELECTOR_CODE and SELECTOR_DATA, which are flat and of 32 bits there. */
#define SELECTOR_STUB32 0x08 /* code of 32 bits, base: the stub */
#define SELECTOR_STUB16 0x20 /* code of 16 bits, base: the stub, limit 64 KiB */
#define SELECTOR_DATA16 0x28 /* data, limit 64 KiB */
#define STUB_GDT_ENTRIES 6

/* Offsets in it, and sizes. */
#define STUB_GDTR 0x30
#define STUB_IDTR 0x3a
#define STUB_REAL 0x44 /* far pointer of 16:16 bits: where it goes on in real mode */
#define STUB_MODE 0x48
#define STUB_REGS 0x4c
#define STUB_CODE 0x80
#define STUB_CODE_SIZE 0x110

#ifndef __ASSEMBLER__

#include <purgatory/abi.h>
#include "registers.h"

struct stub {
	uint64_t gdt[STUB_GDT_ENTRIES];
	struct table_register gdtr;
	struct table_register idtr;
	struct {
		uint16_t ip, cs;
	} real;
	uint32_t mode;
	union {
		struct {
			struct purg_regs_x86_32 x86_32;
			uint16_t cs; /* behind eip: a far pointer of 16:32 bits */
		};
		struct purg_regs_x86_16 x86_16; /* ip and cs: a far pointer of 16:16 bits */
	};
	uint8_t reserved[4];
	uint8_t code[STUB_CODE_SIZE];
};
PURG_OFFSET(stub, gdtr, STUB_GDTR);
PURG_OFFSET(stub, idtr, STUB_IDTR);
PURG_OFFSET(stub, real, STUB_REAL);
PURG_OFFSET(stub, mode, STUB_MODE);
PURG_OFFSET(stub, x86_32, STUB_REGS);
PURG_OFFSET(stub, x86_16, STUB_REGS);
PURG_OFFSET(stub, code, STUB_CODE);
PURG_ASSERT(sizeof(struct stub) <= PURG_STUB_SIZE, "the stub is larger than what the loader leaves free for it");

/* descent.S: the code that is copied into a stub, and the offset in it at which it goes on in real mode. */
extern const uint8_t descent_code[STUB_CODE_SIZE];
extern const uint16_t descent_real;

_Noreturn void descend(struct stub *stub);

/* Enter the next program in another mode than the 64-bit one. */
_Noreturn void descend_to(const struct purg_handoff *handoff);

#endif
#endif
