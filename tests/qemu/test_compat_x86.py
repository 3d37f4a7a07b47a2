# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What kexec-tools asks of x86_64 beyond 64-bit mode: the chain of the entries, by default values and by labels, and its
options for consoles and old devices."""

import re
import struct

import pytest

from abi import PARAMS_SIZE, X86_16_REGISTERS, X86_32_REGISTERS, constant
from clients import ClientBoot, boot_params
from machine import X86_64, parse_report
from modes import HIGH, PC, PROTECTED, REAL
from segments import pattern

# Where the descent goes through if the image lies too high: docs/compat.md.
STUB = 0x8000

SCREEN, COLUMNS, ROWS = 0xB8000, 80, 25


def chain(directory, mode, **registers):
    """A boot by kexec-tools into a payload of that mode; the image is low enough. Registers are of the mode."""
    boot = ClientBoot(X86_64, directory, memory_size="6G")
    boot.state = PC
    boot.place = mode.low
    boot.payload, _ = mode.program()
    boot.region(mode.payload_at, bytes(boot.payload))
    boot.set("console_serial", 1)
    boot.set("serial_base", 0x3F8)
    if mode is PROTECTED:
        values = {"eip": mode.payload_at, **registers}
        boot.set("entry32_regs", struct.pack("<9I", *(values.get(name, 0) for name in X86_32_REGISTERS)))
    else:
        set16(boot, "entry16_regs", registers)
    boot.digest()
    return boot


def set16(boot, symbol, registers):
    """Set a block of 16-bit registers, which begins at the payload."""
    values = {"cs": REAL.payload_at >> 4, "ip": 0, "reserved": 0xDEAD, **registers}
    boot.set(symbol, struct.pack("<8I8H", *(values.get(name, 0) for name in X86_16_REGISTERS)))


def test_32_bit(tmp_path):
    """No 64-bit entry is given: the 32-bit one is entered, with its registers."""
    values = {name: 0x8000_0000 + i for i, name in enumerate(X86_32_REGISTERS[:8])}
    report, text = chain(tmp_path, PROTECTED, **values).report()
    assert {name: report[name] for name in values} == values
    assert f"jumping to {PROTECTED.payload_at:#x}\n" in text


@pytest.mark.parametrize("label", [None, "entry16"])
def test_16_bit(tmp_path, label):
    """No 32-bit entry is given either, or it is our label of that name: the 16-bit one is entered."""
    values = {name: 0x8000_0000 + i for i, name in enumerate(X86_16_REGISTERS[:8])}
    values |= {"ds": 0x1001, "es": 0x1002, "ss": 0x1003, "fs": 0x1004, "gs": 0x1005}
    boot = chain(tmp_path, REAL, **values)
    if label:
        boot.set("entry32_regs", struct.pack("<9I", *[0] * 8, boot.client_symbol(label)))
    report, _ = boot.report()
    assert {name: report[name] for name in values} == values


def test_16_bit_debug(tmp_path):
    """The other label has registers of its own."""
    boot = chain(tmp_path, REAL, ebx=1)
    set16(boot, "entry16_debug_regs", {"ebx": 2})
    boot.set("entry32_regs", struct.pack("<9I", *[0] * 8, boot.client_symbol("entry16_debug")))
    assert boot.report()[0]["ebx"] == 2


def test_no_entry_at_all(tmp_path):
    """The chain's end is left at its default: refused, with --no-checks as well."""
    for no_checks in (False, True):
        boot = chain(tmp_path, REAL)
        boot.set("entry16_regs", bytes(48))
        if no_checks:
            boot.set("sha256_regions", bytes(256))
            boot.set("sha256_digest", bytes(32))
            boot.set("skip_checks", 1)
        assert "entry: misaligned, or in nothing that was verified: 0x0 [code 12]" in boot.refusal()


@pytest.mark.parametrize("mode", [PROTECTED, REAL], ids=lambda mode: mode.name)
def test_from_above_4g(tmp_path, mode):
    """An image that the mode does not reach goes down by way of the page that the document names."""
    boot = chain(tmp_path, mode)
    boot.place = HIGH
    report, _ = boot.report()
    assert report["gdt_base"] == STUB


