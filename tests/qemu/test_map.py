# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""x86_64: the identity map that the purgatory was entered with, where it can be read and where it cannot."""

import pytest

from abi import constant
from machine import GIB, OPTION_HIDE, X86_64, Boot, verified_line
from modes import HIGH, STATES

# What the launcher leaves in IDTR.
STALE_IDT_LIMIT = 0xABC


@pytest.fixture(params=STATES[:2], ids=["4-level", "5-level"])
def boot(request, tmp_path):
    """A sound boot under 4-level and 5-level paging."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.state = request.param
    boot.seal()
    return boot


@pytest.mark.parametrize("place", [X86_64.purgatory_at, HIGH], ids=["low", "high"])
def test_hidden_tables(boot, place):
    """Tables outside the map that they make, as Xen's are: a read of them faults, and that is no fault of the boot."""
    boot.memory_size = "6G"
    boot.place = place
    boot.options |= OPTION_HIDE
    report, text = boot.report()
    verified_line(text)
    assert report["idt_limit"] == STALE_IDT_LIMIT


def test_hidden_tables_tell_nothing(boot):
    """Nobody can tell then what is mapped: what is refused is what is wrong in itself."""
    boot.options |= OPTION_HIDE
    boot.params["segment[0].digest"] = b"wrong"
    boot.params["block_digest"] = b""
    assert f"[code {constant('E_DIGEST')}]" in boot.refusal()


def test_idt(boot):
    """The IDT is as found when the next program is entered."""
    report, _ = boot.report()
    assert report["idt_limit"] == STALE_IDT_LIMIT


@pytest.mark.parametrize("start", [3 * GIB, 16 * GIB, 16 * GIB - 1])
def test_unmapped(boot, start):
    """Tables that can be read are asked: a hole, and what lies behind the end, or begins before it."""
    boot.params.add_segment("hole", start, bytes(2))
    boot.params.seal()
    assert "segment 1 (hole) start: not in the identity map" in boot.refusal()
