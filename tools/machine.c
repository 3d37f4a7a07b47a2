/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "allocate.h"
#include "error.h"
#include "machine.h"
#include "number.h"

/* Where the paths of a recorded machine may grow to. */
#define PATH_SIZE 4096

/* Files of /proc and /sys do not say how long they are. */
static char *read_all(const char *path, size_t *size)
{
	FILE *stream = fopen(path, "rbe");
	size_t room = 2 * KIB;
	char *data = NULL;

	*size = 0;
	if (!stream && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (!stream)
		fail_errno(path, "open");
	do {
		room *= 2;
		data = realloc(data, room);
		if (!data)
			fail(path, NULL, "not enough memory");
		*size += fread(data + *size, 1, room - 1 - *size, stream);
	} while (*size == room - 1);
	if (ferror(stream))
		fail_errno(path, "read");
	fclose(stream);
	data[*size] = '\0';
	return data;
}

static void build_path(const struct machine *machine, char path[PATH_SIZE], const char *format, va_list args)
{
	int length = snprintf(path, PATH_SIZE, "%s", machine->root), more = 0;

	if (length < PATH_SIZE)
		more = vsnprintf(path + length, PATH_SIZE - (size_t)length, format, args);
	if (length + more >= PATH_SIZE)
		fail(machine->root, NULL, "%s", strerror(ENAMETOOLONG));
}

char *machine_file(const struct machine *machine, size_t *size, const char *format, ...)
{
	char path[PATH_SIZE];
	va_list args;

	va_start(args, format);
	build_path(machine, path, format, args);
	va_end(args);
	return read_all(path, size);
}

bool machine_number(const struct machine *machine, uint64_t *number, int base, const char *format, ...)
{
	char path[PATH_SIZE], *text, *end;
	va_list args;
	size_t size;
	bool good;

	va_start(args, format);
	build_path(machine, path, format, args);
	va_end(args);
	text = read_all(path, &size);
	if (!text)
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);
	good = end != text && !errno;
	free(text);
	return good;
}

/* Linux since 6.1 says it in a file; before, only by uname. */
static void read_arch(struct machine *machine)
{
	struct utsname name = {0};
	size_t size;
	char *text = machine_file(machine, &size, "/proc/sys/kernel/arch");

	if (text)
		snprintf(name.machine, sizeof(name.machine), "%.*s", (int)strcspn(text, "\n"), text);
	else if (*machine->root || uname(&name))
		fail(machine->root, "/proc/sys/kernel/arch", "is missing; write x86_64 or aarch64 into it");
	free(text);
	if (!strcmp(name.machine, "x86_64"))
		machine->arch = PURG_ARCH_X86_64;
	else if (!strcmp(name.machine, "aarch64"))
		machine->arch = PURG_ARCH_ARM64;
	else
		fail(NULL, "this machine", "is of the architecture %s; x86_64 and aarch64 are known", name.machine);
}

/* Every line may become an entry. */
static void read_iomem(struct machine *machine)
{
	static const char path[] = "/proc/iomem";
	size_t size;
	char *text = machine_file(machine, &size, path);
	uint32_t lines = 1;
	int error;

	if (!text)
		fail(machine->root, path, "is missing, so nobody says where memory is");
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	/* The loader adds some of its own. */
	machine->map.room = lines + 16;
	machine->map.entry = allocate(machine->map.room, sizeof(machine->map.entry[0]));
	error = purg_map_from_iomem(&machine->map, text, size);
	if (error == PURG_ERR_MAP_HIDDEN)
		fail(machine->root, path, "shows its addresses to root only; run this as root");
	if (error)
		fail(machine->root, path, "%s", purg_strerror(error));
	free(text);
}

static void read_cmdline(struct machine *machine)
{
	size_t size;
	char *text = machine_file(machine, &size, "/proc/cmdline");

	if (text)
		text[strcspn(text, "\n")] = '\0';
	machine->cmdline = text ? text : "";
}

void machine_read(struct machine *machine, const char *root)
{
	*machine = (struct machine){.root = root};
	read_arch(machine);
	read_iomem(machine);
	read_cmdline(machine);
	if (machine->arch == PURG_ARCH_X86_64)
		machine_read_x86_64(machine);
	else
		machine->dtb = (const uint8_t *)machine_file(machine, &machine->dtb_size, "/sys/firmware/fdt");
}
