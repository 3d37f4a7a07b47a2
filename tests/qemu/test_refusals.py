# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the purgatory refuses: one fault at a time in a boot that is otherwise sound.

Each fault must give a line that names the field or the segment, the sentence's code, and a CPU that has stopped with
the code in its register; the payload is never entered. That the same boot without the fault succeeds is shown by
test_sound_boot here, and by test_successes.py.
"""

import re
import struct

import pytest

from abi import PARAMS, REPORT_SIZE, Header, constant, locate, sha256
from faults import both
from machine import ARM64, X86_64, Boot, wait_until_halted

BEYOND = 1 << 60
TOP = (1 << 64) - 0x1000

# How a line names the payload's segment, and what it says about digests.
PAYLOAD = r"segment 0 \(payload\)"
EVIDENCE = "expected [0-9a-f]{64}, computed [0-9a-f]{64}"


def put(path, value):
    """A fault: the field holds this value, a number or the name of a constant."""
    return lambda boot: boot.params.__setitem__(path, constant(value) if isinstance(value, str) else value)


def flip(path):
    """A fault: one bit of the field's last byte is not what it was, whatever it was."""

    def spoil(boot):
        offset, kind = locate(PARAMS, path)
        size = kind.size if hasattr(kind, "size") else struct.calcsize(kind)
        boot.image[boot.params.base + offset + size - 1] ^= 1

    return spoil


def segments_overlap(by):
    """A second segment that shares `by` bytes with the payload's end, and whose digest is right."""

    def spoil(boot):
        data = boot.payload[-by:] + bytes(0x100)
        boot.segment("second", boot.arch.payload_at + len(boot.payload) - by, data)

    return spoil


def segment_holds_purgatory(offset):
    """A segment that shares one byte with the purgatory: its first (offset < 0) or its last."""

    def spoil(boot):
        path = f"segment[{boot.params.add_segment('second', 0, b'')}]"
        edge = boot.place - 0x1000 if offset < 0 else boot.place + boot.header["mem_size"] - 1
        boot.params[f"{path}.start"] = edge
        boot.params[f"{path}.size"] = 0x1001

    return spoil


def copy(dst=0, src=0, size=0x100):
    """A copy, its ends given as offsets from spare memory, or by a function of the boot."""

    def spoil(boot):
        ends = [end(boot) if callable(end) else boot.arch.spare_at + end for end in (dst, src)]
        boot.params.add_copy(*ends, size)

    return spoil


def record(address, size=REPORT_SIZE):
    """A record at an offset from spare memory, or where a function of the boot says."""

    def spoil(boot):
        boot.params["report.address"] = address(boot) if callable(address) else boot.arch.spare_at + address
        boot.params["report.size"] = size

    return spoil


def no_segment(boot):
    """The payload is loaded, but is no segment."""
    boot.params["segment[0].start"] = 0
    boot.params["segment[0].size"] = 0
    boot.params["segment[0].digest"] = b""
    boot.params["segment[0].name"] = b""
    boot.params["segment_count"] = 0


def code_byte(boot):
    """The last byte of code or constants flipped after the digests were taken."""
    boot.seal()
    boot.image[boot.header["ro_size"] - 1] ^= 1


def header_size(boot):
    """The header's ro_size damaged after the digests were taken, so that more would be hashed than there is."""
    boot.seal()
    Header(boot.image)["ro_size"] = 0xFFFFF000


def block_byte(path):
    """One bit of a field flipped after the digests were taken."""
    return both(lambda boot: boot.seal(), flip(path))


# name of the fault, fault, code, words that the line must have
HEAD = [
    ("magic", flip("magic"), "E_MAGIC", "magic"),
    ("major-next", put("abi_major", 2), "E_VERSION", "abi_major"),
    ("major-zero", put("abi_major", 0), "E_VERSION", "abi_major"),
    ("minor-next", put("abi_minor", 1), "E_VERSION", "abi_minor"),
    ("size-short", put("size", 0x16FF), "E_SIZE", "size"),
    ("size-long", put("size", 0x1740), "E_SIZE", "size"),
    ("size-zero", put("size", 0), "E_SIZE", "size"),
]

