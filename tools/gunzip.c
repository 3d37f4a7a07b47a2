/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <zlib.h>

#include "error.h"
#include "unpack.h"

/* zlib counts what it is given at a time in 32 bits. */
#define INPUT_CHUNK GIB

bool gunzip_is_gzip(const struct file *file)
{
	return file->size >= 2 && file->data[0] == 0x1f && file->data[1] == 0x8b;
}

/* Inflate one member to its end, with its CRC and length right, or fail. */
static void inflate_member(struct z_stream_s *z, const struct file *file)
{
	const uint8_t *end = file->data + file->size;
	int error = Z_OK;

	while (error == Z_OK) {
		z->avail_in = (uInt)number_min((uint64_t)(end - z->next_in), INPUT_CHUNK);
		if (!z->avail_in)
			fail(file->path, "gzip", "ends in the middle of its data; is the file complete?");
		error = inflate(z, Z_NO_FLUSH);
		if (!z->avail_out && error != Z_STREAM_END)
			fail(file->path, "gzip", "inflates to more than %llu MiB; no kernel is that large",
			     (unsigned long long)(UNPACK_LIMIT / MIB));
	}
	if (error != Z_STREAM_END)
		fail(file->path, "gzip", "damaged: %s; 'gzip -t' should accept it", z->msg ? z->msg : zError(error));
}

/* A gzip file is one member or several, one after the other (RFC 1952, 2.2). */
static uint64_t inflate_all(const struct file *file, uint8_t *out)
{
	struct z_stream_s z = {
		.next_in = (z_const Bytef *)file->data,
		.next_out = out,
		.avail_out = (uInt)UNPACK_LIMIT,
	};

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		fail(file->path, "gzip", "not enough memory");
	for (;;) {
		inflate_member(&z, file);
		if (z.next_in == file->data + file->size)
			break;
		if (inflateReset(&z) != Z_OK)
			fail(file->path, "gzip", "cannot go on to its next member");
	}
	inflateEnd(&z);
	return UNPACK_LIMIT - z.avail_out;
}

void gunzip(struct file *file)
{
	uint8_t *out = unpack_room(file);

	file->size = inflate_all(file, out);
	file->data = out;
}
