# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`kexec -l` and `kexec -e` by the system call kexec_load, on every kind of machine: the inner kernel comes up."""

import pytest

from guests import cases, speak
from outer import ARM64, ARM64_COMPUTERS, X86_64, X86_64_COMPUTERS


# What stock does on arm64 takes long, and does not depend on the interrupt controller.
@cases(ours=ARM64_COMPUTERS + X86_64_COMPUTERS, stock=ARM64_COMPUTERS[1::2] + X86_64_COMPUTERS)
def test_load(outer, note, purgatory, computer):
    """The inner kernel comes up; ours tells how many bytes it has verified: all that were loaded but its own."""
    guest = outer(computer)
    with guest.start(f"load -l /vmlinuz {speak(computer)} {guest.inner('mark=uncut')}; jump") as machine:
        seconds = machine.greeting()
        machine.wait_for("inner: command line: .* mark=uncut")
        machine.wait_for_exit()
        if purgatory == "ours":
            sizes = [size for place, size in machine.segments() if place != machine.purgatory()[0]]
            (verified,) = machine.verified()
            assert (verified.segments, verified.size) == (len(sizes), sum(sizes))
        else:
            assert "I'm in purgatory" in machine.text
        note("kexec -l", computer.name, "boots", seconds)


@pytest.mark.parametrize("purgatory, computer", [("plain", ARM64), ("plain", X86_64)], indirect=["purgatory"])
def test_plain_form(outer, note, computer):
    """Our form with relocations is relocated by kexec-tools itself."""
    guest = outer(computer)
    with guest.start(f"load -l /vmlinuz {speak(computer)} {guest.inner()}; jump") as machine:
        seconds = machine.greeting()
        assert machine.verified()
    note("kexec -l", f"{computer.name}, plain form", "boots", seconds)
