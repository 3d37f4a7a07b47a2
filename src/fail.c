/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <console.h>
#include <fail.h>

/* "segment 2 (initrd) start: ", as far as it applies. */
static void tell_place(const struct finding *finding)
{
	if (finding->table)
		console_puts(finding->table);
	if (finding->index != NO_INDEX) {
		console_puts(" ");
		console_dec(finding->index);
	}
	if (finding->name) {
		console_puts(" (");
		console_name(finding->name);
		console_puts(")");
	}
	if (finding->table && finding->field)
		console_puts(" ");
	if (finding->field)
		console_puts(finding->field);
	if (finding->table || finding->field)
		console_puts(": ");
}

static void tell_evidence(const struct finding *finding)
{
	if (finding->expected) {
		console_puts(": expected ");
		console_digest(finding->expected);
		console_puts(", computed ");
		console_digest(finding->computed);
	} else if (finding->field) {
		console_puts(": ");
		console_hex(finding->value);
	}
	if (finding->code == PURG_E_FAULT) {
		console_puts(", syndrome ");
		console_hex(finding->syndrome);
		console_puts(", pc ");
		console_hex(finding->pc);
	}
}

static void tell_code(uint32_t code)
{
	console_puts(" [code ");
	console_dec(code);
	console_puts("]");
}

_Noreturn void fail_end(uint32_t code)
{
	tell_code(code);
	console_puts("; halted\n");
	console_flush();
	arch_halt(code);
}

void fail_tell(const struct finding *finding)
{
	console_puts("purgatory: refused: ");
	tell_place(finding);
	console_puts(fail_sentence(finding->code));
	tell_evidence(finding);
	tell_code(finding->code);
}
