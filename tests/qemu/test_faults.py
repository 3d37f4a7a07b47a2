# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Exceptions: by addresses that do not answer, and by code and stack spoilt by the debugger in the middle of the hash.

Each must end in a line that names the segment and the cause, and in the failure policy; a second one in a halt. Those
of x86_64 alone are in test_vectors.
SError is not here: QEMU has none but a guest hypervisor's.
"""

import re

import pytest

from abi import REPORT_SIZE, Report, constant
from exceptions import (
    FAULT, LINE, NOTHING, PAYLOAD, UNDEFINED, UNDEFINED_SYNDROME, halted, hash_function, plant, spoilt,
)  # fmt: skip
from machine import (
    ARM64, GIB, OPTION_CACHES, OPTION_HIDE, OPTION_MMU, PATIENCE, X86_64, Boot, wait_until_halted,
)  # fmt: skip
from policies import CONDUITS, called_on_arm64, called_on_x86, reset_reason, with_fallback
from ports import Ports

# What the old kernel's map does not have.
UNMAPPED_CONSOLE = {"arm64": 0x60000000, "x86_64": 3 * GIB}
RFLAGS_DF = 1 << 10


# Addresses that do not answer.


def lost_segment(boot):
    """A boot with a second segment of which no memory answers. Returns where that is."""
    boot.with_payload()
    address = NOTHING[boot.arch.name]
    path = f"segment[{boot.params.add_segment('initrd', address, b'')}]"
    boot.params[f"{path}.size"] = 0x1000
    if boot.arch is X86_64:
        boot.options |= OPTION_HIDE
    return address


def test_segment_where_nothing_is(boot):
    """The line names it, and the address."""
    address = lost_segment(boot)
    with boot.start() as machine:
        place, where, syndrome, pc = halted(machine, boot)
    assert (place, where) == ("segment 1 (initrd)", address)
    assert syndrome >> 26 == 0x25 if boot.arch is ARM64 else syndrome == 14 << 32
    assert boot.place <= pc < boot.place + boot.header["ro_size"]


def test_record_of_an_exception(boot):
    """The record has what the line says."""
    address = lost_segment(boot)
    boot.params["report.address"] = boot.arch.spare_at
    boot.params["report.size"] = REPORT_SIZE
    boot.seal()
    with boot.start() as machine:
        _, _, syndrome, pc = halted(machine, boot)
        record = Report(bytearray(machine.memory(boot.arch.spare_at, REPORT_SIZE)))
    assert (record["verdict"], record["code"]) == (constant("VERDICT_REFUSED"), FAULT)
    assert (record["stage"], record["segment"], record["segment_name"][:6]) == (constant("STAGE_VERIFY"), 1, b"initrd")
    assert (record["fault_syndrome"], record["fault_pc"], record["fault_address"]) == (syndrome, pc, address)


def console_with_memory(boot):
    """A console in the same page as a segment: everything is done without caches."""
    boot.console(1, base=boot.arch.spare_at)
    boot.segment("near", boot.arch.spare_at + 0x200, b"data")


HOW = {
    "cached": lambda boot: None,
    "uncached": console_with_memory,
    "mmu": lambda boot: setattr(boot, "options", boot.options | OPTION_MMU),
    "mmu-caches": lambda boot: setattr(boot, "options", boot.options | OPTION_MMU | OPTION_CACHES),
}


@pytest.fixture(params=CONDUITS)
def arm64(request, tmp_path):
    """A boot on arm64 at each exception level."""
    boot = Boot(ARM64, tmp_path)
    boot.state = ARM64.state(request.param)
    return boot


@pytest.mark.parametrize("how", HOW)
def test_at_each_level(arm64, how):
    """With caches on, off, and with the MMU on that the caller had on: an abort from outside, at that address."""
    address = lost_segment(arm64)
    HOW[how](arm64)
    with arm64.start() as machine:
        place, where, syndrome, _ = halted(machine, arm64)
    assert (place, where) == ("segment 1 (initrd)", address)
    assert syndrome >> 26 == 0x25 and syndrome & 0x3F == 0x10


def test_copy_to_where_nothing_is(arm64):
    """No segment is at fault, and the record has the stage. (On x86_64 such a page is refused, code 21.)"""
    arm64.with_payload()
    arm64.params.add_copy(NOTHING["arm64"], arm64.params["segment[0].start"], 8)
    arm64.params["report.address"] = arm64.arch.spare_at
    arm64.params["report.size"] = REPORT_SIZE
    with arm64.start() as machine:
        place, address, _, _ = halted(machine, arm64)
        record = Report(bytearray(machine.memory(arm64.arch.spare_at, REPORT_SIZE)))
    assert (place, address) == (None, NOTHING["arm64"])
    assert (record["stage"], record["segment"]) == (constant("STAGE_COPY"), 0xFFFFFFFF)


def test_console_where_nothing_is(boot):
    """The other one tells of it, as soon as something is to be told, and the first is not asked again."""
    boot.with_payload()
    boot.console(1, kind="CONSOLE_8250", base=UNMAPPED_CONSOLE[boot.arch.name])
    boot.options |= OPTION_HIDE if boot.arch is X86_64 else 0
    with boot.start() as machine:
        _, where, _, _ = halted(machine, boot)
    assert where - UNMAPPED_CONSOLE[boot.arch.name] in range(6)


def test_only_console_where_nothing_is(boot):
    """A halt, in silence."""
    boot.with_payload()
    boot.console(0, kind="CONSOLE_8250", base=UNMAPPED_CONSOLE[boot.arch.name], width=1)
    boot.options |= OPTION_HIDE if boot.arch is X86_64 else 0
    with boot.start() as machine:
        wait_until_halted(machine, boot.arch, FAULT, PATIENCE)
        machine.drain()
        assert machine.text == ""


# Code and stack.

@pytest.mark.parametrize("symbol", [None, "console_puts"], ids=["hash", "console"])
def test_undefined_instruction(good, symbol):
    """In the hash, and, on arm64 with the caches off again, where the line is begun: the console itself is the code."""
    at = symbol or ("sha256_blocks_ce" if good.arch is ARM64 else "sha256_blocks_portable")
    with spoilt(good, plant(UNDEFINED[good.arch.name]), symbol) as machine:
        if symbol:
            wait_until_halted(machine, good.arch, FAULT, PATIENCE)
            assert "payload:" not in machine.text
            return
        place, _, syndrome, pc = halted(machine, good)
    assert (place, syndrome, pc) == (PAYLOAD, UNDEFINED_SYNDROME[good.arch.name], good.symbol(at))


@pytest.mark.parametrize("state", ["el2", "el2-vhe", "el1-below-el2"])
def test_undefined_instruction_on_arm64(tmp_path, state):
    """At the other exception levels."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = ARM64.state(state)
    with spoilt(boot, plant(UNDEFINED["arm64"])) as machine:
        place, _, syndrome, pc = halted(machine, boot)
    assert (place, syndrome, pc) == (PAYLOAD, UNDEFINED_SYNDROME["arm64"], hash_function(boot))


