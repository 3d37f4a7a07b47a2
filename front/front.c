/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include "front.h"
#include <arch.h>
#include <console.h>
#include <fail.h>
#include <params_digest.h>
#include <range.h>
#include <string.h>

/* Piece names and sentences are arrays of characters, not of pointers: a pointer would be a relocation. */
static const char piece_names[][12] = {"front end", "purgatory", "room", "cmdline", "table", "initrd"};
#define FIXED_PIECES (sizeof(piece_names) / sizeof(piece_names[0]))
#define FRONT_PIECE 0
#define ROOM_PIECE 2

static const char sentences[][80] = {
	[FRONT_E_PACK - FRONT_E_PACK] = "no pack header of this version, architecture and shape",
	[FRONT_E_BASE - FRONT_E_PACK] = "the image does not fit into memory where it was loaded",
	[FRONT_E_PURGATORY - FRONT_E_PACK] = "no purgatory where the pack header says",
	[FRONT_E_PARAMS - FRONT_E_PACK] = "no parameter block where the purgatory's header says",
	[FRONT_E_VERSION - FRONT_E_PACK] = "the purgatory is of another ABI version, architecture or size",
	[FRONT_E_SEGMENTS - FRONT_E_PACK] = "more segments than a parameter block can hold",
	[FRONT_E_HANDOFF - FRONT_E_PACK] = "the handoff is not native",
	[FRONT_E_OUTSIDE - FRONT_E_PACK] = "does not lie inside the image",
	[FRONT_E_OVERLAP - FRONT_E_PACK] = "overlaps memory that the front end writes to",
	[FRONT_E_CMDLINE - FRONT_E_PACK] = "the command line does not end with its only NUL",
	[FRONT_E_ALIGN - FRONT_E_PACK] = "the purgatory or the room does not lie at a multiple of its alignment",
	[FRONT_E_BLOCK - FRONT_E_PACK] = "the parameter block was changed after it was packed",
};

void front_fail(uint32_t code, const char *sentence)
{
	console_puts("purgatory: refused: front end: ");
	console_puts(sentence);
	fail_end(code);
}

void front_fail_piece(const struct front *front, uint32_t code, const struct front_piece *piece, const char *sentence)
{
	console_puts("purgatory: refused: front end: ");
	console_puts(piece->what);
	if (piece->name) {
		console_puts(" ");
		console_name(piece->name);
	}
	console_puts(" at ");
	console_hex(front->base + piece->start);
	console_puts(", size ");
	console_hex(piece->size);
	console_puts(": ");
	console_puts(sentence);
	fail_end(code);
}

bool front_overlaps(const struct front *front, uint64_t address, uint64_t size)
{
	uint64_t end = front->base + front->pack->image_size;

	return address < end && (address >= front->base || size > front->base - address);
}

bool front_piece(const struct front *front, uint32_t index, struct front_piece *piece)
{
	const struct purg_pack *pack = front->pack;
	const uint64_t fixed[FIXED_PIECES][2] = {
		{0, pack->front_mem},
		{pack->purgatory, front->purgatory->mem_size},
		{pack->room, pack->room_size},
		{pack->cmdline, pack->cmdline_size},
		{pack->table, pack->table_size},
		{pack->initrd, pack->initrd_size},
	};
	const struct purg_segment *segment;

	if (index < FIXED_PIECES) {
		*piece = (struct front_piece){piece_names[index], NULL, fixed[index][0], fixed[index][1]};
		return true;
	}
	index -= FIXED_PIECES;
	if (index >= front->params->segment_count)
		return false;
	segment = &front->params->segment[index];
	*piece = (struct front_piece){"segment", segment->name, segment->start, segment->size};
	return true;
}

/* As far as the console: what must be right before its description can be read at all. */
static uint32_t find(struct front *front, uint64_t base, uint16_t arch, uint64_t limit)
{
	const struct purg_pack *pack = (const struct purg_pack *)(base + PACK_OFFSET);
	const struct purg_header *header;
	uint64_t end = base < limit ? limit - base : 0; /* of what may be read, from the base */

	*front = (struct front){.base = base, .pack = pack};
	if (pack->magic != PACK_MAGIC || pack->version != PACK_VERSION || pack->arch != arch)
		return FRONT_E_PACK;
	if (pack->image_size < end)
		end = pack->image_size;

	if (pack->purgatory % sizeof(uint64_t) || !range_within(pack->purgatory, PURG_HEADER_SIZE, 0, end))
		return FRONT_E_PURGATORY;
	front->purgatory = (struct purg_header *)(base + pack->purgatory);
	header = front->purgatory;
	if (header->magic != PURG_HEADER_MAGIC || !range_within(pack->purgatory, header->mem_size, 0, end))
		return FRONT_E_PURGATORY;

	if (header->params % sizeof(uint64_t) || !range_within(header->params, PURG_PARAMS_SIZE, 0, header->mem_size) ||
	    header->file_size > header->mem_size)
		return FRONT_E_PARAMS;
	front->params = (struct purg_params *)(base + pack->purgatory + header->params);
	return front->params->magic == PURG_PARAMS_MAGIC ? PURG_OK : FRONT_E_PARAMS;
}

