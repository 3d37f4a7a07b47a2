/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "cmdline.h"
#include "command.h"
#include "console_acpi.h"
#include "error.h"
#include "initrds.h"
#include "inputs.h"
#include "live.h"
#include "machine.h"
#include "on_failure.h"
#include "plan.h"
#include "purgatory_image.h"

struct options {
	const char *kernel;
	const char *cmdline;
	const char *dtb;
	const char *stripes;
	const char *verify;
	const char *on_failure;
	const char *machine;
	struct initrds initrds;
	bool reuse_cmdline;
	bool dry_run;
	bool map;
	bool json;
};

static const char help[] =
	"Usage: purgatory load [OPTION]... KERNEL\n"
	"Load KERNEL into memory, with a purgatory that verifies it with SHA-256 before it is\n"
	"entered: by 'purgatory exec', by 'systemctl kexec', or when this kernel crashes.\n"
	"\n"
	"  KERNEL                arm64 Image or x86_64 bzImage, also compressed with gzip or as EFI\n"
	"                        zboot; ELF vmlinux; Unified Kernel Image\n"
	"  -i, --initrd INITRD   initrd; may be given several times, Linux takes them in this order\n"
	"  -a, --append STRING   command line of KERNEL; default: a UKI's own, else on arm64 that of the\n"
	"                        DTB, on x86_64 none\n"
	"      --reuse-cmdline   the running kernel's command line, and STRING behind it\n"
	"  -d, --dtb DTB         arm64: start from this device tree, not from the running kernel's\n"
	"  -p, --panic           for when this kernel crashes: goes into the memory of crashkernel=\n"
	"      --top-down        take the highest places there are, not the lowest\n"
	"  -c, --console SPEC    where the purgatory writes its lines; see 'purgatory pack --help'\n"
	"  -s, --stripes N       1, 2, 4, 8 or 16: as for 'purgatory pack'\n"
	"      --verify WHEN     always (default); unless-unmapped, with --panic: what the purgatory finds\n"
	"                        unmapped from the crashed kernel's memory, or (x86_64) not writable\n"
	"                        there, is not verified; never: by your word alone\n"
	"      --on-failure WHAT what the purgatory does when it refuses KERNEL: halt (default); reset\n"
	"                        this machine; reset:SECONDS, when its line could be read so long\n"
	"  -n, --dry-run         plan only, and load nothing; needs root only to see where memory is\n"
	"  -m, --map             draw what goes where in this machine's memory\n"
	"  -j, --json            say the same as JSON\n"
	"      --machine DIR     with --dry-run: plan for the machine whose /proc and /sys are copied\n"
	"                        below DIR\n"
	"  -h, --help            show this and exit\n"
	"\n"
	"--ramdisk, --command-line and --load-panic are --initrd, --append and --panic, as in kexec;\n"
	"--kernel KERNEL is KERNEL, as in pack.\n"
	"Exit codes: 0 done; 2 bad usage, a file that cannot be used, or the kernel refuses.\n"
	"What was loaded before stays loaded then; but a crash kernel is given up as soon as another\n"
	"one is offered to the running kernel.";

enum {
	OPTION_REUSE = 256,
	OPTION_TOP_DOWN,
	OPTION_VERIFY,
	OPTION_ON_FAILURE,
	OPTION_MACHINE,
};

