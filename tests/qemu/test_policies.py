# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What follows a refusal: the fallback, and how long the purgatory waits first. See test_reset and test_return."""

import re
import time

import pytest

from abi import constant
from machine import ARM64, X86_64, Boot, wait_until_halted
from policies import CODE, distrusted, failing, fallback_register, refused_with, reset_reason, with_fallback

# Fallback: the payload, while another segment is damaged.


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


@pytest.fixture
def x86_64(tmp_path):
    """A boot that is refused and resets."""
    return failing(Boot(X86_64, tmp_path), "FAIL_RESET")


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
