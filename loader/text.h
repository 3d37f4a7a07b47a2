/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Words of the texts in which Linux tells of itself. They have no NUL at their end. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What is left of a text. */
struct text {
	const char *at, *end;
};

static inline bool text_starts_with(struct text text, const char *start, size_t size)
{
	return (size_t)(text.end - text.at) >= size && memcmp(text.at, start, size) == 0;
}

static inline bool text_skip(struct text *text, const char *word, size_t size)
{
	if (!text_starts_with(*text, word, size))
		return false;
	text->at += size;
	return true;
}

/* The next line without its newline, which is gone over; false if the text has no newline any more. */
static inline bool text_line(struct text *text, struct text *line)
{
	line->at = text->at;
	while (text->at < text->end && *text->at != '\n')
		text->at++;
	line->end = text->at;
	return text_skip(text, "\n", 1);
}

/* A hexadecimal number as printf's %llx writes it. */
static inline bool text_read_hex(struct text *text, uint64_t *number)
{
	const char *start = text->at;

	for (*number = 0; text->at < text->end; text->at++) {
		uint8_t decimal = (uint8_t)(*text->at - '0'), letter = (uint8_t)(*text->at - 'a');

		if (decimal > 9 && letter > 5)
			break;
		if (*number >> 60)
			return false;
		*number = *number << 4 | (decimal <= 9 ? decimal : letter + 10u);
	}
	return text->at > start;
}

#endif
