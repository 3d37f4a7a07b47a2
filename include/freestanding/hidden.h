/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Included by the compiler before anything else: whatever is declared is in this image, so no access goes through a
 * GOT.
 * (-fvisibility=hidden says that of definitions only.)
 */
#pragma GCC visibility push(hidden)