POLICY = [
    ("verify-unknown", put("verify", 1), "E_VALUE", "verify"),
    ("verify-never-one-bit-off", put("verify", constant("VERIFY_NEVER") ^ 1), "E_VALUE", "verify"),
    ("flags-unknown", put("flags", 8), "E_VALUE", "flags"),
    ("flags-unknown-top", put("flags", 1 << 31), "E_VALUE", "flags"),
    ("fail-unknown", put("failure.policy", 1), "E_VALUE", "policy"),
    ("fail-delay", put("failure.delay", 1), "E_RESERVED", "delay"),
    ("mode-unknown", put("handoff.mode", 1), "E_VALUE", "handoff mode"),
    ("checks-unknown", put("handoff.checks", 1 << 31), "E_VALUE", "handoff checks"),
]

SEGMENTS = [
    ("count-65", put("segment_count", 65), "E_COUNT", "segment_count"),
    ("count-max", put("segment_count", 0xFFFFFFFF), "E_COUNT", "segment_count"),
    ("none", no_segment, "E_NOTHING", "segment_count"),
    ("kind-unknown", put("segment[0].kind", 1), "E_VALUE", PAYLOAD + " kind"),
    ("striped", put("segment[0].kind", "DIGEST_STRIPED"), "E_VALUE", PAYLOAD + " lanes"),
    ("lanes", put("segment[0].lanes", 2), "E_RESERVED", PAYLOAD + " lanes"),
    ("concat-with-own-digest", put("segment[0].kind", "DIGEST_CONCAT"), "E_RESERVED", PAYLOAD + " digest"),
    ("concat-digest-of-none", put("digest", b"x"), "E_RESERVED", "digest"),
    ("beyond-physical", put("segment[0].start", BEYOND), "E_RANGE", PAYLOAD + " start"),
    ("size-beyond-physical", put("segment[0].size", BEYOND), "E_RANGE", PAYLOAD),
    (
        "wraps-to-zero",
        both(put("segment[0].start", TOP), put("segment[0].size", 0x1000)),
        "E_RANGE",
        PAYLOAD,
    ),
    (
        "wraps-past-zero",
        both(put("segment[0].start", TOP), put("segment[0].size", TOP)),
        "E_RANGE",
        PAYLOAD,
    ),
    ("size-max", put("segment[0].size", (1 << 64) - 1), "E_RANGE", PAYLOAD),
    ("ends-in-purgatory", segment_holds_purgatory(-1), "E_OVERLAP_SELF", r"segment 1 \(second\)"),
    ("begins-in-purgatory", segment_holds_purgatory(1), "E_OVERLAP_SELF", r"segment 1 \(second\)"),
    ("overlap-by-one", segments_overlap(1), "E_OVERLAP", r"segment 1 \(second\)"),
    ("overlap-by-many", segments_overlap(0x80), "E_OVERLAP", r"segment 1 \(second\)"),
    ("entry-outside", lambda boot: boot.enter(boot.arch.spare_at), "E_ENTRY", "entry"),
    (
        "entry-behind-segment",
        lambda boot: boot.enter((boot.arch.payload_at + len(boot.payload) + 3) & ~3),
        "E_ENTRY",
        "entry",
    ),
    ("entry-before-segment", lambda boot: boot.enter(boot.arch.payload_at - 4), "E_ENTRY", "entry"),
    ("entry-zero", lambda boot: boot.enter(0), "E_ENTRY", "entry"),
    ("entry-in-purgatory", lambda boot: boot.enter(boot.place), "E_OVERLAP_SELF", "entry"),
    ("entry-beyond-physical", lambda boot: boot.enter(BEYOND), "E_RANGE", "entry"),
]

