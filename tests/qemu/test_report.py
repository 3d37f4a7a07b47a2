# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The record that the purgatory leaves where the loader says: read from the guest's memory, its digest by hashlib."""

import re

import pytest

from abi import DIGEST, REPORT, REPORT_SIZE, Report, constant, locate, sha256
from machine import (
    ARCHES, ARM64, MIB, OPTION_CACHES, OPTION_MMU, X86_64, Boot, verified_line, wait_until_halted,
)  # fmt: skip
from segments import pattern, striped_boot
from test_refusals import boot_with_boot_params, flip

NO_SEGMENT = 0xFFFFFFFF
E2H = constant("LEVEL_E2H")

# Where the record goes, as an offset from spare memory, and what is there before and around it.
OFFSET = 0x300008
AROUND = b"\xee" * 8
UNTOUCHED = AROUND + b"\xee" * REPORT_SIZE + AROUND

# Of exceptions, which are test_faults', and of the future.
ALWAYS_ZERO = ["fault_syndrome", "fault_pc", "fault_address", "reserved", *(f"reserved2[{i}]" for i in range(5))]

LEVELS = {"el1": 1, "el2": 2, "el2-vhe": 2 | E2H, "el1-below-el2": 1, "long-mode": 64}
STATES = [(arch, state) for arch in ARCHES.values() for state in arch.states]

# CPUID 1 EAX: family 6, model 0x2a, stepping 7. MIDR_EL1 of a Cortex-A57 in QEMU, r1p0; MPIDR_EL1 of CPU 0: RES1.
SANDY_BRIDGE = "qemu64,family=6,model=42,stepping=7"
IDS = {"x86_64": (0x206A7, 0), "arm64": (0x411FD070, 0x80000000)}


def place_of(boot):
    """Where the record goes if nothing else is said."""
    return boot.arch.spare_at + OFFSET


def ask(boot, address=None):
    """Have a record written, and the block sealed."""
    if address is None:
        address = place_of(boot)
        boot.put(address - len(AROUND), UNTOUCHED)
    boot.params["report.address"] = address
    boot.params["report.size"] = REPORT_SIZE
    boot.seal()
    return address


def read(machine, address):
    """The record, once its magic, version, size and digest are found right, and nothing is in it that must be zero."""
    data = bytearray(machine.memory(address, REPORT_SIZE))
    record = Report(data)
    assert record["magic"] == constant("REPORT_MAGIC")
    assert (record["abi_major"], record["abi_minor"]) == (constant("ABI_MAJOR"), constant("ABI_MINOR"))
    assert record["size"] == REPORT_SIZE
    digest, kind = locate(REPORT, "digest")
    assert kind is DIGEST
    assert record["digest"] == sha256(data[:digest] + bytes(32) + data[digest + 32 :])
    assert [record[field] for field in ALWAYS_ZERO] == [0] * len(ALWAYS_ZERO)
    return record


def succeed(boot, address=None):
    """Boot, and return the record and the console's text; around the usual place nothing is written."""
    place = ask(boot, address)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        if address is None:
            found = machine.memory(place - len(AROUND), len(UNTOUCHED))
            assert (found[: len(AROUND)], found[-len(AROUND) :]) == (AROUND, AROUND)
        return read(machine, place), machine.text


def refused(boot, code):
    """Ask for a record, boot, see it refused with that code, and return the record."""
    place = ask(boot)
    with boot.start() as machine:
        machine.wait_for(rf"^purgatory: refused: .* \[code {constant(code)}\]; halted$")
        wait_until_halted(machine, boot.arch, constant(code))
        record = read(machine, place)
    assert record["verdict"] == constant("VERDICT_REFUSED")
    assert record["code"] == constant(code)
    assert (record["segment_count"], record["skipped_count"], record["bytes"]) == (0, 0, 0)
    return record


