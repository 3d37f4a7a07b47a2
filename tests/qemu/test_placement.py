# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The flat image runs wherever it is put, as long as that is a multiple of its alignment."""

import pytest

from abi import constant
from machine import ARCHES, GIB, MIB, Boot

PLACES = [
    ("arm64", "ram-base", 0x40000000),
    ("arm64", "low-odd-page", 0x40003000),
    ("arm64", "not-2M-aligned", 0x42345000),
    ("arm64", "across-4G", 4 * GIB - 0x1000),
    ("arm64", "above-4G", 4 * GIB + 0x1000),
    ("arm64", "far-above-4G", 5 * GIB + 0x345000),
    ("x86_64", "low-64K", 0x10000),
    ("x86_64", "low-odd-page", 0x2B000),
    ("x86_64", "at-1M", 0x100000),
    ("x86_64", "not-2M-aligned", 0x4345000),
    ("x86_64", "below-2G", 2 * GIB - 2 * MIB + 0x3000),
    ("x86_64", "across-2G", 2 * GIB - 0x1000),
    ("x86_64", "above-4G", 4 * GIB + 0x1000),
    ("x86_64", "far-above-4G", 6 * GIB + 0x345000),
]

IDS = [f"{arch}-{name}" for arch, name, _ in PLACES]


def boot_at(arch, place, directory):
    """A boot with the purgatory at that place, in a machine with RAM above 4 GiB."""
    boot = Boot(ARCHES[arch], directory, memory_size="6G").with_payload()
    boot.place = place
    boot.seal()
    return boot


@pytest.mark.parametrize("arch, name, place", PLACES, ids=IDS)
def test_runs_anywhere(arch, name, place, tmp_path):
    """Code, constants and parameters are found, the digest is right and the payload is entered."""
    boot = boot_at(arch, place, tmp_path)
    report, text = boot.report()
    assert f"purgatory: verified 1 segment, {len(boot.payload)} bytes" in text
    assert report[boot.arch.entry] == boot.arch.payload_at


@pytest.mark.parametrize("arch, name, place", PLACES, ids=IDS)
def test_refuses_anywhere(arch, name, place, tmp_path):
    """The words and the halt are as independent of the place as the rest is."""
    boot = boot_at(arch, place, tmp_path)
    boot.params["segment[0].digest"] = b""
    boot.params.seal()
    assert f"[code {constant('E_DIGEST')}]" in boot.refusal()


@pytest.mark.parametrize("arch", ARCHES)
def test_everything_above_4g(arch, tmp_path):
    """Segments, entry and a copy's ends above 4 GiB, with the purgatory there as well."""
    boot = Boot(ARCHES[arch], tmp_path, memory_size="6G")
    boot.place = 4 * GIB + 16 * MIB + 0x3000
    boot.with_payload(4 * GIB + 32 * MIB + 8)
    target = 5 * GIB + 0x100000
    boot.params.add_copy(target, 4 * GIB + 32 * MIB + 8, len(boot.payload))
    boot.enter(target)
    boot.seal()
    report, _ = boot.report()
    assert report[boot.arch.entry] == target


def test_misaligned_is_refused(good):
    """An image that does not lie at a multiple of its alignment says so, instead of computing with wrong addresses."""
    good.place += good.header["align"] // 2
    line = good.refusal()
    assert f"[code {constant('E_PLACEMENT')}]" in line
    assert "align" in line
