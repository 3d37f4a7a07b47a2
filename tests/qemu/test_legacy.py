# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the clients of older purgatories want: a baud rate, VGA text, a UART of which only the transmit register is
known, and a PC's devices as a BIOS leaves them.

The state of the machine's devices is read and changed from outside, through QEMU's qtest: see ports.py.
"""

import contextlib
import dataclasses
import re
import time

import pytest

from abi import constant
from machine import ARM64, PATIENCE, X86_64, Boot, verified_line, wait_until_halted
from ports import Ports

COM1 = 0x3F8
SCREEN, COLUMNS, ROWS = 0xB8000, 80, 25
SCREEN_SIZE = 2 * COLUMNS * ROWS


@pytest.fixture
def pc(tmp_path):
    """A PC with a VGA card, which its BIOS has put into text mode; microvm has none."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.state = dataclasses.replace(boot.state, qemu=("-cpu", "qemu64", "-M", "pc", "-vga", "std"))
    return boot


@pytest.fixture
def arm64(tmp_path):
    """A boot of arm64 that succeeds as it is."""
    return Boot(ARM64, tmp_path).with_payload()


@contextlib.contextmanager
def at_entry(boot):
    """A machine that stands before the purgatory's first instruction, and its ports."""
    boot.qemu_options = [*boot.qemu_options, *Ports.options(boot.directory)]
    with boot.start(frozen=True) as machine:
        ports = Ports(boot.directory, PATIENCE)
        machine.gdb.run_to(boot.place)
        yield machine, ports
        ports.stream.close()


def rows(memory):
    """The rows of the screen as (text, all attributes)."""
    cells = [memory[i : i + 2 * COLUMNS] for i in range(0, SCREEN_SIZE, 2 * COLUMNS)]
    return [(row[::2].decode("latin-1"), set(row[1::2])) for row in cells]


def test_features(boot):
    """The header says what of all this there is."""
    of_arch = {"arm64": {"CONSOLE_SINK"}, "x86_64": {"BAUD", "CONSOLE_VGA", "LEGACY"}}
    names = {"BAUD", "CONSOLE_VGA", "CONSOLE_SINK", "LEGACY"}
    features = boot.header["features"]
    assert {name for name in names if features & constant(f"FEATURE_{name}")} == of_arch[boot.arch.name]


# The 8250's line. What the old kernel left: parity, interrupts, the FIFO, the loop in which no character leaves; and
# with the divisor latch open, behind which IER and the data register are out of sight.


