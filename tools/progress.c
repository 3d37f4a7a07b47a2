/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "number.h"
#include "progress.h"

#define WORTH_SHOWING (64 * MIB)

static struct {
	const char *what;
	uint64_t total;
	uint64_t done;
	unsigned int percent;
	bool shown;
} progress;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void show(void)
{
	fprintf(stderr, "\r%s: %3u%%", progress.what, progress.percent);
	fflush(stderr);
}

void progress_begin(const char *what, uint64_t total)
{
	progress.what = what;
	progress.total = total;
	progress.done = 0;
	progress.percent = 0;
	progress.shown = total > WORTH_SHOWING && isatty(STDERR_FILENO);
	if (progress.shown)
		show();
}

static void advance(uint64_t bytes)
{
	unsigned int percent;

	progress.done += bytes;
	percent = (unsigned int)(progress.done / (progress.total / 100));
	if (percent == progress.percent)
		return;
	progress.percent = percent > 100 ? 100 : percent;
	show();
}

void progress_add(uint64_t bytes)
{
	if (!progress.shown)
		return;
	pthread_mutex_lock(&lock);
	advance(bytes);
	pthread_mutex_unlock(&lock);
}

/* Leave the line empty, for whatever is said next. */
void progress_end(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.shown = false;
}
