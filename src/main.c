/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The life of a boot: check the parameters, verify what was loaded, prepare, hand off; or refuse.
 *
 * arch/ARCH/entry.S calls purgatory_main once, on the image's own stack, with interrupts masked.
 */
#include <arch.h>
#include <build.h>
#include <console.h>
#include <fail.h>
#include <params.h>
#include <string.h>
#include <verify.h>

_Noreturn void purgatory_main(void);

static bool check_place(struct finding *finding)
{
	if ((uintptr_t)&purg_header & (IMAGE_ALIGN - 1))
		return refuse(finding, PURG_E_PLACEMENT, "image", (uintptr_t)&purg_header);
	return arch_check_cpu() || refuse(finding, PURG_E_CPU, NULL, 0);
}

/* From what makes the block readable to the rules of its fields; its digest comes before any field is believed. */
static bool check(const struct purg_params *params, const struct sha256_engine *engine, struct finding *finding)
{
	return check_place(finding) && params_check_head(params, finding) && verify_self(params, engine, finding) &&
	       params_check_fields(params, finding);
}

static bool verify(const struct purg_params *params, const struct sha256_engine *engine, struct finding *finding,
		   uint64_t *bytes)
{
	return params->verify == PURG_VERIFY_NEVER || verify_segments(params, engine, finding, bytes);
}

/* The ranges are checked; the copies are made in the table's order. */
static void make_copies(const struct purg_params *params)
{
	for (uint32_t i = 0; i < params->copy_count; i++) {
		const struct purg_copy *copy = &params->copy[i];

		arch_sync_memory(copy->dst, copy->size);
		memmove((void *)(uintptr_t)copy->dst, (const void *)(uintptr_t)copy->src, copy->size);
		arch_sync_memory(copy->dst, copy->size);
	}
}

static void announce(const struct purg_params *params, uint64_t bytes, const char *sha256_name)
{
	if (params->verify == PURG_VERIFY_NEVER) {
		console_puts("purgatory: NOT verified, by the loader's word");
	} else {
		console_puts("purgatory: verified ");
		console_dec(params->segment_count);
		console_puts(params->segment_count == 1 ? " segment, " : " segments, ");
		console_dec(bytes);
		console_puts(" bytes, sha256: ");
		console_puts(sha256_name);
	}
	console_puts("; jumping to ");
	console_hex(arch_entry(&params->handoff));
	console_puts("\n");
	console_flush();
}

_Noreturn void purgatory_main(void)
{
	const struct purg_params *params = &purg_params;
	struct finding finding = {.index = NO_INDEX};
	struct sha256_engine engine;
	uint64_t bytes = 0;

	arch_sha256(&engine, params->flags & PURG_FLAG_PORTABLE_SHA256);
	console_open(params->console, (uintptr_t)&purg_header, purg_header.mem_size);
	if (!check(params, &engine, &finding) || !verify(params, &engine, &finding, &bytes))
		fail(&finding);
	make_copies(params);
	finding.table = "handoff";
	if (!arch_handoff_check(&params->handoff, &finding))
		fail(&finding);
	announce(params, bytes, engine.name);
	arch_handoff(&params->handoff);
}
