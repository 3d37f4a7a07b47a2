/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What harness.c, start-ARCH.S and scenario.py share: the harness lives in the guest beside the purgatory, is its
 * caller and its next kernel, and goes through a list of trials.
 */
#ifndef HARNESS_H
#define HARNESS_H

/* How a trial ended, as far as the harness is still there to see it. */
#define HOW_RETURNED 0 /* the purgatory has returned: captured.code */
#define HOW_ENTERED 1  /* its next program was entered: captured.registers */
#define HOW_CAUGHT 2   /* an exception came to the caller's vectors: captured.exception */

#ifdef __aarch64__
#define HARNESS_REGISTERS 5 /* struct purg_regs_arm64 */
#define STATE_WORDS 9
#else
#define HARNESS_REGISTERS 17 /* struct purg_regs_x86_64 */
#define STATE_WORDS 6
#endif

#define CAPTURED_CODE 0
#define CAPTURED_SPOILT 8
#define CAPTURED_EXCEPTION 16
#define CAPTURED_STATE 40
#define CAPTURED_REGISTERS (CAPTURED_STATE + 8 * STATE_WORDS)

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* Filled in by start-ARCH.S when the harness is back. */
struct captured {
	uint64_t code;
	uint64_t spoilt; /* not zero: a register that a function must keep was not kept */
	uint64_t exception[3];
	uint64_t state[STATE_WORDS]; /* system registers */
	uint64_t registers[HARNESS_REGISTERS];
};
_Static_assert(offsetof(struct captured, registers) == CAPTURED_REGISTERS, "start-ARCH.S");

extern struct captured captured;
extern uint64_t
	found[STATE_WORDS]; /* the state in which the launcher has left the CPU, and in which each trial begins */

/* Call the purgatory at address in the state that was found. Returns HOW_*. */
uint64_t enter(uint64_t address);

/* A character to the machine's UART. */
void harness_putc(char c);

void harness_main(void);

#endif
#endif
