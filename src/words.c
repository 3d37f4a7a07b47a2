/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The policy words of abi.h, each against each and against zero: any two differ in at least twelve bits, or nothing is
 * built. There is no code in here. A macro is not expanded within itself: so the list stands here twice.
 */
#include <purgatory/abi.h>

#define LEAST_DISTANCE 12

#define APART(i, a, name, j, b)                                                                \
	PURG_ASSERT((i) == (j) || __builtin_popcount((uint32_t)((a) ^ (b))) >= LEAST_DISTANCE, \
		    "policy words that are too much alike: " name " and " #b);

#define FROM_ALL(i, a)                                  \
	APART(i, a, #a, 0, 0)                           \
	APART(i, a, #a, 1, PURG_VERIFY_UNLESS_UNMAPPED) \
	APART(i, a, #a, 2, PURG_VERIFY_NEVER)           \
	APART(i, a, #a, 3, PURG_FAIL_RESET)             \
	APART(i, a, #a, 4, PURG_FAIL_RETURN)            \
	APART(i, a, #a, 5, PURG_FAIL_FALLBACK)          \
	APART(i, a, #a, 6, PURG_CONDUIT_HVC)            \
	APART(i, a, #a, 7, PURG_CONDUIT_SMC)            \
	APART(i, a, #a, 8, PURG_HANDOFF_X86_32)         \
	APART(i, a, #a, 9, PURG_HANDOFF_X86_16)         \
	APART(i, a, #a, 10, PURG_CONSOLE_PL011)         \
	APART(i, a, #a, 11, PURG_CONSOLE_8250)          \
	APART(i, a, #a, 12, PURG_CONSOLE_8250_PORT)     \
	APART(i, a, #a, 13, PURG_CONSOLE_VGA)           \
	APART(i, a, #a, 14, PURG_CONSOLE_SINK)          \
	APART(i, a, #a, 15, PURG_DIGEST_CONCAT)         \
	APART(i, a, #a, 16, PURG_DIGEST_STRIPED)        \
	APART(i, a, #a, 17, PURG_VERDICT_VERIFIED)      \
	APART(i, a, #a, 18, PURG_VERDICT_SKIPPED)       \
	APART(i, a, #a, 19, PURG_VERDICT_REFUSED)

FROM_ALL(0, 0)
FROM_ALL(1, PURG_VERIFY_UNLESS_UNMAPPED)
FROM_ALL(2, PURG_VERIFY_NEVER)
FROM_ALL(3, PURG_FAIL_RESET)
FROM_ALL(4, PURG_FAIL_RETURN)
FROM_ALL(5, PURG_FAIL_FALLBACK)
FROM_ALL(6, PURG_CONDUIT_HVC)
FROM_ALL(7, PURG_CONDUIT_SMC)
FROM_ALL(8, PURG_HANDOFF_X86_32)
FROM_ALL(9, PURG_HANDOFF_X86_16)
FROM_ALL(10, PURG_CONSOLE_PL011)
FROM_ALL(11, PURG_CONSOLE_8250)
FROM_ALL(12, PURG_CONSOLE_8250_PORT)
FROM_ALL(13, PURG_CONSOLE_VGA)
FROM_ALL(14, PURG_CONSOLE_SINK)
FROM_ALL(15, PURG_DIGEST_CONCAT)
FROM_ALL(16, PURG_DIGEST_STRIPED)
FROM_ALL(17, PURG_VERDICT_VERIFIED)
FROM_ALL(18, PURG_VERDICT_SKIPPED)
FROM_ALL(19, PURG_VERDICT_REFUSED)
