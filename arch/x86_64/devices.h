/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The devices of an old PC that a loader may want back in the state in which a BIOS leaves them. */
#ifndef DEVICES_H
#define DEVICES_H

/* Text mode 3, by the registers that every VGA has. Fonts, colours and whatever else stay as they are. */
void vga_reset(void);

/* Both 8259A: vectors 8 and 0x70, nothing masked. */
void pic_reset(void);

#endif
