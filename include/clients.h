/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The symbols that loaders patch which do not know the ABI: kexec-tools, and Linux' kexec_file_load. A symbol NAME is
 * here client_NAME for kexec-tools and linux_client_NAME for Linux, at the same place if both have it; and NAME again
 * in the relocatable form of that client (linker/symbols.awk). Names, sizes and layouts are the outside world's:
 * kexec-tools, kexec/kexec.c and kexec/arch; Linux, kernel/kexec_file.c. All start as zeros.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

/*
 * compat_client: whose symbols they are. linker/wrap.S writes it into the relocatable form, and the plain form is
 * kexec-tools' from the start; it is zero in the others, where nobody could find the symbols. Policy words, as in the
 * ABI.
 */
#define COMPAT_KEXEC_TOOLS 0x5d3c96a7
#define COMPAT_LINUX 0xa6c1e95a

#define CLIENT_REGIONS 16
#define CLIENT_REGIONS_SIZE 256

#ifndef __ASSEMBLER__

#include <stdint.h>

struct client_region {
	uint64_t start;
	uint64_t size;
};

extern const uint32_t compat_client;
extern const struct client_region client_sha256_regions[CLIENT_REGIONS];
extern const uint8_t client_sha256_digest[32];
extern const uint32_t client_skip_checks;

#endif
#endif
