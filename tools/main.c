/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include <purgatory/abi.h>

#include "command.h"
#include "error.h"
#include "number.h"
#include "pack.h"

#define VERSION "0.1"

static const struct command {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"pack", "make one bootable, self-verifying image of a kernel and what belongs to it", command_pack},
	{"inspect", "show what is in a purgatory or a packed image", command_inspect},
	{"check", "verify a packed image offline", command_check},
	{"load", "load a kernel into memory, to leave this one for it", command_load},
	{"exec", "leave this kernel for the loaded one", command_exec},
	{"unload", "forget the loaded kernel", command_unload},
	{"status", "say whether a kernel is loaded", command_status},
	{"report", "tell what the purgatory has found that started this kernel", command_report},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int command_done(int code)
{
	if (fflush(stdout) || ferror(stdout))
		fail(NULL, "stdout", "%s", strerror(errno));
	return code;
}

static int help(void)
{
	puts("Usage: purgatory COMMAND [OPTION]...\n"
	     "The program between two kernels: it verifies with SHA-256 what is to be booted, and jumps.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  purgatory %-8s %s\n", commands[i].name, commands[i].what);
	puts("\n"
	     "  purgatory COMMAND --help     show the options of a command\n"
	     "  purgatory --version          show the version and exit\n"
	     "\n"
	     "Exit codes: 0 done; 1 'check' found a digest that does not match, 'status' a loaded kernel,\n"
	     "'report' a refusal; 2 anything else: usage, or a file that cannot be read, used or written.\n"
	     "Errors are one line on stderr.");
	return command_done(0);
}

static int version(void)
{
	printf("purgatory %s (ABI %d.%d, packed image version %d)\n", VERSION, PURG_ABI_MAJOR, PURG_ABI_MINOR,
	       PACK_VERSION);
	return command_done(0);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		fail_usage(NULL, "which command? pack, inspect, check, load, exec, unload, status or report");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return version();
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fail_usage(NULL, "'%s' is not a command; pack, inspect, check, load, exec, unload, status and report are",
		   argv[1]);
}