@pytest.mark.parametrize("mode", [PROTECTED, REAL], ids=lambda mode: mode.name)
def test_from_above_4g_over_a_region(tmp_path, mode):
    """Unless that page is a region's."""
    boot = chain(tmp_path, mode)
    boot.place = HIGH
    boot.region(STUB + 0xFF8, pattern(16))
    boot.digest()
    assert "handoff stub: overlaps a segment, a copy or a console: 0x8000" in boot.refusal()


def test_backup_of_the_stub(tmp_path):
    """The backup of low memory has that page as the old kernel left it."""
    boot = chain(tmp_path, PROTECTED)
    boot.place = HIGH
    boot.put(0, pattern(0x10000))
    boot.region(0x6200000, bytes(0x10000))
    boot.digest()
    for name, value in (("panic_kernel", 1), ("backup_start", 0x6200000), ("backup_src_size", 0x10000)):
        boot.set(name, value)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert parse_report(machine.text)["gdt_base"] == STUB
        assert machine.memory(0x6200000, 0x10000) == pattern(0x10000)


@pytest.mark.parametrize("mode, register, at", [(PROTECTED, "esi", 0x40010), (REAL, "ds", 0x4001)], ids=["protected", "real"])
def test_command_line_of_no_kernel(tmp_path, mode, register, at):
    """Who has a command line is Linux, and has its header behind esi or at ds:0."""
    boot = chain(tmp_path, mode, **{register: at})
    boot.region(0x40000, bytes(0x10) + boot_params())
    boot.digest()
    boot.set("cmdline_end", 0x40000)
    assert boot.report()[0][register] == at
    boot.pieces[-1] = boot.regions[-1] = (0x40000, boot_params() + bytes(0x10))
    boot.digest()
    assert re.search(f"handoff {register}: no kernel there: 0x40010 .code 19.", boot.refusal())


def test_stack_arguments(tmp_path):
    """An ELF's 32-bit entry finds a return address and an argument at esp, where kexec-tools put them."""
    boot = chain(tmp_path, PROTECTED)
    esp = boot.client_symbol("stack_arg32_2")
    assert boot.client_symbol("stack_arg32_1") == esp + 4 and boot.client_symbol("stack_end") == esp + 8
    boot.set("stack_arg32_1", 0x11223344)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(esp, 8) == bytes(4) + b"\x44\x33\x22\x11"


@pytest.fixture
def pc(tmp_path):
    """A boot by kexec-tools in 64-bit mode on a machine with a VGA."""
    boot = ClientBoot(X86_64, tmp_path).with_payload(console=False)
    boot.state = PC
    return boot


def screen(machine):
    """The characters on the screen."""
    return machine.memory(SCREEN, 2 * COLUMNS * ROWS)[::2].decode("ascii", "replace")


def test_console_vga(pc):
    """--console-vga: the line is on the screen, and on no serial port."""
    pc.set("console_vga", 1)
    with pc.start() as machine:
        machine.wait_for("^payload: end$")
        assert "purgatory: verified 1 segment" in screen(machine)
        assert "purgatory" not in machine.text


def test_both_consoles(pc):
    """--console-vga --console-serial: on both."""
    for name, value in (("console_vga", 1), ("console_serial", 1), ("serial_base", 0x3F8), ("serial_baud", 115200)):
        pc.set(name, value)
    with pc.start() as machine:
        machine.wait_for("^payload: end$")
        assert "purgatory: verified 1 segment" in screen(machine)
        assert "purgatory: verified 1 segment" in machine.text


@pytest.mark.parametrize("symbol, flag", [("reset_vga", "FLAG_RESET_VGA"), ("legacy_pic", "FLAG_LEGACY_PIC")])
def test_flags(pc, symbol, flag):
    """Each becomes a flag of the block; what the flag does is test_legacy's."""
    pc.set(symbol, 1)
    with pc.start() as machine:
        machine.wait_for("^payload: end$")
        block = machine.memory(pc.place + pc.header["params"], PARAMS_SIZE)
    assert struct.unpack_from("<I", block, 0x14)[0] == constant(flag)
