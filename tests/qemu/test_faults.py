# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Exceptions while the purgatory runs: by addresses that do not answer, and by code, stack and vectors spoilt by the
debugger in the middle of the hash. Each must end in a line that names the segment and the cause, and in the failure
policy; a second one in a halt.

SError is not here: QEMU has none but a guest hypervisor's.
"""

import re

import pytest

from abi import REPORT_SIZE, Report, constant
from machine import (
    ARM64, GIB, OPTION_CACHES, OPTION_HIDE, OPTION_MMU, PATIENCE, X86_64, Boot, verified_line, wait_until_halted,
)  # fmt: skip
from ports import Ports
from test_policies import CONDUITS, PC, called_on_arm64, called_on_x86, reset_reason, with_fallback

FAULT = constant("E_FAULT")
LINE = (
    r"^purgatory: refused: (?:(.*) )?address: an exception: 0x([0-9a-f]+), syndrome 0x([0-9a-f]+), pc 0x([0-9a-f]+) "
    r"\[code 23\]; (halted|resetting|returning|falling back)$"
)
PAYLOAD = "segment 0 (payload)"

# Where QEMU's virt has nothing; and what launch-x86_64.S does not map.
NOTHING = {"arm64": 0x60000000, "x86_64": 17 * GIB}
UNMAPPED_CONSOLE = {"arm64": 0x60000000, "x86_64": 3 * GIB}


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


def spoilt(boot, spoil, symbol=None):
    """A machine that was stopped in the hash, or where the symbol is, and runs again after spoil(machine, where it was)."""
    machine = boot.start(frozen=True)
    gdb = machine.gdb
    gdb.run_to(boot.place)
    place = boot.symbol(symbol) if symbol else hash_function(boot)
    gdb.run_to(place)
    spoil(machine, place)
    gdb.resume()
    return machine


def plant(code):
    """Have that code be executed next."""
    return lambda machine, place: machine.gdb.write_memory(place, code)


# Addresses that do not answer.


def lost_segment(boot, address=None):
    """A boot with a second segment of which no memory answers. Returns where that is."""
    boot.with_payload()
    address = NOTHING[boot.arch.name] if address is None else address
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

UNDEFINED = {"arm64": bytes(4), "x86_64": b"\x0f\x0b"}
UNDEFINED_SYNDROME = {"arm64": 0x02000000, "x86_64": 6 << 32}


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


# x86_64, vector by vector. Instructions that raise what they are said to raise.

ABSENT_SELECTOR, ABSENT = 8, 0x00CF13000000FFFF  # data, not present
X86_CAUSES = {
    "divide": (b"\x31\xc9\xf7\xf1", 0, 0, 2),
    # pushf; orb $TF >> 8, 1(%rsp); popf; nop
    "step": (b"\x9c\x80\x4c\x24\x01\x01\x9d\x90", 1, 0, 8),
    "int3": (b"\xcc", 3, 0, 1),
    "ud2": (b"\x0f\x0b", 6, 0, 0),
    # mov %cr0, %rax; or $CR0_TS, %al; mov %rax, %cr0; fninit
    "device": (b"\x0f\x20\xc0\x0c\x08\x0f\x22\xc0\xdb\xe3", 7, 0, 8),
    # sub $16, %rsp; sidt (%rsp); movw $0x8f, (%rsp); lidt (%rsp); int $13: neither gate is in the IDT
    "double": (b"\x48\x83\xec\x10\x0f\x01\x0c\x24\x66\xc7\x04\x24\x8f\x00\x0f\x01\x1c\x24\xcd\x0d", 8, 0, 18),
    # mov $ABSENT_SELECTOR, %eax; mov %eax, %fs or %ss
    "not-present": (b"\xb8\x08\x00\x00\x00\x8e\xe0", 11, ABSENT_SELECTOR, 5),
    "stack": (b"\xb8\x08\x00\x00\x00\x8e\xd0", 12, ABSENT_SELECTOR, 5),
    # mov $1 << 63, %rax; mov (%rax), %al
    "protection": (b"\x48\xb8" + (1 << 63).to_bytes(8, "little") + b"\x8a\x00", 13, 0, 10),
    # mov $17 * GIB, %rax; mov %al, (%rax): a write
    "page": (b"\x48\xb8" + (17 * GIB).to_bytes(8, "little") + b"\x88\x00", 14, 2, 10),
    # fninit; push $0; fldcw (%rsp); fld1; fldz; fdivrp; fwait: all exceptions unmasked
    "x87": (b"\xdb\xe3\x6a\x00\xd9\x2c\x24\xd9\xe8\xd9\xee\xde\xf9\x9b", 16, 0, 13),
}


@pytest.fixture
def x86_64(tmp_path):
    """A boot on x86_64."""
    return Boot(X86_64, tmp_path).with_payload()


@pytest.mark.parametrize("cause", X86_CAUSES)
def test_cause(x86_64, cause):
    """Vector, error code, RIP, and CR2 where it means something."""
    code, vector, error, offset = X86_CAUSES[cause]

    def spoil(machine, place):
        machine.gdb.write_memory(place, code)
        text = machine.command("human-monitor-command", **{"command-line": "info registers"})
        gdt = int(re.search(r"GDT= *([0-9a-f]+)", text)[1], 16)
        machine.gdb.write_memory(gdt + ABSENT_SELECTOR, ABSENT.to_bytes(8, "little"))

    with spoilt(x86_64, spoil) as machine:
        place, address, syndrome, pc = halted(machine, x86_64)
    assert (place, syndrome) == (PAYLOAD, vector << 32 | error)
    assert pc == hash_function(x86_64) + offset
    assert address == (17 * GIB if cause == "page" else 0)


WITH_CODE = {8, 10, 11, 12, 13, 14, 17, 21, 29, 30}


@pytest.mark.parametrize("vector", sorted(set(range(32)) - WITH_CODE - {2}))
def test_vector(x86_64, vector):
    """INT n, as if the vector's cause were there: it has no error code."""
    with spoilt(x86_64, plant(bytes([0xCD, vector]))) as machine:
        place, _, syndrome, pc = halted(machine, x86_64)
    assert (place, syndrome, pc) == (PAYLOAD, vector << 32, hash_function(x86_64) + 2)


