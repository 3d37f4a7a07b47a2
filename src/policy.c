/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <console.h>
#include <fail.h>
#include <params.h>
#include <policy.h>
#include <verify.h>

/* Of a block that is not checked: shorter than anybody would turn the machine off. */
#define MAX_UNCHECKED_DELAY 60

/* No counter is faster: a larger number is a mistake, or a flipped bit, with which the wait would have no end. */
#define MAX_HZ (1ull << 34)

/* A counter that is looked at so often, and has not moved, stands still. */
#define PATIENCE 1000000

uint32_t policy_choose(const struct purg_params *params, const struct standing *standing)
{
	switch (params->failure.policy) {
	case PURG_FAIL_RESET:
		return PURG_FAIL_RESET;
	case PURG_FAIL_RETURN:
		return standing->copied ? PURG_FAIL_HALT : PURG_FAIL_RETURN;
	case PURG_FAIL_FALLBACK:
		return standing->sound ? PURG_FAIL_FALLBACK : PURG_FAIL_HALT;
	default:
		return PURG_FAIL_HALT;
	}
}

void policy_tell(uint32_t policy)
{
	switch (policy) {
	case PURG_FAIL_RESET:
		console_puts("; resetting\n");
		break;
	case PURG_FAIL_RETURN:
		console_puts("; returning\n");
		break;
	case PURG_FAIL_FALLBACK:
		console_puts("; falling back\n");
		break;
	default:
		console_puts("; halted\n");
	}
	console_flush();
}

/* So that a person can read the line. Of an unchecked block not even the frequency is believed. */
static void wait(const struct purg_failure *failure, bool checked)
{
	bool told = checked && failure->timer_hz && failure->timer_hz <= MAX_HZ;
	uint64_t hz = told ? failure->timer_hz : arch_ticks_hz();
	uint32_t max = checked ? PURG_MAX_DELAY : MAX_UNCHECKED_DELAY;
	uint64_t left = hz * (failure->delay < max ? failure->delay : max);
	uint64_t last = arch_ticks();

	for (uint32_t still = 0; left && still < PATIENCE; still++) {
		uint64_t now = arch_ticks(), passed = now - last;

		if (!passed)
			continue;
		still = 0;
		last = now;
		left = passed < left ? left - passed : 0;
	}
}

/* Like the kernel that was refused, the fallback is verified before it is entered; and there is no other behind it. */
_Noreturn static void fall_back(const struct purg_params *params, const struct standing *standing,
				const struct sha256_engine *engine)
{
	const struct purg_failure *failure = &params->failure;
	struct finding finding = {.table = "fallback", .name = failure->fallback.name, .index = NO_INDEX};
	struct verified verified = {0};
	bool good;

	/* After an exception nothing may have seen to what caches hold of it. */
	if (standing->faulted)
		arch_sync_memory(failure->fallback.start, failure->fallback.size);
	else
		arch_caches_begin(params);
	good = verify_segment(&failure->fallback, engine, &finding, &verified);
	if (!standing->faulted)
		arch_caches_end(params);
	if (!good || !arch_handoff_check(&failure->fallback_handoff, &finding)) {
		fail_tell(&finding);
		policy_tell(PURG_FAIL_HALT);
		arch_halt(finding.code);
	}
	console_puts("purgatory: verified the fallback, ");
	console_dec(failure->fallback.size);
	console_puts(" bytes; jumping to ");
	console_hex(arch_entry(&failure->fallback_handoff));
	console_puts("\n");
	console_flush();
	arch_simd_end();
	arch_vectors_end();
	arch_handoff(&failure->fallback_handoff, 0);
}

_Noreturn void policy_carry_out(const struct purg_params *params, const struct standing *standing, uint32_t policy,
				uint32_t code, const struct sha256_engine *engine)
{
	if (policy != PURG_FAIL_HALT)
		wait(&params->failure, standing->checked);
	switch (policy) {
	case PURG_FAIL_RESET:
		arch_reset(&params->failure, standing->sound);
		break;
	case PURG_FAIL_RETURN:
		arch_simd_end();
		arch_vectors_end();
		arch_return(code);
	case PURG_FAIL_FALLBACK:
		fall_back(params, standing, engine);
	default:
		break;
	}
	arch_halt(code);
}
