/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* kexec-tools' symbols of arm64: kexec/arch/arm64/kexec-arm64.c. */
#include <arch.h>
#include <clients.h>
#include <console.h>
#include <range.h>

extern const uint64_t client_arm64_sink;
extern const uint64_t client_arm64_kernel_entry;
extern const uint64_t client_arm64_dtb_addr;

/* kexec-tools cuts the sink's address short when it is long: then it may be anything's. */
static bool is_free(const struct purg_params *params, const struct purg_console *console)
{
	for (uint32_t i = 0; i < params->segment_count; i++)
		if (console_touches(console, params->segment[i].start, params->segment[i].size))
			return false;
	return true;
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
	else if (console_is_pl011(console->base))
		console->kind = PURG_CONSOLE_PL011;
	return true;
}

bool arch_compat_finish(const struct purg_params *params, struct finding *finding)
{
	(void)params;
	(void)finding;
	return true;
}
