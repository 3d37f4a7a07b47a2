/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef LINUX_CONSOLE_H
#define LINUX_CONSOLE_H

#include <params.h>

/*
 * Linux' kexec_file_load says nothing of a console, but its user does, on the next kernel's command line: each
 * console=ttyS0 to ttyS3, as far as there is room, becomes a console of the purgatory too. The segments must be filled
 * in.
 */
void linux_console(struct purg_params *params);

#endif
