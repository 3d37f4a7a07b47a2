/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#include "command.h"
#include "error.h"
#include "file.h"
#include "inputs.h"
#include "machine.h"
#include "report_show.h"

#define EXIT_REFUSED 1

/* Where a kernel shows what its loader has left for it. */
#define PROPERTY "/proc/device-tree/chosen/" PURG_DTB_REPORT
#define TREE "/sys/firmware/fdt"
#define SETUP_DATA "/sys/kernel/boot_params/setup_data"

/* The records lie at multiples of 8, but what they lie in may begin in the middle of that. */
#define STEP 4

static const char help[] =
	"Usage: purgatory report [--json] [--from FILE]\n"
	"Tell what the purgatory has found that has started this kernel: the record of that boot.\n"
	"'purgatory load' makes room for it.\n"
	"\n"
	"  -f, --from FILE       all records in FILE, an image of a machine's memory\n"
	"  -j, --json            as JSON: a list of records\n"
	"      --machine DIR     of the machine whose /proc and /sys are copied below DIR\n"
	"  -h, --help            show this and exit\n"
	"\n"
	"Exit codes: 0 the kernel was entered; 1 it was refused, or one of them; 2 there is no record,\n"
	"or none that is sound, or bad usage.";

struct options {
	const char *from;
	const char *machine;
	bool json;
};

/* What was said so far. */
struct told {
	bool json;
	unsigned int count;
	bool refused;
};

static struct options parse(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"from", required_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"machine", required_argument, NULL, 'm'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options options = {0};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":f:jh", long_options, NULL)) != -1) {
		switch (option) {
		case 'f':
			inputs_once(&options.from, "report", "--from", optarg);
			break;
		case 'j':
			options.json = true;
			break;
		case 'm':
			inputs_once(&options.machine, "report", "--machine", optarg);
			break;
		case 'h':
			puts(help);
			exit(command_done(0));
		case ':':
			fail_usage("report", "'%s' needs a value", argv[optind - 1]);
		default:
			fail_usage("report", "'%s' is not an option", argv[optind - 1]);
		}
	}
	if (optind < argc)
		fail_usage("report", "'%s' is one too many", argv[optind]);
	if (options.from && options.machine)
		fail_usage("report", "--from and --machine exclude each other");
	return options;
}

/* offset: in a file; NULL: not in one. */
static void tell(struct told *told, const struct purg_report *report, const uint64_t *offset)
{
	if (told->json) {
		printf("%s", told->count ? ",\n " : "[");
		report_show_json(report, offset);
	} else {
		if (offset)
			printf("%srecord at offset 0x%" PRIx64 "\n", told->count ? "\n" : "", *offset);
		report_show_text(report);
	}
	told->count++;
	told->refused |= report->verdict == PURG_VERDICT_REFUSED;
}

static bool is_magic(const uint8_t *data)
{
	const uint64_t magic = PURG_REPORT_MAGIC;

	return !memcmp(data, &magic, sizeof(magic));
}

/* Of what lies in the room for a record. */
static void tell_room(struct told *told, const char *path, const uint8_t *room, size_t size)
{
	struct purg_report report;
	size_t skip = 0;
	int error;

	while (skip <= STEP && (size < skip + sizeof(report) || !is_magic(room + skip)))
		skip += STEP;
	if (skip > STEP)
		fail(path, NULL, "there is room for a record, but none in it: no purgatory has written there");
	error = purg_report_check(room + skip, size - skip, &report);
	if (error)
		fail(path, NULL, "%s", purg_strerror(error));
	if (!report_show_knows(&report))
		fail(path, "verdict", "is 0x%x, which this command does not know", report.verdict);
	tell(told, &report, NULL);
}

/* A kernel that goes by ACPI shows the device tree as a whole only. */
static bool tell_dtb(struct told *told, const struct machine *machine)
{
	size_t size;
	char *data = machine_file(machine, &size, PROPERTY);
	int64_t at = 0;

	if (data) {
		tell_room(told, PROPERTY, (const uint8_t *)data, size);
		free(data);
		return true;
	}
	data = machine_file(machine, &size, TREE);
	if (data)
		at = purg_dtb_report(data, size);
	if (data && at >= 0)
		tell_room(told, TREE, (const uint8_t *)data + at, size - (size_t)at);
	free(data);
	return data && at >= 0;
}

static bool tell_setup_data(struct told *told, const struct machine *machine)
{
	char path[sizeof(SETUP_DATA) + 32];
	uint64_t type = 0;
	size_t size;
	char *data;

	for (unsigned int i = 0; type != PURG_SETUP_REPORT; i++) {
		if (!machine_number(machine, &type, 0, SETUP_DATA "/%u/type", i))
			return false;
		snprintf(path, sizeof(path), SETUP_DATA "/%u/data", i);
	}
	data = machine_file(machine, &size, "%s", path);
	if (data)
		tell_room(told, path, (const uint8_t *)data, size);
	free(data);
	return data;
}

static void report_machine(struct told *told, const char *root)
{
	const struct machine machine = {.root = root};

	if (!tell_dtb(told, &machine) && !tell_setup_data(told, &machine))
		fail(root, NULL,
		     "there is no room for a record: no loader made any for this kernel, as 'purgatory load' does");
}

/* The eight bytes alone are in programs, too; what follows them there is no record that was changed. */
static void report_image(struct told *told, const char *path)
{
	struct purg_report report;
	struct file file;
	char field[32];

	file_open(&file, path);
	for (uint64_t at = 0; file.size - at >= sizeof(report); at += STEP) {
		int error = is_magic(file.data + at) ? purg_report_check(file.data + at, file.size - at, &report)
						     : PURG_ERR_REPORT_NONE;

		snprintf(field, sizeof(field), "offset 0x%" PRIx64, at);
		if (error == PURG_ERR_REPORT_DIGEST)
			complain(path, field, "%s", purg_strerror(error));
		else if (!error && !report_show_knows(&report))
			complain(path, field, "verdict is 0x%x, which this command does not know", report.verdict);
		else if (!error)
			tell(told, &report, &at);
	}
	if (!told->count)
		fail(path, NULL, "has no sound record of a boot");
}

int command_report(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	struct told told = {.json = options.json};

	if (options.from)
		report_image(&told, options.from);
	else
		report_machine(&told, options.machine ? options.machine : "");
	if (told.json)
		puts("]");
	return command_done(told.refused ? EXIT_REFUSED : 0);
}
