/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>
#include <sys/mman.h>

#include "error.h"
#include "initrds.h"
#include "number.h"

void initrds_add(struct initrds *initrds, const char *path)
{
	if (initrds->count == INITRDS_MAX)
		fail(path, "--initrd", "is one too many; %d is the most", INITRDS_MAX);
	file_open(&initrds->file[initrds->count++], path);
}

static void append(uint8_t *out, uint64_t *end, const uint8_t *data, uint64_t size)
{
	uint64_t start;

	if (!size)
		return;
	if (!number_align(*end, INITRD_MULTIPLE, &start) || !number_add(start, size, end))
		fail(NULL, "--initrd", "the initrds are larger than the address space");
	if (out)
		memcpy(out + start, data, size);
}

/* Into out, or only counted if that is NULL. */
static uint64_t append_all(const struct initrds *initrds, const struct kernel *kernel, uint8_t *out)
{
	uint64_t end = 0;

	append(out, &end, kernel->ucode.data, kernel->ucode.size);
	append(out, &end, kernel->initrd.data, kernel->initrd.size);
	for (unsigned int i = 0; i < initrds->count; i++)
		append(out, &end, initrds->file[i].data, initrds->file[i].size);
	return end;
}

const uint8_t *initrds_join(const struct initrds *initrds, const struct kernel *kernel, uint64_t *size)
{
	void *out;

	*size = append_all(initrds, kernel, NULL);
	if (!*size)
		return NULL;
	/* One alone needs no copy: it may be large. */
	if (initrds->count == 1 && *size == initrds->file[0].size)
		return initrds->file[0].data;
	out = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (out == MAP_FAILED)
		fail_errno(NULL, "memory for the initrds");
	append_all(initrds, kernel, out);
	return out;
}