STACKS = {"arm64": [0x60000000, 0x6000000C, 1 << 52], "x86_64": [17 * GIB, 1 << 63, 8]}


@pytest.mark.parametrize("index", range(3))
def test_stack_pointer(good, index):
    """Where nothing is, misaligned or not canonical, and nonsense: the handler has a stack all the same."""
    sp = STACKS[good.arch.name][index]

    def spoil(machine, place):
        gdb = machine.gdb
        gdb.write("sp" if good.arch is ARM64 else "rsp", sp)
        if good.arch is X86_64:
            gdb.write_memory(place, b"\x50")

    good.options |= OPTION_HIDE if good.arch is X86_64 else 0
    with spoilt(good, spoil) as machine:
        place, _, syndrome, _ = halted(machine, good)
    assert place == PAYLOAD
    assert syndrome >> 26 in (0x25, 0x26) if good.arch is ARM64 else syndrome >> 32 in (8, 12, 13, 14)


def test_handler_is_a_function(good):
    """It is entered on an empty stack, and as the ABI of functions wants it, whatever was interrupted."""
    with good.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(good.place)
        gdb.run_to(hash_function(good))
        gdb.write_memory(gdb.pc(), UNDEFINED[good.arch.name])
        if good.arch is X86_64:
            gdb.write("eflags", gdb.read("eflags") | RFLAGS_DF)
        gdb.run_to(good.symbol("fault"))
        if good.arch is ARM64:
            assert gdb.read("sp") == good.symbol("stack_top")
        else:
            assert gdb.read("rsp") == good.symbol("stack_top") - 8
            assert gdb.read("eflags") & RFLAGS_DF == 0


