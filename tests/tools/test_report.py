# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`purgatory report`: records made here by hand, from what docs/abi.md says of their layout, where each architecture's
kernel shows them, and in images of memory."""
import hashlib
import json
import struct
import subprocess

import pytest

import machines

HOSTILE = True
VERIFIED, SKIPPED, REFUSED = 0xE500BDDF, 0x5E0E14CA, 0x281FA6F5
SIZE = 0x150
# name: offset, struct's format
FIELDS = {
    "magic": (0x00, "8s"), "abi_major": (0x08, "H"), "abi_minor": (0x0A, "H"), "size": (0x0C, "I"),
    "verdict": (0x30, "I"), "code": (0x34, "I"), "stage": (0x38, "I"), "segment": (0x3C, "I"), "name": (0x40, "8s"),
    "expected": (0x48, "32s"), "computed": (0x68, "32s"), "sha256": (0x88, "16s"), "cached": (0x98, "I"),
    "level": (0x9C, "I"), "segments": (0xA0, "I"), "skipped": (0xA4, "I"), "bytes": (0xA8, "Q"), "check": (0xB0, "Q"),
    "hash": (0xB8, "Q"), "walked": (0xC0, "Q"), "copy": (0xC8, "Q"), "hz": (0xD0, "Q"), "cpu": (0xD8, "Q"),
    "cpu2": (0xE0, "Q"), "pages": (0xE8, "Q"), "address": (0xF0, "Q"), "syndrome": (0xF8, "Q"), "pc": (0x100, "Q"),
    "fault": (0x108, "Q"), "entries": (0x110, "Q"), "leaves": (0x118, "Q"), "walk": (0x120, "I"),
}
GOOD = {"verdict": VERIFIED, "segments": 4, "bytes": 28302823, "segment": 0xFFFFFFFF, "stage": 4, "cached": 1,
        "level": 0x102, "sha256": b"armv8-ce+2ce", "check": 12500, "hash": 1875000, "walked": 1, "copy": 0,
        "hz": 62500000, "cpu": 0x411FD070, "cpu2": 0x80000003}
PC = {**GOOD, "level": 64, "sha256": b"sha-ni", "hz": 0, "cpu": 0x306C3, "cpu2": 2}
DIGEST = {**GOOD, "verdict": REFUSED, "code": 15, "stage": 2, "segment": 2, "name": b"initrd", "expected": b"\x12" * 32,
          "computed": b"\xab" * 32, "segments": 0, "bytes": 0}


def record(fields, size=SIZE, seal=True):
    data = bytearray(size)
    all_fields = {"magic": b"PURGREPT", "abi_major": 1, "size": size, **fields}
    for name, value in all_fields.items():
        offset, form = FIELDS[name]
        struct.pack_into("<" + form, data, offset, value)
    if seal:
        data[0x10:0x30] = hashlib.sha256(data).digest()
    return bytes(data)


def machine_of(tmp_path, arch, data):
    """One that shows this as a record's room."""
    if arch == "arm64":
        return machines.write(tmp_path / "machine", {"proc/device-tree/chosen/purgatory,report": data})
    nodes = "sys/kernel/boot_params/setup_data"
    files = {f"{nodes}/0/type": "0x9\n", f"{nodes}/0/data": b"seed", f"{nodes}/1/type": "0x47525550\n",
             f"{nodes}/1/data": data}
    return machines.write(tmp_path / "machine", files)


def report(purgatory, *args, code=0):
    done = purgatory("report", *args)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert bool(done.stderr) == (code == 2), done.stderr
    return done.stdout if code != 2 else done.stderr


def from_file(purgatory, data, *args, code=0):
    return report(purgatory, "--from", purgatory.file("memory", data), *args, code=code)


