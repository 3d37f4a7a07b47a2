/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The front end of a packed image (include/pack.h). What every machine has in common: find the parts, check them, print
 * one line and halt if anything is wrong, add the base, enter the purgatory. front/ARCH/main.c tells the story:
 *
 *	front_open(&front, base, PURG_ARCH_..., limit);
 *	complete the DTB or boot_params in the room
 *	front_add_base(&front);
 *	pc or rip, x0 or rsi
 *	front_seal(&front);
 *	front_enter(front.base + front.pack->purgatory);
 */
#ifndef FRONT_H
#define FRONT_H

#include <pack.h>
#include <purgatory/abi.h>

/*
 * Why the front end halted: in x0 or rax, and as a sentence on the console unless the console itself was not found.
 * They begin behind any PURG_E_*, so that a debugger's user can tell the two apart.
 */
#define FRONT_E_PACK 0x100       /* no pack header, or one of another version or architecture */
#define FRONT_E_BASE 0x101       /* the image does not lie where its kind of image must */
#define FRONT_E_PURGATORY 0x102  /* no purgatory where the pack header says */
#define FRONT_E_PARAMS 0x103     /* no parameter block where the purgatory's header says */
#define FRONT_E_VERSION 0x104    /* the purgatory or its block is of another ABI version, architecture or size */
#define FRONT_E_SEGMENTS 0x105   /* more segments than the block can hold */
#define FRONT_E_HANDOFF 0x106    /* not a native handoff, or an entry outside the image */
#define FRONT_E_OUTSIDE 0x107    /* a piece does not lie inside the image */
#define FRONT_E_OVERLAP 0x108    /* a piece overlaps memory that the front end writes to */
#define FRONT_E_CMDLINE 0x109    /* the command line does not end with its only NUL */
#define FRONT_E_ALIGN 0x10a      /* the purgatory or the room is not aligned */
#define FRONT_E_CPU 0x10b        /* x86_64: the CPU has no long mode */
#define FRONT_E_MEMORY 0x10c     /* x86_64: a piece does not lie in the machine's RAM */
#define FRONT_E_MAPPED 0x10d     /* x86_64: a piece lies beyond what the front end maps */
#define FRONT_E_SOURCE 0x10e     /* the machine's table lies where the image does */
#define FRONT_E_BLOCK 0x10f      /* the parameter block does not have its digest */
#define FRONT_E_DTB 0x140        /* plus the positive of a DTB_E_* */
#define FRONT_E_BOOTPARAMS 0x180 /* plus the positive of a BOOTPARAMS_E_* */

#ifndef __ASSEMBLER__

#include <stdbool.h>

struct front {
	uint64_t base; /* physical address of the image's first byte */
	const struct purg_pack *pack;
	struct purg_header *purgatory;
	struct purg_params *params;
};

/* A part of the image: what it is for people, and where it lies from the base. */
struct front_piece {
	const char *what;
	const char *name; /* a segment's name as purg_segment has it; NULL: not a segment */
	uint64_t start;
	uint64_t size;
};

/*
 * Find and check everything that the image alone can tell, and open its consoles. Nothing at or above limit is read.
 * Returns only if all is well; front then is filled in.
 */
void front_open(struct front *front, uint64_t base, uint16_t arch, uint64_t limit);

/* The piece of that index, before front_add_base; false behind the last. */
bool front_piece(const struct front *front, uint32_t index, struct front_piece *piece);

/* True if the image takes any of these bytes. */
bool front_overlaps(const struct front *front, uint64_t address, uint64_t size);

/* From offsets to addresses: every segment. */
void front_add_base(struct front *front);

/* Give the parameter block, which is complete now, its digest anew. */
void front_seal(struct front *front);

/* One line on the console, then halt. The second form names a piece and where it lies. */
_Noreturn void front_fail(uint32_t code, const char *sentence);
_Noreturn void front_fail_piece(const struct front *front, uint32_t code, const struct front_piece *piece,
				const char *sentence);

/* entry.S: jump to the purgatory in the state that its ABI asks for. */
_Noreturn void front_enter(uint64_t address);

#endif /* __ASSEMBLER__ */
#endif /* FRONT_H */
