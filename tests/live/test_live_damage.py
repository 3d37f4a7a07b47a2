# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A byte of what was loaded changes before the purgatory has verified it: refused, by name."""

import hashlib

import pytest

from machine import ARCHES, wait_until_halted
from outer import ARM64, CRASHKERNEL, X86_64

BOTH = pytest.mark.parametrize("computer", [ARM64, X86_64], ids=lambda computer: computer.arch)
DIGEST_MISMATCH = 15


def flip(machine, segment):
    """Change a byte in the middle, in a guest that stands still."""
    address = segment["start"] + segment["size"] // 2
    (byte,) = machine.gdb.read_physical(address, 1)
    machine.gdb.write_physical(address, bytes([byte ^ 0x10]))


def refused(machine, computer, number, name):
    """The purgatory says what is wrong, halts, and the inner kernel does not start."""
    machine.gdb.resume()
    machine.wait_for(rf"^purgatory: refused: segment {number} \({name}\): the digest does not match: .*; halted\n")
    wait_until_halted(machine, ARCHES[computer.arch], DIGEST_MISMATCH)
    machine.drain()
    assert "Linux version" not in machine.text


def numbered(plan, name):
    """The number and the segment of that name."""
    return next((number, one) for number, one in enumerate(plan["segments"]) if one["name"] == name)


@pytest.mark.parametrize("name", ["initrd", "kernel"])
@BOTH
def test_damaged(outer, note, computer, name):
    """After load and exec: changed when the old kernel is gone."""
    guest = outer(computer)
    with guest.stopped_when_loaded(f"/vmlinuz {guest.inner()}") as machine:
        plan = machine.plan()
        machine.gdb.run_to(plan["entry"])
        number, segment = numbered(plan, name)
        flip(machine, segment)
        refused(machine, computer, number, name)
        note(f"exec, a byte of the {name} changed", computer.name, "refused by name")


@BOTH
def test_damaged_crash_kernel(outer, note, computer):
    """After load --panic: changed while the old kernel still runs."""
    guest = outer(computer, append=CRASHKERNEL[computer.arch])
    with guest.stopped_when_loaded(f"--panic /vmlinuz {guest.inner()}", "crash") as machine:
        number, segment = numbered(machine.plan(), "initrd")
        flip(machine, segment)
        refused(machine, computer, number, "initrd")
        note("crash, a byte of the initrd changed", computer.name, "refused by name")


@BOTH
def test_plan_is_memory(outer, note, computer):
    """What --json says of each segment is what lies there when the purgatory is entered: the digests are hashlib's."""
    guest = outer(computer)
    with guest.stopped_when_loaded(f"/vmlinuz {guest.inner()}") as machine:
        plan = machine.plan()
        machine.gdb.run_to(plan["entry"])
        for segment in plan["segments"]:
            data = machine.memory(segment["start"], segment["size"])
            assert hashlib.sha256(data).hexdigest() == segment["digest"], segment["name"]
            rest = machine.memory(segment["start"] + segment["size"], segment["mem_size"] - segment["size"] or 1)
            assert segment["mem_size"] == segment["size"] or not any(rest), segment["name"]
        note("load --json", computer.name, "is what lies in memory")
