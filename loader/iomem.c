/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory maps as Linux shows them: /proc/iomem (kernel/resource.c r_show) and /sys/firmware/memmap
 * (drivers/firmware/memmap.c). Both have the names of arch/x86/kernel/e820.c, e820_type_to_string.
 */
#include "map.h"
#include "text.h"

/* ---- Names ---- */

/* With their NULs, so that no pointer has to be relocated. */
struct name {
	char text[28];
	uint32_t type;
};

static const struct name firmware_names[] = {
	{"System RAM", PURG_MEM_RAM},
	{"Reserved", PURG_MEM_RESERVED},
	{"reserved", PURG_MEM_RESERVED}, /* arm64, and x86 before Linux 4.11 */
	{"ACPI Tables", PURG_MEM_ACPI},
	{"ACPI Non-volatile Storage", PURG_MEM_NVS},
	{"Unusable memory", PURG_MEM_UNUSABLE},
	{"Persistent Memory", PURG_MEM_PMEM},
	{"Persistent Memory (legacy)", PURG_MEM_PRAM},
	{"Soft Reserved", PURG_MEM_SOFT_RESERVED},
	{"Unknown E820 type", PURG_MEM_RESERVED},
};

static const struct name kernel_names[] = {
	{"Kernel code", PURG_MEM_KERNEL}, {"Kernel rodata", PURG_MEM_KERNEL}, {"Kernel data", PURG_MEM_KERNEL},
	{"Kernel bss", PURG_MEM_KERNEL},  {"Crash kernel", PURG_MEM_CRASH},   {"Crash kernel (low)", PURG_MEM_CRASH},
};

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* RAM of a driver is called "System RAM (kmem)", or another driver's name (mm/memory_hotplug.c). */
static const char driver_name[] = "System RAM (";

/* The type that has this name, or otherwise. */
static uint32_t type_of(struct text text, const struct name *names, size_t count, uint32_t otherwise)
{
	size_t size = (size_t)(text.end - text.at);

	for (size_t i = 0; i < count && size < sizeof(names->text); i++)
		if (memcmp(text.at, names[i].text, size) == 0 && !names[i].text[size])
			return names[i].type;
	return otherwise;
}

/* ---- /proc/iomem ---- */

/* Linux shows 6 levels (MAX_IORES_LEVEL), and what is deeper as if it were on the last one. */
#define LEVELS 32

struct line {
	uint64_t start, last;
	uint32_t level;
	struct text name;
};

static int read_line(struct text *text, struct line *line)
{
	uint32_t spaces = 0;

	while (text_skip(text, " ", 1))
		if (++spaces >= 2 * LEVELS)
			return PURG_ERR_MAP_SYNTAX;
	line->level = spaces / 2;
	if (spaces % 2 || !text_read_hex(text, &line->start) || !text_skip(text, "-", 1) ||
	    !text_read_hex(text, &line->last) || !text_skip(text, " : ", 3))
		return PURG_ERR_MAP_SYNTAX;
	if (!text_line(text, &line->name))
		return PURG_ERR_MAP_SYNTAX;
	return line->last < line->start ? PURG_ERR_MAP_RANGE : 0;
}

/* A line that the next one may be inside of. */
struct parent {
	uint64_t start, last;
	bool in_ram; /* it is "System RAM", or inside of it */
};

struct reader {
	struct text text;
	struct parent parent[LEVELS];
	uint32_t levels; /* that the next line may be on, but the first */
	bool seen;       /* an address that is not zero */
	bool full;       /* the map is */
};

static uint32_t type_of_line(const struct line *line, bool in_ram)
{
	if (in_ram)
		return type_of(line->name, kernel_names, COUNT(kernel_names), PURG_MEM_KEPT);
	if (text_starts_with(line->name, driver_name, sizeof(driver_name) - 1))
		return PURG_MEM_DRIVER;
	return type_of(line->name, firmware_names, COUNT(firmware_names), 0);
}

static int take_line(struct reader *reader, struct purg_map *map)
{
	const struct parent *parent = NULL;
	struct line line;
	int error = read_line(&reader->text, &line);
	uint32_t type;
	bool in_ram;

	if (error)
		return error;
	if (line.level > reader->levels)
		return PURG_ERR_MAP_NESTING;
	if (line.level)
		parent = &reader->parent[line.level - 1];
	if (parent && (line.start < parent->start || line.last > parent->last))
		return PURG_ERR_MAP_NESTING;
	in_ram = parent && parent->in_ram;
	type = type_of_line(&line, in_ram);
	reader->parent[line.level] = (struct parent){line.start, line.last, in_ram || type == PURG_MEM_RAM};
	reader->levels = line.level + 1;
	reader->seen |= line.last != 0;
	error = type ? map_add_to(map, line.start, line.last, type) : 0;
	reader->full |= error == PURG_ERR_MAP_FULL;
	return error == PURG_ERR_MAP_FULL ? 0 : error;
}

int purg_map_from_iomem(struct purg_map *map, const char *text, size_t size)
{
	struct reader reader = {.text = {text, text + size}};
	uint32_t count = map->count;
	int error = 0;

	while (!error && reader.text.at < reader.text.end)
		error = take_line(&reader, map);
	if (!error && size && !reader.seen)
		error = PURG_ERR_MAP_HIDDEN;
	if (!error && reader.full)
		error = PURG_ERR_MAP_FULL;
	if (error)
		map->count = count;
	return error;
}

/* ---- /sys/firmware/memmap ---- */

/* The text of a file without its newline. */
static struct text file_text(const char *file)
{
	struct text text = {file, file};

	while (*text.end && *text.end != '\n')
		text.end++;
	if (text.end[0] && text.end[1])
		text.end = text.at; /* there is a second line: nothing of this is a word */
	return text;
}

static bool read_address(const char *file, uint64_t *address)
{
	struct text text = file_text(file);

	return text_skip(&text, "0x", 2) && text_read_hex(&text, address) && text.at == text.end;
}

int purg_map_from_memmap(struct purg_map *map, const char *start, const char *end, const char *type)
{
	struct text name = file_text(type);
	uint64_t first, last;

	if (!read_address(start, &first) || !read_address(end, &last) || name.at == name.end)
		return PURG_ERR_MAP_SYNTAX;
	return map_add_to(map, first, last, type_of(name, firmware_names, COUNT(firmware_names), PURG_MEM_RESERVED));
}
