/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "digest.h"
#include "memory_map.h"
#include "number.h"
#include "plan.h"
#include "purgatory_image.h"

static const char *type_name(uint32_t type)
{
	switch (type) {
	case PURG_MEM_RESERVED:
		return "reserved";
	case PURG_MEM_ACPI:
		return "ACPI tables";
	case PURG_MEM_NVS:
		return "ACPI NVS";
	case PURG_MEM_UNUSABLE:
		return "unusable";
	case PURG_MEM_PMEM:
	case PURG_MEM_PRAM:
		return "persistent";
	case PURG_MEM_CRASH:
		return "crash kernel's";
	case PURG_MEM_DRIVER:
		return "a driver's RAM";
	case PURG_MEM_RAM:
		return "RAM in use";
	default:
		return "reserved";
	}
}

static void add_pieces(struct memory_map *map, const struct plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		const struct piece *piece = &plan->piece[i];
		uint64_t mem_size = plan->mem_size[i], pages = mem_size;
		char rest[32];

		/* What is left in its last page is not worth a line. */
		number_align(piece->size, plan->page, &pages);
		memory_map_add(map, piece->start, pages, piece->name, MEMORY_MAP_VERIFIED);
		snprintf(rest, sizeof(rest), "%s: zeros", piece->name);
		memory_map_add(map, piece->start + pages, mem_size - pages, rest, MEMORY_MAP_OTHER);
	}
	memory_map_add(map, plan->purgatory_start, plan->purgatory_size, "purgatory", MEMORY_MAP_OTHER);
}

static bool is_part_of_ram(uint32_t type)
{
	return type == PURG_MEM_CRASH || type == PURG_MEM_KEPT || type == PURG_MEM_DRIVER;
}

/* What this machine has beside RAM that may be used, each part by what it is. */
static void add_kept(struct memory_map *map, const struct plan *plan)
{
	const struct purg_map *memory = &plan->machine->map;

	for (uint32_t i = 0; i < memory->count; i++) {
		const struct purg_mem *entry = &memory->entry[i];

		if (entry->type == PURG_MEM_RAM || entry->type == PURG_MEM_KERNEL)
			continue;
		/* To a crash kernel all RAM but its own is its predecessor's, and shown as that. */
		if (plan->request->panic && is_part_of_ram(entry->type))
			continue;
		memory_map_add(map, entry->start, entry->size, type_name(entry->type), MEMORY_MAP_RESERVED);
	}
	for (uint32_t i = 0; i < plan->spare_count; i++)
		memory_map_add(map, plan->spare[i].start, plan->spare[i].size, type_name(PURG_MEM_CRASH),
			       MEMORY_MAP_RESERVED);
	for (uint32_t i = 0; i < plan->dump_count; i++)
		memory_map_add(map, plan->dump[i].start, plan->dump[i].size, type_name(PURG_MEM_RAM),
			       MEMORY_MAP_RESERVED);
}

static const char *verify_name(uint32_t verify)
{
	switch (verify) {
	case PURG_VERIFY_ALWAYS:
		return "always";
	case PURG_VERIFY_UNLESS_UNMAPPED:
		return "unless-unmapped";
	default:
		return "never";
	}
}

void plan_draw(const struct plan *plan)
{
	struct memory_map map = {0};

	printf("memory of this machine ('#' loaded and verified, '.' loaded, 'x' left alone; one for each doubling)\n");
	add_pieces(&map, plan);
	add_kept(&map, plan);
	for (uint32_t i = 0; i < plan->space.count; i++)
		memory_map_add(&map, plan->space.range[i].start, plan->space.range[i].size, "free RAM",
			       MEMORY_MAP_FREE);
	memory_map_draw(&map, 0, 0);
	printf("entry 0x%" PRIx64 "\n", plan->purgatory_start + plan->header.entry);
	printf("report 0x%" PRIx64 "\n", plan->params->report.address);
	printf("verify %s\n", verify_name(plan->params->verify));
}

static void json_string(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	putchar('"');
}

static const char *console_name(uint32_t kind)
{
	switch (kind) {
	case PURG_CONSOLE_PL011:
		return "pl011";
	case PURG_CONSOLE_8250:
		return "8250";
	case PURG_CONSOLE_8250_PORT:
		return "8250 port";
	case PURG_CONSOLE_VGA:
		return "vga";
	default:
		return "sink";
	}
}

