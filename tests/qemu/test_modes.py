# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The exits of x86_64 into 32-bit protected mode and 16-bit real mode: what the next program is entered with, from
which places, and by which steps."""

import re
import struct

import pytest

from abi import constant
from machine import OPTION_DIRTY, X86_64, Boot
from modes import CR4_LA57, CR4_PAE, CR4_PCIDE, MODES, PC, PROTECTED, REAL, STATES, STUB_SIZE
from modes import boot_from_high, boot_into, set_registers
from segments import pattern

CR0_PE, CR0_WP, CR0_PG = 1 << 0, 1 << 16, 1 << 31
EFER_LME, EFER_LMA = 1 << 8, 1 << 10
EFLAGS_IF, EFLAGS_FIXED = 1 << 9, 2
IVT_LIMIT = 0x3FF

# What the BIOS's INT 12h says of a PC whose topmost KiB of low memory is its own: 639.
BIOS_MEMORY = 639

HDRS_OFFSET = 0x202


@pytest.fixture(params=MODES, ids=[mode.name for mode in MODES])
def mode(request):
    """Each of the two modes."""
    return request.param


@pytest.fixture
def boot(mode, tmp_path):
    """A sound boot into each mode."""
    return boot_into(mode, tmp_path)


@pytest.fixture
def high(mode, tmp_path):
    """The same from above 4 GiB."""
    return boot_from_high(mode, tmp_path)


def check_state(mode, report, found=PC):
    """The CPU as docs/abi.md describes it at each exit."""
    off = CR0_PG | CR0_WP | (CR0_PE if mode is REAL else 0)
    assert report["cr0"] == found.hcr_or_cr0 & ~off
    assert report["cr3"] == 0
    assert report["cr4"] == 0
    assert report["efer"] & (EFER_LME | EFER_LMA) == 0
    assert report["eflags"] == EFLAGS_FIXED
    assert report["idt_base"] == 0
    assert report["idt_limit"] == (IVT_LIMIT if mode is REAL else 0)
    if mode is PROTECTED:
        assert report["cs"] == 0x10
        assert [report[name] for name in ("ds", "es", "ss", "fs", "gs")] == [0x18] * 5
        assert report["eip"] == mode.payload_at
    else:
        assert report["cs"] * 16 + report["ip"] == mode.payload_at
        assert report["a20"] == 1
        assert report["bios_memory"] == BIOS_MEMORY


def test_registers(boot, mode):
    """Each register of the mode is what the block says, to the last bit."""
    values = {name: 0x81223301 | i << 4 for i, name in enumerate(mode.registers[:8])}
    if mode is REAL:
        values |= {name: 0x8001 | i << 8 for i, name in enumerate(("ds", "es", "ss", "fs", "gs"))}
    set_registers(boot, mode, values)
    boot.seal()
    report, text = boot.report()
    assert {name: report[name] for name in values} == values
    assert f"purgatory: verified 1 segment, {len(boot.payload)} bytes" in text
    assert f"jumping to {mode.payload_at:#x}\n" in text
    check_state(mode, report)


@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_state(mode, tmp_path, state):
    """However the old kernel left CR0 and CR4, the exit is the same."""
    boot = boot_into(mode, tmp_path)
    boot.state = state
    report, _ = boot.report()
    check_state(mode, report, state)


def test_clean_registers(boot, mode):
    """Nothing is asked of the general registers at the entry: without junk in them the exit is the same."""
    boot.options &= ~OPTION_DIRTY
    report, _ = boot.report()
    check_state(mode, report)


def test_gdt_in_the_image(boot, mode):
    """Without a stub the GDT of the exit lies in the purgatory's memory."""
    report, _ = boot.report()
    assert mode.low <= report["gdt_base"] < mode.low + boot.header["mem_size"]


def test_from_above_4g(high, mode):
    """From an image that the mode does not reach, by way of the stub, where the GDT lies then."""
    high.seal()
    report, _ = high.report()
    check_state(mode, report)
    assert report["gdt_base"] == mode.stub_at


def test_from_above_4g_with_five_levels(high, mode):
    """The same under 5-level paging."""
    high.state = STATES[1]
    report, _ = high.report()
    check_state(mode, report, high.state)


def test_low_image_with_stub(boot, mode):
    """A stub is used when it is given, whether it is needed or not."""
    boot.params["handoff.stub"] = mode.stub_at
    report, _ = boot.report()
    check_state(mode, report)
    assert report["gdt_base"] == mode.stub_at


