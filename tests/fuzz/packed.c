/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The command's reader of purgatories and packed images: check, then inspect. What in the command talks to the system
 * is replaced here: a file is memory, and whatever ends the command jumps back.
 *
 * A packed image is megabytes of zeros with something in between. So the input is a list of pieces of a file: how many
 * zeros (4 bytes), how many bytes (2), the bytes. packed_seeds.py writes the seeds that way.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/command.h"
#include "../../tools/error.h"
#include "../../tools/file.h"
#include "number.h"

#define FILE_LIMIT (4 * MIB)
#define PIECE_HEAD 6

static jmp_buf end;
static const uint8_t *file_data;
static size_t file_size;
static bool running;
static void *allocated; /* the reader allocates once, and leaves it to the end of the command */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

/* A line is made, as its arguments may be bad, and not shown. */
static void say(const char *path, const char *field, const char *format, va_list args)
{
	char line[4096];

	snprintf(line, sizeof(line), "%s: %s", path ? path : "", field ? field : "");
	vsnprintf(line, sizeof(line), format, args);
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
	longjmp(end, 1);
}

void fail_errno(const char *path, const char *field)
{
	fail(path, field, "%s", strerror(errno));
}

/* The arguments are right. */
void fail_usage(const char *subcommand, const char *format, ...)
{
	(void)subcommand;
	(void)format;
	abort();
}

void file_open(struct file *file, const char *path)
{
	if (!file_size)
		fail(path, NULL, "is empty");
	*file = (struct file){.path = path, .data = file_data, .size = file_size};
}

int command_done(int code)
{
	return code;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *memory = __real_calloc(count, size);

	if (!running)
		return memory;
	if (allocated)
		abort();
	return allocated = memory;
}

/* One thread is faster for small files. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
	return running ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

/* The file's size; and the file, if there is memory for it. */
static size_t expand(const uint8_t *data, size_t size, uint8_t *file)
{
	size_t total = 0;

	while (size >= PIECE_HEAD) {
		uint32_t zeros;
		uint16_t bytes;

		memcpy(&zeros, data, sizeof(zeros));
		memcpy(&bytes, data + sizeof(zeros), sizeof(bytes));
		data += PIECE_HEAD;
		size -= PIECE_HEAD;
		bytes = (uint16_t)number_min(bytes, size);
		if (total + zeros + bytes > FILE_LIMIT)
			break;
		if (file)
			memcpy(file + total + zeros, data, bytes);
		total += zeros + bytes;
		data += bytes;
		size -= bytes;
	}
	return total;
}

/* The exit code of a subcommand. */
static int run(int (*command)(int, char **), const char *name, const char *option)
{
	char *argv[] = {(char *)name, (char *)option, (char *)"input", NULL};
	int code;

	optind = 0;
	running = true;
	if (setjmp(end))
		code = EXIT_UNUSABLE;
	else
		code = command(3, argv);
	running = false;
	free(allocated);
	allocated = NULL;
	return code;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return !freopen("/dev/null", "w", stdout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file;
	int checked, inspected;

	file_size = expand(data, size, NULL);
	file_data = file = calloc(1, file_size);
	expand(data, size, file);
	checked = run(command_check, "check", "--");
	inspected = run(command_inspect, "inspect", "--map");
	free(file);
	/* What is well formed can be shown. */
	if (checked != EXIT_UNUSABLE && inspected)
		abort();
	return 0;
}
