/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The inside of a packed image: what `purgatory pack` writes and the front end reads. docs/pack.md draws it.
 *
 * A packed image is one bootable file: a front end that understands the machine's boot protocol (arm64: the Linux Image
 * protocol; x86_64: PVH), the flat purgatory with its parameter block filled in, and what is to be booted. Everything
 * that lies in it is described by offsets from the image's first byte, "the base", since only the front end knows where
 * the image came to lie: it adds the base to purg_segment.start of every segment and to pc or rip, points x0 or rsi at
 * the DTB or boot_params that it has completed, and enters the purgatory.
 *
 * The file: arm64, the memory image as it is. x86_64, an ELF whose PT_LOADs say which part of the memory image each
 * piece of the file is (base: p_paddr of the first), so that the room between pieces takes no space.
 */
#ifndef PACK_H
#define PACK_H

/* Where struct purg_pack lies, behind the 64 bytes that the arm64 Image header takes (spare on x86_64). */
#define PACK_OFFSET 0x40
#define PACK_SIZE 0x80
#define PACK_MAGIC 0x4b43415047525550 /* "PURGPACK" */
#define PACK_VERSION 1

/* x86_64: the base. The front end is linked to run there. */
#define PACK_X86_BASE 0x100000

/* arm64: the kernel lies at a multiple of this, as the image itself does (Documentation/arch/arm64/booting.rst). */
#define PACK_ARM64_ALIGN 0x200000

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* All addresses are offsets from the base. Little-endian. The front end carries front_size and front_mem. */
struct purg_pack {
	uint64_t magic;      /* PACK_MAGIC; filled in by the front end's build, as are the next four */
	uint16_t version;    /* PACK_VERSION */
	uint16_t arch;       /* PURG_ARCH_* */
	uint32_t front_size; /* bytes of the front end in the file, from the base, read-only while it runs */
	uint32_t front_mem;  /* bytes of memory that it takes, with its stack and tables; a multiple of 4096 */
	uint32_t reserved;
	uint64_t image_size;   /* bytes of memory from the base that the whole image takes */
	uint64_t purgatory;    /* the flat purgatory; a multiple of its alignment */
	uint64_t cmdline;      /* the kernel's command line with its NUL */
	uint64_t cmdline_size; /* with the NUL */
	uint64_t table;        /* arm64: the packed DTB. x86_64: boot_params with the kernel's setup header */
	uint64_t table_size;   /* zero: none; on arm64 the machine's own DTB is used */
	uint64_t room;         /* memory for the completed table; a multiple of 4096 */
	uint64_t room_size;
	uint64_t initrd;
	uint64_t initrd_size; /* zero: none */
	uint64_t reserved2[3];
};
_Static_assert(sizeof(struct purg_pack) == PACK_SIZE, "size of struct purg_pack");

#endif /* __ASSEMBLER__ */
#endif /* PACK_H */
