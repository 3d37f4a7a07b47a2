# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The I/O ports of a guest, read and written from outside by QEMU's qtest protocol (docs/devel/qtest.rst).

A read has the side effects that one by the guest's CPU would have.
"""

import socket
import time

# VGA: the groups of registers with an index, their ports and how many there are; IBM PS/2 Hardware Interface Technical
# Reference, "Video Subsystem".
VGA_INDEXED = {"sequencer": (0x3C4, 5), "crtc": (0x3D4, 25), "graphics": (0x3CE, 9)}
VGA_CRTC, VGA_CRTC_PROTECTS = 0x3D4, 0x11
VGA_ATTRIBUTES = 21
VGA_ATTRIBUTE, VGA_ATTRIBUTE_READ, VGA_STATUS = 0x3C0, 0x3C1, 0x3DA
VGA_MISC_WRITE, VGA_MISC_READ = 0x3C2, 0x3CC
VGA_SHOW = 0x20

# 8250: registers from the first port on; with DLAB set the first two are the divisor.
UART_IER, UART_FCR, UART_LCR, UART_MCR = 1, 2, 3, 4
UART_IIR, UART_IIR_FIFO = 2, 0xC0
UART_LCR_DLAB = 0x80


class Ports:
    """A connection to the ports of a machine that was started with Ports.options."""

    def __init__(self, directory, patience):
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(patience)
        deadline = time.monotonic() + patience
        while channel.connect_ex(str(directory / "qtest")) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.stream = channel.makefile("rw")
        channel.close()

    @staticmethod
    def options(directory):
        """Options of QEMU, without which there is nothing to connect to."""
        return ["-qtest", f"unix:{directory / 'qtest'},server=on,wait=off", "-qtest-log", "none"]

    def command(self, *words):
        """One command; returns what is behind the OK."""
        self.stream.write(" ".join(words) + "\n")
        self.stream.flush()
        answer = self.stream.readline().split()
        assert answer and answer[0] == "OK", answer
        return answer[1:]

    def read(self, port):
        """A byte from a port."""
        return int(self.command("inb", f"{port:#x}")[0], 16)

    def write(self, port, value):
        """A byte to a port."""
        self.command("outb", f"{port:#x}", f"{value:#x}")

    def set_line(self, uart, divisor, ier, fcr, lcr, mcr):
        """Have the 8250 at this port in this state."""
        self.write(uart + UART_LCR, UART_LCR_DLAB)
        self.write(uart, divisor & 0xFF)
        self.write(uart + 1, divisor >> 8)
        self.write(uart + UART_LCR, lcr & ~UART_LCR_DLAB)
        self.write(uart + UART_IER, ier)
        self.write(uart + UART_FCR, fcr)
        self.write(uart + UART_MCR, mcr)
        self.write(uart + UART_LCR, lcr)

    def line(self, uart):
        """The state of the 8250 at this port: divisor, IER, whether it has its FIFO on, LCR, MCR."""
        lcr = self.read(uart + UART_LCR)
        self.write(uart + UART_LCR, lcr | UART_LCR_DLAB)
        divisor = self.read(uart) | self.read(uart + 1) << 8
        self.write(uart + UART_LCR, lcr & ~UART_LCR_DLAB)
        fifo = bool(self.read(uart + UART_IIR) & UART_IIR_FIFO)
        return divisor, self.read(uart + UART_IER), fifo, lcr, self.read(uart + UART_MCR)

    def read_indexed(self, port, index):
        """A register of a group with an index."""
        self.write(port, index)
        return self.read(port + 1)

    def vga(self):
        """Every register of a VGA but its colours, by name."""
        found = {"misc": self.read(VGA_MISC_READ)}
        for group, (port, count) in VGA_INDEXED.items():
            for index in range(count):
                found[f"{group} {index:#04x}"] = self.read_indexed(port, index)
        self.read(VGA_STATUS)
        found["attribute shows"] = self.read(VGA_ATTRIBUTE) & VGA_SHOW
        for index in range(VGA_ATTRIBUTES):
            self.read(VGA_STATUS)
            self.write(VGA_ATTRIBUTE, index | found["attribute shows"])
            found[f"attribute {index:#04x}"] = self.read(VGA_ATTRIBUTE_READ)
        self.read(VGA_STATUS)
        return found

    def spoil_vga(self):
        """Have every register of a VGA hold something else than before, and the CRTC's first eight protected."""
        self.write(VGA_CRTC, VGA_CRTC_PROTECTS)
        self.write(VGA_CRTC + 1, self.read(VGA_CRTC + 1) & 0x7F)
        for port, count in VGA_INDEXED.values():
            for index in range(count):
                self.write(port, index)
                self.write(port + 1, self.read(port + 1) ^ 0x5A)
        self.write(VGA_CRTC, VGA_CRTC_PROTECTS)
        self.write(VGA_CRTC + 1, self.read(VGA_CRTC + 1) | 0x80)
        for index in range(VGA_ATTRIBUTES):
            self.read(VGA_STATUS)
            self.write(VGA_ATTRIBUTE, index)
            self.write(VGA_ATTRIBUTE, self.read(VGA_ATTRIBUTE_READ) ^ 0x15)
        self.write(VGA_MISC_WRITE, 0xEF)
