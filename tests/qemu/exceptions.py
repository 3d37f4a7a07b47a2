# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Boots in which there is an exception, and what is said of it."""

import contextlib

from abi import constant
from machine import ARM64, GIB, wait_until_halted

FAULT = constant("E_FAULT")
LINE = (
    r"^purgatory: refused: (?:(.*) )?address: an exception: 0x([0-9a-f]+), syndrome 0x([0-9a-f]+), pc 0x([0-9a-f]+) "
    r"\[code 23\]; (halted|resetting|returning|falling back)$"
)
PAYLOAD = "segment 0 (payload)"

# Where QEMU's virt has nothing; and what launch-x86_64.S does not map.
NOTHING = {"arm64": 0x60000000, "x86_64": 17 * GIB}

UNDEFINED = {"arm64": bytes(4), "x86_64": b"\x0f\x0b"}
UNDEFINED_SYNDROME = {"arm64": 0x02000000, "x86_64": 6 << 32}


def hash_function(boot):
    """The function that is entered first to hash a segment on this CPU."""
    return boot.symbol("sha256_blocks_ce" if boot.arch is ARM64 else "sha256_blocks_portable")


def line_of(machine):
    """(place, address, syndrome, pc, ending) of the line that tells of an exception."""
    match = machine.wait_for(LINE)
    return match[1], int(match[2], 16), int(match[3], 16), int(match[4], 16), match[5]


def halted(machine, boot):
    """The same of a machine that has halted with the code, and has entered nothing."""
    found = line_of(machine)
    wait_until_halted(machine, boot.arch, FAULT)
    machine.drain()
    assert found[4] == "halted" and "payload:" not in machine.text
    return found[:4]


@contextlib.contextmanager
def spoilt(boot, spoil, symbol=None):
    """A machine that was stopped in the hash, or at the symbol, and runs again after spoil(machine, where it was)."""
    with boot.start(frozen=True) as machine:
        machine.gdb.run_to(boot.place)
        place = boot.symbol(symbol) if symbol else hash_function(boot)
        machine.gdb.run_to(place)
        spoil(machine, place)
        machine.gdb.resume()
        yield machine


def plant(code):
    """Have that code be executed next."""
    return lambda machine, place: machine.gdb.write_memory(place, code)
