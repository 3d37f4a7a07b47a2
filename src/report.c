/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* docs/abi.md, "The record". */
#include <arch.h>
#include <report.h>
#include <string.h>

void report_begin(struct report *report)
{
	report->since = arch_ticks();
}

void report_lap(struct report *report, uint64_t *ticks)
{
	uint64_t now = arch_ticks();

	*ticks += now - report->since;
	report->since = now;
}

/* Behind what is there, as far as there is room; the last byte stays zero. */
static void append(char string[16], const char *more)
{
	char *end = string + 15;

	while (*string)
		string++;
	while (*more && string < end)
		*string++ = *more++;
}

static void put_walk(struct purg_report *record, const struct walk *walk)
{
	record->walk = walk->result;
	record->walk_address = walk->address;
	record->walk_pages = walk->pages;
	record->walk_entries = walk->entries;
	record->walk_leaves = walk->leaves;
}

static void put_success(struct purg_report *record, const struct verified *verified)
{
	record->verdict = verified->skipped ? PURG_VERDICT_SKIPPED : PURG_VERDICT_VERIFIED;
	record->segment_count = verified->segments;
	record->skipped_count = verified->skipped;
	record->bytes = verified->bytes;
}

/* A finding has a name only if it is about a segment. */
static void put_refusal(struct purg_report *record, const struct finding *finding)
{
	record->verdict = PURG_VERDICT_REFUSED;
	record->code = finding->code;
	if (finding->name) {
		record->segment = finding->index;
		memcpy(record->segment_name, finding->name, sizeof(record->segment_name));
	}
	if (finding->code == PURG_E_FAULT) {
		record->fault_syndrome = finding->syndrome;
		record->fault_pc = finding->pc;
		record->fault_address = finding->value;
	}
	if (finding->expected) {
		memcpy(record->expected, finding->expected, sizeof(record->expected));
		memcpy(record->computed, finding->computed, sizeof(record->computed));
	}
}

void report_write(struct report *report, const struct purg_params *params, const struct sha256_engine *engine,
		  const struct walk *walk, const struct verified *verified, const struct finding *finding)
{
	struct purg_report *record = &report->record;
	uint64_t place = params->report.address;

	if (!report->placed)
		return;
	report->placed = false; /* nor is it tried once more if nothing answers there */
	record->magic = PURG_REPORT_MAGIC;
	record->abi_major = PURG_ABI_MAJOR;
	record->abi_minor = PURG_ABI_MINOR;
	record->size = sizeof(*record);
	record->segment = NO_INDEX;
	append(record->sha256, engine->name);
	if (verified->lanes_name) {
		append(record->sha256, "+");
		append(record->sha256, verified->lanes_name);
	}
	record->level = arch_cpu_level();
	arch_cpu_id(record->cpu_id);
	record->ticks_hz = params->failure.timer_hz ? params->failure.timer_hz : arch_ticks_hz();
	put_walk(record, walk);
	if (finding->code)
		put_refusal(record, finding);
	else if (params->verify != PURG_VERIFY_NEVER)
		put_success(record, verified);
	sha256(engine->blocks, record, sizeof(*record), record->digest);
	/* No line of what was there comes down on the record later, and none that was fetched since hides it. */
	arch_sync_memory(place, sizeof(*record));
	memcpy((void *)(uintptr_t)place, record, sizeof(*record));
	arch_sync_memory(place, sizeof(*record));
}
