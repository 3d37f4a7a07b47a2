/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The life of a boot: check the parameters, verify what was loaded, prepare, hand off; or refuse. A loader that knows
 * no parameter block has patched symbols instead: then the block is filled in from those first.
 *
 * arch/ARCH/entry.S calls purgatory_main once, on the image's own stack, with interrupts masked.
 */
#include <arch.h>
#include <build.h>
#include <compat.h>
#include <console.h>
#include <fail.h>
#include <params.h>
#include <policy.h>
#include <report.h>
#include <string.h>
#include <verify.h>
#include <walk.h>

_Noreturn void purgatory_main(void);

/*
 * Where a boot must have passed. Each takes its mark out of work.way, and what is left goes into the entry's address:
 * damaged code that has come to the handoff by a jump enters nothing.
 */
#define WAY_BLOCK 0x3c96a55a0f00ull
#define WAY_VERIFIED 0x69c35aa50f0full
#define WAY_HANDOFF 0x5a693cc300ffull

/* All that is known of this boot. */
struct work {
	volatile uint64_t way;
	struct finding finding;
	struct standing standing;
	struct sha256_engine engine;
	struct walk walk;
	struct verified verified;
	const char *uncached; /* why it is done without caches; NULL: it is not */
	struct report report;
};

/* Not on the stack, of which hashing needs most; and so that an exception finds it. */
static struct work work;

static bool check_place(struct finding *finding)
{
	if ((uintptr_t)&purg_header & (IMAGE_ALIGN - 1))
		return refuse(finding, PURG_E_PLACEMENT, "image", (uintptr_t)&purg_header);
	if (!arch_check_cpu())
		return refuse(finding, PURG_E_CPU, NULL, 0);
	return arch_mapped((uintptr_t)&purg_header, purg_header.mem_size) ||
	       refuse(finding, PURG_E_UNMAPPED, "image", (uintptr_t)&purg_header);
}

/*
 * From what makes the block readable to the rules of its fields; its digest comes before any field is believed. A block
 * without one might be anything, until all of it is checked: then nothing is written to where it says.
 */
static bool check_block(const struct purg_params *params)
{
	struct finding *finding = &work.finding;
	struct report *report = &work.report;
	bool good;

	report_begin(report);
	report->record.stage = PURG_STAGE_PARAMETERS;
	if (!params_check_head(params, finding) || !verify_self(params, &work.engine, finding) ||
	    !params_check_report(params, finding))
		return false;
	work.standing.checked = verify_is_given(params->block_digest);
	report->placed = params->report.address && work.standing.checked;
	good = params_check_fields(params, finding);
	work.standing.sound = good;
	work.standing.checked |= good;
	report->placed |= params->report.address && good;
	report_lap(report, &report->record.ticks_check);
	return good;
}

/* The ranges are checked; the copies are made in the table's order. */
static void make_copies(const struct purg_params *params)
{
	for (uint32_t i = 0; i < params->copy_count; i++) {
		const struct purg_copy *copy = &params->copy[i];

		memmove((void *)(uintptr_t)copy->dst, (const void *)(uintptr_t)copy->src, copy->size);
	}
}

/* What takes long is done with all the speed that the CPU has. False: refused. */
static bool verify_and_copy(const struct purg_params *params)
{
	struct finding *finding = &work.finding;
	struct report *report = &work.report;
	bool verified;

	report->record.stage = PURG_STAGE_VERIFY;
	work.uncached = arch_caches_begin(params);
	report->record.cached = !work.uncached;
	report_lap(report, &report->record.ticks_hash);
	walk_old_tables(params, &work.walk);
	report_lap(report, &report->record.ticks_walk);
	walk_tell(params, &work.walk);
	report_begin(report); /* not to count the console's time */
	verified = params->verify == PURG_VERIFY_NEVER ||
		   verify_segments(params, work.walk.skip, &work.engine, finding, &work.verified);
	report_lap(report, &report->record.ticks_hash);
	if (verified) {
		report->record.stage = PURG_STAGE_COPY;
		work.standing.copied = params->copy_count;
		make_copies(params);
	}
	report_lap(report, &report->record.ticks_copy);
	arch_caches_end(params);
	report_lap(report, &report->record.ticks_hash);
	return verified;
}

