/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The guest's side of the fault campaign. For each trial: restore the purgatory, its block and all segments from
 * pristine copies, damage what the trial says, enter the purgatory, and print one line of what came of it:
 *
 *	#R 0x11 returned 0xf same
 *
 * The host sees what the purgatory prints before, and that nothing comes any more.
 */
#include <purgatory/abi.h>
#include "harness.h"

/* Written by scenario.py; offsets are from the mailbox's start. What they lead to of pieces is complemented: no code.
 */
struct mailbox {
	uint64_t image;
	uint64_t record;
	uint64_t progress; /* address of a word that a reset of the machine leaves alone: the trial that comes next */
	uint64_t piece_count;
	uint64_t pieces;
	uint64_t configs;
	uint64_t trial_count;
	uint64_t trials;
	uint64_t launcher; /* the launcher's mailbox, which has an image that damaged code might jump to */
	uint64_t launcher_size;
};

struct piece {
	uint64_t address;
	uint64_t size;
	uint64_t offset;   /* what is there before */
	uint64_t expected; /* what must be there when the next program is entered; zero: not looked at */
	uint64_t fallback; /* this one is looked at when the fallback is entered */
};

struct trial {
	uint64_t config;
	uint64_t kind;
	uint64_t address;
	uint64_t value;
};

/* Of what is damaged; anything else: nothing. */
#define TRIAL_FLIP 1   /* the bits in value, of the byte */
#define TRIAL_FILL 2   /* a page, with the byte */
#define TRIAL_RANDOM 3 /* a page, with numbers of which value is the seed */
#define TRIAL_COPY 4   /* a page, with that at value */

#define PAGE 4096
#define COMPLEMENT (~0ull)

/* From the linker: where it lies. */
extern const uint8_t harness_mailbox[];

static const struct mailbox *mailbox(void)
{
	return (const void *)harness_mailbox;
}

static const void *in_mailbox(uint64_t offset)
{
	return harness_mailbox + offset;
}

static void put_string(const char *string)
{
	while (*string)
		harness_putc(*string++);
}

static void put_hex(uint64_t number)
{
	int shift = 60;

	while (shift && !(number >> shift))
		shift -= 4;
	put_string(" 0x");
	for (; shift >= 0; shift -= 4)
		harness_putc("0123456789abcdef"[number >> shift & 15]);
}

static void put_mark(const char *mark, uint64_t number)
{
	put_string(mark);
	put_hex(number);
}

/*
 * The complement of what is in the mailbox. What is as it should be is not written: code that is written is translated
 * anew by the emulation.
 */
static void restore(void *to, const void *from, uint64_t size)
{
	volatile uint64_t *words = to;
	const uint64_t *good = from;

	for (uint64_t i = 0; i < size / sizeof(*words); i++)
		if (words[i] != (good[i] ^ COMPLEMENT))
			words[i] = good[i] ^ COMPLEMENT;
}

static void restore_all(const struct purg_params *config)
{
	const struct piece *piece = in_mailbox(mailbox()->pieces);
	const struct purg_header *header = (const void *)(uintptr_t)mailbox()->image;

	for (uint64_t i = 0; i < mailbox()->piece_count; i++, piece++)
		restore((void *)(uintptr_t)piece->address, in_mailbox(piece->offset), piece->size);
	restore((void *)(uintptr_t)(mailbox()->image + header->params), config, sizeof(*config));
}

static void damage(const struct trial *trial)
{
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)trial->address;
	const uint8_t *other = (const uint8_t *)(uintptr_t)trial->value;
	uint64_t random = trial->value;

	if (trial->kind == TRIAL_FLIP)
		*at ^= (uint8_t)trial->value;
	for (int i = 0; trial->kind == TRIAL_FILL && i < PAGE; i++)
		at[i] = (uint8_t)trial->value;
	for (int i = 0; trial->kind == TRIAL_RANDOM && i < PAGE; i++) {
		random = random * 6364136223846793005 + 1442695040888963407; /* Knuth's MMIX */
		at[i] = random >> 56;
	}
	for (int i = 0; trial->kind == TRIAL_COPY && i < PAGE; i++)
		at[i] = other[i];
}

