/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* How fast x86's TSC counts. Few kernels say it, and few CPUs (CPUID 15h); but the running one can be watched. */
#include <time.h>

#include "machine.h"

#ifdef __x86_64__
#define NANOSECONDS 1000000000
#define PERIOD 20000000 /* ns */
#define TRIES 8

struct sample {
	uint64_t time; /* ns */
	uint64_t tsc;
};

/* By the clock that nobody adjusts. */
static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

/* Of some tries the one in which least time has passed: nothing came in between. */
static struct sample take_sample(void)
{
	struct sample best = {0};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		struct sample sample = {.time = now(), .tsc = __builtin_ia32_rdtsc()};
		uint64_t passed = now() - sample.time;

		if (passed >= least)
			continue;
		least = passed;
		best = sample;
	}
	return best;
}

static uint64_t measure(void)
{
	struct sample first = take_sample(), last;

	while (now() - first.time < PERIOD)
		;
	last = take_sample();
	return (uint64_t)((double)(last.tsc - first.tsc) * NANOSECONDS / (double)(last.time - first.time));
}
#else
/* Another machine's is not here. */
static uint64_t measure(void)
{
	return 0;
}
#endif

uint64_t machine_timer_hz(const struct machine *machine)
{
	uint64_t khz;

	if (machine->arch != PURG_ARCH_X86_64)
		return 0;
	if (machine_number(machine, &khz, 10, "/sys/devices/system/cpu/cpu0/tsc_freq_khz"))
		return khz * 1000;
	return *machine->root ? 0 : measure();
}
