/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "console_spec.h"
#include "error.h"
#include "image.h"
#include "inputs.h"
#include "layout.h"
#include "number.h"
#include "on_failure.h"

struct options {
	const char *kernel;
	const char *cmdline;
	const char *dtb;
	const char *out;
	const char *stripes;
	const char *on_failure;
	struct console_set consoles;
	struct layout layout;
};

static const char help[] =
	"Usage: purgatory pack --kernel KERNEL [OPTION]... -o OUT\n"
	"Make one bootable image that verifies itself with SHA-256 before it boots KERNEL.\n"
	"The architecture is the kernel's: arm64 gives an Image (QEMU -kernel, U-Boot booti),\n"
	"x86_64 gives an ELF file that boots by PVH (QEMU -kernel).\n"
	"\n"
	"  -k, --kernel KERNEL   x86_64 bzImage; arm64 Image, also with gzip, as EFI zboot or vmlinux\n"
	"  -i, --initrd INITRD   initrd; may be given several times, Linux takes them in this order\n"
	"  -a, --append STRING   command line of the kernel\n"
	"  -d, --dtb DTB         arm64: use and verify this device tree, not the machine's own\n"
	"  -c, --console SPEC    where the purgatory writes its lines, as in earlycon=; twice at most:\n"
	"                          pl011[,mmio32],ADDR  uart8250,io,PORT\n"
	"                          uart8250,{mmio|mmio16|mmio32},ADDR  none\n"
	"                          x86_64: vga[,ADDR]  arm64: sink[,mmio32],ADDR\n"
	"                          uart8250,io may be followed by ,BAUD or ,BAUDn8\n"
	"                        without it: from earlycon= or (x86_64) console=ttyS0 to ttyS3 in\n"
	"                        STRING, or from stdout-path in DTB\n"
	"  -s, --stripes N       1, 2, 4, 8 or 16: cut segments of 64 KiB and more into N lanes, which\n"
	"                        are hashed side by side; default 1, the plain SHA-256 of each\n"
	"      --on-failure WHAT what the purgatory does when it refuses the image: halt (default);\n"
	"                        reset the machine, on arm64 as DTB says; arm64: reset:SECONDS, when\n"
	"                        its line could be read so long\n"
	"  -o, --output OUT      the image; written beside OUT and renamed when complete\n"
	"  -h, --help            show this and exit\n"
	"\n"
	"Exit codes: 0 done; 2 bad usage, or a file that cannot be read, used or written.\n"
	"Nothing half written is left, and an OUT that was there stays as it was.";

#define OPTION_ON_FAILURE 256

static const struct option long_options[] = {
	{"kernel", required_argument, NULL, 'k'},
	{"initrd", required_argument, NULL, 'i'},
	{"append", required_argument, NULL, 'a'},
	{"dtb", required_argument, NULL, 'd'},
	{"console", required_argument, NULL, 'c'},
	{"stripes", required_argument, NULL, 's'},
	{"on-failure", required_argument, NULL, OPTION_ON_FAILURE},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void add_initrd(struct layout *layout, struct file initrd[PURG_MAX_SEGMENTS])
{
	if (layout->initrd_count == PURG_MAX_SEGMENTS)
		fail(optarg, "--initrd", "is one too many; an image has room for %d segments", PURG_MAX_SEGMENTS);
	initrd[layout->initrd_count++].path = optarg;
}

static void parse(struct options *options, struct file initrd[PURG_MAX_SEGMENTS], int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":k:i:a:d:c:s:o:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'k':
			inputs_once(&options->kernel, "pack", "--kernel", optarg);
			break;
		case 'i':
			add_initrd(&options->layout, initrd);
			break;
		case 'a':
			inputs_once(&options->cmdline, "pack", "--append", optarg);
			break;
		case 'd':
			inputs_once(&options->dtb, "pack", "--dtb", optarg);
			break;
		case 'c':
			console_spec_add(&options->consoles, optarg);
			break;
		case 's':
			inputs_once(&options->stripes, "pack", "--stripes", optarg);
			break;
		case OPTION_ON_FAILURE:
			inputs_once(&options->on_failure, "pack", "--on-failure", optarg);
			break;
		case 'o':
			inputs_once(&options->out, "pack", "-o", optarg);
			break;
		case 'h':
			puts(help);
			exit(command_done(0));
		case ':':
			fail_usage("pack", "'%s' needs a value", argv[optind - 1]);
		default:
			fail_usage("pack", "'%s' is not an option", argv[optind - 1]);
		}
	}
	if (optind < argc)
		fail_usage("pack", "'%s' is one too many", argv[optind]);
	if (!options->kernel)
		fail_usage("pack", "--kernel is missing");
	if (!options->out)
		fail_usage("pack", "-o is missing");
}

