/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What Linux says in /proc and /sys of the machine that it runs on, as far as a loader must know it. A copy of these
 * files below a directory stands for another machine.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <purgatory/loader.h>

struct machine {
	const char *root;         /* the directory below which its files are; "" for the running one */
	uint16_t arch;            /* PURG_ARCH_* */
	struct purg_map map;      /* /proc/iomem: memory as the running kernel has it */
	struct purg_map firmware; /* x86_64: /sys/firmware/memmap, as the firmware has told of it; else empty */
	const char *cmdline;      /* the running kernel's, without its newline */
	/* x86_64 */
	bool paging_5;              /* the kernel uses 5-level paging */
	const uint8_t *boot_params; /* NULL: not known */
	uint64_t rsdp;              /* zero: not known */
	bool has_efi;
	struct purg_efi efi;
	/* arm64 */
	const uint8_t *dtb; /* NULL: there is none */
	size_t dtb_size;
};

/* Read all of it that is there, or fail. */
void machine_read(struct machine *machine, const char *root);

/* For machine_read: what only x86_64 has. */
void machine_read_x86_64(struct machine *machine);

/* What a dump needs to know of the running kernel: everything in core but the memory. Notes are the command's. */
void machine_read_core(const struct machine *machine, struct purg_core *core);

/*
 * What the purgatory must know to look at the running kernel's page tables: everything but the memory. The region is
 * that into which is loaded. vmcoreinfo is the command's.
 */
void machine_read_tables(const struct machine *machine, const struct purg_range *region, struct purg_old_kernel *old);

/*
 * How far the counter counts in a second, if it does not say that itself and something else does; zero: not known.
 * Takes a moment.
 */
uint64_t machine_timer_hz(const struct machine *machine);

/* Where the running kernel's code begins; false if nothing says so. */
bool machine_kernel_start(const struct machine *machine, uint64_t *start);

/*
 * A file of this machine, NUL-terminated; NULL if there is none. Fails if it cannot be read. path has a printf format.
 */
char *machine_file(const struct machine *machine, size_t *size, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* The number in such a file; base as for strtoull. False if there is no such file, or no number in it. */
bool machine_number(const struct machine *machine, uint64_t *number, int base, const char *path, ...)
	__attribute__((format(printf, 4, 5)));

#endif