/* All is in its final place. */
static bool check_handoff(const struct purg_params *params)
{
	struct finding *finding = &work.finding;

	work.report.record.stage = PURG_STAGE_HANDOFF;
	if (!compat_finish(params, finding))
		return false;
	finding->table = "handoff";
	return arch_handoff_check(&params->handoff, finding);
}

/* "armv8-ce, cached" */
static void tell_sha256(void)
{
	console_puts(work.engine.name);
	if (work.verified.lanes_name) {
		console_puts("+");
		console_puts(work.verified.lanes_name);
	}
	console_puts(work.uncached ? ", uncached: " : ", cached");
	if (work.uncached)
		console_puts(work.uncached);
}

/* "3 segments" */
static void tell_segments(uint32_t count)
{
	console_dec(count);
	console_puts(count == 1 ? " segment" : " segments");
}

/* "verified 3 segments, 4096 bytes, sha256: armv8-ce, cached; skipped 1 segment" */
static void tell_verified(void)
{
	const struct verified *verified = &work.verified;

	if (verified->segments) {
		console_puts("verified ");
		tell_segments(verified->segments);
		console_puts(", ");
		console_dec(verified->bytes);
		console_puts(" bytes, sha256: ");
		tell_sha256();
	}
	if (verified->skipped) {
		console_puts(verified->segments ? "; skipped " : "skipped ");
		tell_segments(verified->skipped);
	}
}

static void announce(const struct purg_params *params)
{
	console_puts("purgatory: ");
	if (params->verify == PURG_VERIFY_NEVER)
		console_puts("NOT verified, by the loader's word");
	else
		tell_verified();
	console_puts("; jumping to ");
	console_hex(arch_entry(&params->handoff));
	console_puts("\n");
	console_flush();
}

/* The line, the record, and what the failure policy asks for. */
_Noreturn static void give_up(void)
{
	const struct purg_params *params = &purg_params;
	uint32_t policy = policy_choose(params, &work.standing);

	fail_tell(&work.finding);
	policy_tell(policy);
	report_write(&work.report, params, &work.engine, &work.walk, &work.verified, &work.finding);
	policy_carry_out(params, &work.standing, policy, work.finding.code, &work.engine);
}

_Noreturn void fault(uint64_t syndrome, uint64_t pc, uint64_t address)
{
	struct finding *finding = &work.finding;
	bool console;

	work.standing.faulted = true;
	arch_caches_abandon();
	console = console_forsake();
	/* The fallback, or the reset register, is not tried twice. */
	if (!console && finding->code)
		work.standing.sound = false;
	/* What a console was to tell is told anew, by the others; else it is the exception that is told. */
	if (!console || !finding->code) {
		if (console || finding->code)
			*finding = (struct finding){.index = NO_INDEX};
		refuse(finding, PURG_E_FAULT, "address", address);
		finding->syndrome = syndrome;
		finding->pc = pc;
	}
	give_up();
}

_Noreturn void purgatory_main(void)
{
	const struct purg_params *params = &purg_params;
	struct finding *finding = &work.finding;
	bool filled;

	work = (struct work){.finding.index = NO_INDEX, .way = WAY_BLOCK ^ WAY_VERIFIED ^ WAY_HANDOFF};
	arch_vectors_begin();
	filled = compat_fill(&purg_params, finding);
	arch_reset_devices(params->flags);
	console_open(params->console, (uintptr_t)&purg_header, purg_header.mem_size);
	if (!filled || !check_place(finding))
		give_up();
	arch_simd_begin();
	arch_sha256(&work.engine, params->flags & PURG_FLAG_PORTABLE_SHA256);
	if (!check_block(params))
		give_up();
	work.way ^= WAY_BLOCK;
	if (!verify_and_copy(params))
		give_up();
	work.way ^= WAY_VERIFIED;
	if (!check_handoff(params))
		give_up();
	work.way ^= WAY_HANDOFF;
	if (console_is_open())
		announce(params);
	if (work.way) {
		refuse(finding, PURG_E_IMAGE, "way", work.way);
		give_up();
	}
	report_write(&work.report, params, &work.engine, &work.walk, &work.verified, finding);
	arch_simd_end();
	arch_vectors_end();
	arch_handoff(&params->handoff, work.way);
}
