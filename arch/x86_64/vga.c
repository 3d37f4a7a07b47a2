/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Text mode 3: 80 columns, 25 rows, characters of 9 by 16 dots, 720 by 400 dots at 70 Hz. The registers and what their
 * bits mean: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem".
 */
#include <arch.h>
#include "devices.h"

/* Ports. An indexed group has its data behind its index; the attribute controller takes both, in turn, at one port. */
#define ATTRIBUTE 0x3c0
#define MISC 0x3c2
#define SEQUENCER 0x3c4
#define GRAPHICS 0x3ce
#define CRTC 0x3d4
#define STATUS 0x3da /* reading it makes the attribute controller take an index next */

#define MISC_TEXT 0x67 /* ports at 0x3dx, memory on, 28.322 MHz, polarities of 400 lines */

#define SEQUENCER_RESET 0
#define RESET_SYNCHRONOUS 0x01
#define RESET_NONE 0x03

#define CRTC_RETRACE_END 0x11
#define CRTC_UNPROTECTED 0x0e /* 0x00 to 0x07 can be written: bit 7 is clear */

#define ATTRIBUTE_SHOW 0x20 /* for an index: the palette is left to the screen */

/* From 0x01: 9 dots, planes 0 and 1, the first font, more than 64 KiB and odd and even addresses apart. */
static const uint8_t sequencer[] = {0x00, 0x03, 0x00, 0x02};

static const uint8_t crtc[] = {
	0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, /* 0x00: horizontal */
	0xbf, 0x1f, 0x00, 0x4f,             /* 0x06: vertical total, high bits, 16 lines a character */
	0x0d, 0x0e, 0x00, 0x00, 0x07, 0x80, /* 0x0a: the cursor's shape, the screen's start, the cursor's place */
	0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, /* 0x10: vertical, the protection; the length of a row; mode */
	0xff,                                           /* 0x18: no split */
};

/* 0x05: odd and even; 0x06: text, at 0xb8000; 0x07 is without effect in text modes. */
static const uint8_t graphics[] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x0f, 0xff};

static const uint8_t attribute[] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, /* the EGA's colours */
	0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, /* and their bright ones */
	0x0c, 0x00, 0x0f, 0x08, 0x00,                   /* 0x10: blinking, lines nine dots wide; all planes */
};

static void write_one(uint16_t port, uint8_t index, uint8_t value)
{
	arch_port_write(port, index);
	arch_port_write(port + 1, value);
}

static void write_all(uint16_t port, uint8_t index, const uint8_t *values, size_t count)
{
	while (count--)
		write_one(port, index++, *values++);
}

/* The colour ports first, since all others are reached by them; clocks change only while the sequencer is reset. */
void vga_reset(void)
{
	write_one(SEQUENCER, SEQUENCER_RESET, RESET_SYNCHRONOUS);
	arch_port_write(MISC, MISC_TEXT);
	write_all(SEQUENCER, 1, sequencer, sizeof(sequencer));
	write_one(SEQUENCER, SEQUENCER_RESET, RESET_NONE);
	write_one(CRTC, CRTC_RETRACE_END, CRTC_UNPROTECTED);
	write_all(CRTC, 0, crtc, sizeof(crtc));
	write_all(GRAPHICS, 0, graphics, sizeof(graphics));
	arch_port_read(STATUS);
	for (uint8_t i = 0; i < sizeof(attribute); i++) {
		arch_port_write(ATTRIBUTE, i);
		arch_port_write(ATTRIBUTE, attribute[i]);
	}
	arch_port_write(ATTRIBUTE, ATTRIBUTE_SHOW);
}