def assert_no_segment(record):
    """No segment is at fault, and no digest is told."""
    assert record["segment"] == NO_SEGMENT
    assert record["segment_name"] == bytes(8)
    assert record["expected"] == record["computed"] == bytes(32)


@pytest.mark.parametrize("arch, state", STATES, ids=[state.name for _, state in STATES])
def test_success(arch, state, tmp_path):
    """Everything that the line says, and what only the record has."""
    boot = Boot(arch, tmp_path).with_payload()
    boot.state = state.with_cpu(SANDY_BRIDGE) if arch is X86_64 else state
    data = pattern(MIB + 3)
    boot.segment("initrd", arch.spare_at + 1, data)
    boot.params.add_copy(arch.spare_at + 4 * MIB, arch.spare_at + 1, MIB)
    record, text = succeed(boot)
    segments, size, name, _ = verified_line(text)
    assert record["verdict"] == constant("VERDICT_VERIFIED")
    assert (record["code"], record["stage"]) == (constant("OK"), constant("STAGE_HANDOFF"))
    assert_no_segment(record)
    assert (record["segment_count"], record["bytes"], record["skipped_count"]) == (segments, size, 0)
    assert (segments, size) == (2, len(boot.payload) + len(data))
    assert record["sha256"] == name.encode().ljust(16, b"\0")
    assert record["cached"] == 1
    assert record["level"] == LEVELS[state.name]
    if state.name != "el2-vhe":
        assert (record["cpu_id[0]"], record["cpu_id[1]"]) == IDS[arch.name]
    assert record["walk"] == constant("WALK_NONE")
    assert not any(record[f"walk_{field}"] for field in ("pages", "address", "entries", "leaves"))


@pytest.mark.parametrize("level", [7, 13])
def test_apic_id(level, tmp_path):
    """x86_64: with leaf 0xb of CPUID, which has the id of 32 bits, and without it. QEMU starts on the CPU of id 0."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.state = boot.state.with_cpu(f"{SANDY_BRIDGE},level={level}")
    record, _ = succeed(boot)
    assert (record["cpu_id[0]"], record["cpu_id[1]"]) == IDS["x86_64"]


def test_feature(boot):
    """The header says that there can be a record."""
    assert boot.header["features"] & constant("FEATURE_REPORT")


@pytest.mark.parametrize("hz", [0, 12345678])
def test_ticks(boot, hz):
    """Each part takes its time, and all of it less than a minute. How fast the counter is, arm64's CPU tells; of x86_64's
    it is known if the loader says it, who is believed on both. Which part takes how long is no matter in emulation."""
    boot.with_payload()
    boot.segment("large", boot.arch.spare_at + 0x400000, bytes(4 * MIB))
    boot.params.add_copy(boot.arch.spare_at + 0x2000000, boot.arch.spare_at + 0x400000, 4 * MIB)
    boot.params["failure.timer_hz"] = hz
    record, _ = succeed(boot)
    check, hashing, walk, copy = (record[f"ticks_{part}"] for part in ("check", "hash", "walk", "copy"))
    assert check > 0 and hashing > 0 and copy > 0
    if hz or boot.arch is X86_64:
        assert record["ticks_hz"] == hz
    else:
        assert record["ticks_hz"] in (62500000, 1000000000)
        assert check + hashing + walk + copy < 60 * record["ticks_hz"]


def test_never(good):
    """By the loader's word: no verdict, nothing counted."""
    good.params["verify"] = constant("VERIFY_NEVER")
    record, text = succeed(good)
    assert "NOT verified" in text
    assert (record["verdict"], record["code"]) == (constant("VERDICT_NONE"), constant("OK"))
    assert (record["segment_count"], record["skipped_count"], record["bytes"]) == (0, 0, 0)


