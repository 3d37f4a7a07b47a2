# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Guests in which real kexec-tools run, one of its commands at a time. The orders use the words of words.sh:

    with outer.start("load -l /vmlinuz --initrd=/initrd --append='...'; jump") as machine:
        machine.wait_for("^inner: userspace of Linux")
"""

import contextlib
import re
from pathlib import Path

import pytest

import outer
from machine import BUILD

HERE = Path(__file__).resolve().parent


def speak(computer):
    """kexec-tools' option that has the purgatory speak on the serial port too."""
    return {"arm64": "--serial=ttyAMA0", "x86_64": "--console-serial"}[computer.arch]


def cases(ours, stock):
    """A test's parameters: our purgatory on each of these computers, stock on those."""
    pairs = [("stock", computer) for computer in stock] + [("ours", computer) for computer in ours]
    ids = [f"{purgatory}-{computer.name}" for purgatory, computer in pairs]
    return pytest.mark.parametrize("purgatory, computer", pairs, indirect=["purgatory"], ids=ids)


class Session(outer.Session):
    """A running machine, and what kexec-tools have said."""

    def segments(self):
        """(address, size) of each segment that kexec-tools has loaded."""
        self.wait_until_loaded()
        pairs = re.findall(r"\.mem   = (\S+)\nsegment\[\d+\]\.memsz = (\S+)\n", self.text)
        return [(int(place.replace("(nil)", "0"), 16), int(size, 16)) for place, size in pairs]

    def entry(self):
        """Where the purgatory is entered."""
        return int(self.wait_for(r"^kexec_load: entry = (0x[0-9a-f]+) ")[1], 16)

    def kernel_entry(self):
        """Where a bzImage is entered in 64-bit mode (Documentation/x86/boot.rst)."""
        return int(self.wait_for(r"^Loaded 64bit kernel at (0x[0-9a-f]+)\n")[1], 16) + 0x200

    def purgatory(self):
        """(address, size) of the purgatory's segment."""
        entry = self.entry()
        return next((start, size) for start, size in self.segments() if start <= entry < start + size)


class Outer(outer.Outer):
    """The outer kernel, and what its kexec-tools are to load."""

    words = HERE / "words.sh"
    session = Session

    @contextlib.contextmanager
    def stopped_at_purgatory(self, options):
        """A machine that stands at the purgatory's first instruction; Debian's kernel is to follow."""
        with self.stopped_when_loaded(f"-l /vmlinuz {options} {self.inner()}") as machine:
            machine.gdb.run_to(machine.entry())
            yield machine

    def inner(self, words=""):
        """kexec-tools' arguments for Debian's kernel with our init: it tells on the console of itself, but not all."""
        return f"--initrd=/initrd --append='{self.computer.console} loglevel=6 panic=-1 {words}'"


def outer_of(computer, purgatory, directory, **rest):
    """The outer kernel, with the kexec-tools that have this purgatory."""
    return Outer(computer, BUILD / "kexec" / computer.arch / purgatory / "kexec", directory, **rest)