COPIES = [
    ("copies-17", put("copy_count", 17), "E_COUNT", "copy_count"),
    ("copies-max", put("copy_count", 0xFFFFFFFF), "E_COUNT", "copy_count"),
    ("copy-onto-purgatory", copy(dst=lambda boot: boot.place + 0x10), "E_OVERLAP_SELF", "copy 0 dst"),
    ("copy-from-purgatory", copy(src=lambda boot: boot.place - 0xFF), "E_OVERLAP_SELF", "copy 0 src"),
    ("copy-dst-beyond", copy(dst=lambda _: BEYOND), "E_RANGE", "copy 0 dst"),
    ("copy-src-wraps", copy(src=lambda _: TOP, size=TOP), "E_RANGE", "copy 0"),
    ("copy-reserved", both(copy(0x1000, lambda boot: boot.arch.payload_at, 1), put("copy[0].reserved", 1)), "E_RESERVED", "copy 0 reserved"),
    ("copy-flags", both(copy(0x1000, lambda boot: boot.arch.payload_at, 1), put("copy[0].flags", 2)), "E_VALUE", "copy 0 flags"),
    ("copy-unverified", copy(0x1000, 0x2000, 1), "E_SOURCE", "copy 0 src"),
    ("segment-flags", put("segment[0].flags", 1), "E_VALUE", PAYLOAD + " flags"),
]

RESERVED = [
    ("reserved-first", put("reserved[0]", 1), "E_RESERVED", "reserved"),
    ("reserved-last", put("reserved[15]", 0x80), "E_RESERVED", "reserved"),
    ("reserved2-first", put("reserved2[0]", 1), "E_RESERVED", "reserved2"),
    ("reserved2-last", put("reserved2[63]", 0x80), "E_RESERVED", "reserved2"),
    ("linear-map-flags", put("linear_map.flags", 1), "E_RESERVED", "linear_map"),
    ("linear-map-last-range", put("linear_map.range[31].size", 1), "E_RESERVED", "linear_map"),
    (
        "console-reserved",
        both(put("console[1].kind", "CONSOLE_8250"), put("console[1].base", 0x1000), put("console[1].reserved", 1)),
        "E_RESERVED",
        "console 1 reserved",
    ),
    ("console-none-with-base", put("console[1].base", 0x1000), "E_RESERVED", "console 1"),
    ("handoff-reserved", put("handoff.reserved", 1), "E_RESERVED", "handoff"),
    ("handoff-stub", put("handoff.stub", 0x1000), "E_RESERVED", "handoff"),
    ("failure-conduit", put("failure.conduit", "CONDUIT_HVC"), "E_RESERVED", "failure"),
    ("failure-reserved", put("failure.reserved", 1), "E_RESERVED", "failure"),
    ("failure-timer", put("failure.timer_hz", 1), "E_RESERVED", "failure"),
    ("failure-fallback", put("failure.fallback.start", 1), "E_RESERVED", "failure"),
    ("failure-fallback-last", put("failure.fallback_handoff.reserved", 1 << 63), "E_RESERVED", "failure"),
    ("report-size", put("report.size", REPORT_SIZE), "E_RESERVED", "report"),
    ("report-reserved", put("report.reserved", 1), "E_RESERVED", "report"),
    ("unused-segment-first", put("segment[1].name", b"x"), "E_RESERVED", "segment"),
    ("unused-segment-last", flip("segment[63].digest"), "E_RESERVED", "segment"),
    ("unused-copy-first", put("copy[0].size", 1), "E_RESERVED", "copy"),
    ("unused-copy-last", flip("copy[15].reserved"), "E_RESERVED", "copy"),
]

