# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Tables by which `--verify=unless-unmapped` would skip are changed: what is loaded is verified, damage refused."""

import pytest

from crashed import EXPOSED, crashed
from machine import MIB, PAGE
from linux_tables import ADDRESS, LARGE, PAGE_SHIFT, VALID, WRITABLE
from outer import ARM64, X86_64

COMPUTERS = {computer.arch: computer for computer in (ARM64, X86_64)}

BLOCK_SHIFT = 21

# What makes an entry a table; arm64: a block of normal memory, which the last level does not have (Arm ARM, D8.3).
TABLE = {"arm64": 0x3, "x86_64": 0x63}
ARM64_BLOCK = 0x701

FAR = 1 << 38


def exposed(one, address, name):
    """The line that says so, and the one segment that is verified; our own walk says the same."""
    foretold = f"verifying: {address:#x} {EXPOSED[one.computer.arch]}", [name]
    assert one.foretold() == foretold
    return foretold


def doubt(one, sentence, address):
    """The line that says so; all is verified."""
    return f"verifying: {sentence}: {address:#x}", one.names


def in_linear_map(one, address, shift=PAGE_SHIFT):
    """The linear map's last entry for an address, or the one of that level."""
    return next(entry for entry in reversed(one.tables.path(one.tables.linear(address))) if entry.shift >= shift)


def block_of(one):
    """2 MiB of the kernel, and their entry, which is not in the first table."""
    block = one.segment("kernel")[1]["start"] + 4 * MIB
    entry = in_linear_map(one, block, BLOCK_SHIFT)
    assert block % (2 * MIB) == 0 and entry.shift == BLOCK_SHIFT
    return block, entry


def page(one):
    """The page with the word gets what it lacks: Linux has left the rest of its entry as it was."""
    address = one.word() & -PAGE
    entry = in_linear_map(one, address)
    lacks = VALID if one.computer.arch == "arm64" else WRITABLE
    assert entry.shift == PAGE_SHIFT and entry.value & ADDRESS == address
    assert not entry.value & lacks
    one.tables.write(entry, entry.value | lacks)
    return exposed(one, address, "initrd")


def erased(one):
    """A page's entry is gone: nothing maps the page, but not because Linux has unmapped or protected it."""
    address = one.word() & -PAGE
    one.tables.write(in_linear_map(one, address), 0)
    return doubt(one, "not unmapped on purpose", address)


def block(one):
    """arm64: a leaf of 2 MiB in place of a table; x86_64: there is one, and it becomes writable."""
    address, entry = block_of(one)
    one.tables.write(entry, address | ARM64_BLOCK if one.computer.arch == "arm64" else entry.value | WRITABLE)
    return exposed(one, address, "kernel")


def split(one):
    """x86_64: a table of read-only pages in place of a leaf of 2 MiB; one of them is writable."""
    address, entry = block_of(one)
    assert entry.value & LARGE
    bits = entry.value & ~ADDRESS & ~LARGE
    values = [address + index * PAGE | bits for index in range(512)]
    values[77] |= WRITABLE
    one.machine.gdb.write_physical(one.scratch, b"".join(value.to_bytes(8, "little") for value in values))
    one.tables.write(entry, one.scratch | TABLE["x86_64"])
    return exposed(one, address + 77 * PAGE, "kernel")


def pointer_beyond(one):
    """A table where no memory is."""
    one.tables.write(block_of(one)[1], FAR | TABLE[one.computer.arch])
    return doubt(one, "a table outside the ranges", FAR)


def pointer_inside(one):
    """A table in the crash kernel's memory, where whoever writes can make one."""
    address = one.segment("initrd")[1]["start"] & -PAGE
    one.tables.write(block_of(one)[1], address | TABLE[one.computer.arch])
    return doubt(one, "a table outside the ranges", address)


def cycle(one):
    """A table that is below itself."""
    entry = block_of(one)[1]
    one.tables.write(entry, entry.place & -PAGE | TABLE[one.computer.arch])
    return doubt(one, "a table within itself", entry.place & -PAGE)


def level(one):
    """arm64: a block among the pages; x86_64: a leaf in the top table."""
    address, _ = block_of(one)
    if one.computer.arch == "arm64":
        entry, value = in_linear_map(one, address), address | ARM64_BLOCK
    else:
        entry = one.tables.path(one.tables.linear(address))[0]
        value = entry.value | LARGE
    one.tables.write(entry, value)
    return doubt(one, "not an entry of its level", entry.place)


def root(one):
    """The linear map no longer has the tables: then these may be any tables."""
    entry = in_linear_map(one, one.tables.root)
    one.tables.write(entry, entry.value & ~(VALID if one.computer.arch == "arm64" else WRITABLE))
    return doubt(one, "the tables do not map their root", one.tables.root)


CHANGES = (page, pointer_beyond, cycle, erased, block, split, pointer_inside, level, root)
PAIRS = [(change, computer) for change in CHANGES for computer in COMPUTERS.values()]
CASES = [pair for pair in PAIRS if pair != (split, ARM64)]
IDS = [f"{change.__name__}-{computer.arch}" for change, computer in CASES]
FEW = 6  # of the first three changes


@pytest.mark.parametrize("change, computer", CASES[:FEW], ids=IDS[:FEW])
def test_boots(outer, note, change, computer):
    """What is exposed is verified, or all if there is doubt, and the inner kernel comes up."""
    with crashed(outer, computer) as one:
        assert one.foretold()[1] == []
        line, names = change(one)
        assert one.said() == [line]
        one.boots(names)
        note(f"tables: {change.__name__}", computer.name, line)


@pytest.mark.parametrize("change, computer", CASES, ids=IDS)
def test_refused(outer, note, change, computer):
    """A byte of that was changed as well: it is found, and the segment named."""
    with crashed(outer, computer) as one:
        line, names = change(one)
        one.flip(names[0])
        assert one.said() == [line]
        one.refused(names[0])
        note(f"tables: {change.__name__}, and a byte", computer.name, f"{line}; refused by name")


@pytest.mark.parametrize("computer", COMPUTERS.values(), ids=COMPUTERS.keys())
def test_before_crash(outer, note, computer):
    """The same while the old kernel still runs."""
    with crashed(outer, computer, before=lambda one: (page(one), one.flip("initrd"))) as one:
        line, names = one.foretold()
        assert names == ["initrd"]
        assert one.said() == [line]
        one.refused("initrd")
        note("tables: page, and a byte, before the crash", computer.name, f"{line}; refused by name")
