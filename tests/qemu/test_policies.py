# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What follows a refusal: reset, return, fallback, and how long the purgatory waits first.

QEMU is the oracle: why it ended, what the ports were given, and what its debugger and its monitor tell of the CPU
before the call and after the return.
"""

import dataclasses
import re
import time

import pytest

from abi import constant, sha256
from machine import (
    ARM64, OPTION_CACHES, OPTION_CALL, OPTION_MMU, OPTION_TASK, PATIENCE, X86_64, Boot, wait_until_halted,
)  # fmt: skip
from ports import Ports

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


# Reset, arm64: PSCI, by the conduit that the machine has.

CONDUITS = {"el1": "CONDUIT_HVC", "el2": "CONDUIT_SMC", "el2-vhe": "CONDUIT_SMC", "el1-below-el2": "CONDUIT_SMC"}


@pytest.fixture(params=CONDUITS)
def arm64(request, tmp_path):
    """A boot on arm64 at each exception level."""
    boot = Boot(ARM64, tmp_path)
    boot.state = ARM64.state(request.param)
    return boot


def test_psci(arm64):
    """The machine is reset."""
    failing(arm64, "FAIL_RESET", conduit=CONDUITS[arm64.state.name])
    assert reset_reason(arm64) == (CODE, "guest-reset")


def test_psci_of_a_changed_block(arm64):
    """The words for reset and conduit are believed even so."""
    distrusted(failing(arm64, "FAIL_RESET", conduit=CONDUITS[arm64.state.name]))
    assert reset_reason(arm64) == (constant("E_BLOCK"), "guest-reset")


@pytest.mark.parametrize("state, conduit", [("el1", "CONDUIT_SMC"), ("el2", "CONDUIT_HVC")])
def test_no_psci(state, conduit, tmp_path):
    """The wrong conduit is an exception, and then another: a halt."""
    boot = failing(Boot(ARM64, tmp_path), "FAIL_RESET", conduit=conduit)
    boot.state = ARM64.state(state)
    with boot.start() as machine:
        machine.wait_for(refused_with("resetting"))
        assert int(machine.wait_for(r"address: an exception: .* \[code (\d+)\]; resetting$")[1]) == constant("E_FAULT")
        wait_until_halted(machine, ARM64, constant("E_FAULT"))


# Reset, x86_64. QEMU's debugcon at a port takes down what is written there, and does nothing.

REGISTER, RESET_CONTROL, KEYBOARD = 0x600, 0xCF9, 0x64


@pytest.fixture
def x86_64(tmp_path):
    """A boot that is refused and resets."""
    return failing(Boot(X86_64, tmp_path), "FAIL_RESET")


def watch(boot, *ports):
    """Have a debugcon at each of these ports."""
    for port in ports:
        path = boot.directory / f"port{port:x}"
        boot.qemu_options += ["-chardev", f"file,id=p{port:x},path={path}"]
        boot.qemu_options += ["-device", f"isa-debugcon,iobase={port:#x},chardev=p{port:x}"]


def written(boot, port):
    """What was written to a port that is watched."""
    return (boot.directory / f"port{port:x}").read_bytes()


BY_KEYBOARD, SHUTDOWN = "pckbd_kbd_write_command 0xfe", "Triple fault"


def watch_machine(boot):
    """Have QEMU tell of each shutdown of the CPU, and of each command to its keyboard controller."""
    boot.qemu_options += ["-d", "cpu_reset", "-trace", "pckbd_kbd_write_command", "-D", boot.directory / "log"]


def seen(boot):
    """What it has told of: the last ways to a reset."""
    log = (boot.directory / "log").read_text()
    assert "CPU Reset" in log
    return [word for word in (BY_KEYBOARD, SHUTDOWN) if word in log]


def give_register(boot, space, address, value):
    """What the FADT would say."""
    for field, number in {"space": space, "width": 8, "value": value, "address": address}.items():
        boot.params[f"failure.reset_{field}"] = number


def test_every_way_in_turn(x86_64):
    """A machine that heeds none of them: register, 0xcf9, 8042, and then the CPU shuts itself down."""
    give_register(x86_64, 1, REGISTER, 0xA5)
    watch(x86_64, REGISTER, RESET_CONTROL, KEYBOARD)
    watch_machine(x86_64)
    assert reset_reason(x86_64) == (CODE, "guest-reset")
    assert [written(x86_64, port) for port in (REGISTER, RESET_CONTROL, KEYBOARD)] == [b"\xa5", b"\x02\x06", b"\xfe"]
    assert seen(x86_64) == [SHUTDOWN]


def test_register_of_a_changed_block(x86_64):
    """It is not believed, the others are used."""
    give_register(x86_64, 1, REGISTER, 0xA5)
    distrusted(x86_64)
    watch(x86_64, REGISTER, RESET_CONTROL, KEYBOARD)
    assert reset_reason(x86_64) == (constant("E_BLOCK"), "guest-reset")
    assert [written(x86_64, port) for port in (REGISTER, RESET_CONTROL, KEYBOARD)] == [b"", b"\x02\x06", b"\xfe"]


def test_register(x86_64):
    """That of q35, which is 0xcf9 as well: the first write resets, and nothing else comes."""
    x86_64.state = Q35
    give_register(x86_64, 1, RESET_CONTROL, 0x0F)
    watch_machine(x86_64)
    assert reset_reason(x86_64) == (CODE, "guest-reset")
    assert seen(x86_64) == []


@pytest.mark.parametrize("state", [PC, Q35], ids=["pc", "q35"])
def test_reset_control(x86_64, state):
    """Without a register, on chipsets that have the port: it resets before the keyboard controller is told to."""
    x86_64.state = state
    watch_machine(x86_64)
    assert reset_reason(x86_64) == (CODE, "guest-reset")
    assert seen(x86_64) == []


def test_keyboard(x86_64):
    """A keyboard controller, and nothing before it that resets."""
    x86_64.qemu_options += ["-device", "i8042"]
    watch_machine(x86_64)
    assert reset_reason(x86_64) == (CODE, "guest-reset")
    assert seen(x86_64) == [BY_KEYBOARD]


def test_shutdown(x86_64):
    """A machine that has nothing of all this."""
    watch_machine(x86_64)
    assert reset_reason(x86_64) == (CODE, "guest-reset")
    assert seen(x86_64) == [SHUTDOWN]


def stopped_at_reset(boot):
    """A machine that stands still when it should be reset, and its ports."""
    boot.qemu_options += ["-no-shutdown", *Ports.options(boot.directory)]
    machine = boot.start()
    machine.wait_for(refused_with("resetting"))
    deadline = time.monotonic() + PATIENCE
    while machine.command("query-status")["status"] != "shutdown" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert machine.command("query-status")["status"] == "shutdown"
    return machine


def test_register_in_memory(x86_64):
    """One byte is written, and none beside it; then 0xcf9 has its turn."""
    x86_64.state = PC
    x86_64.put(x86_64.arch.spare_at, b"\xee" * 16)
    give_register(x86_64, 0, x86_64.arch.spare_at + 5, 0x5A)
    with stopped_at_reset(x86_64) as machine:
        assert machine.memory(x86_64.arch.spare_at, 16) == b"\xee" * 5 + b"\x5a" + b"\xee" * 10


def test_register_that_is_not_mapped(x86_64):
    """It is left alone, without a second exception, and 0xcf9 has its turn."""
    x86_64.state = PC
    give_register(x86_64, 0, 0xFE000000, 0x5A)
    watch_machine(x86_64)
    assert reset_reason(x86_64) == (CODE, "guest-reset")
    assert seen(x86_64) == []


def test_register_in_pci(x86_64):
    """A byte of PIIX3's configuration, device 1: PIRQRC, how its interrupts are routed."""
    x86_64.state = PC
    give_register(x86_64, 2, 1 << 32 | 0x62, 0x8C)
    with stopped_at_reset(x86_64):
        ports = Ports(x86_64.directory, PATIENCE)
        ports.command("outl", "0xcf8", f"{1 << 31 | 1 << 11 | 0x60:#x}")
        assert ports.read(0xCFE) == 0x8C
        assert ports.read(0xCFD) != 0x8C
        ports.stream.close()


