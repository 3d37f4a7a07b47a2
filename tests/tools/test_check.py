# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""check and inspect on damaged files: the segment is named, and nothing crashes whatever the file says."""
import random
import struct

import pytest

import kernels
from kernels import noise
from packed import HEADER_FIELDS, PACK_FIELDS, PARAMS_FIELDS, Packed

HOSTILE = True
ARCHES = {"arm64": kernels.arm64, "x86_64": kernels.x86_64}


class Victim:
    """A packed image, and copies of it with bytes changed."""

    last = None

    def __init__(self, command, name):
        self.command = command
        self.name = name
        command.file("initrd", noise(5001, 7))
        command.pack("--initrd", "initrd", "--initrd", "initrd", "--append", "quiet", kernel=ARCHES[name](), out=name)
        self.packed = Packed(command.directory / name)
        self.bytes = (command.directory / name).read_bytes()

    def run(self, content):
        self.command.file("damaged", content)
        self.command("inspect", "--map", "damaged")
        return self.command("check", "damaged")

    def changed(self, at, new):
        """In place, and back: the files are megabytes, and there are thousands of these."""
        path = self.command.directory / "changed"
        if not path.exists() or path.stat().st_size != len(self.bytes) or self.last != self.name:
            path.write_bytes(self.bytes)
            Victim.last = self.name
        with open(path, "r+b") as file:
            for content in (new, self.bytes[at:at + len(new)]):
                file.seek(at)
                file.write(content)
                file.flush()
                if content is new:
                    inspected = self.command("inspect", "--map", "changed").stdout
                    done = self.command("check", "changed")
        done.inspected = inspected
        done.stderr = done.stderr.replace("changed", "damaged")
        return done

    def flipped(self, at):
        return self.changed(at, bytes([self.bytes[at] ^ 0x10]))


@pytest.fixture(scope="module", params=ARCHES)
def victim(request, shared):
    return Victim(shared, request.param)


def refused(done):
    assert done.returncode == 2 and done.stderr.startswith("purgatory: damaged: ") and done.stderr.count("\n") == 1
    return True