@pytest.mark.parametrize("edge", [0, 1], ids=["lowest", "highest"])
def test_stub_at_the_edges(high, mode, edge):
    """The lowest page that a stub can have, and the highest that is free RAM on this machine."""
    high.params["handoff.stub"] = mode.edges[edge]
    report, _ = high.report()
    check_state(mode, report)


def test_image_below_the_bios_data(tmp_path):
    """The image as high as real mode allows on a PC, with its end in the last KiB that are RAM."""
    boot = boot_into(REAL, tmp_path)
    boot.place = 0x9F000 - boot.header["mem_size"]
    report, _ = boot.report()
    check_state(REAL, report)


def test_stub_is_written_last(high, mode):
    """A backup copy saves the stub's page as it was before."""
    old = pattern(STUB_SIZE)
    saved_at = 0x7000000
    high.put(mode.stub_at, old)
    high.params.add_copy(saved_at, mode.stub_at, STUB_SIZE, constant("COPY_UNVERIFIED"))
    with high.start() as machine:
        machine.wait_for(r"^payload: end$")
        assert machine.memory(saved_at, STUB_SIZE) == old
        assert machine.memory(mode.stub_at, STUB_SIZE) != old


def test_copied_payload(boot, mode):
    """The entry may be where a copy puts what was verified."""
    at = mode.payload_at
    boot.payload, _ = mode.program()
    boot.pieces.clear()
    boot.put(X86_64.spare_at, boot.payload)
    boot.params["segment[0].start"] = X86_64.spare_at
    boot.params.add_copy(at, X86_64.spare_at, len(boot.payload))
    report, _ = boot.report()
    check_state(mode, report)


def test_damage_is_refused(high, mode):
    """A segment of which one bit has changed is refused in this mode as in any other."""
    address, data = high.pieces[0]
    high.pieces[0] = (address, data[:-1] + bytes([data[-1] ^ 1]))
    line = high.refusal()
    assert f"[code {constant('E_DIGEST')}]" in line
    assert "segment 0 (payload)" in line


def test_features(arch, tmp_path):
    """The header says beforehand which architecture has the modes."""
    bits = constant("FEATURE_X86_32") | constant("FEATURE_X86_16")
    assert Boot(arch, tmp_path).header["features"] & bits == (bits if arch is X86_64 else 0)


def test_native_has_no_stub(tmp_path):
    """In 64-bit mode a stub means nothing, and must not be given."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.params["handoff.stub"] = PROTECTED.stub_at
    assert f"[code {constant('E_RESERVED')}]" in boot.refusal()


# The kernel's header, as PURG_CHECK_KERNEL looks for it.


def with_boot_params(boot, mode, address):
    """Have the check look at address, where the kernel's header is put."""
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    set_registers(boot, mode, {"esi": address} if mode is PROTECTED else {"ds": address >> 4})
    boot.put(address, bytes(HDRS_OFFSET) + b"HdrS" + bytes(0x1000 - HDRS_OFFSET - 4))


def test_kernel_is_found(boot, mode):
    """The header at esi, or at ds:0, is one that is accepted."""
    with_boot_params(boot, mode, 0x40000)
    report, _ = boot.report()
    check_state(mode, report)


def test_kernel_is_missed(boot, mode):
    """Anything else is not, and the register is named."""
    with_boot_params(boot, mode, 0x40000)
    set_registers(boot, mode, {"esi": 0x40010, "ds": 0x4001} if mode is REAL else {"esi": 0x40010})
    line = boot.refusal()
    assert f"[code {constant('E_KERNEL')}]" in line
    assert f"handoff {'ds' if mode is REAL else 'esi'}: no kernel there: 0x40010 " in line


# The steps, one instruction at a time.

SEGMENT = re.compile(r"^([CDEFGS]S) *=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", re.M)
L_BIT = 1 << 21


def look(machine):
    """Control registers, and what the CPU holds of each segment: selector, base, limit, attributes."""
    text = machine.command("human-monitor-command", **{"command-line": "info registers"})
    registers = {name: int(value, 16) for name, value in re.findall(r"\b(\w+)=([0-9a-f]+)\b", text)}
    segments = {name: tuple(int(value, 16) for value in values) for name, *values in SEGMENT.findall(text)}
    pc = registers["RIP"] if "RIP" in registers else registers["EIP"]
    return {**registers, "at": segments["CS"][1] + pc, "segments": segments}


def walk(boot, mode, limit=120):
    """The CPU before each instruction from the descent on, to the payload's first."""
    with boot.start(frozen=True) as machine:
        machine.gdb.run_to(boot.symbol("descend"))
        steps = [look(machine)]
        while steps[-1]["at"] != mode.payload_at:
            assert len(steps) < limit, "the payload is not reached"
            machine.gdb.step()
            steps.append(look(machine))
        return steps