CONSOLES = [
    ("console-kind-unknown", put("console[1].kind", 1), "E_VALUE", "console 1 kind"),
    (
        "console-width-3",
        both(put("console[1].kind", "CONSOLE_8250"), put("console[1].width", 3)),
        "E_VALUE",
        "console 1 width",
    ),
    (
        "console-width-1-pl011",
        both(put("console[1].kind", "CONSOLE_PL011"), put("console[1].width", 1)),
        "E_VALUE",
        "console 1 width",
    ),
    (
        "console-stride-3",
        both(put("console[1].kind", "CONSOLE_8250"), put("console[1].stride", 3)),
        "E_VALUE",
        "console 1 stride",
    ),
    (
        "console-stride-32",
        both(put("console[1].kind", "CONSOLE_8250"), put("console[1].stride", 32)),
        "E_VALUE",
        "console 1 stride",
    ),
    (
        "console-misaligned",
        both(put("console[1].kind", "CONSOLE_PL011"), put("console[1].base", 0x1002)),
        "E_RANGE",
        "console 1 base",
    ),
    (
        "console-beyond",
        both(put("console[1].kind", "CONSOLE_PL011"), put("console[1].base", BEYOND)),
        "E_RANGE",
        "console 1 base",
    ),
    (
        "console-baud",
        both(put("console[1].kind", "CONSOLE_8250"), put("console[1].base", 0x1000), put("console[1].baud", 115201)),
        "E_VALUE",
        "console 1 baud",
    ),
]

DIGESTS = [
    ("block-digest", both(lambda boot: boot.seal(), flip("block_digest")), "E_BLOCK", EVIDENCE),
    ("block-after-seal", block_byte("flags"), "E_BLOCK", EVIDENCE),
    ("block-last-byte", block_byte("segment[63].digest"), "E_BLOCK", EVIDENCE),
    ("block-policy", block_byte("verify"), "E_BLOCK", EVIDENCE),
    ("image-digest", flip("image_digest"), "E_IMAGE", EVIDENCE),
    ("image-byte", code_byte, "E_IMAGE", EVIDENCE),
    ("image-size", header_size, "E_IMAGE", "ro_size"),
    ("segment-digest", flip("segment[0].digest"), "E_DIGEST", PAYLOAD + ".*" + EVIDENCE),
    ("segment-no-digest", put("segment[0].digest", b""), "E_DIGEST", PAYLOAD + ".*expected 0{64}, computed"),
]

RECORD = [
    ("record-misaligned", record(4), "E_PLACEMENT", "report address"),
    ("record-short", record(0, REPORT_SIZE - 1), "E_SIZE", "report size"),
    ("record-beyond", record(lambda _: BEYOND), "E_RANGE", "report address"),
    ("record-wraps", record(lambda _: (1 << 64) - 8), "E_RANGE", "report address"),
    ("record-in-purgatory", record(lambda boot: boot.place + 0x1000), "E_OVERLAP_SELF", "report address"),
    ("record-on-entry", record(lambda boot: boot.arch.payload_at), "E_OVERLAP", "report address"),
    ("record-before-entry", record(lambda boot: boot.arch.payload_at + 8 - REPORT_SIZE), "E_OVERLAP", "report address"),
    ("record-reserved", both(record(0), put("report.reserved", 1)), "E_RESERVED", "report reserved"),
    (
        "record-on-copy",
        both(record(0), copy(dst=8 - 0x100, src=lambda boot: boot.arch.payload_at)),
        "E_OVERLAP",
        "report address",
    ),
]

FAULTS = HEAD + POLICY + SEGMENTS + COPIES + RECORD + RESERVED + CONSOLES + DIGESTS

X86_FAULTS = [
    ("mode-x86-32", put("handoff.mode", "HANDOFF_X86_32"), "E_RESERVED", "handoff .unused."),
    ("mode-x86-16", put("handoff.mode", "HANDOFF_X86_16"), "E_RESERVED", "handoff .unused."),
    ("checks-dtb", put("handoff.checks", "CHECK_DTB"), "E_VALUE", "handoff checks"),
    (
        "port-beyond",
        both(put("console[1].kind", "CONSOLE_8250_PORT"), put("console[1].base", 0xFFFC)),
        "E_RANGE",
        "console 1 base",
    ),
    (
        "port-stride",
        both(put("console[1].kind", "CONSOLE_8250_PORT"), put("console[1].stride", 1)),
        "E_VALUE",
        "console 1 stride",
    ),
]

ARM64_FAULTS = [
    ("mode-x86-32", put("handoff.mode", "HANDOFF_X86_32"), "E_VALUE", "handoff mode"),
    ("regs-behind-x3", put("handoff.x86_64.r15", 1), "E_RESERVED", "handoff"),
    ("port-console", put("console[1].kind", "CONSOLE_8250_PORT"), "E_VALUE", "console 1 kind"),
    ("entry-odd", lambda boot: boot.enter(boot.arch.payload_at + 2), "E_ENTRY", "misaligned"),
]