def test_flip_in_each_segment(victim):
    """The first, a middle and the last byte: one line, that names the segment and both digests, and exit code 1."""
    for segment in victim.packed.segments:
        for at in {0, segment.size // 2, segment.size - 1}:
            if segment.name == "front" and at == 0 or segment.name == "cmdline" and at == segment.size - 1:
                continue  # these are found before any digest is: see below
            done = victim.flipped(victim.packed.file_offset(segment.start + at))
            if done.returncode == 2 and segment.name in ("kernel", "bootprm"):
                continue
            assert done.returncode == 1, (segment.name, at, done.stderr)
            line, = done.stderr.splitlines()
            assert line.startswith(f"purgatory: damaged: segment {segment.name}: digest mismatch: expected "
                                   f"{segment.digest.hex()}, computed ")
            good = [f"segment {other.name}: ok" for other in victim.packed.segments if other is not segment]
            assert done.stdout.splitlines() == ["parameters: ok", "purgatory: ok", *good]


def test_flip_in_the_parameters(shared):
    """A bit in what no other rule can notice, a console's port: the block's digest does."""
    shared.file("kernel", ARCHES["x86_64"]())
    shared.ok("pack", "--kernel", "kernel", "--console", "uart8250,io,0x3f8", "-o", "sealed")
    content = bytearray((shared.directory / "sealed").read_bytes())
    content[Packed(shared.directory / "sealed").params_offset() + 0x88] ^= 0x10
    shared.file("damaged", bytes(content))
    done = shared("check", "damaged")
    assert done.returncode == 1
    assert done.stderr.startswith("purgatory: damaged: parameters: digest mismatch: expected ")


def test_cmdline_without_its_nul(victim):
    segment = victim.packed.segment("cmdline")
    done = victim.changed(victim.packed.file_offset(segment.end - 1), b"!")
    assert refused(done) and "pack.cmdline: does not end with its only NUL" in done.stderr


def test_digest_in_the_table(victim):
    for index, segment in enumerate(victim.packed.segments):
        done = victim.flipped(victim.packed.params_offset() + 0x700 + 0x40 * index + 0x20)
        assert done.returncode == 1 and f"segment {segment.name}: digest mismatch" in done.stderr


def test_purgatory_itself(victim):
    """Its code and header, and the digest of it."""
    if not victim.packed.header["features"] & 8:
        pytest.skip("this build has no digest of itself")
    base = victim.packed.file_offset(victim.packed.pack["purgatory"])
    for at in (0, 0x40, victim.packed.header["ro_size"] - 1):
        done = victim.flipped(base + at)
        assert done.returncode == 1 and "damaged: purgatory: digest mismatch" in done.stderr
    done = victim.flipped(victim.packed.params_offset() + 0x60)
    assert done.returncode == 1 and "damaged: purgatory: digest mismatch" in done.stderr
    done = victim.changed(victim.packed.params_offset() + 0x60, bytes(32))
    assert done.returncode == 1 and "damaged: purgatory: digest mismatch" in done.stderr


def test_two_segments_two_lines(victim):
    content = bytearray(victim.bytes)
    for name in ("initrd.0", "initrd.1"):
        content[victim.packed.file_offset(victim.packed.segment(name).start)] ^= 1
    done = victim.run(bytes(content))
    assert done.returncode == 1
    assert [line.split(": ")[2] for line in done.stderr.splitlines()] == ["segment initrd.0", "segment initrd.1"]


def test_truncated(victim):
    """At every length near a boundary, and at many others: always refused."""
    size = len(victim.bytes)
    lengths = {1, 2, 8, 16, 63, 64, 65, 0x1FF, 0x1000, 0x1040, size - 1, size - 4096}
    for segment in victim.packed.segments:
        at = victim.packed.file_offset(segment.start)
        lengths |= {at - 1, at, at + 1, at + segment.size - 1}
    params = victim.packed.params_offset()
    lengths |= {params, params + 15, params + 0x700, params + 0x1000}
    lengths |= {random.Random(1).randrange(1, size) for _ in range(60)}
    for length in sorted(length for length in lengths if 0 < length < size):
        assert refused(victim.run(victim.bytes[:length])), length


VALUES = [0, 1, 3, 0x7F, 0x1001, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63, 2**64 - 4096, 2**64 - 1]


def each_value(form, old):
    bits = 8 * struct.calcsize(form)
    values = {value & (2**bits - 1) for value in VALUES} | {old + 1, old - 1, old ^ (1 << (bits - 1)), old + 4096}
    return sorted((value % 2**bits for value in values - {old}), key=int)


def test_every_header_field(victim):
    """All of the header is in the image digest, so every change is seen, one way or the other."""
    base = victim.packed.file_offset(victim.packed.pack["purgatory"])
    for name, (offset, form) in HEADER_FIELDS.items():
        for value in each_value(form, victim.packed.header[name]):
            if value == victim.packed.header[name]:
                continue
            done = victim.changed(base + offset, struct.pack("<" + form, value))
            assert done.returncode != 0 or not victim.packed.header["features"] & 8, (name, value)


def test_every_pack_field(victim):
    base = victim.packed.file_offset(0x40)
    for name, (offset, form) in PACK_FIELDS.items():
        for value in each_value(form, victim.packed.pack[name]):
            if value == victim.packed.pack[name]:
                continue
            done = victim.changed(base + offset, struct.pack("<" + form, value))
            # More or less memory is not wrong in itself; for these there is the front end's digest.
            assert done.returncode == 2 or done.returncode == 1 and name in ("front_mem", "room", "room_size"), name


def test_every_parameter(victim):
    """Byte by byte: whatever pack does not write there is refused. Console addresses are anybody's guess."""
    base = victim.packed.params_offset()
    count = len(victim.packed.segments)
    for at in [*range(0, 0x28), *range(0x28, 0x300, 4), *range(0x300, 0x700, 28), *range(0x700, 0x700 + 0x40 * (count + 1), 4),
               0x16FF]:
        if 0x80 <= at < 0xC0 and (at - 0x80) % 0x20 in range(8, 16) and victim.packed.consoles():
            continue
        if at in (0x0A, 0x0B):
            continue  # a minor version of 0x10 is refused as well, but 0 is all there is
        if at < 0x700 or at >= 0x700 + 0x40 * count or (at - 0x700) % 0x40 not in range(0x18, 0x20):
            done = victim.flipped(base + at)
            assert done.returncode != 0, hex(at)


def test_every_segment_field(victim):
    base = victim.packed.params_offset() + 0x700
    for index, segment in enumerate(victim.packed.segments):
        for offset in range(0x10, 0x18):
            done = victim.flipped(base + 0x40 * index + offset)
            assert refused(done) and f"segment {segment.name}: " in done.stderr
        for offset, old in ((0, segment.start), (8, segment.size)):
            for value in each_value("Q", old):
                if value != old:
                    done = victim.changed(base + 0x40 * index + offset, struct.pack("<Q", value))
                    assert done.returncode != 0, (segment.name, offset, value)


def test_segment_names_are_for_terminals(victim):
    done = victim.changed(victim.packed.params_offset() + 0x700 + 0x18, b"\x1b[2J\x07\0\0\0")
    assert refused(done) and "\x1b" not in done.stderr
    assert "\x1b" not in done.inspected


def test_overlaps(victim):
    """Parts in one place: no digest need be wrong for that, since what is on top may be the same bytes, or zeros."""
    pack = victim.packed.file_offset(0x40)
    purgatory = victim.packed.pack["purgatory"]
    done = victim.changed(pack + PACK_FIELDS["room"][0], struct.pack("<Q", purgatory))
    assert refused(done) and "overlaps the purgatory" in done.stderr
    done = victim.changed(pack + PACK_FIELDS["front_mem"][0], struct.pack("<I", purgatory + 1))
    assert refused(done) and "the purgatory: at " in done.stderr and "overlaps the front end's memory" in done.stderr
    done = victim.changed(pack + PACK_FIELDS["front_mem"][0], struct.pack("<I", 0))
    assert refused(done) and "pack.front_mem: is 0x0, less than front_size" in done.stderr
    kernel = victim.packed.segment("kernel")
    at, form = (victim.packed.file_offset(kernel.start) + 16, "<Q") if victim.name == "arm64" else \
        (victim.packed.file_offset(victim.packed.pack["table"]) + 0x260, "<I")
    done = victim.changed(at, struct.pack(form, victim.packed.segment("initrd.0").end - kernel.start))
    assert refused(done) and "overlaps the kernel's memory" in done.stderr


def test_purgatory_off_its_alignment(victim):
    header = victim.packed.file_offset(victim.packed.pack["purgatory"])
    done = victim.changed(header + HEADER_FIELDS["align"][0], struct.pack("<I", 1 << 30))
    assert refused(done) and "pack.purgatory: is not a multiple of its alignment, 0x40000000" in done.stderr


def test_arm64_kernel_that_is_none(shared):
    victim = Victim(shared, "arm64")
    kernel = victim.packed.file_offset(victim.packed.segment("kernel").start)
    for at, new in ((56, b"ARM\x65"), (8, struct.pack("<Q", 0x80000))):
        done = victim.changed(kernel + at, new)
        assert refused(done) and "is not an arm64 Image at its text_offset" in done.stderr


def test_arm64_kernel_without_its_header(purgatory):
    """A kernel of ten bytes, with which the file ends."""
    purgatory.pack(kernel=kernels.arm64())
    packed = Packed(purgatory.directory / "out")
    content = bytearray((purgatory.directory / "out").read_bytes())
    struct.pack_into("<Q", content, packed.params_offset() + 0x708 + 0x40 * packed.names().index("kernel"), 10)
    purgatory.file("damaged", content[:packed.file_offset(packed.segment("kernel").start) + 10])
    done = purgatory("check", "damaged")
    assert refused(done) and "segment kernel: is not an arm64 Image at its text_offset" in done.stderr


def test_room_of_pages(victim):
    for name in ("room", "room_size"):
        place = victim.packed.file_offset(0x40) + PACK_FIELDS[name][0]
        done = victim.changed(place, struct.pack("<Q", victim.packed.pack[name] + 8))
        assert refused(done) and "pack.room: is not made of pages" in done.stderr
    assert refused(victim.changed(place, bytes(8)))


def test_initrds_in_another_order(victim):
    """Each digest is right, but Linux would unpack them in the order in which they lie."""
    base = victim.packed.params_offset() + 0x700
    first = base + 0x40 * victim.packed.names().index("initrd.0")
    both = victim.bytes[first:first + 0x80]
    done = victim.changed(first, both[0x40:] + both[:0x40])
    assert refused(done) and "is not the initrd at" in done.stderr


def test_kernel_that_does_not_tell_its_memory(victim):
    table = victim.packed.params_offset() + 0x700
    if victim.name == "arm64":
        done = victim.changed(table + 0x40 * victim.packed.names().index("kernel") + 8, struct.pack("<Q", 32))
    else:
        content = bytearray(victim.bytes)
        struct.pack_into("<Q", content, table + 0x40 * victim.packed.names().index("bootprm") + 8, 0x800)
        struct.pack_into("<Q", content, victim.packed.file_offset(0x40) + PACK_FIELDS["table_size"][0], 0x800)
        done = victim.run(bytes(content))
    assert refused(done) and "segment kernel: does not tell how much memory it takes" in done.stderr


def test_something_in_the_gaps(victim):
    """Bytes of the file that are nobody's: behind the front end, in the room, in the kernel's bss, before the initrd."""
    packed, pack = victim.packed, victim.packed.pack
    kernel = packed.segment("kernel")
    spots = [pack["front_size"], pack["front_mem"] - 1, pack["room"], pack["room"] + pack["room_size"] - 1, kernel.end,
             packed.segment("initrd.0").start - 1, packed.segment("cmdline").end]
    header = packed.header
    spots += [pack["purgatory"] + header["mem_size"] - 1] if header["mem_size"] > header["params"] + 0x1700 else []
    tried = 0
    for spot in spots:
        if not any(start <= spot < start + filesz for start, _, filesz, _ in packed.extents):
            continue
        if any(segment.start <= spot < segment.end for segment in packed.segments):
            continue
        tried += 1
        done = victim.changed(packed.file_offset(spot), b"\1")
        assert refused(done) and "gap: " in done.stderr, hex(spot)
    assert tried >= 3


def test_elf_headers(shared):
    victim = Victim(shared, "x86_64")
    for at in [*range(0x160), 0xFFF]:
        assert victim.flipped(at).returncode == 2, hex(at)
    for at in range(0, 0x140, 4):
        for value in (0, 0xFFFFFFFF):
            if victim.bytes[at:at + 4] != struct.pack("<I", value):
                assert victim.changed(at, struct.pack("<I", value)).returncode == 2
    assert victim.run(victim.bytes + b"x").returncode == 2


def test_random_damage(victim):
    """Several changes at once, most of them where numbers are."""
    chance = random.Random(2)
    params = victim.packed.params_offset()
    spots = [*range(0, 0x200), *range(victim.packed.file_offset(0), victim.packed.file_offset(0) + 0xC0),
             *range(params - 0x100, params + 0x900)]
    for _ in range(150):
        content = bytearray(victim.bytes)
        for _ in range(chance.randrange(1, 6)):
            content[chance.choice(spots)] = chance.choice([0, 0xFF, 0x80, chance.randrange(256)])
        if content != victim.bytes:
            victim.run(bytes(content))
