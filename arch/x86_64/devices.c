/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <arch.h>
#include "devices.h"

void arch_reset_devices(uint32_t flags)
{
	if (flags & PURG_FLAG_RESET_VGA)
		vga_reset();
	if (flags & PURG_FLAG_LEGACY_PIC)
		pic_reset();
}