@pytest.mark.parametrize("vector", sorted(WITH_CODE))
def test_vector_with_a_code(x86_64, vector):
    """Its entry, with a frame as the CPU makes it."""

    def spoil(machine, place):
        gdb = machine.gdb
        rsp = gdb.read("rsp") & -16
        frame = (0x1234, place, gdb.read("cs"), 2, rsp, gdb.read("ss"))
        gdb.write_memory(rsp - 48, b"".join(word.to_bytes(8, "little") for word in frame))
        gdb.write("rsp", rsp - 48)
        gdb.write("rip", x86_64.symbol("vectors") + 8 * vector)

    with spoilt(x86_64, spoil) as machine:
        place, _, syndrome, pc = halted(machine, x86_64)
    assert (place, syndrome, pc) == (PAYLOAD, vector << 32 | 0x1234, hash_function(x86_64))


@pytest.mark.parametrize("symbol", ["sha256_blocks_portable", "probe_read", "console_puts"])
def test_nmi(x86_64, symbol):
    """It is counted, and the boot goes on. On a PC, whose BIOS has told the APIC of NMIs."""
    x86_64.state = PC
    with x86_64.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(x86_64.place)
        gdb.run_to(x86_64.symbol("purgatory_main"))
        gdb.run_to(x86_64.symbol(symbol))
        machine.command("inject-nmi")
        gdb.resume()
        machine.wait_for("^payload: end$")
        verified_line(machine.text)
        assert machine.memory(x86_64.symbol("vectors_nmis"), 4) == b"\1\0\0\0"


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