def refuses(boot, fault, code, words):
    """Spoil the boot, and see it refused with the code and the words."""
    fault(boot)
    line = boot.refusal()
    assert f"[code {constant(code)}]" in line, line
    assert re.search(words, line), line


def by_name(faults):
    """The faults as pytest parameters."""
    return [pytest.param(*fault[1:], id=fault[0]) for fault in faults]


def test_sound_boot(good):
    """Without a fault the payload is entered: what follows is refused for its fault alone."""
    good.seal()
    report, _ = good.report()
    assert report[good.arch.entry] == good.arch.payload_at


@pytest.mark.parametrize("fault, code, words", by_name(FAULTS))
def test_fault(good, fault, code, words):
    """Each field's faults, on both architectures."""
    refuses(good, fault, code, words)


@pytest.mark.parametrize("fault, code, words", by_name(X86_FAULTS))
def test_x86_64_fault(tmp_path, fault, code, words):
    """Faults that only x86_64 can have."""
    refuses(Boot(X86_64, tmp_path).with_payload(), fault, code, words)


@pytest.mark.parametrize("fault, code, words", by_name(ARM64_FAULTS))
def test_arm64_fault(tmp_path, fault, code, words):
    """Faults that only arm64 can have."""
    refuses(Boot(ARM64, tmp_path).with_payload(), fault, code, words)


@pytest.mark.parametrize("state", [state.name for state in ARM64.states])
def test_refusal_at_each_level(tmp_path, state):
    """Words and halt work at EL1, EL2 and EL2 with VHE."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = ARM64.state(state)
    refuses(boot, flip("segment[0].digest"), "E_DIGEST", "payload")


@pytest.mark.parametrize("index", [0, 1, 2, 3])
@pytest.mark.parametrize("where", ["first", "last"])
def test_changed_segment_is_named(boot, index, where):
    """One bit of one segment is changed after it was loaded: the line names that segment, and the right digests."""
    names = ["payload", "initrd", "dtb", "eightlng"]
    boot.with_payload()
    for i, name in enumerate(names[1:]):
        boot.segment(name, boot.arch.spare_at + i * 0x10000 + 0x101 * i, bytes([i]) * (0x3001 + i))
    boot.seal()
    address, data = boot.pieces[index]
    changed = bytearray(data)
    changed[0 if where == "first" else -1] ^= 0x10
    boot.pieces[index] = (address, bytes(changed))
    line = boot.refusal()
    assert f"segment {index} ({names[index]})" in line
    assert f"[code {constant('E_DIGEST')}]" in line
    assert f"expected {boot.params[f'segment[{index}].digest'].hex()}" in line
    assert f"computed {sha256(changed).hex()}" in line


@pytest.mark.parametrize("index", [0, 1])
def test_changed_concat_segment(boot, index):
    """The same for the digest over the concatenation, which cannot name the segment."""
    concat_boot(boot)
    address, data = boot.pieces[index]
    boot.pieces[index] = (address, bytes([data[0] ^ 1]) + data[1:])
    assert f"[code {constant('E_CONCAT')}]" in boot.refusal()


def test_concat_digest_is_checked(boot):
    """The digest over the concatenation is itself wrong."""
    concat_boot(boot)
    flip("digest")(boot)
    assert f"[code {constant('E_CONCAT')}]" in boot.refusal()


def test_concat_order(boot):
    """The concatenation is in the table's order: the digest of the other order does not match."""
    concat_boot(boot)
    boot.params["digest"] = sha256(boot.pieces[1][1] + boot.pieces[0][1])
    assert f"[code {constant('E_CONCAT')}]" in boot.refusal()


def concat_boot(boot):
    """A payload and another segment under one digest."""
    boot.with_payload(kind="DIGEST_CONCAT")
    boot.segment("second", boot.arch.spare_at, b"second" * 100, "DIGEST_CONCAT")
    boot.params["digest"] = sha256(boot.payload + b"second" * 100)


