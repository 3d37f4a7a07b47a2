/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* PE files, as far as a UKI and an Image with an EFI stub need them (Microsoft PE and COFF specification). */
#ifndef PE_H
#define PE_H

#include <purgatory/loader.h>

#define PE_MACHINE_ARM64 0xaa64
#define PE_MACHINE_X86_64 0x8664
#define PE_NAME_SIZE 8

struct pe {
	const uint8_t *file;
	uint64_t size;
	uint64_t table; /* of the sections: offset in the file, where all of it is */
	uint16_t machine;
	uint16_t sections;
};

struct pe_section {
	char name[PE_NAME_SIZE]; /* padded with NULs */
	/* What is there both in the file and in memory: VirtualSize is without the file's padding, or has zeros more.
	 */
	struct purg_part content;
};

/* Errors: PURG_ERR_KERNEL_UNKNOWN, PURG_ERR_PE_HEADER. */
int pe_open(struct pe *pe, const void *file, size_t size);

/* The section of this number, below pe->sections. Its content may lie outside the file. */
struct pe_section pe_section(const struct pe *pe, uint32_t number);

#endif
