# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The CPU as the next kernel finds it, against the boot protocols and against the CPU as the old kernel left it.

The payload reports what it was entered with. What must be "as found" is compared with a boot in which the launcher
enters the payload directly.
"""

import pytest

from machine import ARM64, OPTION_DIRTY, X86_64, Boot

DAIF_ALL = 0x3C0
SCTLR_M, SCTLR_C = 1 << 0, 1 << 2

RFLAGS_IF, RFLAGS_DF = 1 << 9, 1 << 10
CR0_PE, CR0_PG = 1 << 0, 1 << 31
EFER_LME, EFER_LMA = 1 << 8, 1 << 10

# Fields of a segment descriptor (SDM volume 3, 3.4.5).
DESC_TYPE_CODE = 1 << 43
DESC_WRITABLE = 1 << 41
DESC_S = 1 << 44
DESC_PRESENT = 1 << 47
DESC_L = 1 << 53
DESC_DB = 1 << 54
DESC_G = 1 << 55
DESC_BASE = 0xFF00_00FF_FFFF_0000
DESC_LIMIT = 0x000F_0000_0000_FFFF

EXPECTED_EL = {"el1": 1, "el2": 2, "el2-vhe": 2, "el1-below-el2": 1}


@pytest.fixture(params=[state.name for state in ARM64.states])
def arm64(request, tmp_path):
    """A boot on arm64 at each exception level."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = ARM64.state(request.param)
    return boot


@pytest.fixture
def x86_64(tmp_path):
    """A boot on x86_64."""
    return Boot(X86_64, tmp_path).with_payload()


def report_both(boot):
    """What the payload reports behind the purgatory, and what it reports when it is entered directly."""
    behind, _ = boot.report()
    boot.target = boot.arch.payload_at
    direct, _ = boot.report()
    return behind, direct


def test_arm64_registers(arm64):
    """x0 to x3 and pc are what the parameter block says, to the last bit."""
    values = {"x0": 0x0123456789ABCDEF, "x1": 0x1122334455667788, "x2": 0xFFFFFFFFFFFFFFFF, "x3": 0x8000000000000001}
    for name, value in values.items():
        arm64.register(name, value)
    report, _ = arm64.report()
    assert {name: report[name] for name in values} == values
    assert report["pc"] == ARM64.payload_at


def test_arm64_linux_boot_protocol(arm64):
    """MMU and D-cache off, all of DAIF masked, x1 to x3 zero, at the exception level of the old kernel."""
    report, _ = arm64.report()
    assert report["el"] >> 2 == EXPECTED_EL[arm64.state.name]
    assert report["sctlr"] & (SCTLR_M | SCTLR_C) == 0
    assert report["daif"] == DAIF_ALL
    assert [report[name] for name in ("x0", "x1", "x2", "x3")] == [0, 0, 0, 0]


def test_arm64_system_registers_as_found(arm64):
    """What the old kernel left in the system registers is there for the next one."""
    behind, direct = report_both(arm64)
    for name in ("sctlr", "hcr", "trap", "tcr", "mair", "ttbr0", "vbar", "spsel", "el"):
        assert behind[name] == direct[name], name
    assert direct["sctlr"] == arm64.state.sctlr_or_cr4
    assert direct["hcr"] == arm64.state.hcr_or_cr0
    assert direct["trap"] == arm64.state.trap


def test_arm64_clean_registers(arm64):
    """The purgatory asks nothing of the general registers: without junk in them it does the same."""
    arm64.options = 0
    report, _ = arm64.report()
    assert report["pc"] == ARM64.payload_at


def test_arm64_sp_is_not_used(arm64):
    """Junk in sp at entry, by which a stack would be somewhere in the void, does not matter."""
    assert arm64.options & OPTION_DIRTY
    arm64.seal()
    _, text = arm64.report()
    assert "purgatory: verified 1 segment, " in text


def test_x86_64_registers(x86_64):
    """All sixteen general registers and rip are what the parameter block says, to the last bit."""
    names = [name for name in X86_64.registers if name != "rip"]
    values = {name: 0x8122334455667001 | i << 4 for i, name in enumerate(names)}
    for name, value in values.items():
        x86_64.register(name, value)
    report, _ = x86_64.report()
    assert {name: report[name] for name in values} == values
    assert report["rip"] == X86_64.payload_at


def test_x86_64_boot_protocol(x86_64):
    """Interrupts off, long mode with paging, selectors 0x10 and 0x18 (Documentation/arch/x86/boot.rst, 64-bit protocol)."""
    report, _ = x86_64.report()
    assert report["rflags"] & (RFLAGS_IF | RFLAGS_DF) == 0
    assert report["cs"] == 0x10
    assert [report[name] for name in ("ds", "es", "ss")] == [0x18, 0x18, 0x18]
    assert report["cr0"] & (CR0_PE | CR0_PG) == CR0_PE | CR0_PG
    assert report["efer"] & (EFER_LME | EFER_LMA) == EFER_LME | EFER_LMA


def test_x86_64_descriptors(x86_64):
    """The selectors can be loaded again: the GDT has a flat 64-bit code and a flat writable data segment there."""
    report, _ = x86_64.report()
    code, data = report["cs_desc"], report["ds_desc"]
    assert report["gdt_limit"] >= 0x1F
    assert code & (DESC_PRESENT | DESC_S | DESC_TYPE_CODE | DESC_L | DESC_DB) == (
        DESC_PRESENT | DESC_S | DESC_TYPE_CODE | DESC_L
    )
    assert code & DESC_BASE == 0
    assert data & (DESC_PRESENT | DESC_S | DESC_TYPE_CODE | DESC_WRITABLE | DESC_G) == (
        DESC_PRESENT | DESC_S | DESC_WRITABLE | DESC_G
    )
    assert data & DESC_BASE == 0
    assert data & DESC_LIMIT == DESC_LIMIT


def test_x86_64_control_registers_as_found(x86_64):
    """CR0, CR3, CR4 and EFER are the old kernel's; a GDT of our own is not (the launcher left none)."""
    behind, direct = report_both(x86_64)
    for name in ("cr0", "cr3", "cr4", "efer"):
        assert behind[name] == direct[name], name
    assert direct["cr0"] == x86_64.state.hcr_or_cr0
    assert direct["cr4"] == x86_64.state.sctlr_or_cr4
    assert direct["gdt_limit"] == 0


def test_x86_64_clean_registers(x86_64):
    """The purgatory asks nothing of the general registers: without junk in them it does the same."""
    x86_64.options = 0
    report, _ = x86_64.report()
    assert report["rip"] == X86_64.payload_at
