# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Reset after a refusal: by each of the ways that there are.

QEMU is the oracle: why it ended, what the ports were given, and what its log tells of keyboard controller and CPU.
"""

import contextlib
import re
import time

import pytest

from abi import constant
from machine import ARM64, PATIENCE, X86_64, Boot, wait_until_halted
from policies import CODE, CONDUITS, PC, Q35, distrusted, failing, refused_with, reset_reason
from ports import Ports

# arm64: PSCI, by the conduit that the machine has.


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


# x86_64. QEMU's debugcon at a port takes down what is written there, and does nothing.

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


@contextlib.contextmanager
def stopped_at_reset(boot):
    """A machine that stands still when it should be reset, and can be looked into."""
    boot.qemu_options += ["-no-shutdown", *Ports.options(boot.directory)]
    with boot.start() as machine:
        machine.wait_for(refused_with("resetting"))
        deadline = time.monotonic() + PATIENCE
        while machine.command("query-status")["status"] != "shutdown":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield machine


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
