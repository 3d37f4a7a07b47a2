/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* kexec-tools' symbols of arm64: kexec/arch/arm64/kexec-arm64.c. */
#include <arch.h>
#include <clients.h>
#include <compat.h>
#include <console.h>

extern const uint64_t client_arm64_sink;
extern const uint64_t client_arm64_kernel_entry;
extern const uint64_t client_arm64_dtb_addr;

/* The registers of a PL011 have a page to themselves: Arm DDI 0183G, 3.2. */
#define PL011_SIZE 0x1000

/* Documentation/arch/arm64/booting.rst. */
#define DTB_MAX_SIZE 0x200000

/* "arm,pl01", as two words of memory. */
#define ARM_PL01 0x31306c702c6d7261

/* kexec-tools cuts the sink's address short when it is long: then it may be anything's. */
static bool is_free(const struct purg_params *params, const struct purg_console *console)
{
	for (uint32_t i = 0; i < params->segment_count; i++)
		if (console_touches(console, params->segment[i].start, params->segment[i].size))
			return false;
	return true;
}

/*
 * A PL011 as kexec-tools knows it, by its address alone, could be told by its identification registers, but their page
 * may be of more devices than one, of which one may answer with an abort. So nothing is asked of the device, and the
 * next kernel's DTB is believed: a value that begins with the string, as one of "compatible" does, at a multiple of 4
 * (Devicetree Specification 0.4, 5.4.1). The DTB is not verified yet; but all that it chooses between is two drivers of
 * one page of registers, neither of which waits for ever. On another UART a PL011's register of flags, at 0x18, is read
 * and means nothing, and the text goes out as words.
 */
static bool names_pl011(const struct purg_params *params, uint64_t dtb)
{
	const volatile uint32_t *word = (const volatile uint32_t *)dtb;
	uint64_t seen = 0;
	uint64_t size = dtb % sizeof(*word) ? 0 : compat_readable(params, dtb);

	if (size > DTB_MAX_SIZE)
		size = DTB_MAX_SIZE;
	for (; size >= sizeof(*word); size -= sizeof(*word)) {
		if (seen == ARM_PL01 && (uint16_t)*word == '1')
			return true;
		seen = seen >> 32 | (uint64_t)*word++ << 32;
	}
	return false;
}

bool arch_compat_fill(struct purg_params *params, struct finding *finding)
{
	struct purg_console *console = &params->console[0];

	if (compat_client != COMPAT_KEXEC_TOOLS)
		return refuse(finding, PURG_E_VALUE, "compat_client", compat_client);
	params->handoff.arm64.pc = client_arm64_kernel_entry;
	params->handoff.arm64.x0 = client_arm64_dtb_addr;
	params->handoff.checks = PURG_CHECK_DTB;
	if (!client_arm64_sink)
		return true;
	console->kind = PURG_CONSOLE_SINK;
	console->base = client_arm64_sink;
	if (!is_free(params, console))
		*console = (struct purg_console){.kind = PURG_CONSOLE_NONE};
	else if (console->base % PL011_SIZE == 0 && names_pl011(params, client_arm64_dtb_addr))
		console->kind = PURG_CONSOLE_PL011;
	return true;
}

bool arch_compat_finish(const struct purg_params *params, struct finding *finding)
{
	(void)params;
	(void)finding;
	return true;
}