@pytest.mark.parametrize("baud", [50, 300, 9600, 115200])
def test_baud(pc, baud):
    """The divisor, 8N1, no interrupts, no FIFO, DTR and RTS, and the text arrives."""
    pc.console(0, baud=baud)
    with at_entry(pc) as (machine, ports):
        ports.set_line(COM1, 0x1234, ier=0xF, fcr=1, lcr=0x9F, mcr=0x1C)
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        verified_line(machine.text)
        assert ports.line(COM1) == (115200 // baud, 0, False, 0x03, 0x03)


def test_no_baud(pc):
    """Without a rate the line is left as it is."""
    with at_entry(pc) as (machine, ports):
        ports.set_line(COM1, 0x123, ier=0, fcr=1, lcr=0x1B, mcr=0x08)
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        verified_line(machine.text)
        assert ports.line(COM1) == (0x123, 0, True, 0x1B, 0x08)


# VGA text.


def test_vga(pc):
    """The line stands at the end of the screen, grey on black, and what was on the screen has moved up."""
    pc.console(1, kind="CONSOLE_VGA", base=SCREEN)
    with at_entry(pc) as (machine, _):
        before = rows(machine.memory(SCREEN, SCREEN_SIZE))
        assert "SeaBIOS" in before[0][0]
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        after = rows(machine.memory(SCREEN, SCREEN_SIZE))
    line = re.search("^purgatory: verified .*$", machine.text, re.M)[0]
    assert COLUMNS < len(line) < 2 * COLUMNS
    assert after[22][0] + after[23][0].rstrip() == line
    assert after[24][0].strip() == ""
    assert {7} == after[22][1] == after[23][1] == after[24][1]
    assert after[:22] == before[3:]


def test_vga_refusal(pc):
    """A refusal is told on the screen as well, all of its rows."""
    pc.params["segment[0].digest"] = b"wrong"
    pc.console(1, kind="CONSOLE_VGA", base=SCREEN)
    with pc.start() as machine:
        line = machine.wait_for(r"^purgatory: refused: .*; halted$")[0]
        wait_until_halted(machine, pc.arch, constant("E_DIGEST"))
        after = rows(machine.memory(SCREEN, SCREEN_SIZE))
    lines = -(-len(line) // COLUMNS)
    assert lines > 2
    assert "".join(text for text, _ in after[24 - lines : 24]).rstrip() == line


def test_vga_alone(tmp_path):
    """Memory that plays the screen: its 4000 bytes are written, and none beside them."""
    boot = Boot(X86_64, tmp_path).with_payload()
    at = boot.arch.spare_at + 0x20
    boot.console(0, kind="CONSOLE_VGA", base=at)
    boot.put(boot.arch.spare_at, b"\xaa" * (SCREEN_SIZE + 0x40))
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        memory = machine.memory(boot.arch.spare_at, SCREEN_SIZE + 0x40)
        assert "purgatory" not in machine.text
    assert memory[:0x20] == memory[-0x20:] == b"\xaa" * 0x20
    assert rows(memory[0x20:])[22][0].startswith("purgatory: verified 1 segment")
    assert memory[0x20 : 0x20 + 2 * COLUMNS * 22] == b"\xaa" * (2 * COLUMNS * 22)


# The VGA's registers. The BIOS is the oracle.


def spoiled(machine, ports):
    """The VGA's registers as the BIOS set them, and as they are when they have been spoilt."""
    found = ports.vga()
    ports.spoil_vga()
    spoilt = ports.vga()
    assert [name for name in found if found[name] == spoilt[name]] == []
    return found, spoilt


def test_reset_vga(pc):
    """Every register is what the BIOS made it, but for the cursor: in the bottom row, not where the BIOS wrote last."""
    pc.params["flags"] = constant("FLAG_RESET_VGA")
    with at_entry(pc) as (machine, ports):
        found, _ = spoiled(machine, ports)
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        found["crtc 0x0e"], found["crtc 0x0f"] = divmod(COLUMNS * (ROWS - 1), 0x100)
        assert ports.vga() == found


def test_vga_is_left_alone(pc):
    """Without the flag nothing is done to it, not even with VGA text as the console."""
    pc.console(1, kind="CONSOLE_VGA", base=SCREEN)
    with at_entry(pc) as (machine, ports):
        _, spoilt = spoiled(machine, ports)
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        assert ports.vga() == spoilt


def test_reset_vga_before_a_refusal(pc):
    """The line that tells of a damaged block can be read: the flag is not waited with until the block is verified."""
    pc.params["flags"] = constant("FLAG_RESET_VGA")
    pc.params["block_digest"] = b"wrong"
    pc.console(1, kind="CONSOLE_VGA", base=SCREEN)
    with at_entry(pc) as (machine, ports):
        found, _ = spoiled(machine, ports)
        machine.gdb.resume()
        machine.wait_for(r"^purgatory: refused: .*; halted$")
        wait_until_halted(machine, pc.arch, constant("E_BLOCK"))
        shown = {name: value for name, value in ports.vga().items() if name not in ("crtc 0x0e", "crtc 0x0f")}
        assert shown.items() <= found.items()
        text = "".join(text for text, _ in rows(machine.memory(SCREEN, SCREEN_SIZE)))
        assert "purgatory: refused: the parameter block was changed" in text


# The interrupt controllers.

PICS = {"pic0": (0x20, "08"), "pic1": (0xA0, "70")}


def spoil_pics(ports):
    """Other vectors, automatic ends of interrupts, special masks, all masked: as little of a PC as can be."""
    for port, _ in PICS.values():
        for offset, value in [(0, 0x11), (1, 0xF0), (1, 0x08), (1, 0x03), (1, 0xFF), (0, 0x68)]:
            ports.write(port + offset, value)


def pics(machine):
    """What QEMU's monitor says of both controllers."""
    text = machine.command("human-monitor-command", **{"command-line": "info pic"})
    lines = re.findall(r"^(pic\d): (.*)$", text, re.M)
    return {name: dict(item.split("=") for item in line.split()) for name, line in lines}


def test_legacy_pic(pc):
    """Vectors 8 and 0x70, nothing masked, and each end of interrupt is told."""
    pc.params["flags"] = constant("FLAG_LEGACY_PIC")
    with at_entry(pc) as (machine, ports):
        spoil_pics(ports)
        assert pics(machine)["pic0"]["irq_base"] == "f0"
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        for name, (port, base) in PICS.items():
            found = pics(machine)[name]
            assert (found["irq_base"], found["imr"], found["isr"], found["fnm"]) == (base, "00", "00", "0")
            assert ports.read(port + 1) == 0


def test_pic_is_left_alone(pc):
    """Without the flag nothing is done to them."""
    with at_entry(pc) as (machine, ports):
        spoil_pics(ports)
        machine.gdb.resume()
        machine.wait_for("^payload: end$")
        assert {(pic["irq_base"], pic["imr"]) for pic in pics(machine).values()} == {("f0", "ff")}


@pytest.mark.parametrize("flag", ["FLAG_RESET_VGA", "FLAG_LEGACY_PIC"])
def test_no_legacy_on_arm64(arm64, flag):
    """A flag of the other architecture is none here."""
    arm64.params["flags"] = constant(flag)
    assert f"flags: not a defined value: {constant(flag):#x} [code {constant('E_VALUE')}]" in arm64.refusal()


# A sink.


@pytest.mark.parametrize("width", [0, 1, 2, 4])
def test_sink(arm64, width):
    """The register gets the line's last character, by accesses of its width, and nothing else is read or written."""
    at = arm64.arch.spare_at
    arm64.put(at, b"\xaa" * 0x100)
    arm64.console(1, kind="CONSOLE_SINK", base=at, width=width)
    with arm64.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(at, 0x100) == b"\n".ljust(width or 1, b"\0").ljust(0x100, b"\xaa")


def test_sink_is_a_uart(arm64):
    """The data register of the machine's UART as a sink: all of the line arrives."""
    arm64.console(0, kind="CONSOLE_SINK")
    _, text = arm64.report()
    verified_line(text)


def test_sink_takes_its_time(arm64):
    """No more than 960 characters in a second, by the CPU's own counter, which QEMU drives by the host's clock."""
    arm64.params["segment[0].digest"] = b"wrong"
    arm64.console(0, kind="CONSOLE_SINK")
    with arm64.start(frozen=True) as machine:
        machine.gdb.run_to(arm64.place)
        begin = time.monotonic()
        machine.gdb.resume()
        line = machine.wait_for("^purgatory: refused: .*; halted$")[0]
        assert time.monotonic() - begin > len(line) / 960


# What is refused.


@pytest.mark.parametrize(
    "console, words",
    [
        ({"kind": "CONSOLE_VGA", "base": 0xF0000000}, "base: not in the identity map: 0xf0000000"),
        ({"kind": "CONSOLE_VGA", "base": SCREEN + 1}, "base: beyond the physical address space: 0xb8001"),
        ({"kind": "CONSOLE_VGA", "base": X86_64.purgatory_at - 3998}, "base: overlaps the purgatory"),
        ({"kind": "CONSOLE_VGA", "base": SCREEN, "width": 2}, "width: not a defined value: 0x2"),
        ({"kind": "CONSOLE_VGA", "base": SCREEN, "stride": 2}, "stride: not a defined value: 0x2"),
        ({"kind": "CONSOLE_VGA", "base": SCREEN, "baud": 9600}, "baud: not a defined value: 0x2580"),
        ({"kind": "CONSOLE_SINK", "base": SCREEN}, "kind: not a defined value"),
        ({"kind": "CONSOLE_8250", "base": SCREEN, "baud": 9600}, "baud: not a defined value: 0x2580"),
        ({"baud": 110}, "baud: not a defined value: 0x6e"),
        ({"baud": 230400}, "baud: not a defined value: 0x38400"),
        ({"baud": 49}, "baud: not a defined value: 0x31"),
    ],
)
def test_refused_on_x86_64(tmp_path, console, words):
    """A console that cannot be is refused, on the other one."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.console(1, **console)
    assert f"refused: console 1 {words}" in boot.refusal()


@pytest.mark.parametrize(
    "console, words",
    [
        ({"kind": "CONSOLE_VGA", "base": 0x44000000}, "kind: not a defined value"),
        ({"kind": "CONSOLE_SINK", "base": 0x44000000, "width": 3}, "width: not a defined value: 0x3"),
        ({"kind": "CONSOLE_SINK", "base": 0x44000000, "stride": 4}, "stride: not a defined value: 0x4"),
        ({"kind": "CONSOLE_SINK", "base": 0x44000000, "baud": 9600}, "baud: not a defined value: 0x2580"),
        ({"kind": "CONSOLE_SINK", "base": 0x44000002, "width": 4}, "base: beyond the physical"),
        ({"kind": "CONSOLE_SINK", "base": ARM64.purgatory_at}, "base: overlaps the purgatory"),
        ({"baud": 9600}, "baud: not a defined value: 0x2580"),
    ],
)
def test_refused_on_arm64(arm64, console, words):
    """The same."""
    arm64.console(1, **console)
    assert f"refused: console 1 {words}" in arm64.refusal()


def test_segment_on_the_screen(tmp_path):
    """Nothing that is verified may lie in the last cell of the screen; behind it anything may."""
    boot = Boot(X86_64, tmp_path).with_payload()
    at = boot.arch.spare_at
    boot.console(1, kind="CONSOLE_VGA", base=at)
    boot.segment("behind", at + SCREEN_SIZE, b"data")
    boot.segment("on", at + SCREEN_SIZE - 1, b"")
    boot.params["segment[2].size"] = 1
    assert "segment 2 (on) start: overlaps a segment, a copy or a console" in boot.refusal()
