/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "command.h"
#include "digest.h"
#include "error.h"
#include "inspect.h"
#include "memory_map.h"
#include "number.h"
#include "packed.h"
#include "segment_name.h"

static const char help[] = "Usage: purgatory inspect [--map] FILE\n"
			   "Show what is in FILE: a purgatory (.bin, .ro or .elf) or an image that pack made.\n"
			   "Nothing is verified; 'purgatory check' does that.\n"
			   "\n"
			   "  -m, --map             draw the memory map, too\n"
			   "  -h, --help            show this and exit\n"
			   "\n"
			   "Exit codes: 0 done; 2 bad usage, or a file that is none of these or is damaged.";

struct name {
	uint32_t value;
	const char *name;
};

static const struct name features[] = {
	{PURG_FEATURE_SEGMENT_DIGEST, "segment-digest"},
	{PURG_FEATURE_CONCAT_DIGEST, "concat-digest"},
	{PURG_FEATURE_STRIPED_DIGEST, "striped-digest"},
	{PURG_FEATURE_SELF_DIGEST, "self-digest"},
	{PURG_FEATURE_VERIFY_NEVER, "verify-never"},
	{PURG_FEATURE_SKIP_UNMAPPED, "skip-unmapped"},
	{PURG_FEATURE_COPY, "copy"},
	{PURG_FEATURE_X86_32, "x86-32"},
	{PURG_FEATURE_X86_16, "x86-16"},
	{PURG_FEATURE_RESET, "reset"},
	{PURG_FEATURE_RETURN, "return"},
	{PURG_FEATURE_FALLBACK, "fallback"},
	{PURG_FEATURE_REPORT, "report"},
	{PURG_FEATURE_BAUD, "baud"},
	{PURG_FEATURE_CONSOLE_VGA, "vga"},
	{PURG_FEATURE_CONSOLE_SINK, "sink"},
	{PURG_FEATURE_LEGACY, "legacy"},
	{0, NULL},
};

static const struct name flags[] = {
	{PURG_FLAG_PORTABLE_SHA256, "portable-sha256"},
	{PURG_FLAG_RESET_VGA, "reset-vga"},
	{PURG_FLAG_LEGACY_PIC, "legacy-pic"},
	{0, NULL},
};

static const struct name checks[] = {{PURG_CHECK_KERNEL, "kernel"}, {PURG_CHECK_DTB, "dtb"}, {0, NULL}};

static const struct name verifies[] = {
	{PURG_VERIFY_ALWAYS, "always"},
	{PURG_VERIFY_UNLESS_UNMAPPED, "unless unmapped"},
	{PURG_VERIFY_NEVER, "never"},
	{0, NULL},
};

static const struct name linear_map_flags[] = {
	{PURG_LINEAR_MAP_LIVE, "live"}, {PURG_LINEAR_MAP_SEARCH, "search"}, {0, NULL}};

static const struct name failures[] = {
	{PURG_FAIL_HALT, "halt"},
	{PURG_FAIL_RESET, "reset"},
	{PURG_FAIL_RETURN, "return"},
	{PURG_FAIL_FALLBACK, "fallback"},
	{0, NULL},
};

static const struct name conduits[] = {
	{PURG_CONDUIT_NONE, "none"},
	{PURG_CONDUIT_HVC, "hvc"},
	{PURG_CONDUIT_SMC, "smc"},
	{0, NULL},
};

static const struct name modes[] = {
	{PURG_HANDOFF_NATIVE, "native 64-bit"},
	{PURG_HANDOFF_X86_32, "x86 protected"},
	{PURG_HANDOFF_X86_16, "x86 real"},
	{0, NULL},
};

static const struct name consoles[] = {
	{PURG_CONSOLE_NONE, "none"},
	{PURG_CONSOLE_PL011, "pl011"},
	{PURG_CONSOLE_8250, "8250"},
	{PURG_CONSOLE_8250_PORT, "8250 port"},
	{PURG_CONSOLE_VGA, "vga"},
	{PURG_CONSOLE_SINK, "sink"},
	{0, NULL},
};

static const struct name kinds[] = {
	{PURG_DIGEST_SEGMENT, "segment"},
	{PURG_DIGEST_CONCAT, "concat"},
	{PURG_DIGEST_STRIPED, "striped"},
	{0, NULL},
};

static const char *form_name(const struct packed *packed)
{
	switch (packed->form) {
	case PACKED_FLAT:
		return "purgatory, flat binary";
	case PACKED_RO:
		return "purgatory, relocatable ELF";
	case PACKED_ELF:
		return "purgatory, static PIE";
	default:
		return packed_is_elf(&packed->file) ? "packed image, PVH ELF" : "packed image, arm64 Image";
	}
}

