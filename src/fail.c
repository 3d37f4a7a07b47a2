/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include <console.h>
#include <fail.h>

/* By code, from PURG_OK on; one after the other, since an array of pointers would need relocations. */
static const char sentences[] = "ok\0"
				"not a parameter block\0"
				"not an ABI version of this build\0"
				"not the size of this ABI version\0"
				"must be zero\0"
				"not supported by this build\0"
				"not a defined value\0"
				"too many entries\0"
				"beyond the physical address space\0"
				"overlaps the purgatory\0"
				"overlaps a segment, a copy or a console\0"
				"nothing to verify\0"
				"misaligned, or in nothing that was verified\0"
				"the parameter block was changed\0"
				"the purgatory's code was changed\0"
				"the digest does not match\0"
				"the concatenation's digest does not match\0"
				"misaligned, or too high\0"
				"the CPU is in no state that the ABI allows\0"
				"no kernel there\0"
				"the DTB has a bad magic, alignment or size\0"
				"not in the identity map\0"
				"copies what was not verified\0"
				"an exception\0";

const char *fail_sentence(uint32_t code)
{
	const char *sentence = sentences;

	while (code--)
		while (*sentence++)
			;
	return sentence;
}

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
