# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The plain form boots when a loader's relocator, no better than that of kexec-tools, has placed it."""

import struct

import pytest

from abi import PARAMS_SIZE, constant, sha256
from machine import ARCHES, BUILD, GIB, Boot
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


# The symbols by which kexec-tools says what is entered and where its lines go, but for the regions and their digest.
CLIENT_SYMBOLS = {
    "arm64": lambda entry: {
        "arm64_kernel_entry": struct.pack("<Q", entry),
        "arm64_dtb_addr": struct.pack("<Q", ARCHES["arm64"].spare_at),
        "arm64_sink": struct.pack("<Q", ARCHES["arm64"].console["base"]),
    },
    "x86_64": lambda entry: {
        "entry64_regs": struct.pack("<17Q", *[0] * 16, entry),
        "console_serial": b"\1",
        "serial_base": struct.pack("<H", ARCHES["x86_64"].console["base"]),
    },
}


def test_client_symbols(arch, tmp_path):
    """Filled in by the symbols of kexec-tools and not by the block, it is kexec-tools' purgatory."""
    plain = Object.of(BUILD / f"purgatory-{arch.name}.rel.o")
    boot = Boot(arch, tmp_path, purgatory=bytes(plain.at(arch.purgatory_at)))
    boot.image[boot.params.base + 16 : boot.params.base + PARAMS_SIZE] = bytes(PARAMS_SIZE - 16)
    dtb = struct.pack(">10I", 0xD00DFEED, 40, *[0] * 8)
    boot.put(arch.payload_at, boot.payload)
    boot.put(arch.spare_at, dtb)
    values = CLIENT_SYMBOLS[arch.name](arch.payload_at)
    values["sha256_regions"] = struct.pack("<4Q224x", arch.payload_at, len(boot.payload), arch.spare_at, len(dtb))
    values["sha256_digest"] = sha256(boot.payload + dtb)
    for name, value in values.items():
        symbol = plain.globals()[name]
        assert symbol.size == len(value), name
        boot.image[symbol.value : symbol.value + symbol.size] = value
    report, text = boot.report()
    assert f"purgatory: verified 2 segments, {len(boot.payload) + len(dtb)} bytes" in text
    assert report[arch.entry] == arch.payload_at