TEXTS = [
    (GOOD, 0, """verdict   verified: 4 segments, 28302823 bytes
sha256    armv8-ce+2ce, cached
time      check 0.200 ms, hash 30.000 ms, walk 0.000 ms, copy 0.000 ms
cpu       arm64, EL2 with E2H, MIDR 0x411fd070, MPIDR 0x80000003
"""),
    (PC, 0, """verdict   verified: 4 segments, 28302823 bytes
sha256    sha-ni, cached
time      check 12500, hash 1875000, walk 1, copy 0 ticks, of a length that is not known
cpu       x86_64, signature 0x306c3, APIC id 0x2
"""),
    ({**GOOD, "segments": 1, "bytes": 9, "cached": 0, "level": 1}, 0, """verdict   verified: 1 segment, 9 bytes
sha256    armv8-ce+2ce, uncached
time      check 0.200 ms, hash 30.000 ms, walk 0.000 ms, copy 0.000 ms
cpu       arm64, EL1, MIDR 0x411fd070, MPIDR 0x80000003
"""),
    ({**GOOD, "verdict": SKIPPED, "skipped": 3, "segments": 1, "walk": 1, "pages": 7512, "entries": 99,
      "leaves": 88}, 0,
     """verdict   verified: 1 segment, 28302823 bytes; skipped: 3 segments
sha256    armv8-ce+2ce, cached
walk      the old kernel could not write to what was skipped
          7512 pages looked at; 99 table entries, of which 88 map something
"""),
    ({**GOOD, "walk": 2, "address": 0x7D431000}, 0, "walk      the old kernel could write to 0x7d431000\n"),
    ({**GOOD, "walk": 8, "address": 0x40000000000}, 0,
     "walk      in doubt, so all was verified: a table outside the ranges: 0x40000000000\n"),
    ({**GOOD, "walk": 13}, 0, "walk      in doubt, so all was verified: no caches\n"),
    ({**GOOD, "walk": 14}, 0, "walk      in doubt, so all was verified: not unmapped on purpose\n"),
    ({**GOOD, "walk": 0xFFFFFFFF}, 0, "in doubt, so all was verified: a doubt that this command does not know\n"),
    ({**GOOD, "walk": 15}, 0, "in doubt, so all was verified: a doubt that this command does not know\n"),
    ({**GOOD, "verdict": 0, "segments": 0, "bytes": 0, "sha256": b""}, 0,
     "verdict   NOT verified, by the loader's word\nsha256    none, cached\n"),
    (DIGEST, 1, f"""verdict   refused: segment 2 (initrd): the digest does not match [code 15]
stage     verification
expected  {"12" * 32}
computed  {"ab" * 32}
sha256    armv8-ce+2ce, cached
"""),
    ({**DIGEST, "code": 16, "segment": 0xFFFFFFFF, "name": b""}, 1,
     """verdict   refused: the concatenation's digest does not match [code 16]
stage     verification
expected  """),
    ({**DIGEST, "code": 9, "stage": 1, "expected": b"", "computed": b"", "segment": 0, "name": b"longname"}, 1,
     """verdict   refused: segment 0 (longname): overlaps the purgatory [code 9]
stage     parameters
sha256 """),
    ({**DIGEST, "name": b"\x1b[2J\n\"\\x"}, 1, 'segment 2 (?[2J?"\\x): '),
    ({**DIGEST, "code": 23}, 1, "refused: segment 2 (initrd): an exception [code 23]\n"),
    ({**DIGEST, "code": 24}, 1, "segment 2 (initrd): for a reason that this command does not know [code 24]\n"),
    ({**DIGEST, "code": 0xFFFFFFFF, "stage": 9}, 1,
     "refused: segment 2 (initrd): for a reason that this command does not know [code 4294967295]\nstage     unknown\n"),
    ({**DIGEST, "syndrome": 0x96000010, "pc": 0x42001234, "fault": 0x4000000000}, 1,
     "fault     syndrome 0x96000010, pc 0x42001234, address 0x4000000000\n"),
    ({**GOOD, "sha256": b"0123456789abcde\x01"}, 0, "sha256    0123456789abcde?, cached\n"),
]


@pytest.mark.parametrize("fields, code, text", TEXTS)
def test_text(purgatory, tmp_path, fields, code, text):
    """In plain words; the same from a machine of either kind, and from an image of memory."""
    said = {arch: report(purgatory, "--machine", machine_of(tmp_path / arch, arch, record(fields)), code=code)
            for arch in ("arm64", "x86_64")}
    assert text in said["arm64"] and said["arm64"] == said["x86_64"]
    assert from_file(purgatory, bytes(20) + record(fields), code=code) == \
        "record at offset 0x14\n" + said["arm64"]


