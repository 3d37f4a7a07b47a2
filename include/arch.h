/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What an architecture supplies: arch/arm64, arch/x86_64, and tests/unit/arch_fake.c for the host. Nothing in
 * src/ depends on the architecture.
 */
#ifndef ARCH_H
#define ARCH_H

#include <finding.h>
#include <sha256.h>

/* First address that is not physical: 1 << the CPU's physical address size. */
uint64_t arch_physical_end(void);

/* True if the CPU can reach every byte of [start, start + size), which is physical memory, at its physical address. */
bool arch_mapped(uint64_t start, uint64_t size);

/* True if the purgatory was entered in a CPU state that the ABI allows. */
bool arch_check_cpu(void);

/* True if the handoff's mode is one of this architecture. The next two are asked about such a mode only. */
bool arch_mode_known(uint32_t mode);

/* The part of the mode's registers that is in use, in bytes from the union's start; what lies behind is reserved. */
size_t arch_regs_size(uint32_t mode);

/*
 * The end of the memory that the mode reaches, below which its stub must lie, or, if it is given none, the image. Zero:
 * the mode is entered from wherever the image lies, and has no stub.
 */
uint64_t arch_low_end(uint32_t mode);

/* The physical address of the next program's first instruction. */
uint64_t arch_entry(const struct purg_handoff *handoff);

/* The PURG_CHECK_* that this architecture knows. */
uint32_t arch_known_checks(void);

/*
 * Look at what is handed over: the entry's alignment always, the rest as handoff->checks asks. Called when all is in
 * its final place. True, or false with PURG_E_ENTRY, PURG_E_KERNEL, PURG_E_DTB, or, for a pointer to where no memory
 * can be, PURG_E_RANGE or PURG_E_UNMAPPED.
 */
bool arch_handoff_check(const struct purg_handoff *handoff, struct finding *finding);

/*
 * For compat_fill, which has filled in the segments: the handoff, the consoles and what else this architecture's
 * clients say. As compat_fill.
 */
bool arch_compat_fill(struct purg_params *params, struct finding *finding);

/* For compat_finish; and as it. */
bool arch_compat_finish(const struct purg_params *params, struct finding *finding);

/*
 * Enter the next program, by way of the handoff's stub if it has one: that is written to here, and not before. Unless
 * way is zero it is not entered.
 */
_Noreturn void arch_handoff(const struct purg_handoff *handoff, uint64_t way);

/*
 * Have every exception end in fault(), an NMI in nothing; and put back the vectors that were found. They stay in force
 * while the next program's registers are loaded no longer than must be.
 */
void arch_vectors_begin(void);
void arch_vectors_end(void);

/*
 * After an exception: leave the caches as arch_caches_end does, but without a look at segments and copies, of which one
 * may be what has faulted.
 */
void arch_caches_abandon(void);

/* True if this is how the block may ask for a reset; else what is wrong with it in *finding. */
bool arch_reset_check(const struct purg_failure *failure, struct finding *finding);

/* Reset the machine; the block's own register is used only if the block is sound. Returns if nothing helps. */
void arch_reset(const struct purg_failure *failure, bool sound);

/* Return to the caller of the image's entry as a function does, with code in x0 or rax, and its CPU state. */
_Noreturn void arch_return(uint32_t code);

/* Stop this CPU for good, in low power, with every interrupt masked and code in x0 or rax. */
_Noreturn void arch_halt(uint32_t code);

/*
 * Make the CPU's vector registers usable, as arch_sha256 and what it gives want them; and put back what was found. What
 * was in the registers themselves is lost.
 */
void arch_simd_begin(void);
void arch_simd_end(void);

/*
 * Let what the block names be reached through the caches from here on: segments, copies, consoles. Returns NULL, or why
 * that cannot be; then it is reached without. End it in either case: then no cache holds a line of segments or copies
 * that differs from memory, and the CPU is in the state in which the next program is entered.
 */
const char *arch_caches_begin(const struct purg_params *params);
void arch_caches_end(const struct purg_params *params);

/* True if consoles of this kind can be on this architecture; asked of PURG_CONSOLE_* only. */
bool arch_has_console(uint32_t kind);

/* Device registers. width is 1, 2 or 4. Ports are used only where there is a PURG_CONSOLE_8250_PORT. */
uint32_t arch_mmio_read(uint64_t address, uint32_t width);
void arch_mmio_write(uint64_t address, uint32_t width, uint32_t value);
uint32_t arch_port_read(uint16_t port);
void arch_port_write(uint16_t port, uint8_t value);

/* A counter, and how far it counts in a second; zero: not known. */
uint64_t arch_ticks(void);
uint64_t arch_ticks_hz(void);

/*
 * The PURG_FLAG_* that ask for something of old devices; and do what they ask. The second is called before anything
 * else, with flags that nobody has checked: others are ignored.
 */
uint32_t arch_device_flags(void);
void arch_reset_devices(uint32_t flags);

/* purg_report.level and purg_report.cpu_id. */
uint32_t arch_cpu_level(void);
void arch_cpu_id(uint64_t id[2]);

/* Have memory and caches agree on [start, start + size), whether caches are on or off: no cache has a line of it. */
void arch_sync_memory(uint64_t start, uint64_t size);

/* The fastest ways to compute SHA-256 on this CPU in its present state, or the portable one alone if asked for. */
void arch_sha256(struct sha256_engine *engine, bool portable);

#endif
