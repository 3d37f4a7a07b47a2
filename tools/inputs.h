/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What pack and load are given beside the kernel, read and checked in one way. */
#ifndef INPUTS_H
#define INPUTS_H

#include <stdint.h>

#include "console_spec.h"
#include "file.h"
#include "kernel.h"

/* An option that may be given once to this subcommand, or fail. */
void inputs_once(const char **value, const char *subcommand, const char *option, const char *given);

/* Map a DTB, with the size that it has by its header, and check it, or fail. */
void inputs_dtb(struct file *dtb, const char *path);

/* The same of one that is in memory; returns its size. */
uint64_t inputs_check_dtb(const void *dtb, uint64_t size, const char *path);

/* --stripes: 1, 2, 4, 8 or 16, if the purgatory for this architecture can do it. NULL: 1. */
uint32_t inputs_stripes(const char *text, uint16_t arch);

/* Fail if the kernel does not take a command line that long. */
void inputs_cmdline(const struct kernel *kernel, const char *cmdline);

/* The consoles that were given, checked, or what the command line and the DTB (NULL: none) say; else a warning. */
void inputs_consoles(struct console_set *set, const struct kernel *kernel, const char *cmdline, const void *dtb);

#endif
