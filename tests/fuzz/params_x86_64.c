/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#define FUZZ_X86 true
#include "params.h"
