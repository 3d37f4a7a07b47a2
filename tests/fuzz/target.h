/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What libFuzzer calls; included before each target. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
