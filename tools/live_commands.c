/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* exec, unload and status: what can be done with a kernel that load has loaded. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "live.h"
#include "number.h"

/* As kexec --status. */
#define EXIT_LOADED 1

static const char exec_help[] =
	"Usage: purgatory exec\n"
	"Leave this kernel for the one that 'purgatory load' has loaded, at once: file systems are\n"
	"synced but not unmounted, and no service is stopped. For an orderly way: systemctl kexec.\n"
	"\n"
	"  -h, --help            show this and exit\n"
	"\n"
	"Exit codes: 2 nothing is loaded, or the kernel refuses. Does not return otherwise.";

static const char unload_help[] = "Usage: purgatory unload [--panic]\n"
				  "Forget the kernel that 'purgatory load' has loaded.\n"
				  "\n"
				  "  -p, --panic           the one for when this kernel crashes\n"
				  "  -h, --help            show this and exit\n"
				  "\n"
				  "Exit codes: 0 nothing is loaded any more; 2 the kernel refuses.";

static const char status_help[] =
	"Usage: purgatory status [--panic] [--json]\n"
	"Say what is loaded.\n"
	"\n"
	"  -p, --panic           the exit code is about the crash kernel alone\n"
	"  -j, --json            as JSON\n"
	"  -h, --help            show this and exit\n"
	"\n"
	"Exit codes, as those of kexec --status: 0 no kernel is loaded; 1 one is; 2 cannot tell.\n"
	"Without --panic either kernel counts.";

struct options {
	bool panic;
	bool json;
};

static const struct option long_options[] = {
	{"panic", no_argument, NULL, 'p'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* takes: the letters of the options that this command has. */
static struct options parse(int argc, char **argv, const char *takes, const char *help)
{
	struct options options = {0};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "pjh", long_options, NULL)) != -1) {
		if (option == 'h') {
			puts(help);
			exit(command_done(0));
		}
		if (option == '?' || !strchr(takes, option))
			fail_usage(argv[0], "'%s' is not an option", argv[optind - 1]);
		options.panic |= option == 'p';
		options.json |= option == 'j';
	}
	if (optind < argc)
		fail_usage(argv[0], "'%s' is one too many", argv[optind]);
	return options;
}

int command_exec(int argc, char **argv)
{
	parse(argc, argv, "", exec_help);
	live_exec();
}

int command_unload(int argc, char **argv)
{
	struct options options = parse(argc, argv, "p", unload_help);

	live_check(false);
	live_unload(options.panic);
	return 0;
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static const char *boolean(bool is)
{
	return is ? "true" : "false";
}

int command_status(int argc, char **argv)
{
	struct options options = parse(argc, argv, "pj", status_help);
	struct live_status status;
	bool loaded;

	live_status(&status);
	if (options.json)
		printf("{\"loaded\": %s, \"panic_loaded\": %s, \"disabled\": %s, \"crash_size\": %" PRIu64 "}\n",
		       boolean(status.loaded), boolean(status.panic_loaded), boolean(status.disabled),
		       status.crash_size);
	else
		printf("kernel loaded: %s\n"
		       "crash kernel loaded: %s\n"
		       "memory reserved for a crash kernel: %" PRIu64 " KiB\n"
		       "loading disabled until the next boot: %s\n",
		       yes(status.loaded), yes(status.panic_loaded), status.crash_size / KIB, yes(status.disabled));
	loaded = options.panic ? status.panic_loaded : status.loaded || status.panic_loaded;
	return command_done(loaded ? EXIT_LOADED : 0);
}
