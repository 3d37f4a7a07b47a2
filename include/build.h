/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What this build supports; the linker script writes it into the image's header. */
#ifndef BUILD_H
#define BUILD_H

#include <purgatory/abi.h>

#define BUILD_FEATURES                                                                         \
	(PURG_FEATURE_SEGMENT_DIGEST | PURG_FEATURE_CONCAT_DIGEST | PURG_FEATURE_SELF_DIGEST | \
	 PURG_FEATURE_VERIFY_NEVER | PURG_FEATURE_COPY)

#endif
