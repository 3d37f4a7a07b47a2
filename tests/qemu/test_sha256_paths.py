# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""x86_64: which SHA-256 is used on which CPU, and that the vector registers' switches are as found afterwards.

AVX-512 is not here: no QEMU emulates it. tests/unit/test_sha256.c has it where the host's CPU does.
"""

import dataclasses

import pytest

from machine import X86_64, Boot, qemu_version, verified_line
from segments import pattern, striped, striped_boot

CR0_MP, CR0_EM, CR0_TS = 1 << 1, 1 << 2, 1 << 3
CR4_OSFXSR, CR4_OSXSAVE = 1 << 9, 1 << 18
XCR0_X87 = 1 << 0

# SHA-NI came with QEMU 8.2.
SHA_NI = qemu_version() >= (8, 2)

CPUS = {
    "qemu64": "portable",
    "Nehalem": "ssse3",
    "max,sha-ni=off": "ssse3+avx2",
    "max,sha-ni=off,avx2=off": "ssse3",
    "max,sha-ni=off,avx2=off,ssse3=off": "portable",
    "max,sha-ni=off,xsave=off": "ssse3",
    # Without leaf 0xd of CPUID nothing tells what XCR0 may be; without leaf 7 there is neither AVX2 nor SHA.
    "max,level=7": "sha-ni" if SHA_NI else "ssse3",
    "max,level=6": "ssse3",
    "max,level=1": "ssse3",
    "max": "sha-ni" if SHA_NI else "ssse3+avx2",
    "max,xsave=off": "sha-ni" if SHA_NI else "ssse3",
}


BLOCKS = {"portable": "sha256_blocks_portable", "ssse3": "sha256_blocks_ssse3", "sha-ni": "sha256_blocks_shani"}


@pytest.fixture(params=CPUS)
def cpu(request):
    """Each CPU in turn."""
    return request.param


@pytest.fixture
def boot(cpu, tmp_path):
    """A boot on that CPU with SSE as far off as it can be."""
    boot = Boot(X86_64, tmp_path)
    boot.state = boot.state.with_cpu(cpu)
    cr0 = boot.state.hcr_or_cr0 & ~CR0_MP | CR0_EM | CR0_TS
    boot.state = dataclasses.replace(boot.state, hcr_or_cr0=cr0)
    return boot


def test_path(boot, cpu):
    """One stream and eight lanes, by the best that the CPU has."""
    _, text = striped_boot(boot, 8, start=3).report()
    assert verified_line(text)[2] == CPUS[cpu]


def test_function(boot, cpu):
    """What the line calls the hash is what computes one stream."""
    function = boot.symbol(BLOCKS[CPUS[cpu].split("+")[0]])
    with striped_boot(boot, 8).start(frozen=True) as machine:
        machine.gdb.run_to(boot.place)
        machine.gdb.insert_breakpoint(function)
        machine.gdb.insert_breakpoint(boot.arch.payload_at)
        assert machine.gdb.run_to_stop() == function


@pytest.mark.parametrize("lanes", [2, 4, 16])
def test_lanes(boot, lanes):
    """Other numbers of lanes: the digests are right, whatever computes them."""
    striped_boot(boot, lanes, start=5).report()


def test_name_of_what_was_not_used(boot, cpu):
    """Lanes that are too short for a block are not hashed side by side."""
    boot.with_payload()
    data = pattern(511)
    path = boot.segment("short", boot.arch.spare_at, data, "DIGEST_STRIPED")
    boot.params[f"{path}.lanes"] = 8
    boot.params[f"{path}.digest"] = striped(data, 8)
    _, text = boot.report()
    assert verified_line(text)[2] == CPUS[cpu].split("+")[0]


def test_switches_as_found(boot):
    """CR0, CR4 and XCR0 are as the old kernel left them."""
    report, _ = striped_boot(boot, 8).report()
    assert report["cr0"] == boot.state.hcr_or_cr0
    assert report["cr4"] & (CR4_OSFXSR | CR4_OSXSAVE) == 0
    assert report["xcr0"] in (0, XCR0_X87)


def test_damage(boot):
    """A flipped bit in a striped segment is seen by every path."""
    striped_boot(boot, 8)
    boot.put(boot.arch.spare_at + 8 * 0x20000 + 0x8000, b"\x01")
    assert "segment 9 (s74565): the digest does not match" in boot.refusal()