@pytest.mark.parametrize(
    "fields, code, words",
    [
        ({"conduit": "CONDUIT_SMC"}, "E_RESERVED", r"\(unused\)"),
        ({"reset_space": 1}, "E_RESERVED", r"\(unused\)"),
        ({"reset_value": 1}, "E_RESERVED", r"\(unused\)"),
        ({"reset_address": 1}, "E_RESERVED", r"\(unused\)"),
        ({"reset_width": 8, "reserved": 1}, "E_RESERVED", r"\(unused\)"),
        ({"reset_width": 16}, "E_VALUE", "reset_width"),
        ({"reset_width": 8, "reset_space": 3}, "E_VALUE", "reset_space"),
        ({"reset_width": 8, "reset_space": 1, "reset_address": 0x10000}, "E_RANGE", "reset_address"),
        ({"reset_width": 8, "reset_space": 0, "reset_address": 1 << 60}, "E_RANGE", "reset_address"),
        ({"reset_width": 8, "reset_space": 2, "reset_address": 1 << 48}, "E_RANGE", "reset_address"),
        ({"reset_width": 8, "reset_space": 2, "reset_address": 32 << 32}, "E_RANGE", "reset_address"),
        ({"reset_width": 8, "reset_space": 2, "reset_address": 8 << 16}, "E_RANGE", "reset_address"),
        ({"reset_width": 8, "reset_space": 2, "reset_address": 0x100}, "E_RANGE", "reset_address"),
        ({"reset_width": 8, "reset_address": X86_64.purgatory_at}, "E_OVERLAP_SELF", "reset_address"),
    ],
)
def test_bad_registers(x86_64, fields, code, words):
    """Each is refused, and the machine is reset without it."""
    for field, value in fields.items():
        x86_64.params[f"failure.{field}"] = constant(value) if isinstance(value, str) else value
    with x86_64.start() as machine:
        line = machine.wait_for(refused_with("resetting"))
        assert int(line[1]) == constant(code)
        assert re.search(f"failure {words}: ", line[0])
        assert machine.wait_for_exit() == 0


