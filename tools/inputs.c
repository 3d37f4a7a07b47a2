/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include <libfdt.h>
#include <purgatory/loader.h>

#include "blobs.h"
#include "error.h"
#include "inputs.h"

void inputs_once(const char **value, const char *subcommand, const char *option, const char *given)
{
	if (*value)
		fail_usage(subcommand, "%s is given twice", option);
	*value = given;
}

uint64_t inputs_check_dtb(const void *dtb, uint64_t size, const char *path)
{
	const struct purg_dtb as_it_is = {.dtb = dtb, .size = size};
	int64_t error = purg_dtb_size(&as_it_is);

	if (error < 0)
		fail(path, "dtb", "%s; make one with dtc -O dtb", purg_strerror(error));
	return fdt_totalsize(dtb);
}

void inputs_dtb(struct file *dtb, const char *path)
{
	file_open(dtb, path);
	dtb->size = inputs_check_dtb(dtb->data, dtb->size, path);
}

static uint32_t parse_stripes(const char *text)
{
	static const char *const choices[] = {"1", "2", "4", "8", "16"};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (!strcmp(text, choices[i]))
			return 1u << i;
	fail(NULL, "--stripes", "'%s' is no number of stripes; give 1, 2, 4, 8 or 16", text);
}

uint32_t inputs_stripes(const char *text, uint16_t arch)
{
	uint32_t stripes = text ? parse_stripes(text) : 1;
	struct blobs blobs;

	blobs_get(&blobs, arch);
	if (stripes > 1 && !(blobs.header.features & PURG_FEATURE_STRIPED_DIGEST))
		fail(NULL, "--stripes", "the purgatory built into this command does not support it; leave it out");
	return stripes;
}

void inputs_cmdline(const struct kernel *kernel, const char *cmdline)
{
	uint64_t length = strlen(cmdline);

	if (length > kernel->cmdline_max)
		fail(NULL, "--append", "is %" PRIu64 " bytes long; this kernel takes %" PRIu64 " at most", length,
		     kernel->cmdline_max);
}

void inputs_consoles(struct console_set *set, const struct kernel *kernel, const char *cmdline, const void *dtb)
{
	if (set->given)
		console_spec_check(set, kernel->arch);
	else
		console_spec_deduce(set, kernel->arch, cmdline, dtb);
}
