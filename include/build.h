/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the linker script writes into the image's header of this build. */
#ifndef BUILD_H
#define BUILD_H

#include <purgatory/abi.h>

/* Data begins on a page of its own, so that a loader or the MMU can tell it from code. */
#define IMAGE_ALIGN 0x1000

/* What this build supports: everywhere, and on one architecture alone. */
#define BUILD_FEATURES                                                                                           \
	(PURG_FEATURE_SEGMENT_DIGEST | PURG_FEATURE_CONCAT_DIGEST | PURG_FEATURE_STRIPED_DIGEST |                \
	 PURG_FEATURE_SELF_DIGEST | PURG_FEATURE_VERIFY_NEVER | PURG_FEATURE_SKIP_UNMAPPED | PURG_FEATURE_COPY | \
	 PURG_FEATURE_REPORT | PURG_FEATURE_RESET | PURG_FEATURE_RETURN | PURG_FEATURE_FALLBACK)
#define ARM64_FEATURES PURG_FEATURE_CONSOLE_SINK
#define X86_64_FEATURES \
	(PURG_FEATURE_X86_32 | PURG_FEATURE_X86_16 | PURG_FEATURE_BAUD | PURG_FEATURE_CONSOLE_VGA | PURG_FEATURE_LEGACY)

#endif
