# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the debugger sees of a guest, against what the guest says of itself."""

import pytest

from gdbstub import HARDWARE, SOFTWARE, GdbError, GdbTimeout
from machine import ARCHES, ARM64, PAGE, X86_64, Boot, parse_report

STATES = [(arch.name, state.name) for arch in ARCHES.values() for state in arch.states]

EL1 = {"sctlr": "SCTLR", "trap": "CPACR", "tcr": "TCR_EL1", "mair": "MAIR_EL1", "ttbr0": "TTBR0_EL1", "vbar": "VBAR"}
EL2 = {name: f"{name.upper()}_EL2" for name in ("sctlr", "hcr", "tcr", "mair", "ttbr0", "vbar")} | {"trap": "CPTR_EL2"}
CONTROL = ("cr0", "cr3", "cr4", "efer")

PSTATE_DAIF = 0x3C0


def names_of(boot):
    """Names of the payload's report, and what the gdbstub calls the same register."""
    if boot.arch is X86_64:
        return {name: name for name in (*X86_64.registers, *CONTROL)}
    return {name: name for name in ARM64.registers} | (EL2 if boot.state.name.startswith("el2") else EL1)


def boot_in(arch, state, directory):
    """A boot in that state in which no two registers are the same."""
    boot = Boot(ARCHES[arch], directory).with_payload()
    boot.state = boot.arch.state(state)
    for index, name in enumerate(boot.arch.registers):
        if name != boot.arch.entry:
            boot.register(name, 0x8123456789ABCD00 + index)
    return boot


@pytest.mark.parametrize("arch, state", STATES, ids=[f"{arch}-{state}" for arch, state in STATES])
def test_registers(arch, state, tmp_path):
    """At the payload's entry the registers, by name, are those that the payload then reports."""
    boot = boot_in(arch, state, tmp_path)
    with boot.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(boot.arch.payload_at)
        seen = {name: gdb.read(register) for name, register in names_of(boot).items()}
        flags = gdb.read("cpsr" if boot.arch is ARM64 else "eflags")
        gdb.resume()
        machine.wait_for(r"^payload: end$")
        report = parse_report(machine.text)
    assert seen == {name: report[name] for name in seen}
    if boot.arch is ARM64:
        assert flags & PSTATE_DAIF == report["daif"]
        assert flags >> 2 & 3 == report["el"] >> 2
    else:
        assert flags == report["rflags"]


def test_frozen(good):
    """A frozen machine has run nothing: its console is silent, and memory is not yet in place."""
    with good.start(frozen=True) as machine:
        assert machine.gdb.read_physical(good.place, 8) == bytes(8)
        machine.drain()
        assert machine.text == ""


@pytest.mark.parametrize("kind", [SOFTWARE, HARDWARE], ids=["software", "hardware"])
def test_breakpoint_by_symbol(kind, good):
    """A function of the purgatory is found by its name, and a breakpoint there stops before it runs."""
    main = good.symbol("purgatory_main")
    with good.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(good.place)
        assert gdb.read_memory(good.place, good.header["ro_size"]) == good.image[: good.header["ro_size"]]
        gdb.insert_breakpoint(main, kind)
        assert gdb.run_to_stop() == main
        machine.drain()
        assert machine.text == ""
        gdb.remove_breakpoint(main)
        gdb.resume()
        machine.wait_for(r"^payload: end$")


def test_step(good):
    """One instruction at a time, to where it leads."""
    with good.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(good.place)
        places = [gdb.step() for _ in range(4)]
        assert places[0] != good.place
        assert len(set(places)) == 4
        assert all(good.place < place < good.place + good.header["ro_size"] for place in places)


def test_memory(good):
    """What is written is what the guest finds: here a segment that then fails to verify; more than one packet's."""
    data = bytes(range(256)) * 20
    with good.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(good.place)
        gdb.write_memory(good.arch.spare_at + 3, data)
        assert gdb.read_physical(good.arch.spare_at + 3, len(data)) == data
        gdb.write_physical(good.arch.spare_at + PAGE, data)
        assert gdb.read_memory(good.arch.spare_at + PAGE, len(data)) == data
        gdb.write_physical(good.arch.payload_at + len(good.payload) - 1, bytes([good.payload[-1] ^ 1]))
        gdb.resume()
        machine.wait_for(r"^purgatory: refused: segment 0 \(payload\): the digest does not match")


def test_virtual_is_not_physical(tmp_path):
    """x86_64's identity map has no MMIO: a virtual address there is none, a physical one is."""
    boot = Boot(X86_64, tmp_path).with_payload()
    with boot.start(frozen=True) as machine:
        machine.gdb.run_to(boot.place)
        with pytest.raises(GdbError):
            machine.gdb.read_memory(0xFFFFF000, 16)
        assert len(machine.gdb.read_physical(0xFFFFF000, 16)) == 16


def test_write_register(good):
    """A register that is set is what the payload reports."""
    name = "x1" if good.arch is ARM64 else "rbx"
    with good.start(frozen=True) as machine:
        machine.gdb.run_to(good.arch.payload_at)
        machine.gdb.write(name, 0x1122334455667788)
        machine.gdb.resume()
        machine.wait_for(r"^payload: end$")
        assert parse_report(machine.text)[name] == 0x1122334455667788


def test_interrupt(good):
    """A guest that runs for ever is stopped where it is; waiting for it to stop by itself has an end."""
    with good.start(frozen=True) as machine:
        machine.gdb.resume()
        machine.wait_for(r"^payload: end$")
        with pytest.raises(GdbTimeout):
            machine.gdb.wait_for_stop(0.2)
        place = machine.gdb.interrupt()
        assert 0 <= place - good.arch.payload_at < len(good.payload)


def test_what_is_not_there(good):
    """An unknown register, a read-only one, and memory that is not mapped are errors, not zeros."""
    with good.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(good.arch.payload_at)
        with pytest.raises(KeyError):
            gdb.read("no_such_register")
        if good.arch is ARM64:
            with pytest.raises(GdbError):
                gdb.write("VBAR", 0x1000)
        with pytest.raises(GdbError):
            gdb.read_memory(1 << 46, 8)
