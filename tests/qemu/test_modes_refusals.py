# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What is refused of a boot into 32-bit protected mode or 16-bit real mode, beyond what any boot is refused for."""

import pytest

from abi import constant
from faults import both
from machine import GIB, MIB
from modes import MODES, PROTECTED, REAL, STUB_SIZE, boot_from_high, set_registers
from segments import pattern

# Name, fault, code, words that the line must have.


def put(path, value):
    """A fault: the field holds this value, or what a function of the mode gives."""
    return lambda boot, mode: boot.params.__setitem__(path, value(mode) if callable(value) else value)


def together(*faults):
    """Several changes that make one fault."""
    return lambda boot, mode: both(*(lambda subject, fault=fault: fault(subject, mode) for fault in faults))(boot)


def stub_at(value):
    """A fault: the stub lies there."""
    return put("handoff.stub", value)


def image_at(address):
    """The image lies there."""
    return lambda boot, mode: setattr(boot, "place", address)


def image_low(boot, mode):
    """The image lies where the mode reaches."""
    boot.place = mode.low


def segment_at(offset):
    """A segment of one page begins that many bytes behind the stub's start."""
    return lambda boot, mode: boot.segment("second", mode.stub_at + offset, pattern(0x1000))


def copy_to(offset):
    """A copy of one byte is made to that many bytes behind the stub's start."""
    return lambda boot, mode: boot.params.add_copy(mode.stub_at + offset, mode.payload_at, 1)


def console_at(offset):
    """A second console's registers lie that many bytes behind the stub's start."""
    return lambda boot, mode: boot.console(1, kind="CONSOLE_8250", base=mode.stub_at + offset)


def register(name, value):
    """A register of the mode holds this value."""
    return lambda boot, mode: set_registers(boot, mode, {name: value})


def reserved_behind(name):
    """The byte behind the registers, or behind one of them, is not zero."""
    return lambda boot, mode: boot.image.__setitem__(boot.params.offset(f"handoff.{mode.name}.{name}") + 4, 1)


def entry_outside(boot, mode):
    """The entry is the first byte that is not in the segment."""
    set_registers(boot, mode, mode.entry(mode.payload_at + len(boot.payload)))


def end_of(mode):
    """The first address that the mode does not reach."""
    return mode.end


FAULTS = [
    ("too-high-without-stub", stub_at(0), "E_PLACEMENT", "handoff image: misaligned, or too high: 0x100345000"),
    ("stub-misaligned", stub_at(lambda mode: mode.stub_at + 0x10), "E_PLACEMENT", "handoff stub: misaligned"),
    ("stub-at-the-end", stub_at(end_of), "E_PLACEMENT", "handoff stub: misaligned, or too high"),
    ("stub-at-the-top", stub_at((1 << 64) - STUB_SIZE), "E_PLACEMENT", "handoff stub"),
    (
        "stub-on-image",
        together(image_low, stub_at(lambda mode: mode.low + 0x7000)),
        "E_OVERLAP_SELF",
        "handoff stub",
    ),
    ("stub-on-segment-start", segment_at(0xFFF), "E_OVERLAP", "handoff stub"),
    ("stub-on-segment-end", segment_at(-0xFFF), "E_OVERLAP", "handoff stub"),
    ("stub-on-copy-first", copy_to(0), "E_OVERLAP", "handoff stub"),
    ("stub-on-copy-last", copy_to(0xFFF), "E_OVERLAP", "handoff stub"),
    ("stub-on-console", console_at(0xF00), "E_OVERLAP", "handoff stub"),
    ("reserved", put("handoff.reserved", 1), "E_RESERVED", "handoff reserved"),
    ("entry-outside", entry_outside, "E_ENTRY", "handoff entry"),
    ("mode-one-bit-off", put("handoff.mode", lambda mode: constant(mode.word) ^ 1), "E_VALUE", "handoff mode"),
]

# Those of one mode alone.
PROTECTED_FAULTS = [
    ("stub-in-no-memory", stub_at(3 * GIB), "E_UNMAPPED", "handoff stub"),
    ("unused-register", reserved_behind("eip"), "E_RESERVED", "handoff (unused)"),
    (
        "entry-in-image",
        together(image_at(PROTECTED.low), register("eip", PROTECTED.low)),
        "E_OVERLAP_SELF",
        "handoff entry",
    ),
]
REAL_FAULTS = [
    ("reserved-register", register("reserved", 1), "E_RESERVED", "handoff (unused)"),
    ("unused-register", reserved_behind("cs"), "E_RESERVED", "handoff (unused)"),
    ("image-at-1M", together(image_at(MIB), stub_at(0)), "E_PLACEMENT", "handoff image"),
]

CASES = (
    [(mode, *case) for mode in MODES for case in FAULTS]
    + [(PROTECTED, *case) for case in PROTECTED_FAULTS]
    + [(REAL, *case) for case in REAL_FAULTS]
)


@pytest.mark.parametrize(
    "mode, name, fault, code, words", CASES, ids=[f"{mode.name}-{name}" for mode, name, *_ in CASES]
)
def test_refusal(tmp_path, mode, name, fault, code, words):
    """Each fault in a boot that test_modes.py shows to be sound: the line, the code, and nothing entered."""
    boot = boot_from_high(mode, tmp_path)
    fault(boot, mode)
    line = boot.refusal()
    assert f"[code {constant(code)}]" in line
    assert words in line
