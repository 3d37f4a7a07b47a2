/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What a live load puts where, on this machine: everything is decided here, and nothing is done. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <purgatory/loader.h>

#include "console_spec.h"
#include "kernel.h"
#include "machine.h"
#include "piece.h"

/* What is to be loaded, and how. */
struct request {
	struct kernel kernel;
	const char *cmdline; /* NULL: arm64, that of the DTB */
	const uint8_t *initrd;
	uint64_t initrd_size; /* zero: none */
	const uint8_t *dtb;   /* arm64: to complete, checked */
	uint64_t dtb_size;
	const char *dtb_name; /* for what is wrong with it */
	struct console_set consoles;
	uint32_t stripes;
	uint32_t verify;             /* PURG_VERIFY_* */
	struct purg_failure failure; /* complete */
	bool top_down;
	bool panic; /* for when this kernel crashes */
};

/* KEXEC_SEGMENT_MAX of <linux/kexec.h>, one of them for the purgatory. */
#define PLAN_PIECES_MAX 15

struct plan {
	const struct request *request;
	struct machine *machine;
	uint64_t page;              /* what kexec_load takes is made of these */
	struct purg_space space;    /* what is still free */
	uint8_t *purgatory;         /* mem_size bytes as they are to be in memory */
	struct purg_params *params; /* in it */
	struct purg_header header;
	struct purg_handoff handoff;
	uint64_t report;          /* where the purgatory leaves its record, for the next kernel to show */
	uint64_t purgatory_start; /* where it is to be, and to be entered ... */
	uint64_t purgatory_size;  /* ... and the memory that is kept free for it, in pages */
	struct piece piece[PLAN_PIECES_MAX];
	uint64_t mem_size[PLAN_PIECES_MAX]; /* of each: the same */
	unsigned int count;
	/* panic */
	struct purg_range crash;  /* the part of the reserved memory that this goes into */
	struct purg_range *spare; /* what else is reserved: for the crash kernel, but not to load anything to */
	uint32_t spare_count;
	struct purg_range *dump; /* what is to be dumped */
	uint32_t dump_count;
	struct purg_linear_map linear_map; /* PURG_VERIFY_UNLESS_UNMAPPED; else zero */
};

/* Where a piece may be. Zero is no limit. */
struct plan_limits {
	uint64_t align; /* at least a page */
	uint64_t min;
	uint64_t max;   /* of the last byte */
	bool bottom_up; /* even if the request is for the highest */
};

/* Plan a load; digests are computed last. Fails if there is no room for something, naming it. */
void plan_make(struct plan *plan, const struct request *request, struct machine *machine);

/* For plan_make: place what this architecture's kernels are given, and fill in the handoff and the record's place. */
void plan_arm64(struct plan *plan);
void plan_x86_64(struct plan *plan);

/* Find room of mem_size bytes for a piece. */
uint64_t plan_find(struct plan *plan, const char *name, uint64_t mem_size, const struct plan_limits *limits);

/* Take this very room; false if it is not free, or kexec_load would not take it. */
bool plan_take(struct plan *plan, uint64_t start, uint64_t mem_size);

/* Put a piece into room that was found or taken. data must stay. */
void plan_add(struct plan *plan, const char *name, const void *data, uint64_t size, uint64_t start, uint64_t mem_size);

/* Both at once, for a piece that takes no more memory than it has bytes. */
uint64_t plan_place(struct plan *plan, const char *name, const void *data, uint64_t size,
		    const struct plan_limits *limits);

/* The dump's header, if this is for a crash: where it is to be, and *size; else zero. */
uint64_t plan_core(struct plan *plan, uint64_t *size);

/* Say what was planned: as a picture, and as JSON. */
void plan_draw(const struct plan *plan);
void plan_json(const struct plan *plan);

#endif
