# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the purgatory must be able to do: each boot ends in the payload, and in the line that says what was done."""

import re

import pytest

from abi import constant, sha256
from machine import ARM64, X86_64, Boot, verified_line
from segments import STRIPED_SIZES, pattern, striped_boot

# CPUs of the default states: Cortex-A57 and qemu64.
PHYSICAL_BITS = {"arm64": 44, "x86_64": 40}


def test_says_what_it_verified(good):
    """One line: how many segments, how many bytes, by which SHA-256, and where it goes."""
    _, text = good.report()
    segments, size, _, entry = verified_line(text)
    assert (segments, size, entry) == (1, len(good.payload), good.arch.payload_at)


def test_line_comes_before_the_jump(good):
    """The line has left the UART when the payload begins to speak, whole and once."""
    _, text = good.report()
    assert re.match(r"purgatory: [^\n]*\npayload: ", text)


def test_verify_never(good):
    """The loader's word: nothing is verified, the line says so loudly, and the payload is entered."""
    good.params["verify"] = constant("VERIFY_NEVER")
    good.params["segment[0].digest"] = b"wrong"
    _, text = good.report()
    assert re.match(r"purgatory: NOT verified, by the loader's word; jumping to ", text)
    assert "purgatory: verified" not in text


def test_verify_never_without_segments(boot):
    """Without verification there need be no segment, and the entry may be anywhere."""
    boot.put(boot.arch.payload_at, boot.payload)
    boot.enter(boot.arch.payload_at)
    boot.params["verify"] = constant("VERIFY_NEVER")
    report, _ = boot.report()
    assert report[boot.arch.entry] == boot.arch.payload_at


def test_verify_never_still_checks_itself(good):
    """Never concerns the segments; a block that was changed is refused all the same."""
    good.params["verify"] = constant("VERIFY_NEVER")
    good.seal()
    good.params["segment[0].name"] = b"changed"
    assert f"[code {constant('E_BLOCK')}]" in good.refusal()


def test_concat(boot):
    """One digest over all segments, as kexec-tools and Linux compute it."""
    boot.with_payload(kind="DIGEST_CONCAT")
    parts = [pattern(0x1001), b"", pattern(63), pattern(65)]
    for i, part in enumerate(parts):
        boot.segment(f"part{i}", boot.arch.spare_at + i * 0x10001, part, "DIGEST_CONCAT")
    boot.params["digest"] = sha256(boot.payload + b"".join(parts))
    _, text = boot.report()
    assert verified_line(text)[:2] == (5, len(boot.payload) + sum(map(len, parts)))


def test_concat_beside_own_digests(boot):
    """Both kinds in one block: the concatenation is of those segments alone that ask for it."""
    boot.segment("a", boot.arch.spare_at, pattern(100), "DIGEST_CONCAT")
    boot.with_payload()
    boot.segment("b", boot.arch.spare_at + 0x1000, pattern(200), "DIGEST_CONCAT")
    boot.params["digest"] = sha256(pattern(100) + pattern(200))
    _, text = boot.report()
    assert verified_line(text)[0] == 3


@pytest.mark.parametrize("distance", [0x40, -0x40, 8, -8, 0x10000])
def test_copied_payload(boot, distance):
    """The payload is moved to where it overlaps its old place, and entered there."""
    boot.with_payload()
    target = boot.arch.payload_at + distance
    boot.params.add_copy(target, boot.arch.payload_at, len(boot.payload))
    boot.enter(target)
    boot.seal()
    report, _ = boot.report()
    assert report[boot.arch.entry] == target


@pytest.mark.parametrize("distance", [1, -1, 7, -7, 8, -8, 0xFFF, -0xFFF, 0x1000, -0x1000])
@pytest.mark.parametrize("odd", [0, 3])
def test_overlapping_copy(boot, distance, odd):
    """Every byte of an overlapping copy arrives, up and down, aligned or not, and none beside it is touched."""
    data = pattern(0x2345)
    source = boot.arch.spare_at + 0x10000 + odd
    boot.with_payload()
    boot.segment("data", source, data)
    boot.params.add_copy(source + distance, source, len(data))
    boot.seal()
    around = 0x1100
    expected = bytearray(around + len(data) + around)
    expected[around : around + len(data)] = data
    expected[around + distance : around + distance + len(data)] = data
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(source - around, len(expected)) == expected


def test_copies_are_made_in_order(boot):
    """Sixteen copies, each from where the one before it went, all within a segment."""
    data = pattern(0x321)
    boot.with_payload()
    boot.segment("data", boot.arch.spare_at, data + bytes(16 * 0x1001))
    for i in range(16):
        boot.params.add_copy(boot.arch.spare_at + (i + 1) * 0x1001, boot.arch.spare_at + i * 0x1001, len(data))
    boot.seal()
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(boot.arch.spare_at + 16 * 0x1001, len(data)) == data


