/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "output.h"

/* Somebody made a file shorter while it was mapped: say so once, rather than die with a core. */
static void on_sigbus(int signal)
{
	static const char message[] =
		"purgatory: an input file became shorter, or unreadable, while it was being read\n";
	static atomic_flag said = ATOMIC_FLAG_INIT;

	(void)signal;
	/* Another thread came upon it as well. */
	while (atomic_flag_test_and_set(&said))
		pause();
	output_discard();
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(EXIT_UNUSABLE);
	_exit(EXIT_UNUSABLE);
}

static void check_kind(const char *path, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		fail(path, NULL, "is a directory; a file is needed");
	if (!S_ISREG(st->st_mode))
		fail(path, NULL, "is not a regular file; it has to be mapped, so copy it into one");
	if (!st->st_size)
		fail(path, NULL, "is empty");
}

void file_open(struct file *file, const char *path)
{
	/* O_NONBLOCK: do not wait for the writer of a FIFO only to refuse it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *data;

	if (fd < 0)
		fail_errno(path, "open");
	if (fstat(fd, &st))
		fail_errno(path, "stat");
	check_kind(path, &st);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		fail_errno(path, "mmap");
	close(fd);
	signal(SIGBUS, on_sigbus);
	*file = (struct file){.path = path, .data = data, .size = (uint64_t)st.st_size};
}
