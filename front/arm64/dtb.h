/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Complete a DTB: a copy with /chosen as the next kernel needs it. One pass, no state kept, nothing outside the two
 * buffers touched, whatever the input holds; every access to memory is aligned, so that it works with the MMU off.
 */
#ifndef DTB_H
#define DTB_H

#include <stddef.h>
#include <stdint.h>

/* Documentation/arch/arm64/booting.rst: at a multiple of 8 bytes, at most 2 MiB. */
#define DTB_ALIGN 8
#define DTB_MAX_SIZE 0x200000

struct dtb_changes {
	const char *bootargs;
	uint32_t bootargs_size; /* with its NUL */
	uint64_t initrd_start;  /* start == end: no initrd, and the properties of an old one are dropped */
	uint64_t initrd_end;
	uint32_t *report; /* NULL: no room for a record; else where in out that is, at a multiple of 8 */
};

#define DTB_E_NULL -1
#define DTB_E_ALIGN -2
#define DTB_E_MAGIC -3
#define DTB_E_VERSION -4
#define DTB_E_SIZE -5
#define DTB_E_BLOCK -6
#define DTB_E_RESERVED -7
#define DTB_E_TRUNCATED -8
#define DTB_E_TOKEN -9
#define DTB_E_NESTING -10
#define DTB_E_ROOT -11
#define DTB_E_ORDER -12
#define DTB_E_NAME -13
#define DTB_E_CHOSEN -14
#define DTB_E_ROOM -15

/*
 * Write the DTB at in, of which at most in_size bytes may be read, with the changes to out. The buffers do not overlap;
 * out is a multiple of 8. Returns the size of the new DTB, or a DTB_E_*; what out then holds is of no use.
 */
int dtb_complete(void *out, size_t out_size, const void *in, size_t in_size, const struct dtb_changes *changes);

/* The sentence for a DTB_E_*. */
const char *dtb_strerror(int error);

#endif
