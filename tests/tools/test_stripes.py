# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Striped digests, made by pack and verified by check, held against the few lines of hashlib in packed.py."""
import os
import shutil
import struct
import subprocess

import pytest

import conftest
import kernels
from kernels import noise
from packed import HEADER_FIELDS, HEADER_MAGIC, STRIPED, Packed, digest

HOSTILE = True
LANES = [2, 4, 8, 16]
KERNELS = {"arm64": kernels.arm64(size=200_001), "x86_64": kernels.x86_64(size=200_001)}
FEATURE = 1 << 2


def one_cpu():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def sizes(lanes):
    """Around the least that is striped, and around where all lanes become a block longer; all but the last are padded."""
    step = 64 * lanes
    return [65532, 65533, 65536, 65537, 65536 + step - 4, 65536 + step - 1, 65536 + step, 65536 + step + 1, 100_003,
            65536 + 2 * step - 64, 65535]


@pytest.mark.parametrize("arch", KERNELS)
@pytest.mark.parametrize("stripes", [1, *LANES])
def test_digests(purgatory, arch, stripes):
    args = []
    for size in sizes(stripes):
        purgatory.file(f"i{size}", noise(size, size))
        args += ["--initrd", f"i{size}"]
    purgatory.pack(*args, "--stripes", stripes, "--append", "x" * 500, kernel=KERNELS[arch])
    packed = Packed(purgatory.directory / "out")
    packed.assert_digests(stripes)
    contents = [noise(size, size) for size in sizes(stripes)]
    joined = b"".join(content + bytes(-len(content) % 4) for content in contents[:-1]) + contents[-1]
    assert packed.read(packed.pack["initrd"], packed.pack["initrd_size"]) == joined
    assert any(segment.lanes for segment in packed.segments) == (stripes > 1)
    done = purgatory.ok("check", "out")
    assert done.stdout.splitlines() == \
        ["parameters: ok", "purgatory: ok"] + [f"segment {name}: ok" for name in packed.names()]


@pytest.mark.parametrize("arch", KERNELS)
@pytest.mark.parametrize("stripes", [1, *LANES])
def test_same_bytes_on_one_cpu(purgatory, arch, stripes):
    """However the work is shared out; and one stripe is none."""
    names = ["--initrd=a", "--initrd=b", "--initrd=c"]
    for name, size in (("a", 3_000_001), ("b", 70_000), ("c", 1_000_000)):
        purgatory.file(name, noise(size, size))
    stripes = ["--stripes", stripes] if stripes > 1 else []
    purgatory.pack(*names, *stripes, kernel=KERNELS[arch], out="one")
    purgatory.pack(*names, *(stripes or ["-s", "1"]), kernel=KERNELS[arch], out="two")
    expected = (purgatory.directory / "one").read_bytes()
    assert (purgatory.directory / "two").read_bytes() == expected
    purgatory.ok("pack", "-k", "kernel", "-c", "none", *names, *stripes, "-o", "two", preexec_fn=one_cpu)
    assert (purgatory.directory / "two").read_bytes() == expected
    assert purgatory.ok("check", "one").stdout == purgatory.ok("check", "two", preexec_fn=one_cpu).stdout


class Striped:
    """A packed image with stripes, to be changed in place."""

    def __init__(self, command, arch, lanes):
        self.command = command
        command.file("initrd", noise(65536 + 64 * lanes + 5, 7))
        command.file("small", b"small")
        command.pack("-i", "initrd", "-i", "small", "-i", "initrd", "-s", lanes, "-a", "y" * 130, kernel=KERNELS[arch])
        self.packed = Packed(command.directory / "out")
        self.bytes = bytearray((command.directory / "out").read_bytes())
        self.params = self.packed.params_offset()

    def entry(self, segment):
        return self.params + 0x700 + 0x40 * self.packed.segments.index(segment)

    def check(self, content):
        self.command.file("damaged", content)
        return self.command("check", "damaged")

    def sealed(self, segment, kind, lanes, new):
        """The image with another digest of this segment, and the block digest to match."""
        content = bytearray(self.bytes)
        entry = self.entry(segment)
        struct.pack_into("<IH", content, entry + 0x10, kind, lanes)
        content[entry + 0x20:entry + 0x40] = new
        block = content[self.params:self.params + 0x1700]
        content[self.params + 0x40:self.params + 0x60] = digest(bytes(block[:0x40] + bytes(0x20) + block[0x60:]))
        return content


@pytest.fixture(params=KERNELS)
def image(request, purgatory):
    return Striped(purgatory, request.param, 4)


