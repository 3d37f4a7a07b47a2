/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* One line on stderr for everything that goes wrong: "purgatory: FILE: FIELD: what is wrong; what would be right". */
#ifndef ERROR_H
#define ERROR_H

/* Exit codes, as --help gives them. */
#define EXIT_MISMATCH 1 /* check: sound in structure, but a digest does not match */
#define EXIT_UNUSABLE 2 /* everything else: usage, a file that cannot be read, used or written */

/* Say it and exit with EXIT_UNUSABLE. path may be NULL or empty, field NULL. A half written output is removed. */
__attribute__((noreturn)) void fail(const char *path, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with strerror(errno) as the text: field says what was tried. */
__attribute__((noreturn)) void fail_errno(const char *path, const char *field);

/* The same line, without the exit. */
void complain(const char *path, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Usage errors: point at --help of this subcommand (NULL: of the command). */
__attribute__((noreturn)) void fail_usage(const char *subcommand, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
