# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""How much of its stack the purgatory uses: there is no guard page, and below the stack lie variables."""

import pytest

from abi import constant
from machine import X86_64
from segments import pattern, striped_boot

STACK_SIZE = 4096
PAINT = 0xA5

# What must never have been touched.
SPARE = 1024


def paint(boot):
    """Fill the stack before the boot. The loader is to leave zeros there, but the purgatory does not count on it."""
    top = boot.symbol("stack_top") - boot.place
    boot.image[top - STACK_SIZE : top] = bytes([PAINT]) * STACK_SIZE


def unused(boot, machine):
    """The bytes at the stack's far end that still have the paint."""
    stack = machine.memory(boot.symbol("stack_top") - STACK_SIZE, STACK_SIZE)
    return next(i for i, byte in enumerate(stack) if byte != PAINT)


@pytest.fixture(params=["default", "vectors"])
def cpu(request):
    """The CPU of the default state, and one with all that QEMU has."""
    return request.param


@pytest.mark.parametrize("lanes", [2, 16])
def test_deepest(boot, cpu, lanes):
    """Striped segments, with every other kind of work beside them."""
    if cpu == "vectors":
        boot.state = boot.state.with_cpu("max" if boot.arch is X86_64 else "max,pauth-impdef=on")
    striped_boot(boot, lanes, start=1)
    boot.segment("plain", boot.arch.spare_at + 0x400001, pattern(0x1001))
    boot.params.add_copy(boot.arch.spare_at + 0x500001, boot.arch.spare_at + 0x400001, 0x1001)
    paint(boot)
    boot.seal()
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert unused(boot, machine) >= SPARE


def test_refusal(boot):
    """The line that names a damaged segment, with both digests."""
    striped_boot(boot, 16)
    boot.params["segment[3].digest"] = b"\x01" * 32
    paint(boot)
    boot.seal()
    with boot.start() as machine:
        machine.wait_for(rf"\[code {constant('E_DIGEST')}\]; halted$")
        assert unused(boot, machine) >= SPARE