def test_without_caches(tmp_path):
    """arm64: so many pieces that they cannot be mapped."""
    boot = Boot(ARM64, tmp_path).with_payload()
    for i in range(20):
        boot.segment(f"s{i}", ARM64.spare_at + 0x1000000 + 2 * MIB * i, pattern(100 + i))
    record, text = succeed(boot)
    assert "uncached: too many pieces" in text
    assert record["cached"] == 0
    assert record["segment_count"] == 21


@pytest.mark.parametrize("flags", [0, constant("FLAG_PORTABLE_SHA256")], ids=["fastest", "portable"])
def test_name_with_lanes(boot, flags):
    """The name is the line's, also where lanes have one of their own."""
    boot.params["flags"] = flags
    if boot.arch is X86_64:
        boot.state = boot.state.with_cpu("max,sha-ni=off")
    record, text = succeed(striped_boot(boot, 16))
    name = verified_line(text)[2]
    assert record["sha256"] == name.encode().ljust(16, b"\0")
    if not flags:
        assert name == {"x86_64": "ssse3+avx2", "arm64": "armv8-ce"}[boot.arch.name]


@pytest.mark.parametrize("caches", [True, False], ids=["caches", "no-caches"])
@pytest.mark.parametrize("offset", [0, 0x1238, 0x5000 - REPORT_SIZE], ids=["first", "within", "last"])
def test_in_a_verified_segment(boot, caches, offset):
    """That is what it is for: a property of a DTB, a node of setup_data. The rest of the segment stays as verified."""
    boot.with_payload()
    if not caches and boot.arch is ARM64:
        for i in range(20):
            boot.segment(f"s{i}", ARM64.spare_at + 0x1000000 + 2 * MIB * i, pattern(100 + i))
    data = pattern(0x5000)
    start = boot.arch.spare_at + 0x100
    boot.segment("dtb", start, data)
    place = ask(boot, start + offset)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        record = read(machine, place)
        assert record["verdict"] == constant("VERDICT_VERIFIED")
        assert record["cached"] == int(caches or boot.arch is X86_64)
        found = machine.memory(start, len(data))
    assert found[:offset] == data[:offset]
    assert found[offset + REPORT_SIZE :] == data[offset + REPORT_SIZE :]


def test_damage_at_the_place(boot):
    """What is there before is verified as all of the segment is."""
    boot.with_payload()
    boot.segment("dtb", boot.arch.spare_at, pattern(0x5000))
    ask(boot, boot.arch.spare_at + 0x800)
    boot.put(boot.arch.spare_at + 0x810, b"changed.")
    assert "segment 1 (dtb): the digest does not match" in boot.refusal()


@pytest.mark.parametrize("arch, state", STATES, ids=[state.name for _, state in STATES])
def test_damaged_segment(arch, state, tmp_path):
    """Which one, its name of eight characters, and both digests."""
    boot = Boot(arch, tmp_path).with_payload()
    boot.state = state
    data = pattern(0x1234)
    boot.segment("eightlng", arch.spare_at, data)
    boot.params["segment[1].digest"] = sha256(b"something else")
    record = refused(boot, "E_DIGEST")
    assert (record["stage"], record["segment"]) == (constant("STAGE_VERIFY"), 1)
    assert record["segment_name"] == b"eightlng"
    assert record["expected"] == sha256(b"something else")
    assert record["computed"] == sha256(data)
    assert record["cached"] == 1
    assert record["level"] == LEVELS[state.name]
    assert record["ticks_hash"] > 0


def test_damaged_concatenation(boot):
    """No segment is named, but both digests are."""
    boot.with_payload(kind="DIGEST_CONCAT")
    boot.params["digest"] = sha256(b"something else")
    record = refused(boot, "E_CONCAT")
    assert (record["stage"], record["segment"]) == (constant("STAGE_VERIFY"), NO_SEGMENT)
    assert (record["expected"], record["computed"]) == (sha256(b"something else"), sha256(boot.payload))


