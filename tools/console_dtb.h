/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef CONSOLE_DTB_H
#define CONSOLE_DTB_H

#include <stdbool.h>

#include <purgatory/abi.h>

/* The UART that a checked DTB's /chosen names for output, if it is one that the purgatory can drive. */
bool console_dtb_find(const void *dtb, struct purg_console *console);

#endif
