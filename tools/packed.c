/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "boot_params.h"
#include "arm64_image.h"
#include "error.h"
#include "kernel.h"
#include "number.h"
#include "packed.h"

const uint8_t *packed_bytes(const struct packed *packed, uint64_t start, uint64_t size)
{
	for (unsigned int i = 0; i < packed->extent_count; i++) {
		const struct extent *extent = &packed->extent[i];

		if (start >= extent->start && number_inside(start - extent->start, size, extent->file_size))
			return packed->file.data + extent->file + (start - extent->start);
	}
	return NULL;
}

const struct purg_segment *packed_segment(const struct packed *packed, const char *name)
{
	const struct purg_params *params = &packed->purgatory.params;

	for (unsigned int i = 0; i < params->segment_count; i++)
		if (!strncmp(params->segment[i].name, name, PURG_NAME_SIZE))
			return &params->segment[i];
	fail(packed->file.path, "params.segment", "none is called \"%s\"", name);
}

static uint64_t arm64_memory(const struct packed *packed, const struct purg_segment *kernel)
{
	struct arm64_image_header header;
	const uint8_t *bytes = packed_bytes(packed, kernel->start, sizeof(header));

	if (!bytes || kernel->size < sizeof(header))
		return 0;
	memcpy(&header, bytes, sizeof(header));
	return number_max(header.image_size, kernel->size);
}

static uint64_t x86_64_memory(const struct packed *packed, const struct purg_segment *kernel)
{
	const uint8_t *boot_params = packed_bytes(packed, packed->pack.table, BP_SIZE);

	if (!boot_params || packed->pack.table_size != BP_SIZE)
		return 0;
	return number_max(bp_get32(boot_params + BP_INIT_SIZE), kernel->size);
}

uint64_t packed_kernel_memory(const struct packed *packed, const struct purg_segment *kernel)
{
	return packed->pack.arch == PURG_ARCH_ARM64 ? arm64_memory(packed, kernel) : x86_64_memory(packed, kernel);
}

static bool is_flat(const struct file *file)
{
	uint64_t magic;

	if (file->size < offsetof(struct purg_header, magic) + sizeof(magic))
		return false;
	memcpy(&magic, file->data + offsetof(struct purg_header, magic), sizeof(magic));
	return magic == PURG_HEADER_MAGIC;
}

static bool is_arm64_image(const struct file *file)
{
	struct arm64_image_header header;

	if (file->size < sizeof(header))
		return false;
	memcpy(&header, file->data, sizeof(header));
	return header.magic == ARM64_IMAGE_MAGIC;
}

/* An Image may be shorter than the memory it takes; the boot loader has that from its header. */
static void open_arm64(struct packed *packed)
{
	const struct file *file = &packed->file;
	struct arm64_image_header header;

	memcpy(&header, file->data, sizeof(header));
	packed->form = PACKED_IMAGE;
	packed->extent_count = 1;
	packed->extent[0] = (struct extent){.mem_size = header.image_size, .file_size = file->size};
	if (header.image_size < file->size)
		fail(file->path, "image_size", "is 0x%" PRIx64 ", less than the file's 0x%" PRIx64 " bytes",
		     header.image_size, file->size);
}

static void read_pack(struct packed *packed)
{
	const char *path = packed->file.path;
	const struct purg_pack *pack = &packed->pack;
	const uint8_t *bytes = packed_bytes(packed, PACK_OFFSET, sizeof(*pack));

	if (!bytes)
		fail(path, "pack", "is not in the file; is the file complete?");
	memcpy(&packed->pack, bytes, sizeof(*pack));
	if (pack->magic != PACK_MAGIC)
		fail(path, "pack.magic", "is not \"PURGPACK\", so this is not a packed image");
	if (pack->version != PACK_VERSION)
		fail(path, "pack.version", "is %u; this command knows %d", pack->version, PACK_VERSION);
}

static void read_purgatory(struct packed *packed)
{
	const char *path = packed->file.path;
	const struct purg_pack *pack = &packed->pack;
	const uint8_t *bytes = packed_bytes(packed, pack->purgatory, PURG_HEADER_SIZE);
	struct purg_header header;

	if (!bytes)
		fail(path, "pack.purgatory", "is 0x%" PRIx64 ", which is not in the file; is the file complete?",
		     pack->purgatory);
	memcpy(&header, bytes, sizeof(header));
	bytes = packed_bytes(packed, pack->purgatory, header.mem_size);
	if (!bytes)
		fail(path, "header.mem_size", "is 0x%x, more than the file has; is the file complete?",
		     header.mem_size);
	purgatory_image_read(&packed->purgatory, path, bytes, header.mem_size);
}

void packed_open(struct packed *packed, const char *path)
{
	struct file *file = &packed->file;

	*packed = (struct packed){.form = PACKED_FLAT};
	file_open(file, path);
	if (is_flat(file)) {
		purgatory_image_read(&packed->purgatory, path, file->data, file->size);
		return;
	}
	if (is_arm64_image(file))
		open_arm64(packed);
	else if (packed_is_elf(file))
		packed_open_elf(packed);
	else
		fail(path, NULL, "is no form of the purgatory and no packed image; see 'purgatory --help'");
	if (packed->form == PACKED_IMAGE) {
		read_pack(packed);
		read_purgatory(packed);
	}
}