@pytest.mark.parametrize("lanes", LANES)
def test_flip_in_each_lane(purgatory, lanes):
    """The first, a middle and the last byte of every lane, and of what the last one has more."""
    image = Striped(purgatory, "x86_64", lanes)
    for name in ("kernel", "initrd.2"):
        segment = image.packed.segment(name)
        size = segment.size // (64 * lanes) * 64
        spots = {lane * size + at for lane in range(lanes) for at in (0, size // 2, size - 1)}
        for spot in sorted(spots | {lanes * size, segment.size - 1}):
            content = bytearray(image.bytes)
            at = image.packed.file_offset(segment.start + spot)
            content[at] ^= 4
            done = image.check(content)
            wrong = bytes(content[at - spot:at - spot + segment.size])
            assert done.returncode == 1, (name, spot)
            assert done.stderr == (f"purgatory: damaged: segment {name}: digest mismatch: "
                                   f"expected {segment.digest.hex()}, computed {digest(wrong, lanes).hex()}\n")


def test_lanes_in_another_order(image):
    """The same lanes, two of them swapped."""
    segment = image.packed.segment("kernel")
    start, size = image.packed.file_offset(segment.start), segment.size // 256 * 64
    content = bytearray(image.bytes)
    content[start + size:start + 3 * size] = content[start + 2 * size:start + 3 * size] + content[start + size:start + 2 * size]
    done = image.check(content)
    assert done.returncode == 1 and "segment kernel: digest mismatch" in done.stderr


@pytest.mark.parametrize("lanes", LANES)
def test_stripes_of_any_size(purgatory, lanes):
    """pack makes no stripes that small; whoever else does, check knows what is right, down to lanes of no bytes."""
    for length in (0, 1, 63, 64, 64 * lanes - 2, 64 * lanes - 1, 64 * lanes, 1500):
        purgatory.file("initrd", b"z" * (length + 1))
        image = Striped(purgatory, "arm64", lanes)
        image.command.pack("-i", "initrd", "-a", "w" * length, kernel=KERNELS["arm64"])
        image.packed = Packed(purgatory.directory / "out")
        image.bytes = bytearray((purgatory.directory / "out").read_bytes())
        for name in ("cmdline", "initrd"):
            segment, content = image.packed.segment(name), image.packed.content(name)
            assert image.check(image.sealed(segment, STRIPED, lanes, digest(content, lanes))).returncode == 0
            assert image.check(image.sealed(segment, STRIPED, lanes, digest(content))).returncode == 1


def test_kinds_and_lanes(image):
    for name in ("cmdline", "kernel", "initrd.1"):
        segment, content = image.packed.segment(name), image.packed.content(name)
        for kind in (0, STRIPED, 0x2052E52B, STRIPED ^ 1, 1):
            for lanes in (0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 32, 0x8002, 0xFFFF):
                right = lanes in LANES if kind == STRIPED else kind == 0 and lanes == 0
                done = image.check(image.sealed(segment, kind, lanes, digest(content, lanes if right else 0)))
                assert done.returncode == (0 if right else 2), (name, kind, lanes)
                if not right:
                    assert done.stderr == f"purgatory: damaged: segment {name}: " \
                        "kind and lanes are not those of a digest of its own\n"


def test_purgatory_without_the_feature(image):
    """An image that its own purgatory would refuse."""
    at = image.packed.file_offset(image.packed.pack["purgatory"]) + HEADER_FIELDS["features"][0]
    content = bytearray(image.bytes)
    content[at] &= ~FEATURE & 0xFF
    done = image.check(content)
    assert done.returncode == 2
    assert done.stderr == "purgatory: damaged: segment kernel: kind is striped, which this purgatory does not support\n"


def test_command_without_the_feature(purgatory):
    """A command that has other purgatories built in: pack does not write what they would refuse."""
    command = bytearray(open(conftest.SANITIZED, "rb").read())
    heads = [at for at in range(0, len(command) - 64, 4)
             if command[at + 8:at + 16] == HEADER_MAGIC and command[at + 0x16:at + 0x18] == b"\x40\0"]
    assert len(heads) == 2
    for at in heads:
        command[at + HEADER_FIELDS["features"][0]] &= ~FEATURE & 0xFF
    path = purgatory.file("command", command)
    shutil.copymode(conftest.SANITIZED, path)
    for arch, kernel in KERNELS.items():
        purgatory.file("kernel", kernel)
        args = [path, "pack", "-k", "kernel", "-c", "none", "-o", "out"]
        done = subprocess.run([*args, "-s", "2"], cwd=purgatory.directory, capture_output=True, text=True)
        assert done.returncode == 2 and purgatory.left() == ["command", "kernel"]
        assert done.stderr == "purgatory: --stripes: the purgatory built into this command does not support it; " \
            "leave it out\n"
        subprocess.run([*args, "-s", "1"], cwd=purgatory.directory, check=True)
        (purgatory.directory / "out").unlink()


@pytest.mark.parametrize("lanes", LANES)
def test_inspect(purgatory, lanes):
    image = Striped(purgatory, "arm64", lanes)
    out = purgatory.ok("inspect", "out").stdout
    assert "striped-digest" in out
    for segment in image.packed.segments:
        text = out[out.index(f"] {segment.name} "):].splitlines()[1:4]
        kind = ["striped", f"{lanes} lanes"] if segment.lanes else ["segment"]
        assert [line.strip() for line in text][:len(kind) + 1] == [*kind, segment.digest.hex()]