def test_json(purgatory, tmp_path):
    """Every field is there, as it is in the record."""
    told = json.loads(report(purgatory, "--json", "--machine", machine_of(tmp_path, "arm64", record(GOOD))))
    ticks = {"check": 12500, "hash": 1875000, "walk": 1, "copy": 0}
    assert told == [{
        "verdict": "verified", "code": 0, "stage": "handoff", "segments_verified": 4, "segments_skipped": 0,
        "bytes": 28302823, "sha256": "armv8-ce+2ce", "cached": True, "ticks_hz": 62500000, "ticks": ticks,
        "milliseconds": {"check": 0.2, "hash": 30, "walk": 0.000016, "copy": 0}, "arch": "arm64", "level": 0x102,
        "cpu_id": [0x411FD070, 0x80000003]}]
    fields = {**DIGEST, "level": 64, "hz": 0, "cached": 0, "stage": 3, "syndrome": 1, "pc": 2, "fault": 3, "walk": 9,
              "address": 4, "pages": 5, "entries": 6, "leaves": 7, "name": b'a"\\b'}
    told = json.loads(report(purgatory, "--json", "--machine", machine_of(tmp_path / "pc", "x86_64", record(fields)),
                             code=1))
    assert told == [{
        "verdict": "refused", "code": 15, "stage": "copies", "reason": "the digest does not match", "segment": 2,
        "segment_name": 'a"\\b', "expected": "12" * 32, "computed": "ab" * 32, "segments_verified": 0,
        "segments_skipped": 0, "bytes": 0, "sha256": "armv8-ce+2ce", "cached": False,
        "walk": {"result": 9, "address": 4, "pages": 5, "entries": 6, "leaves": 7, "doubt": "a table within itself"},
        "ticks_hz": 0, "ticks": ticks, "arch": "x86_64", "level": 64, "cpu_id": [0x411FD070, 0x80000003],
        "fault": {"syndrome": 1, "pc": 2, "address": 3}}]
    fields = {**GOOD, "verdict": SKIPPED, "walk": 1, "skipped": 2}
    (told,) = json.loads(from_file(purgatory, record(fields), "--json"))
    assert told["verdict"] == "skipped" and told["segments_skipped"] == 2 and "doubt" not in told["walk"]
    assert told["offset"] == 0
    (told,) = json.loads(from_file(purgatory, record({**GOOD, "verdict": 0, "walk": 3}), "--json"))
    assert told["verdict"] == "none" and told["walk"]["doubt"] == "no digest of the block or of the image"


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_alignment(purgatory, tmp_path, arch):
    """The room may begin four bytes before the record, and be larger."""
    for before, behind in ((0, 4), (4, 0), (4, 100)):
        root = machine_of(tmp_path, arch, bytes(before) + record(GOOD) + bytes(behind))
        assert "verified: 4 segments" in report(purgatory, "--machine", root)


def test_later_version(purgatory, tmp_path):
    """What a later minor version has beyond is under its digest."""
    later = record({**GOOD, "abi_minor": 1}, SIZE + 16)
    assert "verified: 4 segments" in report(purgatory, "--machine", machine_of(tmp_path, "arm64", later))
    report(purgatory, "--machine", machine_of(tmp_path, "arm64", later[:-1] + b"x"), code=2)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]


DAMAGED = [
    (bytes(SIZE + 4), "there is room for a record, but none in it"),
    (b"", "there is room for a record, but none in it"),
    (record(GOOD)[:-1], "there is room for a record, but none in it"),
    (bytes(8) + record(GOOD), "there is room for a record, but none in it"),
    (flipped(record(GOOD), 0), "there is room for a record, but none in it"),
    (flipped(record(GOOD), 0xA8), "the record does not have its digest: it was changed"),
    (bytes(4) + flipped(record(GOOD), 0xA8), "the record does not have its digest: it was changed"),
    (record({**GOOD, "abi_major": 2}), "the record is of an ABI that this library does not know"),
    (record({**GOOD, "size": SIZE - 8}), "the record is shorter than its version has it"),
    (bytes(4) + record(GOOD, SIZE + 4)[:-4], "the record is shorter than its version has it, or longer than the mem"),
    (record({**GOOD, "verdict": 1}), "verdict: is 0x1, which this command does not know"),
]


@pytest.mark.parametrize("arch, name", [("arm64", "proc/device-tree/chosen/purgatory,report"),
                                        ("x86_64", "sys/kernel/boot_params/setup_data/1/data")])
