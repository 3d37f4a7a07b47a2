/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The running kernel's own part of a kexec: kexec_load(2), reboot(2), and what /sys/kernel says of them. */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct live_status {
	bool loaded;         /* a kernel, for purgatory exec */
	bool panic_loaded;   /* a crash kernel */
	bool disabled;       /* kernel.kexec_load_disabled: nothing can be loaded or unloaded until the next boot */
	uint64_t crash_size; /* bytes that are reserved for a crash kernel; zero: none */
};

/* Fails if this kernel has no kexec. */
void live_status(struct live_status *status);

/* Fail, with the reason, if the kernel would refuse to load anything, or a crash kernel. */
void live_check(bool panic);

/* Have the kernel copy what was planned, or fail. What was loaded before is gone, if this succeeds. */
void live_load(const struct plan *plan);

void live_unload(bool panic);

/* Jump. Returns only by failing. */
_Noreturn void live_exec(void);

#endif