def test_nothing_is_copied_before_verification(boot):
    """A boot that is refused leaves memory as it was: the copy was not made."""
    boot.with_payload()
    marker = b"must not move.."
    boot.segment("second", boot.arch.spare_at, marker)
    boot.params.add_copy(boot.arch.spare_at + 0x1000, boot.arch.spare_at, len(marker))
    flip("segment[1].digest")(boot)
    with boot.start() as machine:
        machine.wait_for(r"^purgatory: refused: segment 1 \(second\).*halted$")
        assert machine.memory(boot.arch.spare_at + 0x1000, len(marker)) == bytes(len(marker))


# What is handed over.


def dtb(magic=0xD00DFEED, size=0x100):
    """The header of a DTB, and zeros."""
    return struct.pack(">II", magic, size).ljust(0x100, b"\0")


def boot_with_dtb(directory, data, address):
    """A boot on arm64 with data at x0, and PURG_CHECK_DTB."""
    boot = Boot(ARM64, directory).with_payload()
    boot.segment("dtb", address, data)
    boot.register("x0", address)
    boot.params["handoff.checks"] = constant("CHECK_DTB")
    return boot


@pytest.mark.parametrize("size", [0x28, 0x100, 0x200000])
def test_dtb_is_accepted(tmp_path, size):
    """A DTB with magic, alignment and size passes the check."""
    report, _ = boot_with_dtb(tmp_path, dtb(size=size), ARM64.spare_at + 8).report()
    assert report["x0"] == ARM64.spare_at + 8


@pytest.mark.parametrize(
    "data, offset",
    [
        pytest.param(dtb(magic=0xD00DFEEC), 0, id="magic"),
        pytest.param(dtb(magic=0xEDFE0DD0), 0, id="magic-byte-order"),
        pytest.param(dtb(), 4, id="misaligned"),
        pytest.param(dtb(size=0x200001), 0, id="too-large"),
        pytest.param(dtb(size=0x27), 0, id="too-small"),
        pytest.param(dtb(size=0xFFFFFFFF), 0, id="huge"),
    ],
)
def test_dtb_is_refused(tmp_path, data, offset):
    """A DTB that Linux would not take is refused."""
    line = boot_with_dtb(tmp_path, data, ARM64.spare_at + offset).refusal()
    assert f"[code {constant('E_DTB')}]" in line
    assert "DTB" in line


def test_dtb_beyond_physical(tmp_path):
    """x0 leads out of the physical address space."""
    boot = boot_with_dtb(tmp_path, dtb(), ARM64.spare_at)
    boot.register("x0", BEYOND)
    assert f"[code {constant('E_RANGE')}]" in boot.refusal()


def test_image_magic_is_accepted(tmp_path):
    """The payload has the arm64 Image's magic."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    report, _ = boot.report()
    assert report["pc"] == ARM64.payload_at


def test_image_magic_missing(tmp_path):
    """Code without the arm64 Image's magic is not a kernel, though its digest is right."""
    boot = Boot(ARM64, tmp_path)
    boot.payload = boot.payload.replace(b"ARM\x64", b"ARM\x65", 1)
    boot.with_payload()
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    line = boot.refusal()
    assert f"[code {constant('E_KERNEL')}]" in line


def boot_with_boot_params(directory, magic):
    """A boot on x86_64 with boot_params at rsi, and PURG_CHECK_KERNEL."""
    boot = Boot(X86_64, directory).with_payload()
    page = bytearray(0x1000)
    page[0x202 : 0x202 + len(magic)] = magic
    boot.segment("params", X86_64.spare_at, page)
    boot.register("rsi", X86_64.spare_at)
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    return boot


def test_boot_params_are_accepted(tmp_path):
    """HdrS at 0x202 of the boot_params passes the check."""
    report, _ = boot_with_boot_params(tmp_path, b"HdrS").report()
    assert report["rsi"] == X86_64.spare_at