def test_bad_field(good):
    """A sealed block with a fault: the stage, the code, and no digest; no hash was made."""
    good.params["handoff.checks"] = 1 << 31
    record = refused(good, "E_VALUE")
    assert record["stage"] == constant("STAGE_PARAMETERS")
    assert_no_segment(record)
    assert (record["cached"], record["ticks_hash"]) == (0, 0)
    assert record["ticks_check"] > 0


def test_bad_segment(good):
    """The fault is in a segment's entry: it is named."""
    good.params.add_segment("second", good.arch.payload_at + 8, b"overlaps")
    record = refused(good, "E_OVERLAP")
    assert (record["stage"], record["segment"]) == (constant("STAGE_PARAMETERS"), 1)
    assert record["segment_name"] == b"second\0\0"
    assert record["expected"] == record["computed"] == bytes(32)


def test_bad_handoff(tmp_path):
    """What is handed over is no kernel: the last stage."""
    record = refused(boot_with_boot_params(tmp_path, b""), "E_KERNEL")
    assert record["stage"] == constant("STAGE_HANDOFF")
    assert_no_segment(record)
    assert record["ticks_hash"] > 0


UNWRITTEN = {
    "block-changed": (lambda boot: flip("segment[63].digest")(boot), "E_BLOCK"),
    "image-changed": (lambda boot: (flip("image_digest")(boot), boot.params.seal()), "E_IMAGE"),
    "magic": (lambda boot: flip("magic")(boot), "E_MAGIC"),
    "unsealed-bad-field": (
        lambda boot: (flip("reserved2[0]")(boot), boot.params.__setitem__("block_digest", b"")),
        "E_RESERVED",
    ),
    "bad-place": (lambda boot: (boot.enter(place_of(boot) + 8), boot.params.seal()), "E_OVERLAP"),
}


@pytest.mark.parametrize("fault", UNWRITTEN)
def test_not_written(good, fault):
    """A block that may be anything, or a place that is refused: not a byte is written there."""
    spoil, code = UNWRITTEN[fault]
    place = ask(good)
    spoil(good)
    with good.start() as machine:
        machine.wait_for(rf"^purgatory: refused: .* \[code {constant(code)}\]; halted$")
        wait_until_halted(machine, good.arch, constant(code))
        assert machine.memory(place - len(AROUND), len(UNTOUCHED)) == UNTOUCHED


def test_nobody_asked(good):
    """Without a place nothing is written: memory next to the payload is as it was put there."""
    good.put(place_of(good) - len(AROUND), UNTOUCHED)
    with good.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(place_of(good) - len(AROUND), len(UNTOUCHED)) == UNTOUCHED


@pytest.mark.parametrize("caches", [0, OPTION_CACHES], ids=["no-caches", "caches"])
@pytest.mark.parametrize("state", ARM64.states, ids=[state.name for state in ARM64.states])
def test_entered_with_the_mmu_on(state, caches, tmp_path):
    """arm64, under a firmware's map: the record of a success, and that of a refusal before the map is left."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = state
    boot.options |= OPTION_MMU | caches
    record, _ = succeed(boot)
    assert record["verdict"] == constant("VERDICT_VERIFIED")
    assert (record["cached"], record["level"]) == (int(caches != 0), LEVELS[state.name])
    boot.params["handoff.checks"] = 1 << 31
    assert refused(boot, "E_VALUE")["stage"] == constant("STAGE_PARAMETERS")


def test_doubt_of_the_walk(good):
    """What the look at the old kernel's tables came to, here that there was nothing to look for."""
    good.params["verify"] = constant("VERIFY_UNLESS_UNMAPPED")
    good.params["linear_map.region"] = good.arch.spare_at
    good.params["linear_map.region_size"] = 0x1000
    record, text = succeed(good)
    assert re.search("^purgatory: verifying: ", text, re.M)
    assert record["walk"] == constant("WALK_REGION")
    assert record["walk_address"] == good.arch.spare_at
    assert record["verdict"] == constant("VERDICT_VERIFIED")
