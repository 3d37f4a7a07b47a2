# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The exits of x86_64 into 32-bit protected mode and 16-bit real mode: what the next program is entered with, from which
places, by which steps, and what is refused.

The machine is a PC with SeaBIOS, so that there is an interrupt vector table, which real mode is given back.
"""

import dataclasses
import re
import struct

import pytest

from abi import X86_16_REGISTERS, X86_32_REGISTERS, constant
from faults import both
from machine import BUILD, GIB, MIB, OPTION_DIRTY, X86_64, Boot, State
from segments import pattern
from symbols import symbols

CR0_PE, CR0_WP, CR0_PG = 1 << 0, 1 << 16, 1 << 31
CR4_PAE, CR4_LA57, CR4_PCIDE, CR4_SMEP = 1 << 5, 1 << 12, 1 << 17, 1 << 20
EFER_LME, EFER_LMA = 1 << 8, 1 << 10
EFLAGS_FIXED = 2
IVT_LIMIT = 0x3FF
STUB_SIZE = 0x1000

# What the BIOS's INT 12h says of a PC whose topmost KiB of low memory is its own: 639.
BIOS_MEMORY = 639

HDRS_OFFSET = 0x202

# How the old kernel may leave the CPU, and the CPU that can be left so.
CR0_FOUND = 0x80010033
PC = State("pc", ("-cpu", "qemu64", "-M", "pc"), X86_64.states[0].options, CR4_PAE, CR0_FOUND)
STATES = [
    PC,
    dataclasses.replace(PC, name="la57", sctlr_or_cr4=CR4_PAE | CR4_LA57).with_cpu("max,la57=on"),
    dataclasses.replace(PC, name="pcid", sctlr_or_cr4=CR4_PAE | CR4_PCIDE).with_cpu("max,pcid=on"),
    dataclasses.replace(
        PC, name="la57-pcid-smep", sctlr_or_cr4=CR4_PAE | CR4_LA57 | CR4_PCIDE | CR4_SMEP
    ).with_cpu("max,la57=on,pcid=on"),
]


@dataclasses.dataclass(frozen=True)
class Mode:
    """One of the two modes, and a place for all that a boot into it needs."""

    name: str
    word: str
    registers: tuple
    end: int
    low: int
    payload_at: int
    stub_at: int
    edges: tuple

    def entry(self, address):
        """The registers that make up an entry at address."""
        if self is PROTECTED:
            return {"eip": address}
        return {"cs": self.payload_at >> 4, "ip": address - self.payload_at}

    def program(self):
        """The payload, and where in it each symbol lies."""
        base = BUILD / "tests" / f"payload-{self.name}"
        offset = self.payload_at if self is PROTECTED else 0
        named = {name: value - offset for name, value in symbols(f"{base}.linked").items()}
        return bytearray(base.with_name(base.name + ".bin").read_bytes()), named


PROTECTED = Mode(
    name="x86_32",
    word="HANDOFF_X86_32",
    registers=X86_32_REGISTERS,
    end=4 * GIB,
    low=X86_64.purgatory_at,
    payload_at=X86_64.payload_at,
    stub_at=X86_64.spare_at,
    edges=(0x1000, 3 * GIB - STUB_SIZE),
)

REAL = Mode(
    name="x86_16",
    word="HANDOFF_X86_16",
    registers=X86_16_REGISTERS,
    end=1 * MIB,
    low=0x10000,
    payload_at=0x20000,
    stub_at=0x30000,
    edges=(0x1000, 0x9E000),
)

MODES = [PROTECTED, REAL]
HIGH = 4 * GIB + 0x345000


@pytest.fixture(params=MODES, ids=[mode.name for mode in MODES])
def mode(request):
    """Each of the two modes."""
    return request.param


def boot_into(mode, directory, memory_size="256M"):
    """A boot in which the payload of that mode is the only segment, and entered; the image lies low."""
    boot = Boot(X86_64, directory, memory_size)
    boot.state = PC
    boot.place = mode.low
    boot.payload, _ = mode.program()
    boot.segment("payload", mode.payload_at, boot.payload)
    boot.params["handoff.mode"] = constant(mode.word)
    set_registers(boot, mode, mode.entry(mode.payload_at))
    return boot


def set_registers(boot, mode, values):
    """Registers of the handoff."""
    for name, value in values.items():
        boot.params[f"handoff.{mode.name}.{name}"] = value


@pytest.fixture
def boot(mode, tmp_path):
    """A sound boot into each mode."""
    return boot_into(mode, tmp_path)


@pytest.fixture
def high(mode, tmp_path):
    """The same with the image above 4 GiB, and a stub."""
    boot = boot_into(mode, tmp_path, "6G")
    boot.place = HIGH
    boot.params["handoff.stub"] = mode.stub_at
    return boot


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


# Refusals: name, fault, code, words that the line must have.


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
    """Each fault in a boot that test_from_above_4g shows to be sound: the line, the code, and nothing entered."""
    boot = boot_into(mode, tmp_path, "6G")
    boot.place = HIGH
    boot.params["handoff.stub"] = mode.stub_at
    fault(boot, mode)
    line = boot.refusal()
    assert f"[code {constant(code)}]" in line
    assert words in line


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
    """What the CPU holds of the segments at the entry: flat, 32 bits wide; or of 64 KiB, each at its selector times 16."""
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
    assert report["eflags"] & 1 << 9 == 0
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