static void print_label(const char *label)
{
	printf("  %-16s ", label);
}

static void print_name(const char *label, const struct name *names, uint32_t value)
{
	print_label(label);
	for (; names->name; names++) {
		if (names->value == value) {
			printf("%s\n", names->name);
			return;
		}
	}
	printf("0x%08x (unknown)\n", value);
}

static void print_bits(const char *label, const struct name *names, uint32_t value)
{
	const char *separator = "";

	print_label(label);
	if (!value)
		printf("none");
	for (; names->name; names++) {
		if (value & names->value) {
			printf("%s%s", separator, names->name);
			separator = " ";
		}
		value &= ~names->value;
	}
	if (value)
		printf("%s0x%x (unknown)", separator, value);
	putchar('\n');
}

static void print_number(const char *label, uint64_t value)
{
	print_label(label);
	printf("0x%" PRIx64 "\n", value);
}

static void print_sized(const char *label, uint64_t value)
{
	char text[MEMORY_MAP_SIZE];

	print_label(label);
	printf("0x%" PRIx64 " (%s)\n", value, memory_map_size(value, text));
}

static void print_digest(const char *label, const uint8_t digest[PURG_DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	print_label(label);
	printf("%s\n", bytes_are_zero(digest, PURG_DIGEST_SIZE) ? "not given" : hex);
}

static void print_header(const struct purg_header *header)
{
	puts("header");
	print_label("arch");
	printf("%s\n", purgatory_image_arch(header->arch));
	print_label("abi");
	printf("%u.%u\n", header->abi_major, header->abi_minor);
	print_sized("align", header->align);
	print_sized("file_size", header->file_size);
	print_sized("mem_size", header->mem_size);
	print_sized("ro_size", header->ro_size);
	print_number("entry", header->entry);
	print_number("params", header->params);
	print_sized("params_size", header->params_size);
	print_bits("features", features, header->features);
}

static void print_console(unsigned int index, const struct purg_console *console)
{
	char label[32];

	snprintf(label, sizeof(label), "console[%u]", index);
	if (console->kind == PURG_CONSOLE_NONE) {
		print_name(label, consoles, console->kind);
		return;
	}
	print_name(label, consoles, console->kind);
	print_label("");
	printf("base 0x%" PRIx64 " width %u stride %u baud %u\n", console->base, console->width, console->stride,
	       console->baud);
}

/* The registers that are not zero; the others are. */
static void print_registers(const struct purg_header *header, const struct purg_handoff *handoff)
{
	static const char *const arm64[] = {"pc", "x0", "x1", "x2", "x3"};
	static const char *const x86_64[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8",
					     "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
	bool is_arm64 = header->arch == PURG_ARCH_ARM64;
	const char *const *names = is_arm64 ? arm64 : x86_64;
	size_t count = is_arm64 ? sizeof(arm64) / sizeof(arm64[0]) : sizeof(x86_64) / sizeof(x86_64[0]);
	uint64_t value;

	if (handoff->mode != PURG_HANDOFF_NATIVE)
		return;
	for (size_t i = 0; i < count; i++) {
		memcpy(&value, (const uint8_t *)handoff + PURG_HANDOFF_REGS + i * sizeof(value), sizeof(value));
		if (value)
			print_number(names[i], value);
	}
}

static void print_range(const char *label, uint64_t start, uint64_t size)
{
	char text[MEMORY_MAP_SIZE];

	print_label(label);
	printf("start 0x%" PRIx64 " size 0x%" PRIx64 " (%s)\n", start, size, memory_map_size(size, text));
}

static void print_linear_map(const struct purg_linear_map *map)
{
	if (bytes_are_zero(map, sizeof(*map)))
		return;
	puts("linear map");
	print_bits("flags", linear_map_flags, map->flags);
	print_number("levels", map->levels);
	print_number("root", map->root);
	print_number("va", map->va);
	print_number("pa", map->pa);
	print_number("tcr", map->tcr);
	print_number("budget", map->budget);
	print_range("region", map->region, map->region_size);
	for (unsigned int i = 0; i < map->range_count; i++)
		print_range(i ? "" : "tables in", map->range[i].start, map->range[i].size);
}

/* What is done on a refusal, as far as it is said. */
static void print_failure(const struct purg_failure *failure)
{
	print_name("on failure", failures, failure->policy);
	if (failure->delay) {
		print_label("delay");
		printf("%u s\n", failure->delay);
	}
	if (failure->conduit)
		print_name("conduit", conduits, failure->conduit);
	if (failure->reset_width) {
		print_label("reset register");
		printf("space %u address 0x%" PRIx64 " width %u value 0x%x\n", failure->reset_space,
		       failure->reset_address, failure->reset_width, failure->reset_value);
	}
	if (failure->timer_hz) {
		print_label("timer_hz");
		printf("%" PRIu64 "\n", failure->timer_hz);
	}
}

/* A segment, under a label that has its name. */
static void print_segment(const char *label, const struct purg_segment *segment)
{
	print_range(label, segment->start, segment->size);
	print_name("", kinds, segment->kind);
	if (segment->lanes) {
		print_label("");
		printf("%u lanes\n", segment->lanes);
	}
	print_digest("", segment->digest);
}

static void print_fallback(const struct purgatory_image *purgatory)
{
	const struct purg_failure *failure = &purgatory->params.failure;

	if (failure->policy != PURG_FAIL_FALLBACK)
		return;
	print_segment("fallback", &failure->fallback);
	print_name("its handoff", modes, failure->fallback_handoff.mode);
	print_bits("its checks", checks, failure->fallback_handoff.checks);
	print_registers(&purgatory->header, &failure->fallback_handoff);
}

static void print_report(const struct purg_report_place *report)
{
	print_label("report");
	if (report->address)
		printf("address 0x%" PRIx64 " size 0x%x\n", report->address, report->size);
	else
		printf("none\n");
}

static void print_params(const struct purgatory_image *purgatory)
{
	const struct purg_params *params = &purgatory->params;

	puts("parameters");
	print_label("abi");
	printf("%u.%u\n", params->abi_major, params->abi_minor);
	print_name("verify", verifies, params->verify);
	print_bits("flags", flags, params->flags);
	print_failure(&params->failure);
	print_fallback(purgatory);
	for (unsigned int i = 0; i < PURG_MAX_CONSOLES; i++)
		print_console(i, &params->console[i]);
	print_name("handoff", modes, params->handoff.mode);
	print_bits("checks", checks, params->handoff.checks);
	print_registers(&purgatory->header, &params->handoff);
	print_digest("digest", params->digest);
	print_digest("block_digest", params->block_digest);
	print_digest("image_digest", params->image_digest);
	print_report(&params->report);
	print_label("copies");
	printf("%u\n", params->copy_count);
	print_linear_map(&params->linear_map);
}

static void print_segments(const struct purg_params *params)
{
	char name[SEGMENT_NAME_SIZE], label[32];

	printf("segments (%u)\n", params->segment_count);
	for (unsigned int i = 0; i < params->segment_count; i++) {
		const struct purg_segment *segment = &params->segment[i];

		segment_name(segment, name);
		snprintf(label, sizeof(label), "[%u] %s", i, name);
		print_segment(label, segment);
	}
}

static void print_cmdline(const struct packed *packed)
{
	const struct purg_pack *pack = &packed->pack;
	const uint8_t *text = packed_bytes(packed, pack->cmdline, pack->cmdline_size);

	print_label("cmdline");
	if (!text)
		printf("(not in the file)");
	for (uint64_t i = 0; text && i < pack->cmdline_size && text[i]; i++)
		putchar(isprint(text[i]) ? text[i] : '?');
	putchar('\n');
}

static void print_pack(const struct packed *packed)
{
	const struct purg_pack *pack = &packed->pack;

	puts("packed image (offsets from the base)");
	if (packed_is_elf(&packed->file))
		print_number("base", packed->base);
	print_sized("image_size", pack->image_size);
	print_sized("front_size", pack->front_size);
	print_sized("front_mem", pack->front_mem);
	print_number("purgatory", pack->purgatory);
	print_number("table", pack->table);
	print_sized("table_size", pack->table_size);
	print_number("room", pack->room);
	print_sized("room_size", pack->room_size);
	print_number("initrd", pack->initrd);
	print_sized("initrd_size", pack->initrd_size);
	print_cmdline(packed);
}

static const char *parse(bool *map, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"map", no_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "mh", long_options, NULL)) != -1) {
		if (option == 'm') {
			*map = true;
			continue;
		}
		if (option != 'h')
			fail_usage("inspect", "'%s' is not an option", argv[optind - 1]);
		puts(help);
		exit(command_done(0));
	}
	if (argc - optind != 1)
		fail_usage("inspect", "one FILE is needed");
	return argv[optind];
}

int command_inspect(int argc, char **argv)
{
	static struct packed packed;
	bool map = false;

	packed_open(&packed, parse(&map, argc, argv));
	printf("%s: %s\n", packed.file.path, form_name(&packed));
	print_header(&packed.purgatory.header);
	if (packed.form == PACKED_IMAGE)
		print_pack(&packed);
	print_params(&packed.purgatory);
	print_segments(&packed.purgatory.params);
	if (map)
		inspect_map(&packed);
	return command_done(0);
}
