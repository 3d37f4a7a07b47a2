# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Boots that are refused, and then do what their failure policy says; and what of the CPU is to be as before."""

import dataclasses
import re

from abi import constant, sha256
from machine import ARM64, OPTION_CALL, X86_64

CODE = constant("E_DIGEST")
MICROVM = X86_64.states[0]
PC = dataclasses.replace(MICROVM, name="pc", qemu=("-cpu", "qemu64", "-M", "pc"))
Q35 = dataclasses.replace(MICROVM, name="q35", qemu=("-cpu", "qemu64", "-M", "q35"))


def failing(boot, policy, **fields):
    """A boot whose only segment is damaged, with this failure policy. Returns it."""
    boot.with_payload()
    boot.params["segment[0].digest"] = b"wrong"
    boot.params["failure.policy"] = constant(policy)
    for field, value in fields.items():
        boot.params[f"failure.{field}"] = constant(value) if isinstance(value, str) else value
    return boot


def distrusted(boot):
    """The same with a block that does not have its digest. Returns it."""
    boot.seal()
    boot.params["flags"] = 1 << 31
    return boot


def refused_with(ending):
    """A refusal's line with its code and that ending."""
    return rf"^purgatory: refused: .* \[code (\d+)\]; {ending}$"


def reset_reason(boot):
    """Boot until QEMU ends, and return the refusal's code and why QEMU has ended."""
    with boot.start(frozen=True) as machine:
        machine.connect()
        machine.gdb.resume()
        code = int(machine.wait_for(refused_with("resetting"))[1])
        reason = machine.reset_reason()
        assert "payload:" not in machine.text
        return code, reason


CONDUITS = {"el1": "CONDUIT_HVC", "el2": "CONDUIT_SMC", "el2-vhe": "CONDUIT_SMC", "el1-below-el2": "CONDUIT_SMC"}


def with_fallback(boot, address=None):
    """A boot of a damaged segment, and the payload as its fallback. Returns it."""
    address = boot.arch.payload_at if address is None else address
    path = boot.segment("kernel", boot.arch.spare_at, bytes(0x1000))
    boot.params[f"{path}.digest"] = b"wrong"
    boot.enter(boot.arch.spare_at)
    boot.put(address, boot.payload)
    boot.params["failure.policy"] = constant("FAIL_FALLBACK")
    boot.params["failure.fallback.start"] = address
    boot.params["failure.fallback.size"] = len(boot.payload)
    boot.params["failure.fallback.digest"] = sha256(boot.payload)
    boot.params["failure.fallback.name"] = b"rescue"
    fallback_register(boot, boot.arch.entry, address)
    return boot


def fallback_register(boot, name, value):
    """A register of the fallback's handoff."""
    boot.params[f"failure.fallback_handoff.{boot.arch.name}.{name}"] = value


# Return. What the debugger sees of the CPU at the entry and after the return is the same.

X86_SCRATCH = {"rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rip", "rsp", "eflags", "cr2"}
X86_SEGMENTS = r"^((?:[CDEFGS]S|LDT|TR|GDT|IDT) *=.*?)\s*$"
# ID is a flag that does nothing; with IF, and no IDT, an interrupt that is due would end the machine.
RFLAGS_ARITHMETIC, RFLAGS_ID = 0x8D5, 1 << 21
ARM64_SCRATCH = {f"x{i}" for i in range(19)} | {"pc", "cpsr", "FPSR", "fpsr"}
ARM64_FLAGS = 0xF0000C00  # and BTYPE, which a return clears
PSTATE_A, PSTATE_I = 1 << 8, 1 << 7
VECTORS = re.compile(r"[vz]\d+|st\d|xmm\d+|ymm\d+h?|k\d|p\d+|vg|ffr")
COUNTERS = re.compile("CNT|PMCCNTR|PMEVCNTR|RES_|RNDR")


def snapshot(machine, scratch):
    """Registers that a function may not change, and, on x86, what is behind selectors."""
    names = (n for n in machine.gdb.registers if not VECTORS.fullmatch(n) and not COUNTERS.search(n))
    found = {name: machine.gdb.read(name) for name in names if name not in scratch}
    text = machine.command("human-monitor-command", **{"command-line": "info registers"})
    found["segments"] = re.findall(X86_SEGMENTS, text.replace("\r", ""), re.M)
    return found


def called_on_x86(boot, code):
    """Call the image, see it return with that code, and return what differs."""
    boot.options |= OPTION_CALL
    with boot.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(boot.place)
        gdb.write("fs_base", 0x123456789000)
        gdb.write("gs_base", 0xFFFF888000001000)
        gdb.write("eflags", gdb.read("eflags") ^ RFLAGS_ID)
        before, rsp, flags = snapshot(machine, X86_SCRATCH), gdb.read("rsp"), gdb.read("eflags")
        gdb.run_to(int.from_bytes(gdb.read_memory(rsp, 8), "little"))
        after = snapshot(machine, X86_SCRATCH)
        assert machine.wait_for(refused_with("returning"))[1] == str(code)
        assert (gdb.read("rax"), gdb.read("rsp")) == (code, rsp + 8)
        assert (gdb.read("eflags") ^ flags) & ~RFLAGS_ARITHMETIC == 0
    assert len(before["segments"]) == 10
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def called_on_arm64(boot, code):
    """The same, to the launcher's first instruction. IRQ and SError are not masked: there is none."""
    with boot.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(boot.place)
        gdb.write("x30", ARM64.launcher_at)
        gdb.write("cpsr", gdb.read("cpsr") & ~(PSTATE_A | PSTATE_I))
        kept = {f"v{i}": 0x1111111111111111 * i for i in range(8, 16) if "v8" in gdb.registers}
        for name, value in kept.items():
            gdb.write(name, value)
        before, pstate = snapshot(machine, ARM64_SCRATCH), gdb.read("cpsr")
        gdb.run_to(ARM64.launcher_at)
        after = snapshot(machine, ARM64_SCRATCH)
        assert machine.wait_for(refused_with("returning"))[1] == str(code)
        assert gdb.read("x0") == code
        assert {name: gdb.read(name) % (1 << 64) for name in kept} == kept
        assert (gdb.read("cpsr") ^ pstate) & ~ARM64_FLAGS == 0
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}