# Return. What the debugger sees of the CPU at the entry and after the return is the same.

X86_SCRATCH = {"rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rip", "rsp", "eflags", "cr2"}
X86_SEGMENTS = r"^((?:[CDEFGS]S|LDT|TR|GDT|IDT) *=.*?)\s*$"
RFLAGS_ARITHMETIC, RFLAGS_IF = 0x8D5, 1 << 9
ARM64_SCRATCH = {f"x{i}" for i in range(19)} | {"pc", "cpsr", "FPSR", "fpsr"}
ARM64_FLAGS = 0xF0000C00  # and BTYPE, which a return clears
PSTATE_A, PSTATE_I = 1 << 8, 1 << 7
VECTORS = re.compile(r"[vz]\d+|st\d|xmm\d+|ymm\d+h?|k\d|p\d+|vg|ffr")
COUNTERS = re.compile("CNT|PMCCNTR|PMEVCNTR|RES_|RNDR")


def snapshot(machine, scratch):
    """Registers that a function may not change, and, on x86, what is behind selectors."""
    names = [n for n in machine.gdb.registers if n not in scratch and not VECTORS.fullmatch(n) and not COUNTERS.search(n)]
    found = {name: machine.gdb.read(name) for name in names}
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
        gdb.write("eflags", gdb.read("eflags") ^ RFLAGS_IF)
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


@pytest.mark.parametrize("options", [0, OPTION_MMU, OPTION_MMU | OPTION_CACHES], ids=["off", "mmu", "caches"])
def test_return_on_arm64(arm64, options):
    """At each exception level, called with the MMU off, on, and on with caches."""
    failing(arm64, "FAIL_RETURN")
    arm64.options |= options
    assert called_on_arm64(arm64, CODE) == {}


def test_no_return_after_a_copy(good):
    """The caller's memory may be gone."""
    good.put(good.arch.spare_at, bytes(0x200))
    good.params.add_copy(good.arch.spare_at + 0x100, good.arch.payload_at, 0x10)
    good.params["failure.policy"] = constant("FAIL_RETURN")
    late(good)
    assert good.refusal().endswith("; halted")


# Fallback: the payload, while another segment is damaged.


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


def test_fallback(boot):
    """The line, another line, and the payload is entered with its own registers, in the state of any handoff."""
    with_fallback(boot)
    names = ("x0", "x1") if boot.arch is ARM64 else ("rsi", "rdx", "r15")
    values = {name: 0x1122334455667788 + i for i, name in enumerate(names)}
    for name, value in values.items():
        fallback_register(boot, name, value)
    found, text = boot.report()
    assert re.search(refused_with("falling back"), text, re.M)[1] == str(CODE)
    at = boot.arch.payload_at
    assert f"purgatory: verified the fallback, {len(boot.payload)} bytes; jumping to {at:#x}\n" in text
    assert {name: found[name] for name in values} == values
    usual, _ = Boot(boot.arch, boot.directory).with_payload().report()
    assert {name for name in found if found[name] != usual[name]} == set(values)


