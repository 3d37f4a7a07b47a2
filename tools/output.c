/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "error.h"
#include "number.h"
#include "output.h"

static struct {
	const char *path;
	char *volatile temp; /* what is to be removed, also by a signal handler; NULL: nothing */
	int fd;
} output;

void output_discard(void)
{
	if (output.temp)
		unlink(output.temp);
}

static void on_signal(int number)
{
	output_discard();
	signal(number, SIG_DFL);
	raise(number);
}

static const int fatal[] = {SIGHUP, SIGINT, SIGTERM};

static void clean_up_at_the_end(void)
{
	atexit(output_discard);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		if (signal(fatal[i], SIG_IGN) != SIG_IGN)
			signal(fatal[i], on_signal);
	/* Past the limit on file sizes we want an error, not a signal. */
	signal(SIGXFSZ, SIG_IGN);
}

/* No signal may come between the making of the file and the note of its name. */
static void create(char *temp)
{
	sigset_t held, before;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaddset(&held, fatal[i]);
	sigprocmask(SIG_BLOCK, &held, &before);
	output.fd = mkostemp(temp, O_CLOEXEC);
	if (output.fd >= 0)
		output.temp = temp;
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A rename would replace a device or fail on a directory: refuse both before any work is done. */
static void check_place(const char *path)
{
	size_t length = strlen(path);
	struct stat st;

	if (!length)
		fail(NULL, "-o", "the name of the output is empty");
	if (path[length - 1] == '/')
		fail(path, NULL, "is a directory; -o needs the name of a file");
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		fail(path, NULL, "exists and is not a regular file; -o replaces regular files only");
}

static char *name_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path) + 1 : 0;
	char *name;

	if (asprintf(&name, "%.*s.purgatory-XXXXXX", directory, path) < 0)
		fail_errno(path, "memory");
	return name;
}

void output_open(const char *path, uint64_t size)
{
	char *temp;
	mode_t mask;

	check_place(path);
	temp = name_beside(path);
	output.path = path;
	clean_up_at_the_end();
	create(temp);
	if (output.fd < 0)
		fail_errno(path, "create a file beside it");
	mask = umask(0);
	umask(mask);
	if (fchmod(output.fd, 0666 & ~mask))
		fail_errno(path, "chmod");
	if (size > INT64_MAX)
		fail(path, NULL, "would be larger than a file can be");
	if (ftruncate(output.fd, (off_t)size))
		fail_errno(path, "make room");
}

static void write_all(uint64_t at, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t n = pwrite(output.fd, data, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail_errno(output.path, "write");
		at += (uint64_t)n;
		data += n;
		size -= (size_t)n;
	}
}

void output_write(uint64_t at, const void *data, uint64_t size)
{
	const uint8_t *from = data;

	for (uint64_t done = 0, n; done < size; done += n) {
		n = number_min(size - done, 256 * KIB);
		/* Zeros are there already; not writing them keeps sparse inputs sparse. */
		if (!bytes_are_zero(from + done, n))
			write_all(at + done, from + done, n);
	}
}

void output_commit(void)
{
	char *temp = output.temp;

	if (fsync(output.fd))
		fail_errno(output.path, "sync");
	if (close(output.fd))
		fail_errno(output.path, "close");
	if (rename(temp, output.path))
		fail_errno(output.path, "rename into place");
	output.temp = NULL;
	free(temp);
}
