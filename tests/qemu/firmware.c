/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A firmware around the C of docs/embedding.md, which the test extracts into embedding.h, and its example for arm64
 * into example.h. It is entered by the launcher as if it were the purgatory; the test says on the command line where
 * all things lie: FLAT, PLACE, KERNEL, KERNEL_SIZE, DTB, DTB_SIZE, STACK, and LOG, where it finds what was cleaned.
 */
#define sha256 sha256_with /* ours wants to be told by which function */
#include <sha256.h>
#undef sha256
#include "embedding.h"

#ifdef __aarch64__
asm(".section .start, \"ax\"\n"
    "	ldr	x0, =" STACK "\n"
    "	mov	sp, x0\n"
    "	b	firmware\n"
    "	.ltorg\n");
#else
asm(".section .start, \"ax\"\n"
    "	cld\n"
    "	movabs	$" STACK ", %rsp\n"
    "	call	firmware\n");
#endif

_Noreturn void firmware(void);

/* What the caches are asked for, by their own range each: no guest of QEMU's would miss it. */
static void log_range(const void *start, size_t size)
{
	uint64_t *log = (uint64_t *)LOG;

	log[1 + 2 * log[0]] = (uintptr_t)start;
	log[2 + 2 * log[0]] = size;
	log[0]++;
}

void sha256(const void *data, size_t size, uint8_t *digest)
{
	sha256_with(sha256_blocks_portable, data, size, digest);
}

#ifdef __aarch64__
/* By lines of the least size that there may be. */
void clean_dcache(const void *start, size_t size)
{
	uintptr_t end = (uintptr_t)start + size;

	log_range(start, size);
	for (uintptr_t line = (uintptr_t)start & ~15ul; line < end; line += 16)
		asm volatile("dc cvac, %0" ::"r"(line) : "memory");
	asm volatile("dsb sy" ::: "memory");
}

static void fill_in(struct purg_params *params, uint64_t kernel, uint64_t dtb)
{
#include "example.h"
}
#else
void clean_dcache(const void *start, size_t size)
{
	log_range(start, size);
}

static void fill_in(struct purg_params *params, uint64_t kernel, uint64_t dtb)
{
	params->handoff.x86_64 = (struct purg_regs_x86_64){.rip = kernel, .rsi = dtb};
	params->console[0] = (struct purg_console){.kind = PURG_CONSOLE_8250_PORT, .base = 0x3f8};
}
#endif

_Noreturn void firmware(void)
{
	struct purg_params *params = purgatory_place((uint8_t *)PLACE, (const void *)FLAT);

	purgatory_verify(params, "kernel", (const void *)KERNEL, KERNEL_SIZE);
	purgatory_verify(params, "dtb", (const void *)DTB, DTB_SIZE);
	fill_in(params, KERNEL, DTB);
	purgatory_enter((uint8_t *)PLACE, params);
}