def test_empty_copy(good):
    """A copy of no bytes is none."""
    good.params.add_copy(good.arch.spare_at, good.arch.payload_at, 0)
    good.report()


def test_copy_of_unverified_memory(good):
    """PURG_COPY_UNVERIFIED: memory that is saved as it is, such as a crash kernel's backup region."""
    data = pattern(0x123)
    good.put(good.arch.spare_at, data)
    good.params.add_copy(good.arch.spare_at + 0x2000, good.arch.spare_at, len(data), constant("COPY_UNVERIFIED"))
    with good.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(good.arch.spare_at + 0x2000, len(data)) == data


@pytest.mark.parametrize("kind", ["DIGEST_SEGMENT", "DIGEST_CONCAT"])
def test_64_segments(boot, kind):
    """The block full to the last entry."""
    boot.with_payload()
    for i in range(63):
        boot.segment(f"s{i}", boot.arch.spare_at + i * 0x1000 + i, pattern(100 + i), kind)
    if kind == "DIGEST_CONCAT":
        boot.params["digest"] = sha256(b"".join(pattern(100 + i) for i in range(63)))
    boot.seal()
    _, text = boot.report()
    assert verified_line(text)[0] == 64


def test_last_of_64_segments_is_verified(boot):
    """The last entry counts as the first does."""
    boot.with_payload()
    for i in range(63):
        boot.segment(f"s{i}", boot.arch.spare_at + i * 0x1000, pattern(100))
    boot.params["segment[63].digest"] = sha256(b"something else")
    assert "segment 63 (s62)" in boot.refusal()


def test_empty_segment(boot):
    """A segment of no bytes has the digest of no bytes."""
    boot.with_payload()
    boot.segment("empty", boot.arch.spare_at, b"")
    _, text = boot.report()
    assert verified_line(text)[0] == 2


def test_empty_segment_is_verified(boot):
    """And no other digest."""
    boot.with_payload()
    boot.segment("empty", boot.arch.spare_at, b"")
    boot.params["segment[1].digest"] = b""
    assert "segment 1 (empty)" in boot.refusal()


@pytest.mark.parametrize("start", [1, 3, 7, 0xFFF])
@pytest.mark.parametrize("size", [1, 55, 56, 63, 64, 65, 119, 120, 127, 129, 4097])
def test_odd_segment(boot, start, size):
    """Any start and any size: the block function meets unaligned data and every kind of padding."""
    boot.with_payload()
    boot.segment("odd", boot.arch.spare_at + start, pattern(size))
    boot.report()


def test_large_segment(boot):
    """Some megabytes, of an odd size."""
    data = bytes(range(251)) * (3 << 20 >> 8) + b"odd"
    boot.with_payload()
    boot.segment("large", boot.arch.spare_at, data)
    _, text = boot.report()
    assert verified_line(text)[1] == len(boot.payload) + len(data)


def test_neighbours_of_the_purgatory(boot):
    """Segments may end where the purgatory begins and begin where it ends, and touch each other."""
    boot.with_payload()
    end = boot.place + boot.header["mem_size"]
    boot.segment("before", boot.place - 0x100, pattern(0x100))
    boot.segment("behind", end, pattern(0x100))
    boot.segment("behind2", end + 0x100, pattern(0x100))
    _, text = boot.report()
    assert verified_line(text)[0] == 4


@pytest.mark.parametrize("beyond", [0, 1])
def test_end_of_physical_memory(good, beyond):
    """A range may end where the physical address space ends, and not a byte later; x86_64: if it is mapped there."""
    limit = 1 << PHYSICAL_BITS[good.arch.name]
    good.params["verify"] = constant("VERIFY_NEVER")
    good.params["segment_count"] = 2
    good.params["segment[1].start"] = limit - 0x1000
    good.params["segment[1].size"] = 0x1000 + beyond
    if beyond:
        assert f"[code {constant('E_RANGE')}]" in good.refusal()
    elif good.arch.name == "x86_64":
        assert f"[code {constant('E_UNMAPPED')}]" in good.refusal()
    else:
        good.report()


@pytest.mark.parametrize("flags", [0, constant("FLAG_PORTABLE_SHA256")], ids=["fastest", "portable"])
@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
def test_striped(boot, lanes, flags):
    """Striped digests of every number of lanes, of sizes around their bounds, by what the CPU has and without it."""
    boot.params["flags"] = flags
    _, text = striped_boot(boot, lanes, start=lanes - 1).report()
    assert verified_line(text)[:2] == (1 + len(STRIPED_SIZES), len(boot.payload) + sum(STRIPED_SIZES))


