/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <purgatory/loader.h>

#include "error.h"
#include "image.h"
#include "number.h"
#include "output.h"
#include "progress.h"
#include "pvh.h"

#define WRITE_CHUNK MIB

static struct extent *current_extent(struct image *image)
{
	return &image->extent[image->extent_count - 1];
}

static uint8_t *copy_of(const struct image *image, const uint8_t *data, size_t size, size_t room)
{
	uint8_t *copy = calloc(1, room);

	if (!copy)
		fail(image->path, NULL, "not enough memory");
	memcpy(copy, data, size);
	return copy;
}

static uint64_t advance(struct image *image, uint64_t size, uint64_t align)
{
	uint64_t start;

	if (!number_align(image->end, align, &start) || !number_add(start, size, &image->end))
		fail(image->path, NULL, "the image would be larger than the address space");
	current_extent(image)->mem_size = image->end - current_extent(image)->start;
	return start;
}

uint64_t image_reserve(struct image *image, uint64_t size, uint64_t align)
{
	return advance(image, size, align);
}

static uint64_t place(struct image *image, uint64_t size, uint64_t align)
{
	uint64_t start = advance(image, size, align);

	current_extent(image)->file_size = current_extent(image)->mem_size;
	return start;
}

uint64_t image_add(struct image *image, const char *name, const void *data, uint64_t size, uint64_t align)
{
	struct piece *piece = &image->piece[image->piece_count];

	if (image->piece_count == PURG_MAX_SEGMENTS)
		fail(image->path, "segments", "there are more than %d; give fewer --initrd", PURG_MAX_SEGMENTS);
	*piece = (struct piece){.data = data, .size = size};
	snprintf(piece->name, sizeof(piece->name), "%s", name);
	piece->start = place(image, size, align);
	image->piece_count++;
	return piece->start;
}

void image_move_to(struct image *image, uint64_t start)
{
	const struct extent *last = image->extent_count ? current_extent(image) : NULL;
	struct extent *extent = &image->extent[image->extent_count++];

	*extent = (struct extent){.start = start};
	/* Congruent with the address, as ELF wants it. */
	if (last && !number_align(last->file + last->file_size, PAGE, &extent->file))
		fail(image->path, NULL, "the file would be too large");
	image->end = start;
}

void image_begin(struct image *image, const char *path, const struct kernel *kernel)
{
	struct blobs *blobs = &image->blobs;

	*image = (struct image){.path = path, .kernel = kernel};
	blobs_get(blobs, kernel->arch);
	image->pack = blobs->pack;
	image->front = copy_of(image, blobs->front, blobs->pack.front_size, blobs->pack.front_size);
	image->purgatory = copy_of(image, blobs->purgatory, blobs->header.file_size, blobs->header.mem_size);
	image->params = purg_blob_params(image->purgatory, blobs->header.mem_size);
	image_move_to(image, 0);
	if (kernel->arch == PURG_ARCH_X86_64)
		image->extent[0].file = PVH_HEADERS_SIZE;
	image_add(image, "front", image->front, blobs->pack.front_size, 1);
	image_reserve(image, blobs->pack.front_mem - blobs->pack.front_size, 1);
	image->pack.purgatory = place(image, blobs->header.mem_size, blobs->header.align);
}

static uint64_t file_offset(const struct image *image, uint64_t start)
{
	const struct extent *extent = image->extent;

	while (start - extent->start >= extent->mem_size)
		extent++;
	return extent->file + (start - extent->start);
}

static void write_piece(const struct image *image, const struct piece *piece)
{
	uint64_t at = file_offset(image, piece->start);

	progress_begin(piece->name, piece->size);
	for (uint64_t done = 0, n; done < piece->size; done += n) {
		n = number_min(piece->size - done, WRITE_CHUNK);
		output_write(at + done, piece->data + done, n);
		progress_add(n);
	}
	progress_end();
}

void image_write(struct image *image)
{
	const struct extent *last = current_extent(image);
	uint32_t mem_size = image->blobs.header.mem_size;
	uint8_t headers[PVH_HEADERS_SIZE];

	memcpy(image->front + PACK_OFFSET, &image->pack, sizeof(image->pack));
	output_open(image->path, last->file + last->file_size);
	pieces_describe(image->piece, image->piece_count, image->stripes, image->params);
	purg_params_finish(image->purgatory, mem_size);
	if (image->kernel->arch == PURG_ARCH_X86_64) {
		pvh_headers(image->extent, image->extent_count, headers);
		output_write(0, headers, sizeof(headers));
	}
	for (unsigned int i = 0; i < image->piece_count; i++)
		write_piece(image, &image->piece[i]);
	output_write(file_offset(image, image->pack.purgatory), image->purgatory, mem_size);
	output_commit();
	free(image->front);
	free(image->purgatory);
}
