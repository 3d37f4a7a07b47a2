# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The plain form boots when a loader's relocator, no better than that of kexec-tools, has placed it."""

import pytest

from abi import constant
from clients import ClientBoot
from machine import ARCHES, BUILD, GIB, Boot, verified_line
from relocator import Object

PLACES = [
    ("arm64", "odd-page", 0x42345000),
    ("arm64", "across-4G", 4 * GIB - 0x1000),
    ("arm64", "above-4G", 5 * GIB + 0x345000),
    ("x86_64", "odd-page", 0x4345000),
    ("x86_64", "across-2G", 2 * GIB - 0x1000),
    ("x86_64", "above-4G", 6 * GIB + 0x345000),
]

IDS = [f"{arch}-{name}" for arch, name, _ in PLACES]


def boot_at(arch, place, directory):
    """A boot with the plain form relocated to that place; its digests are of what came out."""
    image = Object.of(BUILD / f"purgatory-{arch}.rel.o").at(place)
    boot = Boot(ARCHES[arch], directory, memory_size="6G", purgatory=bytes(image))
    boot.place = place
    boot.with_payload().seal()
    return boot


@pytest.mark.parametrize("arch, name, place", PLACES, ids=IDS)
def test_runs(arch, name, place, tmp_path):
    """The payload is verified and entered."""
    boot = boot_at(arch, place, tmp_path)
    report, text = boot.report()
    assert f"purgatory: verified 1 segment, {len(boot.payload)} bytes" in text
    assert report[boot.arch.entry] == boot.arch.payload_at


@pytest.mark.parametrize("arch, name, place", PLACES, ids=IDS)
def test_refuses(arch, name, place, tmp_path):
    """A segment that was damaged after it was loaded is named, and not entered."""
    boot = boot_at(arch, place, tmp_path)
    address, payload = boot.pieces.pop()
    boot.put(address, payload[:-1] + bytes([payload[-1] ^ 1]))
    line = boot.refusal()
    assert "segment 0 (payload)" in line and f"[code {constant('E_DIGEST')}]" in line


@pytest.mark.parametrize("arch, name, place", PLACES, ids=IDS)
def test_client_symbols(arch, name, place, tmp_path):
    """Filled in by the symbols of kexec-tools and not by the block, it is kexec-tools' purgatory."""
    boot = ClientBoot(ARCHES[arch], tmp_path, memory_size="6G")
    plain = Object.of(BUILD / f"purgatory-{arch}.rel.o")
    boot.place, boot.image = place, plain.at(place)
    boot.table = {symbol.name: (symbol.value, symbol.size) for symbol in plain.globals().values()}
    boot.with_payload()
    report, text = boot.report()
    segments, size, _, entry = verified_line(text)
    assert (segments, size) == (len(boot.regions), sum(len(data) for _, data in boot.regions))
    assert report[boot.arch.entry] == entry == boot.arch.payload_at
