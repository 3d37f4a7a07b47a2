/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <clients.inc>

	CLIENTS_SECTION
	.balign	8
	object	compat_client, 4
	.long	CLIENT
	client	skip_checks, 4, 4
	client	sha256_regions, CLIENT_REGIONS_SIZE
	client	sha256_digest, 32
	client	arm64_sink, 8
	client	arm64_kernel_entry, 8
	client	arm64_dtb_addr, 8

	.section .note.GNU-stack, "", %progbits
