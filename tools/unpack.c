/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <sys/mman.h>

#include "error.h"
#include "unpack.h"

uint8_t *unpack_room(const struct file *file)
{
	void *room =
		mmap(NULL, UNPACK_LIMIT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		fail_errno(file->path, "memory to unpack it");
	return room;
}