def test_fallback_that_is_damaged(boot):
    """Then that is all."""
    with_fallback(boot)
    boot.params["failure.fallback.digest"] = b"wrong"
    with boot.start() as machine:
        machine.wait_for(refused_with("falling back"))
        line = machine.wait_for(refused_with("halted"))
        assert "refused: fallback (rescue): the digest does not match: expected " in line[0]
        wait_until_halted(machine, boot.arch, CODE)
        assert "payload:" not in machine.text


def test_fallback_of_a_changed_block(boot):
    """It is not believed."""
    distrusted(with_fallback(boot))
    assert boot.refusal().endswith(f"[code {constant('E_BLOCK')}]; halted")


def test_fallback_without_a_kernel(boot):
    """Its handoff is checked as any other."""
    with_fallback(boot)
    fallback_register(boot, "x0" if boot.arch is ARM64 else "rsi", boot.arch.spare_at)
    boot.params["failure.fallback_handoff.checks"] = constant("CHECK_DTB" if boot.arch is ARM64 else "CHECK_KERNEL")
    with boot.start() as machine:
        machine.wait_for(refused_with("falling back"))
        code = constant("E_DTB" if boot.arch is ARM64 else "E_KERNEL")
        assert int(machine.wait_for(refused_with("halted"))[1]) == code
        wait_until_halted(machine, boot.arch, code)


@pytest.mark.parametrize("offset", [-4, 0x10000])
def test_fallback_entry_outside(boot, offset):
    """A block is refused whose fallback would be entered outside of what is verified."""
    with_fallback(boot)
    fallback_register(boot, boot.arch.entry, boot.arch.payload_at + offset)
    assert "fallback entry: misaligned, or in nothing that was verified" in boot.refusal()


# Waiting. The counter's time is the host's, of which no more is said than that it passes.


def test_delay_on_arm64(tmp_path):
    """The line comes first, and a second later the reset."""
    boot = failing(Boot(ARM64, tmp_path), "FAIL_RESET", conduit="CONDUIT_HVC", delay=1)
    with boot.start() as machine:
        machine.wait_for(refused_with("resetting"))
        begin = time.monotonic()
        assert machine.wait_for_exit() == 0
        assert time.monotonic() - begin > 0.8


def test_delay_on_x86_64(x86_64):
    """The TSC is the host's, which is no faster than 8 GHz."""
    x86_64.params["failure.delay"] = 8
    x86_64.params["failure.timer_hz"] = 1000000000
    with x86_64.start() as machine:
        machine.wait_for(refused_with("resetting"))
        begin = time.monotonic()
        assert machine.wait_for_exit() == 0
        assert time.monotonic() - begin > 0.8


@pytest.mark.parametrize("policy", ["FAIL_RETURN", "FAIL_FALLBACK"])
def test_delay_before_others(tmp_path, policy):
    """Before the others as well: while it waits, nothing of them is done."""
    boot = Boot(ARM64, tmp_path)
    if policy == "FAIL_FALLBACK":
        with_fallback(boot)
    else:
        failing(boot, policy)
    boot.params["failure.delay"] = 1000
    with boot.start() as machine:
        machine.wait_for(refused_with("returning|falling back"))
        time.sleep(0.3)
        machine.drain()
        assert machine.text.endswith(("returning\n", "falling back\n"))
        place = machine.registers()["PC"]
        assert boot.place <= place < boot.place + boot.header["ro_size"]


def test_counter_that_stands_still(tmp_path):
    """It is not waited for: MRS of CNTVCT_EL0 gives zero instead."""
    boot = failing(Boot(ARM64, tmp_path), "FAIL_RESET", conduit="CONDUIT_HVC", delay=86400)
    count = 0
    for offset in range(0, boot.header["ro_size"], 4):
        word = int.from_bytes(boot.image[offset : offset + 4], "little")
        if word & ~0x1F == 0xD53BE040:
            boot.image[offset : offset + 4] = (0xD2800000 | word & 0x1F).to_bytes(4, "little")
            count += 1
    assert count
    assert reset_reason(boot) == (CODE, "guest-reset")


def test_no_frequency(x86_64):
    """Nobody knows how long a second is: refused."""
    x86_64.params["failure.delay"] = 1
    with x86_64.start() as machine:
        assert int(machine.wait_for(refused_with("resetting"))[1]) == constant("E_VALUE")
        assert "failure timer_hz: " in machine.text
        assert machine.wait_for_exit() == 0
