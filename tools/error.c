/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static void say(const char *path, const char *field, const char *format, va_list args)
{
	fputs("purgatory: ", stderr);
	if (path && *path)
		fprintf(stderr, "%s: ", path);
	if (field)
		fprintf(stderr, "%s: ", field);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void complain(const char *path, const char *field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(path, field, format, args);
	va_end(args);
}

void fail(const char *path, const char *field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(path, field, format, args);
	va_end(args);
	exit(EXIT_UNUSABLE);
}

void fail_errno(const char *path, const char *field)
{
	fail(path, field, "%s", strerror(errno));
}

void fail_usage(const char *subcommand, const char *format, ...)
{
	va_list args;
	char message[256];

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fail(subcommand, NULL, "%s; see 'purgatory%s%s --help'", message, subcommand ? " " : "",
	     subcommand ? subcommand : "");
}
