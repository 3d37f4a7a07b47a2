# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Return after a refusal: the CPU is after the call what it was before, in every register that QEMU's debugger has, and
behind its selectors."""

import dataclasses
import re

import pytest

from abi import constant, sha256
from machine import ARM64, OPTION_CACHES, OPTION_CALL, OPTION_MMU, OPTION_TASK, X86_64, Boot
from policies import CODE, CONDUITS, MICROVM, called_on_arm64, called_on_x86, distrusted, failing

KERNEL_STATES = [
    MICROVM,
    MICROVM.with_cpu("max"),
    dataclasses.replace(MICROVM.with_cpu("max,la57=on"), sctlr_or_cr4=0x1020),
]


@pytest.mark.parametrize("state", KERNEL_STATES, ids=["qemu64", "max", "la57"])
def test_return_to_a_kernel(state, tmp_path):
    """Its GDT is empty: the segments that it had cannot be loaded again, flat ones are; all else is as it was."""
    boot = failing(Boot(X86_64, tmp_path), "FAIL_RETURN")
    boot.state = state
    different = called_on_x86(boot, CODE)
    before, after = different.pop("segments")
    assert set(different) == {"cs", "ds", "es", "ss", "fs", "gs"}
    changed = dict(re.split(" *= *", line, maxsplit=1) for line in after if line not in before)
    assert set(changed) == {"ES", "CS", "SS", "DS", "FS", "GS", "TR"}
    del changed["TR"]
    assert changed.pop("CS").startswith("0010 0000000000000000 ffffffff 00af9b")
    assert all(re.match("0018 [0-9a-f]{16} ffffffff 00cf93", value) for value in changed.values())


@pytest.mark.parametrize("cpu", ["qemu64", "max"])
def test_return_to_a_firmware(cpu, tmp_path):
    """All of it, TR included."""
    boot = failing(Boot(X86_64, tmp_path), "FAIL_RETURN")
    boot.state = dataclasses.replace(MICROVM, options=0).with_cpu(cpu)
    boot.options |= OPTION_TASK
    assert called_on_x86(boot, CODE) == {}


def early(boot):
    """Refused before much of the CPU is changed: there is no block."""
    boot.params["magic"] = 0


def earlier(boot):
    """Refused before anything is: the image is misaligned."""
    boot.place += 0x800


def late(boot):
    """Refused after all has been verified."""
    boot.params["segment[0].digest"] = sha256(boot.payload)
    boot.register("x0" if boot.arch is ARM64 else "rsi", boot.arch.spare_at)
    boot.params["handoff.checks"] = constant("CHECK_DTB" if boot.arch is ARM64 else "CHECK_KERNEL")


WHEN = [(earlier, "E_PLACEMENT"), (early, "E_MAGIC"), (distrusted, "E_BLOCK"), (late, None)]


@pytest.mark.parametrize("spoil, code", WHEN, ids=["place", "magic", "block", "handoff"])
def test_return_from_each_stage(boot, spoil, code):
    """Whatever has been done by then is undone."""
    failing(boot, "FAIL_RETURN")
    spoil(boot)
    if boot.arch is ARM64:
        assert called_on_arm64(boot, constant(code or "E_DTB")) == {}
    else:
        boot.state = dataclasses.replace(MICROVM, options=0)
        boot.options |= OPTION_TASK
        assert called_on_x86(boot, constant(code or "E_KERNEL")) == {}


def test_return_twice(boot):
    """Whoever is returned to may enter the image once more: nothing is left of the first time."""
    failing(boot, "FAIL_RETURN")
    boot.options |= OPTION_CALL if boot.arch is X86_64 else 0
    pc, sp, code = ("pc", "sp", "x0") if boot.arch is ARM64 else ("rip", "rsp", "rax")
    with boot.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(boot.place)
        stack = gdb.read(sp)
        back = int.from_bytes(gdb.read_memory(stack, 8), "little") if boot.arch is X86_64 else ARM64.launcher_at
        for _ in range(2):
            gdb.write(sp, stack)
            gdb.write(pc, boot.place)
            if boot.arch is ARM64:
                gdb.write("x30", back)
            gdb.run_to(back)
            assert gdb.read(code) == CODE
        machine.drain()
        lines = machine.text.splitlines()
    assert len(lines) == 2 and lines[0] == lines[1] and lines[0].endswith("; returning")


@pytest.mark.parametrize("state", CONDUITS)
@pytest.mark.parametrize("options", [0, OPTION_MMU, OPTION_MMU | OPTION_CACHES], ids=["off", "mmu", "caches"])
def test_return_on_arm64(tmp_path, options, state):
    """At each exception level, called with the MMU off, on, and on with caches."""
    boot = failing(Boot(ARM64, tmp_path), "FAIL_RETURN")
    boot.state = ARM64.state(state)
    boot.options |= options
    assert called_on_arm64(boot, CODE) == {}


def test_no_return_after_a_copy(good):
    """The caller's memory may be gone."""
    good.put(good.arch.spare_at, bytes(0x200))
    good.params.add_copy(good.arch.spare_at + 0x100, good.arch.payload_at, 0x10)
    good.params["failure.policy"] = constant("FAIL_RETURN")
    late(good)
    assert good.refusal().endswith("; halted")
