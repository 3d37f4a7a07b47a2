/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "allocate.h"
#include "cmdline.h"
#include "error.h"

static bool begins(const char *word, const char *prefix)
{
	return !strncmp(word, prefix, strlen(prefix));
}

/* What was said to the running kernel alone: elfcorehdr= if that is a crash kernel itself. */
static bool is_dropped(const char *word, bool panic)
{
	return begins(word, "BOOT_IMAGE=") || begins(word, "elfcorehdr=") || (panic && begins(word, "crashkernel="));
}

/* The end of a word: at a space, but not within quotes (Linux lib/cmdline.c, next_arg). */
static size_t word_length(const char *word)
{
	bool quoted = false;
	size_t length = 0;

	for (; word[length] && (quoted || word[length] != ' '); length++)
		quoted ^= word[length] == '"';
	return length;
}

const char *cmdline_reuse(const char *running, bool panic, const char *more)
{
	size_t room = strlen(running) + 1 + (more ? strlen(more) + 1 : 0);
	char *text = allocate(1, room), *end = text;

	for (size_t length; *running; running += length) {
		running += strspn(running, " ");
		length = word_length(running);
		if (length && !is_dropped(running, panic))
			end += sprintf(end, "%s%.*s", end == text ? "" : " ", (int)length, running);
	}
	if (more && *more)
		sprintf(end, "%s%s", end == text ? "" : " ", more);
	return text;
}

const char *cmdline_copy(const uint8_t *data, uint64_t size)
{
	char *text = strndup((const char *)data, size);

	if (!text)
		fail(NULL, NULL, "not enough memory");
	for (size_t length = strlen(text); length && strchr("\n ", text[length - 1]); length--)
		text[length - 1] = '\0';
	return text;
}
