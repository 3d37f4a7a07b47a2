/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <clients.inc>

/* The page that the next program has for a stack. */
#define NEXT_STACK_SIZE 4096

	CLIENTS_SECTION
	.balign	8
	object	compat_client, 4
	.long	CLIENT
	client	skip_checks, 4, 4
	client	sha256_regions, CLIENT_REGIONS_SIZE, to_linux=purgatory_sha_regions
	client	sha256_digest, 32, to_linux=purgatory_sha256_digest
	client	entry64_regs, 136, to_linux=entry64_regs
	client	entry32_regs, 36, 4
	client	entry16_regs, 48, 4
	client	entry16_debug_regs, 48, 4
	client	entry16_debug_old_first32, 4, 4
	client	cmdline_end, 8
	client	jump_back_entry, 8
	client	backup_start, 8
	client	backup_src_start, 8
	client	backup_src_size, 8
	client	serial_baud, 4, 4
	client	serial_base, 2, 2
	client	console_serial, 1, 1
	client	console_vga, 1, 1
	client	reset_vga, 1, 1
	client	legacy_pic, 1, 1
	client	panic_kernel, 1, 1

	/* A stack that a client may put arguments on: an ELF's 32-bit entry has one, above its return address. */
	.balign	16
	.space	NEXT_STACK_SIZE - 8
	client	stack_arg32_2, 4, 4
	client	stack_arg32_1, 4, 4
	object	client_stack_end, 0
	object	linux_client_stack_end, 0

	.section .note.GNU-stack, "", @progbits
