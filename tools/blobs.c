/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <string.h>

#include "blobs.h"
#include "error.h"
#include "number.h"
#include "purgatory_image.h"

extern const uint8_t blob_purgatory_arm64[], blob_purgatory_arm64_end[];
extern const uint8_t blob_purgatory_x86_64[], blob_purgatory_x86_64_end[];
extern const uint8_t blob_front_arm64[], blob_front_arm64_end[];
extern const uint8_t blob_front_x86_64[], blob_front_x86_64_end[];

#define FRONT "the front end built into this command"

static void get_purgatory(struct blobs *blobs, const uint8_t *start, const uint8_t *end)
{
	struct purgatory_image image;

	purgatory_image_read(&image, "the purgatory built into this command", start, (uint64_t)(end - start));
	if (image.header.file_size != (uint64_t)(end - start))
		fail(NULL, "the purgatory built into this command", "file_size is not the file's");
	if (!(image.header.features & PURG_FEATURE_SEGMENT_DIGEST))
		fail(NULL, "the purgatory built into this command", "features lack a digest for each segment");
	blobs->purgatory = start;
	blobs->header = image.header;
}

static void get_front(struct blobs *blobs, const uint8_t *start, const uint8_t *end)
{
	uint64_t size = (uint64_t)(end - start);
	struct purg_pack *pack = &blobs->pack;

	if (size < PACK_OFFSET + sizeof(*pack))
		fail(NULL, FRONT, "is too short");
	memcpy(pack, start + PACK_OFFSET, sizeof(*pack));
	if (pack->magic != PACK_MAGIC || pack->version != PACK_VERSION)
		fail(NULL, FRONT, "has another magic or version");
	if (pack->front_size != size || pack->front_mem < size || pack->front_mem % PAGE)
		fail(NULL, FRONT, "front_size %u and front_mem %u do not fit its %llu bytes", pack->front_size,
		     pack->front_mem, (unsigned long long)size);
	blobs->front = start;
}

void blobs_get(struct blobs *blobs, uint16_t arch)
{
	if (arch == PURG_ARCH_ARM64) {
		get_purgatory(blobs, blob_purgatory_arm64, blob_purgatory_arm64_end);
		get_front(blobs, blob_front_arm64, blob_front_arm64_end);
	} else {
		get_purgatory(blobs, blob_purgatory_x86_64, blob_purgatory_x86_64_end);
		get_front(blobs, blob_front_x86_64, blob_front_x86_64_end);
	}
	if (blobs->header.arch != arch || blobs->pack.arch != arch)
		fail(NULL, "the blobs built into this command", "are for another architecture");
}