static const struct option long_options[] = {
	{"kernel", required_argument, NULL, 'k'},
	{"initrd", required_argument, NULL, 'i'},
	{"ramdisk", required_argument, NULL, 'i'},
	{"append", required_argument, NULL, 'a'},
	{"command-line", required_argument, NULL, 'a'},
	{"reuse-cmdline", no_argument, NULL, OPTION_REUSE},
	{"dtb", required_argument, NULL, 'd'},
	{"panic", no_argument, NULL, 'p'},
	{"load-panic", no_argument, NULL, 'p'},
	{"top-down", no_argument, NULL, OPTION_TOP_DOWN},
	{"console", required_argument, NULL, 'c'},
	{"stripes", required_argument, NULL, 's'},
	{"verify", required_argument, NULL, OPTION_VERIFY},
	{"on-failure", required_argument, NULL, OPTION_ON_FAILURE},
	{"dry-run", no_argument, NULL, 'n'},
	{"map", no_argument, NULL, 'm'},
	{"json", no_argument, NULL, 'j'},
	{"machine", required_argument, NULL, OPTION_MACHINE},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void take(struct options *options, struct request *request, int option, char **argv)
{
	switch (option) {
	case 'k':
		inputs_once(&options->kernel, "load", "KERNEL", optarg);
		break;
	case 'i':
		initrds_add(&options->initrds, optarg);
		break;
	case 'a':
		inputs_once(&options->cmdline, "load", "--append", optarg);
		break;
	case OPTION_REUSE:
		options->reuse_cmdline = true;
		break;
	case 'd':
		inputs_once(&options->dtb, "load", "--dtb", optarg);
		break;
	case 'p':
		request->panic = true;
		break;
	case OPTION_TOP_DOWN:
		request->top_down = true;
		break;
	case 'c':
		console_spec_add(&request->consoles, optarg);
		break;
	case 's':
		inputs_once(&options->stripes, "load", "--stripes", optarg);
		break;
	case OPTION_VERIFY:
		inputs_once(&options->verify, "load", "--verify", optarg);
		break;
	case OPTION_ON_FAILURE:
		inputs_once(&options->on_failure, "load", "--on-failure", optarg);
		break;
	case 'n':
		options->dry_run = true;
		break;
	case 'm':
		options->map = true;
		break;
	case 'j':
		options->json = true;
		break;
	case OPTION_MACHINE:
		inputs_once(&options->machine, "load", "--machine", optarg);
		break;
	case 'h':
		puts(help);
		exit(command_done(0));
	case ':':
		fail_usage("load", "'%s' needs a value", argv[optind - 1]);
	default:
		fail_usage("load", "'%s' is not an option", argv[optind - 1]);
	}
}

static uint32_t verify_policy(const struct options *options, const struct request *request)
{
	const char *verify = options->verify;

	if (!verify || !strcmp(verify, "always"))
		return PURG_VERIFY_ALWAYS;
	if (!strcmp(verify, "never"))
		return PURG_VERIFY_NEVER;
	if (strcmp(verify, "unless-unmapped"))
		fail(NULL, "--verify", "'%s' is not known; give always, unless-unmapped or never", verify);
	if (!request->panic)
		fail(NULL, "--verify",
		     "unless-unmapped is for --panic: a kernel that is left in order does not keep its page tables; "
		     "give always");
	return PURG_VERIFY_UNLESS_UNMAPPED;
}

static void parse(struct options *options, struct request *request, int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":k:i:a:d:pc:s:nmjh", long_options, NULL)) != -1)
		take(options, request, option, argv);
	for (; optind < argc; optind++)
		inputs_once(&options->kernel, "load", "KERNEL", argv[optind]);
	if (!options->kernel)
		fail_usage("load", "KERNEL is missing");
	if (options->map && options->json)
		fail_usage("load", "--map and --json exclude each other");
	if (options->machine && !options->dry_run)
		fail_usage("load", "--machine is for --dry-run only");
	request->verify = verify_policy(options, request);
	on_failure_read(&request->failure, options->on_failure);
}

/* The command line: given, this kernel's, a UKI's own, or none. */
static const char *find_cmdline(const struct options *options, const struct request *request,
				const struct machine *machine)
{
	const struct kernel *kernel = &request->kernel;
	const char *cmdline = options->cmdline;

	if (options->reuse_cmdline)
		cmdline = cmdline_reuse(machine->cmdline, request->panic, options->cmdline);
	else if (!cmdline && kernel->cmdline.size)
		cmdline = cmdline_copy(kernel->cmdline.data, kernel->cmdline.size);
	if (cmdline)
		inputs_cmdline(kernel, cmdline);
	return cmdline;
}