static void json_consoles(const struct console_set *set)
{
	printf(",\n \"consoles\": [");
	for (unsigned int i = 0; i < set->count; i++) {
		const struct purg_console *console = &set->console[i];

		printf("%s{\"kind\": \"%s\", \"base\": %" PRIu64 ", \"width\": %u, \"stride\": %u, \"baud\": %u}",
		       i ? ", " : "", console_name(console->kind), console->base, console->width, console->stride,
		       console->baud);
	}
	printf("]");
}

/* Where the purgatory jumps, and what it says there of where the DTB or boot_params lie. */
static void json_handoff(const struct plan *plan)
{
	const struct purg_handoff *handoff = &plan->handoff;
	bool arm64 = plan->request->kernel.arch == PURG_ARCH_ARM64;

	printf(",\n \"handoff\": {\"entry\": %" PRIu64 ", \"argument\": %" PRIu64 "}",
	       arm64 ? handoff->arm64.pc : handoff->x86_64.rip, arm64 ? handoff->arm64.x0 : handoff->x86_64.rsi);
}

static void json_range(uint64_t start, uint64_t size)
{
	printf("{\"start\": %" PRIu64 ", \"size\": %" PRIu64 "}", start, size);
}

/* How the purgatory looks at the running kernel's page tables, if it does. */
static void json_linear_map(const struct purg_linear_map *map)
{
	printf(",\n \"linear_map\": {\"live\": %s, \"search\": %s, \"levels\": %u, \"root\": %" PRIu64
	       ", \"va\": %" PRIu64 ", \"pa\": %" PRIu64 ",\n  \"region\": ",
	       map->flags & PURG_LINEAR_MAP_LIVE ? "true" : "false",
	       map->flags & PURG_LINEAR_MAP_SEARCH ? "true" : "false", map->levels, map->root, map->va, map->pa);
	json_range(map->region, map->region_size);
	printf(", \"ranges\": [");
	for (uint32_t i = 0; i < map->range_count; i++) {
		printf("%s\n  ", i ? "," : "");
		json_range(map->range[i].start, map->range[i].size);
	}
	printf("]}");
}

/* What is done when the kernel is refused. */
static void json_failure(const struct purg_failure *failure)
{
	bool reset = failure->policy == PURG_FAIL_RESET;

	printf(",\n \"on_failure\": {\"policy\": \"%s\", \"delay\": %u, \"timer_hz\": %" PRIu64,
	       reset ? "reset" : "halt", failure->delay, failure->timer_hz);
	if (failure->conduit)
		printf(", \"conduit\": \"%s\"", failure->conduit == PURG_CONDUIT_HVC ? "hvc" : "smc");
	if (failure->reset_width)
		printf(", \"reset_space\": %u, \"reset_address\": %" PRIu64 ", \"reset_value\": %u",
		       failure->reset_space, failure->reset_address, failure->reset_value);
	printf("}");
}

void plan_json(const struct plan *plan)
{
	printf("{\"arch\": \"%s\", \"panic\": %s, \"entry\": %" PRIu64 ",\n \"purgatory\": ",
	       purgatory_image_arch(plan->request->kernel.arch), plan->request->panic ? "true" : "false",
	       plan->purgatory_start + plan->header.entry);
	json_range(plan->purgatory_start, plan->purgatory_size);
	json_handoff(plan);
	if (plan->request->cmdline) {
		printf(",\n \"cmdline\": ");
		json_string(plan->request->cmdline);
	}
	json_consoles(&plan->request->consoles);
	printf(",\n \"verify\": \"%s\"", verify_name(plan->params->verify));
	if (plan->params->verify == PURG_VERIFY_UNLESS_UNMAPPED)
		json_linear_map(&plan->params->linear_map);
	json_failure(&plan->params->failure);
	printf(",\n \"report\": ");
	json_range(plan->params->report.address, plan->params->report.size);
	printf(",\n \"segments\": [");
	for (unsigned int i = 0; i < plan->count; i++) {
		const struct piece *piece = &plan->piece[i];
		char hex[DIGEST_HEX_SIZE];

		digest_hex(plan->params->segment[i].digest, hex);
		printf("%s\n  {\"name\": \"%s\", ", i ? "," : "", piece->name);
		printf("\"start\": %" PRIu64 ", \"size\": %" PRIu64 ", \"mem_size\": %" PRIu64
		       ", \"lanes\": %u, \"digest\": \"%s\"}",
		       piece->start, piece->size, plan->mem_size[i], plan->params->segment[i].lanes, hex);
	}
	printf("],\n \"free\": [");
	for (uint32_t i = 0; i < plan->space.count; i++) {
		printf("%s\n  ", i ? "," : "");
		json_range(plan->space.range[i].start, plan->space.range[i].size);
	}
	printf("]}\n");
}
