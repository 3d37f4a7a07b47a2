/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The subcommands: argv[0] is the subcommand's name. Each returns the exit code. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

int command_pack(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_check(int argc, char **argv);
int command_load(int argc, char **argv);
int command_exec(int argc, char **argv);
int command_unload(int argc, char **argv);
int command_status(int argc, char **argv);
int command_report(int argc, char **argv);

/* For each: nothing more to say than what went to stdout; fails if it did not get there. */
int command_done(int code);

#endif
