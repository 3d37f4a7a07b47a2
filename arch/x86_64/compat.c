/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The symbols of x86: kexec-tools, kexec/arch/x86_64/kexec-x86_64.c and kexec/arch/i386; Linux,
 * arch/x86/kernel/kexec-bzimage64.c.
 */
#include <arch.h>
#include <clients.h>
#include <range.h>
#include <string.h>
#include "linux_console.h"

/* Linux has the 64-bit registers in the order of the CPU's own numbers. */
struct linux_regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8_to_r15_rip[9];
};

extern const union {
	struct purg_regs_x86_64 by_kexec_tools;
	struct linux_regs by_linux;
} client_entry64_regs;
extern const struct purg_regs_x86_32 client_entry32_regs;
extern const struct purg_regs_x86_16 client_entry16_regs;
extern const struct purg_regs_x86_16 client_entry16_debug_regs;

/* Code, of which only the address is used here: arch/x86_64/client_real_mode.S. */
extern const uint8_t client_entry16[];
extern const uint8_t client_entry16_debug[];

extern const uint64_t client_cmdline_end;
extern const uint64_t client_jump_back_entry;
extern const uint64_t client_backup_start;
extern const uint64_t client_backup_src_start;
extern const uint64_t client_backup_src_size;
extern const uint32_t client_serial_baud;
extern const uint16_t client_serial_base;
extern const uint8_t client_console_serial;
extern const uint8_t client_console_vga;
extern const uint8_t client_reset_vga;
extern const uint8_t client_legacy_pic;
extern const uint8_t client_panic_kernel;

/* rsp as the purgatory found it: arch/x86_64/entry.S. */
extern const uint64_t entry_rsp;

#define VGA_TEXT 0xb8000

#define PAGE 0x1000ull

/* Where the descent's stub goes if the image lies too high for it. */
#define COMPAT_STUB 0x8000

static void fill_consoles(struct purg_params *params)
{
	struct purg_console *console = params->console;

	if (client_console_serial) {
		console->kind = PURG_CONSOLE_8250_PORT;
		console->base = client_serial_base;
		console->baud = client_serial_baud;
		console++;
	}
	/* Where nothing maps it, nobody can be told there; kexec-tools' own purgatory would die of it. */
	if (client_console_vga && arch_mapped(VGA_TEXT, PURG_CONSOLE_VGA_SPAN)) {
		console->kind = PURG_CONSOLE_VGA;
		console->base = VGA_TEXT;
	}
}

/* kexec-tools has made a segment for the backup alone: so nothing that it loaded is written over. */
static bool is_region(const struct purg_params *params, uint64_t start, uint64_t size)
{
	const struct purg_segment *segment = params_segment_around(params, start, size);

	return segment && segment->start == start;
}

/* The low memory that the crash kernel is going to use is part of the dump. */
static bool fill_backup(struct purg_params *params, struct finding *finding)
{
	if (!client_panic_kernel || !client_backup_start || !client_backup_src_size)
		return true;
	params->copy[params->copy_count++] = (struct purg_copy){
		.dst = client_backup_start,
		.src = client_backup_src_start,
		.size = client_backup_src_size,
		.flags = PURG_COPY_UNVERIFIED,
	};
	return params->verify == PURG_VERIFY_NEVER || is_region(params, client_backup_start, client_backup_src_size) ||
	       refuse(finding, PURG_E_OVERLAP, "backup_start", client_backup_start);
}

/* A 32-bit entry that is not given, or is one of our labels, goes on to the 16-bit one. */
static void fill_below_64(struct purg_handoff *handoff)
{
	uint32_t eip = client_entry32_regs.eip;

	if (!eip || eip == (uintptr_t)client_entry16 || eip == (uintptr_t)client_entry16_debug) {
		handoff->mode = PURG_HANDOFF_X86_16;
		handoff->x86_16 =
			eip && eip == (uintptr_t)client_entry16_debug ? client_entry16_debug_regs : client_entry16_regs;
		handoff->x86_16.reserved = 0;
	} else {
		handoff->mode = PURG_HANDOFF_X86_32;
		handoff->x86_32 = client_entry32_regs;
	}
	if ((uintptr_t)&purg_header + purg_header.mem_size > arch_low_end(handoff->mode))
		handoff->stub = COMPAT_STUB;
}

static bool fill_kexec_tools(struct purg_params *params, struct finding *finding)
{
	fill_consoles(params);
	params->flags |= client_reset_vga ? PURG_FLAG_RESET_VGA : 0;
	params->flags |= client_legacy_pic ? PURG_FLAG_LEGACY_PIC : 0;
	if (client_entry64_regs.by_kexec_tools.rip)
		params->handoff.x86_64 = client_entry64_regs.by_kexec_tools;
	else
		fill_below_64(&params->handoff);
	/* Only its loaders of bzImages have a command line to be appended to. */
	params->handoff.checks = client_cmdline_end ? PURG_CHECK_KERNEL : 0;
	return fill_backup(params, finding);
}

static void fill_linux(struct purg_params *params)
{
	const struct linux_regs *from = &client_entry64_regs.by_linux;
	struct purg_regs_x86_64 *to = &params->handoff.x86_64;

	to->rax = from->rax;
	to->rbx = from->rbx;
	to->rcx = from->rcx;
	to->rdx = from->rdx;
	to->rsi = from->rsi;
	to->rdi = from->rdi;
	to->rsp = from->rsp;
	to->rbp = from->rbp;
	memcpy(&to->r8, from->r8_to_r15_rip, sizeof(from->r8_to_r15_rip));
	params->handoff.checks = PURG_CHECK_KERNEL;
	linux_console(params);
}

bool arch_compat_fill(struct purg_params *params, struct finding *finding)
{
	switch (compat_client) {
	case COMPAT_KEXEC_TOOLS:
		if (!fill_kexec_tools(params, finding))
			return false;
		break;
	case COMPAT_LINUX:
		fill_linux(params);
		break;
	default:
		return refuse(finding, PURG_E_VALUE, "compat_client", compat_client);
	}
	/* Under --no-checks nothing else would stop it. */
	return arch_entry(&params->handoff) || refuse(finding, PURG_E_ENTRY, "entry", 0);
}

/*
 * Linux calls the purgatory if the user wants to come back (kexec --load-preserve-context): there is a return address
 * on the stack. Else that is zero, or, since Linux 6.14, rsp is at the end of a page, with nothing above it.
 */
static uint64_t jump_back_entry(void)
{
	if (client_jump_back_entry || entry_rsp % PAGE == 0 || entry_rsp % sizeof(uint64_t) ||
	    !arch_mapped(entry_rsp, sizeof(uint64_t)))
		return client_jump_back_entry;
	return *(const uint64_t *)entry_rsp;
}

/* Append " kexec_jump_back_entry=0x..." to the verified command line, at its NUL. */
bool arch_compat_finish(const struct purg_params *params, struct finding *finding)
{
	static const char text[] = " kexec_jump_back_entry=0x";
	char *end = (char *)client_cmdline_end;
	uint64_t entry;
	int shift = 60;

	if (compat_client != COMPAT_KEXEC_TOOLS || !end)
		return true;
	entry = jump_back_entry();
	if (!entry)
		return true;
	if (!params_may_write(params, client_cmdline_end, sizeof(text) + 16) || *end)
		return refuse(finding, PURG_E_VALUE, "cmdline_end", client_cmdline_end);
	memcpy(end, text, sizeof(text) - 1);
	end += sizeof(text) - 1;
	while (shift && !(entry >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*end++ = "0123456789abcdef"[entry >> shift & 15];
	*end = '\0';
	return true;
}