static void take_dtb(struct request *request, const uint8_t *dtb, uint64_t size, const char *name)
{
	request->dtb = dtb;
	request->dtb_size = inputs_check_dtb(dtb, size, name);
	request->dtb_name = name;
}

/* Sections of a UKI lie where its maker has put them; a device tree must be aligned to be read. */
static const uint8_t *aligned(const struct kernel_part *part)
{
	return memcpy(allocate(1, part->size), part->data, part->size);
}

/* What the firmware has completed, with the memory that there is, is better than what a UKI has of it. */
static void find_dtb(const struct options *options, struct request *request, const struct machine *machine)
{
	static struct file dtb;
	const struct kernel *kernel = &request->kernel;

	if (kernel->arch != PURG_ARCH_ARM64) {
		if (options->dtb)
			fail(options->dtb, "--dtb", "is for arm64 only, but the kernel is for x86_64; leave it out");
		return;
	}
	if (options->dtb) {
		inputs_dtb(&dtb, options->dtb);
		take_dtb(request, dtb.data, dtb.size, options->dtb);
	} else if (machine->dtb) {
		take_dtb(request, machine->dtb, machine->dtb_size, "/sys/firmware/fdt");
	} else if (kernel->dtb.size) {
		take_dtb(request, aligned(&kernel->dtb), kernel->dtb.size, "UKI: .dtb");
	} else {
		fail(machine->root, "/sys/firmware/fdt",
		     "is missing, so nothing says to the next kernel where memory is; give --dtb");
	}
}

/* Without a word elsewhere: what ACPI says. */
static void find_consoles(struct request *request, const struct machine *machine)
{
	struct console_set *set = &request->consoles;
	struct purg_console console;
	size_t size;
	char *spcr;

	inputs_consoles(set, &request->kernel, request->cmdline ? request->cmdline : "", request->dtb);
	if (set->given || set->count)
		return;
	spcr = machine_file(machine, &size, "/sys/firmware/acpi/tables/SPCR");
	if (spcr && console_acpi_find((const uint8_t *)spcr, size, &console))
		console_spec_take(set, machine->arch, &console);
	free(spcr);
}

static void read_inputs(struct options *options, struct request *request, const struct machine *machine)
{
	struct kernel *kernel = &request->kernel;

	kernel_open(kernel, options->kernel);
	if (kernel->arch != machine->arch)
		fail(options->kernel, "kernel", "is for %s, but this machine is %s", purgatory_image_arch(kernel->arch),
		     purgatory_image_arch(machine->arch));
	request->stripes = inputs_stripes(options->stripes, kernel->arch);
	request->cmdline = find_cmdline(options, request, machine);
	find_dtb(options, request, machine);
	request->initrd = initrds_join(&options->initrds, kernel, &request->initrd_size);
	find_consoles(request, machine);
	on_failure_fill(&request->failure, machine, request->dtb);
}

int command_load(int argc, char **argv)
{
	static struct options options;
	static struct request request;
	static struct machine machine;
	static struct plan plan;

	parse(&options, &request, argc, argv);
	if (!options.dry_run)
		live_check(request.panic);
	machine_read(&machine, options.machine ? options.machine : "");
	read_inputs(&options, &request, &machine);
	plan_make(&plan, &request, &machine);
	if (!options.dry_run)
		live_load(&plan);
	if (options.map)
		plan_draw(&plan);
	if (options.json)
		plan_json(&plan);
	if (request.verify == PURG_VERIFY_NEVER)
		complain(NULL, "--verify=never",
			 "warning: nothing is verified before it is entered, so what was damaged is not noticed");
	console_spec_warn(&request.consoles);
	return command_done(0);
}