/* The index of the first word that differs, or count; `flip` is 0, or COMPLEMENT. */
static uint64_t difference(const void *a, const void *b, uint64_t count, uint64_t flip)
{
	const uint64_t *p = a, *q = b;
	uint64_t i;

	for (i = 0; i < count && p[i] == (q[i] ^ flip); i++)
		;
	return i;
}

static void put_memory(uint64_t fallback)
{
	const struct piece *piece = in_mailbox(mailbox()->pieces);

	for (uint64_t i = 0; i < mailbox()->piece_count; i++, piece++) {
		const void *memory = (const void *)(uintptr_t)piece->address;
		uint64_t count = piece->size / sizeof(uint64_t), differs;

		if (!piece->expected || piece->fallback != fallback)
			continue;
		differs = difference(memory, in_mailbox(piece->expected), count, COMPLEMENT);
		if (differs < count) {
			put_mark(" memory", piece->address + differs * sizeof(uint64_t));
			return;
		}
	}
	put_string(" same");
}

/* The first thing that is not as the next program may expect it. */
static void put_entered(const struct purg_params *config)
{
	const uint64_t *wanted = (const void *)&config->handoff.arm64; /* or another of the union */
	const uint64_t *other = (const void *)&config->failure.fallback_handoff.arm64;
	uint64_t fallback = difference(captured.registers, other, HARNESS_REGISTERS, COMPLEMENT) == HARNESS_REGISTERS;
	uint64_t state = difference(captured.state, found, STATE_WORDS, 0);
	uint64_t differs = difference(captured.registers, fallback ? other : wanted, HARNESS_REGISTERS, COMPLEMENT);

	put_string(fallback ? " fallback" : " entered");
	if (differs < HARNESS_REGISTERS)
		put_mark(" register", differs);
	else if (state < STATE_WORDS)
		put_mark(" state", state);
	else
		put_memory(fallback);
}

static void put_returned(void)
{
	uint64_t state = difference(captured.state, found, STATE_WORDS, 0);

	put_mark(" returned", captured.code);
	if (captured.spoilt)
		put_mark(" spoilt", captured.spoilt);
	else if (state < STATE_WORDS)
		put_mark(" state", state);
	else
		put_string(" same");
}

static void put_caught(void)
{
	put_string(" caught");
	for (int i = 0; i < 3; i++)
		put_hex(captured.exception[i]);
}

static void put_record(void)
{
	const struct purg_report *record = (const void *)(uintptr_t)mailbox()->record;

	if (record->magic != PURG_REPORT_MAGIC)
		return;
	put_mark(" record", record->code);
	put_hex(record->segment);
	put_hex(record->verdict);
	put_hex(record->stage);
	put_hex(record->segment_count);
	put_hex(record->bytes);
}

static void try(uint64_t number)
{
	const struct trial *trial = (const struct trial *)in_mailbox(mailbox()->trials) + number;
	const struct purg_params *config = (const struct purg_params *)in_mailbox(mailbox()->configs) + trial->config;
	uint64_t how;

	restore_all(config);
	damage(trial);
	put_mark("\n#T", number);
	put_string("\n");
	how = enter(mailbox()->image);
	put_mark("\n#R", number);
	if (how == HOW_RETURNED)
		put_returned();
	else if (how == HOW_ENTERED)
		put_entered(config);
	else
		put_caught();
	put_record();
	put_string("\n");
}

void harness_main(void)
{
	volatile uint64_t *progress = (volatile uint64_t *)(uintptr_t)mailbox()->progress;
	volatile uint64_t *launcher = (volatile uint64_t *)(uintptr_t)mailbox()->launcher;
	uint64_t number;

	for (uint64_t i = 0; i < mailbox()->launcher_size / sizeof(*launcher); i++)
		launcher[i] = 0;
	put_mark("\n#H", *progress);
	put_string("\n");
	while ((number = *progress) < mailbox()->trial_count) {
		*progress = number + 1;
		try(number);
	}
	put_string("\n#E\n");
	for (;;)
		;
}
