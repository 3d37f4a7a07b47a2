# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A byte of the loaded kernel changes before the purgatory has verified it.

The byte is one that a boot does not miss, which the same change under --no-checks shows: so a kernel that does not come
up was refused.
"""

import re
import time

from guests import cases, speak
from machine import ARCHES, wait_until_halted
from outer import ARM64, CRASHKERNEL, X86_64

BOTH = cases(ours=(ARM64, X86_64), stock=(ARM64, X86_64))

# In the kernel's segment. arm64: a reserved field of the Image header (Documentation/arm64/booting.rst). x86_64: the
# last byte before the 64-bit entry, behind code that only the 32-bit entry runs (Documentation/x86/boot.rst).
PADDING = {"arm64": 0x20, "x86_64": 0x1FF}

MISMATCH = {
    "stock": r"^sha256 digests do not match",
    "ours": r"^purgatory: refused: the concatenation's digest does not match: .* \[code 16\]; halted\n",
}

# How long a purgatory may take before one that has said nothing is taken to have nothing to say.
SILENCE = 10


def flip(machine, computer):
    """Change the byte, in a guest that stands still."""
    kernel, _ = max(machine.segments(), key=lambda segment: segment[1])
    address = kernel + PADDING[computer.arch]
    (byte,) = machine.gdb.read_physical(address, 1)
    machine.gdb.write_physical(address, bytes([byte ^ 0x10]))


def refused(machine, computer, purgatory):
    """The purgatory says what is wrong, and the inner kernel does not start."""
    machine.wait_for(MISMATCH[purgatory])
    if purgatory == "ours":
        wait_until_halted(machine, ARCHES[computer.arch], 16)
    else:
        time.sleep(2)
    machine.drain()
    assert "Linux version" not in machine.text


@BOTH
def test_damaged(outer, note, purgatory, computer):
    """Loaded by kexec -l, changed when the old kernel is gone: refused."""
    with outer(computer).stopped_at_purgatory(speak(computer)) as machine:
        flip(machine, computer)
        machine.gdb.resume()
        refused(machine, computer, purgatory)
        note("kexec -l", f"{computer.name}, a byte changed", "refused")


@BOTH
def test_damaged_crash_kernel(outer, note, purgatory, computer):
    """Loaded by kexec -p, changed while the old kernel still runs: refused."""
    guest = outer(computer, append=CRASHKERNEL[computer.arch])
    with guest.stopped_when_loaded(f"-p /vmlinuz {speak(computer)} {guest.inner()}", "crash") as machine:
        flip(machine, computer)
        machine.gdb.resume()
        refused(machine, computer, purgatory)
        note("kexec -p", f"{computer.name}, a byte changed", "refused")


@BOTH
def test_damaged_without_checks(outer, note, purgatory, computer):
    """Under --no-checks the same change keeps no kernel from coming up; ours says that it did not look."""
    with outer(computer).stopped_at_purgatory(f"--no-checks {speak(computer)}") as machine:
        flip(machine, computer)
        machine.gdb.resume()
        machine.greeting()
        if purgatory == "ours":
            assert re.search(r"^purgatory: NOT verified, by the loader's word; jumping to 0x", machine.text, re.M)
        note("kexec -l --no-checks", f"{computer.name}, a byte changed", "boots")


@BOTH
def test_silent(outer, note, computer):
    """Without an option that gives it a console the purgatory boots and says nothing."""
    guest = outer(computer)
    with guest.start(f"load -l /vmlinuz {guest.inner()}; jump") as machine:
        seconds = machine.greeting()
        assert "purgatory" not in machine.text.split("outer: jump")[1]
        note("kexec -l", f"{computer.name}, no console", "boots", seconds)


# On arm64 stock takes so long that its silence says nothing.
@cases(ours=(ARM64, X86_64), stock=(X86_64,))
def test_silent_refusal(outer, note, purgatory, computer):
    """Nor does it say that it refuses. Ours halts, with the code where a debugger finds it; stock runs in circles."""
    with outer(computer).stopped_at_purgatory("") as machine:
        flip(machine, computer)
        machine.gdb.resume()
        if purgatory == "ours":
            wait_until_halted(machine, ARCHES[computer.arch], 16, SILENCE)
        else:
            time.sleep(SILENCE)
        place = machine.gdb.interrupt()
        machine.drain()
        start, size = machine.purgatory()
        assert start <= place < start + size
        assert not re.search("purgatory|Linux version", machine.text.split("outer: jump")[1])
        note("kexec -l", f"{computer.name}, a byte changed, no console", "silent")
