/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The fake architecture: the generic code runs on the host, under its sanitizers, with the host's memory as physical
 * memory, a transcript in place of a UART, and longjmp in place of a jump that does not come back.
 */
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch.h>
#include <clients.h>
#include <params.h>
#include <range.h>

#define FAKE_PAGE 4096
#define FAKE_UNMAPPED 0x7000000 /* one page that arch_mapped says is not mapped */
#define FAKE_PHYSICAL_BITS 48
#define FAKE_UART 0x9000000

#define FAKE_WRITES 16
#define FAKE_SYNCS 4
#define FAKE_SCREEN 0xb8000 /* VGA text memory */

/* A write to a register or a port. */
struct fake_write {
	uint64_t address;
	uint8_t value;
};

/* A call of arch_sync_memory, and the memory's first word at that time. */
struct fake_sync {
	uint64_t start;
	uint64_t size;
	uint64_t first;
};

/* How a run of purgatory_main ended. */
enum fake_end {
	FAKE_RUNNING,
	FAKE_JUMPED,
	FAKE_HALTED,
	FAKE_RESET,
	FAKE_RETURNED
};

struct fake {
	enum fake_end end;
	uint32_t code;         /* FAKE_HALTED: what arch_halt was given */
	uint64_t entry;        /* FAKE_JUMPED: where to */
	int faults;            /* which of the next arch_caches_begin meets an exception; zero: none */
	uint64_t deaf;         /* a console here meets one whenever it is asked; zero: none */
	bool vectors;          /* ours are in force */
	bool reset_sound;      /* what arch_reset was told of the block ... */
	bool no_reset;         /* ... and whether it is without effect */
	bool bad_cpu;          /* entered in a state that is not allowed */
	bool bad_kernel;       /* nothing at the entry looks like a kernel */
	uint64_t low_end;      /* what PURG_HANDOFF_X86_32 reaches; its entry is in arm64.pc all the same */
	const char *uncached;  /* why there are no caches; NULL: there are */
	uint64_t client_entry; /* where a client of the other door wants to go ... */
	uint64_t bad_finish;   /* ... and where to write afterwards; zero: nowhere */
	bool stuck;            /* the UART never is ready */
	unsigned int polls;    /* how often its status was read */
	bool cached;           /* between arch_caches_begin and its end */
	unsigned int cachings; /* how often that was */
	/* What reads the old kernel's tables; NULL: they lie in the host's memory */
	bool (*old_memory)(uint64_t address, uint64_t *value);
	uint64_t status_address;            /* where its status was read last, ... */
	uint64_t data_address;              /* ... its data written last, ... */
	uint32_t width;                     /* ... how wide; zero: a port */
	uint32_t no_console;                /* a kind of console that this architecture has not */
	uint32_t reset_flags;               /* what arch_reset_devices was given */
	uint64_t ticks;                     /* the counter, ... */
	uint64_t ticks_per_look;            /* ... what is added when it is looked at, ... */
	uint64_t ticks_hz;                  /* ... its frequency, ... */
	unsigned int looks;                 /* ... and how often it was looked at */
	struct fake_sync syncs[FAKE_SYNCS]; /* the first ones */
	size_t sync_count;
	uint16_t screen[80 * 25];
	struct fake_write writes[FAKE_WRITES]; /* the first ones */
	size_t write_count;
	char transcript[4096]; /* what it was told to send */
	size_t length;
};

extern struct fake fake;

/* The clients' symbols: constants for the purgatory, variables for the tests. */
extern uint32_t fake_compat_client __asm__("compat_client");
extern struct client_region fake_regions[CLIENT_REGIONS] __asm__("client_sha256_regions");
extern uint8_t fake_digest[PURG_DIGEST_SIZE] __asm__("client_sha256_digest");
extern uint32_t fake_skip_checks __asm__("client_skip_checks");

/* A block that is accepted: one segment, "payload", with its digest; an entry in it; a PL011. */
void fake_valid_block(struct purg_params *params, const void *payload, size_t size);

/* Run purgatory_main with purg_params as it is, until it jumps or halts. */
void fake_run(void);

#endif
