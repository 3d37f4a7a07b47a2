/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stdint.h>

/* True at EL2, false at EL1; arch_check_cpu refuses the others. */
bool cpu_at_el2(void);

/* EL2 without E2H: registers and translation regime of one privilege level. */
bool cpu_at_plain_el2(void);

/* SCTLR of the current exception level. */
uint64_t cpu_sctlr(void);

/* entry.S: return from the image as from a function, with the state that is in force. */
_Noreturn void return_to_caller(uint32_t code);

#endif