@pytest.mark.parametrize("state", STATES[2:], ids=[state.name for state in STATES[2:]])
def test_steps(high, mode, state):
    """What the SDM forbids, and this QEMU may not notice: volume 2, MOV to control registers and WRMSR."""
    high.state = state
    steps = walk(high, mode)
    for before, after in zip(steps, steps[1:]):
        changed = {name: before[name] ^ after[name] for name in ("CR0", "CR4", "EFER")}
        if changed["CR0"] & CR0_PG:
            assert not before["CR4"] & CR4_PCIDE
            assert not before["segments"]["CS"][3] & L_BIT
            assert before["EFER"] & EFER_LMA
        if changed["CR4"] & (CR4_PAE | CR4_LA57) or changed["EFER"] & EFER_LME:
            assert not before["EFER"] & EFER_LMA
        if not before["CR0"] & CR0_PG:
            assert mode.stub_at <= before["at"] < mode.stub_at + STUB_SIZE or before["at"] == mode.payload_at
    assert steps[0]["CR4"] == state.sctlr_or_cr4


def test_hidden_segments(high, mode):
    """What the CPU holds of each segment at the entry: flat, of 32 bits; or of 64 KiB, at its selector times 16."""
    selectors = {name: 0x1110 | i << 12 for i, name in enumerate(("ds", "es", "ss", "fs", "gs"))}
    if mode is REAL:
        set_registers(high, mode, selectors)
    held = walk(high, mode)[-1]["segments"]
    assert len(held) == 6
    for name, (selector, base, limit, attributes) in held.items():
        if mode is PROTECTED:
            assert (selector, base, limit) == (0x10 if name == "CS" else 0x18, 0, 0xFFFFFFFF)
            assert attributes == (0xCF9B00 if name == "CS" else 0xCF9300)
        else:
            assert selector == (mode.payload_at >> 4 if name == "CS" else selectors[name.lower()])
            assert (base, limit) == (selector * 16, 0xFFFF)


# The hooks that kexec-tools gives to a kernel's setup code for --real-mode.


def hooked(mode, directory, hook):
    """A boot whose payload begins by way of the hook, with a stack and a value in each register."""
    boot = boot_into(mode, directory)
    boot.place = 0x10000
    program, named = mode.program()
    program[named["hook"] : named["hook"] + 4] = hook(boot)
    boot.payload = program
    boot.pieces.clear()
    boot.params["segment_count"] = 0
    boot.segment("payload", mode.payload_at, program)
    set_registers(boot, mode, {name: 0x11223301 | i << 4 for i, name in enumerate(mode.registers[:8])})
    set_registers(boot, mode, {"esp": mode.stub_at + 0x800} if mode is PROTECTED else {"esp": 0x800, "ss": 0x3000})
    set_registers(boot, mode, mode.entry(mode.payload_at + named["hooked"]))
    return boot


def assert_kept(boot, mode, report, *names):
    """These registers are as the block had them."""
    for name in names:
        assert report[name] == boot.params[f"handoff.{mode.name}.{name}"], name


def test_pre32(tmp_path):
    """realmode_swtch: called as kexec-tools has it called, it masks interrupts, writes the NMI mask, and returns."""

    def far_pointer(boot):
        base = boot.symbol("client_entry16_debug")
        assert base % 16 == 0
        return struct.pack("<HH", boot.symbol("client_entry16_debug_pre32") - base, base >> 4)

    boot = hooked(REAL, tmp_path, far_pointer)
    report, _ = boot.report()
    assert_kept(boot, REAL, report, "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "ds", "es", "ss", "fs", "gs")
    assert report["eflags"] & EFLAGS_IF == 0
    assert report["cmos"] != 0xA5
    assert report["bios_memory"] == BIOS_MEMORY


def test_first32(tmp_path):
    """code32_start: it goes on at the address that the loader kept, with what the boot protocol has in registers."""
    boot = hooked(PROTECTED, tmp_path, lambda boot: struct.pack("<I", boot.symbol("client_entry16_debug_first32")))
    variable = boot.symbol("client_entry16_debug_old_first32") - boot.place
    struct.pack_into("<I", boot.image, variable, PROTECTED.payload_at)
    report, _ = boot.report()
    assert_kept(boot, PROTECTED, report, "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp")
    assert report["cs"] == 0x10
    assert [report[name] for name in ("ds", "es", "ss", "fs", "gs")] == [0x18] * 5


def test_client_code(tmp_path):
    """The entries that only mark a mode have addresses of their own."""
    boot = Boot(X86_64, tmp_path)
    assert boot.symbol("client_entry16") != boot.symbol("client_entry16_debug")
