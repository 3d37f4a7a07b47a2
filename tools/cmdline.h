/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Command lines of kernels. What is returned is the command's until it ends. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The running kernel's command line for the next one: without the word by which its boot loader has told its file, for
 * a crash kernel without crashkernel=, and with more (NULL: nothing) behind it.
 */
const char *cmdline_reuse(const char *running, bool panic, const char *more);

/* One that is bytes of a file, perhaps with a newline or NULs at its end. */
const char *cmdline_copy(const uint8_t *data, uint64_t size);

#endif
