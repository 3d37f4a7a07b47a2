# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""x86_64's exceptions, vector by vector, raised by code that the debugger plants in the middle of the hash; NMIs."""

import re

import pytest

from exceptions import PAYLOAD, UNDEFINED, halted, hash_function, plant, spoilt
from machine import GIB, OPTION_HIDE, X86_64, Boot, verified_line
from policies import PC

# Instructions that raise what they are said to raise.

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
    """Vector, error code, RIP, and CR2 where it means something: a look at page tables has left something there."""
    code, vector, error, offset = X86_CAUSES[cause]
    x86_64.options |= OPTION_HIDE

    def spoil(machine, place):
        machine.gdb.write_memory(place, code)
        assert machine.gdb.read("cr2")
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


def test_nmi_in_a_handler(x86_64):
    """It leaves the frame of the exception alone."""
    x86_64.state = PC
    with x86_64.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(x86_64.place)
        gdb.run_to(hash_function(x86_64))
        gdb.write_memory(gdb.pc(), UNDEFINED["x86_64"])
        gdb.run_to(x86_64.symbol("caught"))
        machine.command("inject-nmi")
        gdb.resume()
        place, _, syndrome, pc = halted(machine, x86_64)
        assert machine.memory(x86_64.symbol("vectors_nmis"), 4) == b"\1\0\0\0"
    assert (place, syndrome, pc) == (PAYLOAD, 6 << 32, hash_function(x86_64))