static uint32_t check_versions(const struct front *front)
{
	const struct purg_header *header = front->purgatory;
	const struct purg_params *params = front->params;

	if (header->abi_major != PURG_ABI_MAJOR || header->arch != front->pack->arch ||
	    header->header_size != PURG_HEADER_SIZE || header->params_size != PURG_PARAMS_SIZE)
		return FRONT_E_VERSION;
	if (params->abi_major != PURG_ABI_MAJOR || params->size != PURG_PARAMS_SIZE)
		return FRONT_E_VERSION;
	if (params->segment_count > PURG_MAX_SEGMENTS)
		return FRONT_E_SEGMENTS;
	if (params->handoff.mode != PURG_HANDOFF_NATIVE)
		return FRONT_E_HANDOFF;
	return PURG_OK;
}

/* The block is about to be completed: that it is as it was packed can be seen only now. */
static uint32_t check_block(const struct front *front)
{
	uint8_t digest[PURG_DIGEST_SIZE];

	params_digest(front->params, sha256_blocks_portable, digest);
	return memcmp(digest, front->params->block_digest, sizeof(digest)) ? FRONT_E_BLOCK : PURG_OK;
}

static uint32_t check_layout(const struct front *front)
{
	const struct purg_pack *pack = front->pack;
	uint32_t align = front->purgatory->align;

	if (front->base + pack->image_size < front->base)
		return FRONT_E_BASE;
	if (!align || (align & (align - 1)) || (front->base + pack->purgatory) & (align - 1) || pack->room % 4096)
		return FRONT_E_ALIGN;
	if (pack->front_size > pack->front_mem)
		return FRONT_E_PACK;
	return PURG_OK;
}

/* Every piece inside the image, and none, if it is not their own, where the stack and the completed table go. */
static void check_pieces(const struct front *front)
{
	const struct purg_pack *pack = front->pack;
	uint64_t stack_size = pack->front_mem - pack->front_size;
	struct front_piece piece;

	for (uint32_t i = 0; front_piece(front, i, &piece); i++)
		if (!range_within(piece.start, piece.size, 0, pack->image_size))
			front_fail_piece(front, FRONT_E_OUTSIDE, &piece, sentences[FRONT_E_OUTSIDE - FRONT_E_PACK]);

	for (uint32_t i = FRONT_PIECE + 1; front_piece(front, i, &piece); i++)
		if (ranges_overlap(piece.start, piece.size, pack->front_size, stack_size) ||
		    (i != ROOM_PIECE && ranges_overlap(piece.start, piece.size, pack->room, pack->room_size)))
			front_fail_piece(front, FRONT_E_OVERLAP, &piece, sentences[FRONT_E_OVERLAP - FRONT_E_PACK]);
	front_piece(front, FRONT_PIECE, &piece);
	if (ranges_overlap(piece.start, piece.size, pack->room, pack->room_size))
		front_fail_piece(front, FRONT_E_OVERLAP, &piece, sentences[FRONT_E_OVERLAP - FRONT_E_PACK]);
}

/* A NUL before the end would make the kernel see less than what was packed. */
static uint32_t check_cmdline(const struct front *front)
{
	const char *cmdline = (const char *)(front->base + front->pack->cmdline);
	uint64_t length = 0;

	while (length < front->pack->cmdline_size && cmdline[length])
		length++;
	return length + 1 == front->pack->cmdline_size ? PURG_OK : FRONT_E_CMDLINE;
}

void front_open(struct front *front, uint64_t base, uint16_t arch, uint64_t limit)
{
	uint32_t error = find(front, base, arch, limit);

	if (!error) {
		/* Damaged, the size may wrap: all up to the end of the address space is ours then. */
		console_open(front->params->console, base,
			     base + front->pack->image_size < base ? -base : front->pack->image_size);
		error = check_versions(front);
	}
	if (!error)
		error = check_block(front);
	if (!error)
		error = check_layout(front);
	if (!error) {
		check_pieces(front);
		/* What lies beyond the limit is for the caller to report, by its name. */
		if (range_within(base + front->pack->cmdline, front->pack->cmdline_size, 0, limit))
			error = check_cmdline(front);
	}
	if (error)
		front_fail(error, sentences[error - FRONT_E_PACK]);
}

void front_add_base(struct front *front)
{
	for (uint32_t i = 0; i < front->params->segment_count; i++)
		front->params->segment[i].start += front->base;
}

void front_seal(struct front *front)
{
	params_digest(front->params, sha256_blocks_portable, front->params->block_digest);
}