@pytest.mark.parametrize("magic", [b"", b"HdrT", b"SrdH"])
def test_boot_params_are_refused(tmp_path, magic):
    """boot_params without HdrS are not a kernel's."""
    line = boot_with_boot_params(tmp_path, magic).refusal()
    assert f"[code {constant('E_KERNEL')}]" in line


def test_boot_params_beyond_physical(tmp_path):
    """rsi leads out of the physical address space."""
    boot = boot_with_boot_params(tmp_path, b"HdrS")
    boot.register("rsi", BEYOND)
    assert f"[code {constant('E_RANGE')}]" in boot.refusal()


def test_refusal_without_console(good):
    """No console to trust: still no jump, and the code stands in the register."""
    good.params["console[0].kind"] = 0
    good.params["console[0].base"] = 0
    good.params["segment[0].digest"] = b""
    with good.start() as machine:
        wait_until_halted(machine, good.arch, constant("E_DIGEST"))
        assert machine.text == ""


def test_refused_console_is_not_touched(good):
    """The only console has a fault: it is not written to, and the code stands in the register."""
    good.params["console[0].reserved"] = 1
    with good.start() as machine:
        wait_until_halted(machine, good.arch, constant("E_RESERVED"))
        assert machine.text == ""


def test_entry_in_copy_of_unverified_memory(boot):
    """Verification is on, but what is entered was copied from where nothing was verified."""
    boot.segment("second", boot.arch.spare_at, b"verified, but not what is entered")
    boot.put(boot.arch.spare_at + 0x10000, boot.payload)
    boot.params.add_copy(boot.arch.payload_at, boot.arch.spare_at + 0x10000, len(boot.payload), constant("COPY_UNVERIFIED"))
    boot.enter(boot.arch.payload_at)
    assert f"[code {constant('E_ENTRY')}]" in boot.refusal()


def test_entry_overwritten_by_unverified_copy(good):
    """The entry lies in a verified segment, onto which something unverified is then copied."""
    good.put(good.arch.spare_at, good.payload)
    good.params.add_copy(good.arch.payload_at, good.arch.spare_at, len(good.payload), constant("COPY_UNVERIFIED"))
    assert f"[code {constant('E_ENTRY')}]" in good.refusal()


@pytest.mark.parametrize("onto", ["image", "params", "entry", "segment"])
def test_console_that_would_be_written_over(good, onto):
    """A memory-mapped console over the purgatory, its parameters or a segment: nothing is written there, and no jump."""
    base = {
        "image": good.place,
        "params": good.place + good.header["params"] + 0x100,
        "entry": good.arch.payload_at,
        "segment": good.arch.payload_at + 0x40,
    }[onto]
    good.params["console[1].kind"] = constant("CONSOLE_8250")
    good.params["console[1].base"] = base
    code = "E_OVERLAP_SELF" if onto in ("image", "params") else "E_OVERLAP"
    assert f"[code {constant(code)}]" in good.refusal()


def test_unmapped_on_x86_64(tmp_path):
    """What is physical memory, but not in the identity map, is refused and not touched: that would be a triple fault."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.params["segment_count"] = 2
    boot.params["segment[1].start"] = 1 << 38
    boot.params["segment[1].size"] = 0x1000
    assert f"segment 1 () start: not in the identity map: 0x4000000000 [code {constant('E_UNMAPPED')}]" in boot.refusal()


def test_unmapped_record_on_x86_64(tmp_path):
    """The same for a record's place."""
    boot = Boot(X86_64, tmp_path).with_payload()
    record(lambda _: 1 << 38)(boot)
    assert f"report address: not in the identity map: 0x4000000000 [code {constant('E_UNMAPPED')}]" in boot.refusal()


def test_unmapped_boot_params_on_x86_64(tmp_path):
    """The same for the boot_params that are looked at before the jump."""
    boot = Boot(X86_64, tmp_path).with_payload()
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    boot.params["handoff.x86_64.rsi"] = 1 << 38
    refusal = f"handoff rsi: not in the identity map: 0x4000000000 [code {constant('E_UNMAPPED')}]"
    assert refusal in boot.refusal()