/* A rename over an input would not disturb this run, but lose the input. */
static void refuse_output_over_input(const char *out, const char *input, const char *option)
{
	struct stat a, b;

	if (input && !stat(out, &a) && !stat(input, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		fail(out, "-o", "is the file given as %s, which would be lost; give another", option);
}

/* What the image would lack without a word, or what no front end can start. */
static void check_kernel(const struct kernel *kernel)
{
	if (kernel->initrd.size || kernel->ucode.size || kernel->cmdline.size || kernel->dtb.size)
		fail(kernel->file.path, "UKI",
		     "has an initrd, a command line or a device tree of its own, which would be lost; give its .linux, "
		     "and what belongs to it");
	if (kernel->arch == PURG_ARCH_X86_64 && !kernel->bzimage.header)
		fail(kernel->file.path, "ELF", "an x86 vmlinux cannot be packed; give its bzImage");
}

int command_pack(int argc, char **argv)
{
	static struct file initrd[PURG_MAX_SEGMENTS];
	static struct image image;
	struct options options = {.layout.initrd = initrd};
	struct layout *layout = &options.layout;
	struct purg_failure failure;
	struct kernel kernel;
	struct file dtb;
	uint32_t stripes;

	parse(&options, initrd, argc, argv);
	on_failure_read(&failure, options.on_failure);
	refuse_output_over_input(options.out, options.kernel, "--kernel");
	refuse_output_over_input(options.out, options.dtb, "--dtb");
	for (unsigned int i = 0; i < layout->initrd_count; i++)
		refuse_output_over_input(options.out, initrd[i].path, "--initrd");
	kernel_open(&kernel, options.kernel);
	check_kernel(&kernel);
	stripes = inputs_stripes(options.stripes, kernel.arch);
	for (unsigned int i = 0; i < layout->initrd_count; i++)
		file_open(&initrd[i], initrd[i].path);
	layout->cmdline = options.cmdline ? options.cmdline : "";
	inputs_cmdline(&kernel, layout->cmdline);
	if (options.dtb && kernel.arch != PURG_ARCH_ARM64)
		fail(options.dtb, "--dtb", "is for arm64 only, but the kernel is for x86_64; leave it out");
	if (options.dtb) {
		inputs_dtb(&dtb, options.dtb);
		layout->dtb = &dtb;
	}
	on_failure_fill_unseen(&failure, kernel.arch, layout->dtb ? layout->dtb->data : NULL);
	inputs_consoles(&options.consoles, &kernel, layout->cmdline, layout->dtb ? layout->dtb->data : NULL);

	image_begin(&image, options.out, &kernel);
	image.stripes = stripes;
	image.params->failure = failure;
	memcpy(image.params->console, options.consoles.console, sizeof(image.params->console));
	if (kernel.arch == PURG_ARCH_ARM64)
		layout_arm64(&image, layout);
	else
		layout_x86_64(&image, layout);
	image_write(&image);
	console_spec_warn(&options.consoles);
	return 0;
}