@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
def test_damage_in_any_lane(boot, lanes):
    """A flipped byte in the last lane is as bad as one in the first."""
    striped_boot(boot, lanes)
    boot.put(boot.arch.spare_at + (len(STRIPED_SIZES) - 1) * 0x20000 + 0x12344, b"\x01")
    assert f"segment {len(STRIPED_SIZES)} (s74565): the digest does not match" in boot.refusal()


def test_portable_sha256(good):
    """PURG_FLAG_PORTABLE_SHA256: the line names the portable implementation."""
    good.params["flags"] = constant("FLAG_PORTABLE_SHA256")
    _, text = good.report()
    assert verified_line(text)[2] == "portable"


def test_sealed(good):
    """With the digests of the block and of the image given, and right."""
    good.seal()
    good.report()


def test_name_of_eight(boot):
    """A name without NUL is printed as it is and no further; what is not printable is not printed."""
    boot.with_payload()
    boot.segment("12345678", boot.arch.spare_at, b"x")
    boot.params["segment[1].digest"] = b"\xff" * 32
    assert "segment 1 (12345678)" in boot.refusal()


def test_name_with_control_characters(boot):
    """A damaged name cannot drive the terminal."""
    boot.with_payload()
    boot.params["segment[0].name"] = b"\x1b[2J\r\n\xff "
    boot.params["segment[0].digest"] = b""
    assert re.search(r"segment 0 \(.\[2J\?\?\?\?\)", boot.refusal())


# Consoles.


@pytest.mark.parametrize("width", [0, 2, 4])
def test_pl011_width(tmp_path, width):
    """The PL011 is written by halfwords, as SBSA allows, or by words."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.console(0, width=width)
    _, text = boot.report()
    verified_line(text)


@pytest.mark.parametrize("width", [0, 1])
def test_8250_port(tmp_path, width):
    """The 8250 behind I/O ports."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.console(0, width=width)
    _, text = boot.report()
    verified_line(text)


@pytest.mark.parametrize("index", [0, 1])
def test_either_console(good, index):
    """Each entry of the table works without the other."""
    good.params["console[0].kind"] = 0
    good.params["console[0].base"] = 0
    good.console(index)
    _, text = good.report()
    verified_line(text)


def put_registers(boot, index, address, size, values, **console):
    """A console of which the registers are plain memory: they hold what is put there, and keep what is written."""
    registers = bytearray(b"\xaa" * size)
    for offset, value in values.items():
        registers[offset : offset + len(value)] = value
    boot.put(address, registers)
    boot.console(index, base=address, **console)
    return registers


@pytest.mark.parametrize(
    "width, stride, step",
    [(0, 0, 1), (1, 1, 1), (1, 4, 4), (1, 16, 16), (2, 2, 2), (4, 0, 4), (4, 4, 4), (4, 8, 8)],
)
def test_8250_mmio(good, width, stride, step):
    """Access width and register stride: LSR says ready, THR gets the line's last character, nothing else is written."""
    address, size = good.arch.spare_at, 0x100
    access = width or 1
    ready = {5 * step: (0x60).to_bytes(access, "little")}
    registers = put_registers(
        good, 1, address, size, ready, kind="CONSOLE_8250", width=width, stride=stride
    )
    registers[:access] = b"\n".ljust(access, b"\0")
    with good.start() as machine:
        machine.wait_for("^payload: end$")
        verified_line(machine.text)
        assert machine.memory(address, size) == registers


STUCK = {
    "pl011": ("CONSOLE_PL011", b"\xff"),
    "8250": ("CONSOLE_8250", b"\0"),
}


@pytest.mark.parametrize("kind", STUCK)
@pytest.mark.parametrize("index", [0, 1])
def test_stuck_console(good, kind, index):
    """A transmitter that is never ready holds up neither the other console's line nor the boot."""
    name, flags = STUCK[kind]
    good.console(1)
    good.put(good.arch.spare_at, flags * 0x100)
    good.console(index, kind=name, base=good.arch.spare_at)
    _, text = good.report()
    verified_line(text)


@pytest.mark.parametrize("kind", STUCK)
def test_only_a_stuck_console(good, kind):
    """The payload is entered even so, in silence."""
    name, flags = STUCK[kind]
    good.put(good.arch.spare_at, flags * 0x100)
    good.console(0, kind=name, base=good.arch.spare_at)
    _, text = good.report()
    assert "purgatory" not in text


def test_no_console(good):
    """The payload is entered without a word."""
    good.params["console[0].kind"] = 0
    good.params["console[0].base"] = 0
    _, text = good.report()
    assert "purgatory" not in text