def test_stale_variables(boot):
    """What was written over the image's variables since it was loaded is gone before the first of them is used: one says
    whether there was an exception before."""
    address = lost_segment(boot)
    offset = boot.symbol("variables_start") - boot.place
    boot.image[offset:] = b"\xa5" * (len(boot.image) - offset)
    with boot.start() as machine:
        assert halted(machine, boot)[:2] == ("segment 1 (initrd)", address)


def test_second_exception(good):
    """The handler's own code is damaged as well: a halt, with the code in its register, and not a word."""

    def spoil(machine, place):
        machine.gdb.write_memory(place, UNDEFINED[good.arch.name])
        machine.gdb.write_memory(good.symbol("fault"), UNDEFINED[good.arch.name])

    with spoilt(good, spoil) as machine:
        wait_until_halted(machine, good.arch, FAULT, PATIENCE)
        machine.drain()
        assert machine.text == ""


# The policies.


def test_reset_after_an_exception(boot):
    """The machine is reset."""
    lost_segment(boot)
    boot.params["failure.policy"] = constant("FAIL_RESET")
    if boot.arch is ARM64:
        boot.params["failure.conduit"] = constant("CONDUIT_HVC")
    assert reset_reason(boot) == (FAULT, "guest-reset")


# SP_EL1 is no more than QEMU's copy of SP, which is compared.
LEFT_BEHIND = ("ESR_EL1", "ELR_EL1", "FAR_EL1", "SPSR_EL1")


def test_return_after_an_exception(boot):
    """All is as it was, but for what an exception leaves behind, and the segments of an empty GDT."""
    lost_segment(boot)
    boot.params["failure.policy"] = constant("FAIL_RETURN")
    if boot.arch is ARM64:
        assert set(called_on_arm64(boot, FAULT)) <= {*LEFT_BEHIND, "SP_EL1"}
    else:
        assert set(called_on_x86(boot, FAULT)) == {"cs", "ds", "es", "ss", "fs", "gs", "segments"}


def test_fallback_after_an_exception(boot):
    """It is verified, though without caches, and entered."""
    with_fallback(boot)
    boot.params["segment[0].start"] = NOTHING[boot.arch.name]
    boot.enter(NOTHING[boot.arch.name])
    boot.options |= OPTION_HIDE if boot.arch is X86_64 else 0
    found, text = boot.report()
    assert re.search(LINE, text, re.M)[5] == "falling back"
    assert "purgatory: verified the fallback, " in text
    assert found["pc" if boot.arch is ARM64 else "rip"] == boot.arch.payload_at


# arm64: interrupts, of which one is pending in QEMU's GICv2, and which the debugger unmasks.

GICD, GICC, SPI = 0x08000000, 0x08010000, 40
PSTATE_I, PSTATE_F = 1 << 7, 1 << 6


@pytest.mark.parametrize("state", ["el1", "el2-vhe", "el1-below-el2"])
@pytest.mark.parametrize("kind, mask, control", [(1, PSTATE_I, 1), (2, PSTATE_F, 9)], ids=["irq", "fiq"])
def test_interrupt(tmp_path, state, kind, mask, control):
    """What kind it was is in the syndrome's upper bits. At EL2 without TGE none is taken there."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = ARM64.state(state)
    boot.qemu_options += Ports.options(tmp_path)

    def spoil(machine, _):
        gdb = machine.gdb
        ports = Ports(tmp_path, PATIENCE)
        word, bit = SPI // 32 * 4, 1 << SPI % 32
        for address, value in [
            (GICC, control),
            (GICC + 4, 0xFF),
            (GICD + 0x100 + word, bit),
            (GICD + 0x200 + word, bit),
            (GICD, 1),
        ]:
            ports.command("writel", f"{address:#x}", f"{value:#x}")
        ports.stream.close()
        gdb.write("cpsr", gdb.read("cpsr") & ~mask)

    with spoilt(boot, spoil) as machine:
        place, _, syndrome, pc = halted(machine, boot)
    assert (place, syndrome >> 60, pc) == (PAYLOAD, kind, hash_function(boot))