@pytest.mark.parametrize("data, message", DAMAGED)
def test_damaged(purgatory, tmp_path, arch, name, data, message):
    """One line that says where and what."""
    said = report(purgatory, "--machine", machine_of(tmp_path, arch, data), code=2)
    assert f"/{name}: {message}" in said and said.count("\n") == 1


def test_none(purgatory, tmp_path):
    """A kernel that no such loader has started."""
    message = "there is no room for a record: no loader made any for this kernel, as 'purgatory load' does\n"
    for name in ("arm64-virt", "x86_64-q35"):
        assert message in report(purgatory, "--machine", machines.RECORDED / name, code=2)
    nodes = machines.write(tmp_path, {"sys/kernel/boot_params/setup_data/0/type": "0x9\n"})
    assert message in report(purgatory, "--machine", nodes, code=2)


def test_tree(purgatory, tmp_path):
    """A kernel that goes by ACPI has the device tree as a whole only: at both alignments of the property."""
    seen = set()
    for pad in ("", "\\0\\0\\0\\0"):
        root = tmp_path / f"machine{len(pad)}"
        room = "".join(f" {byte:02x}" for byte in bytes(SIZE + 4))
        source = f'/dts-v1/; / {{ pad = "x{pad}"; chosen {{ purgatory,report = [{room}]; }}; }};'
        dtb = subprocess.run(["dtc", "-q", "-O", "dtb"], input=source.encode(), check=True, capture_output=True).stdout
        at = dtb.index(bytes(SIZE))
        at += -at % 4
        seen.add(at % 8)
        at += -at % 8
        machines.write(root, {"sys/firmware/fdt": dtb})
        assert "room for a record, but none in it" in report(purgatory, "--machine", root, code=2)
        machines.write(root, {"sys/firmware/fdt": dtb[:at] + record(GOOD) + dtb[at + SIZE:]})
        assert "verified: 4 segments" in report(purgatory, "--machine", root)
        end = len(dtb) - at
        machines.write(root, {"sys/firmware/fdt": dtb[:at] + record({**GOOD, "size": end + 4}) + dtb[at + SIZE:]})
        assert "longer than the memory that it is in" in report(purgatory, "--machine", root, code=2)
    assert seen == {0, 4}


def test_image(purgatory):
    """All records of an image, whatever lies between them; one that was changed is told of, and does not count."""
    refused, good, bad = record(DIGEST), record(GOOD), flipped(record(GOOD), 0x30)
    memory = b"PURGREPT" + bytes(100) + good + b"\xff" * 1004 + bad + refused
    memory += b"PURGREPT\x02\0" + b"x" * 402 + good[:-4]
    done = purgatory("report", "--json", "--from", purgatory.file("memory", memory))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [(one["offset"], one["verdict"]) for one in told] == \
        [(memory.index(good), "verified"), (memory.index(refused), "refused")]
    assert done.stderr == f"purgatory: {purgatory.directory}/memory: offset 0x{memory.index(bad):x}: " \
        "the record does not have its digest: it was changed\n"
    report(purgatory, "--from", purgatory.file("memory", refused + good), code=1)
    assert from_file(purgatory, good + bytes(4) + good).count("\n\nrecord at offset 0x154\n") == 1
    assert "memory: has no sound record of a boot" in from_file(purgatory, bytes(1000), code=2)
    assert "memory: has no sound record of a boot" in from_file(purgatory, bytes(2) + good, code=2)
    assert "memory: has no sound record of a boot" in from_file(purgatory, bytes(8), code=2)
    said = from_file(purgatory, record({**GOOD, "verdict": 7}), code=2)
    assert "offset 0x0: verdict is 0x7, which" in said and "has no sound record" in said


@pytest.mark.parametrize("args, message", [
    (["x"], "report: 'x' is one too many"),
    (["--bad"], "report: '--bad' is not an option"),
    (["--from"], "report: '--from' needs a value"),
    (["--from", "a", "--from", "b"], "report: --from is given twice"),
    (["--from", "a", "--machine", "b"], "report: --from and --machine exclude each other"),
    (["--from", "missing"], "purgatory: missing: "),
])
def test_usage(purgatory, args, message):
    assert message in report(purgatory, *args, code=2)


def test_help(purgatory):
    assert report(purgatory, "--help").startswith("Usage: purgatory report")
