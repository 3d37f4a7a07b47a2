/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "error.h"
#include "initrds.h"
#include "layout.h"
#include "number.h"

_Static_assert(PAGE % INITRD_MULTIPLE == 0, "the zeros behind an initrd must be in its last page");

void layout_cmdline(struct image *image, const struct layout *layout)
{
	image->pack.cmdline_size = strlen(layout->cmdline) + 1;
	image->pack.cmdline = image_add(image, "cmdline", layout->cmdline, image->pack.cmdline_size, PAGE);
}

/* Eight characters are all that a segment's name has: the dot makes way for the second digit. */
static void initrd_name(char *name, size_t size, unsigned int index, unsigned int count)
{
	if (count == 1)
		snprintf(name, size, "initrd");
	else
		snprintf(name, size, index < 10 ? "initrd.%u" : "initrd%u", index);
}

/* Linux wants each archive but the first to begin at a multiple of 4; the last needs no padding. */
static unsigned int multiple(const struct layout *layout, unsigned int index)
{
	return index + 1 < layout->initrd_count ? INITRD_MULTIPLE : 1;
}

/* The initrd with the zeros that follow it, which are mapped with its last page. */
static uint64_t padded_size(const struct layout *layout, unsigned int index)
{
	const struct file *initrd = &layout->initrd[index];
	uint64_t size;

	if (!number_align(initrd->size, multiple(layout, index), &size))
		fail(initrd->path, NULL, "is larger than the address space");
	/* Who has it mapped for writing can write there, too. */
	if (!bytes_are_zero(initrd->data + initrd->size, size - initrd->size))
		fail(initrd->path, NULL, "has something behind its end, so somebody is writing to it; wait for that");
	return size;
}

void layout_initrds(struct image *image, const struct layout *layout)
{
	char name[32];
	uint64_t start;

	for (unsigned int i = 0; i < layout->initrd_count; i++) {
		initrd_name(name, sizeof(name), i, layout->initrd_count);
		start = image_add(image, name, layout->initrd[i].data, padded_size(layout, i), i ? 1 : PAGE);
		if (!i)
			image->pack.initrd = start;
		image->pack.initrd_size = image->end - image->pack.initrd;
	}
}

uint64_t layout_initrd_size(const struct layout *layout)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < layout->initrd_count; i++)
		if (!number_add(size, layout->initrd[i].size, &size) || !number_align(size, multiple(layout, i), &size))
			fail(layout->initrd[i].path, NULL, "makes the initrds larger than the address space");
	return size;
}
