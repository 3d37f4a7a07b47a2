# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""x86_64: what kexec-tools' options have the purgatory do to screen and serial port before the kernel is entered."""

import re

import pytest

from outer import X86_64

COM1 = 0x3F8
DIVISOR, LINE_CONTROL = COM1, COM1 + 3
DLAB, EIGHT_N_ONE = 0x80, 0x03

CRTC_INDEX, CRTC_DATA = 0x3D4, 0x3D5
MAXIMUM_SCAN_LINE = 0x09

TEXT_MEMORY, COLUMNS, ROWS = 0xB8000, 80, 25


def out(machine, port, value):
    """Write to an I/O port."""
    machine.monitor(f"o /b {port:#x} {value:#x}")


def inp(machine, port):
    """Read from an I/O port."""
    return int(re.search(r"= (0x[0-9a-f]+)", machine.monitor(f"i /b {port:#x}"))[1], 16)


def set_divisor(machine, value):
    """Have the serial port divide 115200 baud by that, below 256."""
    out(machine, LINE_CONTROL, DLAB | EIGHT_N_ONE)
    out(machine, DIVISOR, value)
    out(machine, LINE_CONTROL, EIGHT_N_ONE)


def divisor(machine):
    """By what it divides."""
    out(machine, LINE_CONTROL, DLAB | EIGHT_N_ONE)
    value = inp(machine, DIVISOR)
    out(machine, LINE_CONTROL, EIGHT_N_ONE)
    return value


def crtc(machine, register):
    """A register of the display controller."""
    out(machine, CRTC_INDEX, register)
    return inp(machine, CRTC_DATA)


def screen(machine):
    """The text on the screen."""
    text = machine.memory(TEXT_MEMORY, 2 * COLUMNS * ROWS)[::2].decode("latin-1")
    return "\n".join(text[row * COLUMNS :][:COLUMNS].rstrip() for row in range(ROWS))


# What the purgatory says when all is well.
LINE = {"stock": "I'm in purgatory", "ours": "purgatory: verified "}


def boots(machine):
    """From the kernel's first instruction on all goes on as usual."""
    machine.gdb.resume()
    machine.wait_for("inner: userspace of Linux")


@pytest.mark.parametrize(
    "option, after, row",
    [
        ("--serial-baud=115200", 1, ("kexec -l --serial-baud=115200", "x86_64", "is set, boots")),
        ("", 12, ("kexec -l --console-serial", "x86_64, rate", "is kept, boots")),
    ],
    ids=["baud", "as_it_is"],
)
def test_serial(outer, note, purgatory, option, after, row):
    """The rate is set, or without the option stays what it was, and the purgatory speaks at it."""
    with outer(X86_64).stopped_at_purgatory(f"--console-serial {option}") as machine:
        set_divisor(machine, 12)
        machine.gdb.run_to(machine.kernel_entry())
        assert divisor(machine) == after
        machine.wait_for(f"^{LINE[purgatory]}")
        boots(machine)
        note(*row)


def test_console_vga(outer, note, purgatory):
    """The purgatory's lines stand on the screen when the kernel is entered, and not on the serial port."""
    with outer(X86_64).stopped_at_purgatory("--console-vga") as machine:
        machine.gdb.run_to(machine.kernel_entry())
        assert LINE[purgatory] in screen(machine)
        machine.drain()
        assert "purgatory" not in machine.text.split("outer: jump")[1]
        boots(machine)
        note("kexec -l --console-vga", "x86_64", "speaks, boots")


def test_reset_vga(outer, note):
    """The display controller, which was spoilt when the purgatory was entered, is back in text mode."""
    with outer(X86_64).stopped_at_purgatory("--reset-vga") as machine:
        assert crtc(machine, MAXIMUM_SCAN_LINE) == 0x4F
        out(machine, CRTC_DATA, 0x00)
        machine.gdb.run_to(machine.kernel_entry())
        assert crtc(machine, MAXIMUM_SCAN_LINE) == 0x4F
        boots(machine)
        note("kexec -l --reset-vga", "x86_64", "is reset, boots")
