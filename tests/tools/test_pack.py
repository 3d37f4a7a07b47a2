# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What pack writes, read by a decoder of our own, by readelf, and by hashlib."""
import mmap
import os
import re
import signal
import struct
import subprocess
import time

import pytest

import conftest
import kernels
import uki
import zboot
from kernels import noise
from packed import MIB2, X86_BASE, Packed

PAGE = 4096


def dtb(purgatory, source="/dts-v1/; / { compatible = \"test\"; };", name="test.dtb"):
    path = purgatory.directory / name
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path], input=source.encode(), check=True)
    return path


def test_digests_and_check(purgatory, kernel):
    purgatory.file("initrd", noise(12345, 3))
    purgatory.pack("--initrd", "initrd", "--append", "quiet root=/dev/vda", kernel=kernel)
    packed = Packed(purgatory.directory / "out")
    packed.assert_digests()
    packed.assert_no_overlap()
    assert packed.content("cmdline") == b"quiet root=/dev/vda\0"
    assert packed.content("initrd") == noise(12345, 3)
    assert (packed.params["verify"], packed.params["flags"], packed.params["copy_count"]) == (0, 0, 0)
    assert (packed.params["handoff_mode"], packed.params["failure_policy"]) == (0, 0)
    assert packed.block[0x20:0x40] == bytes(0x20)
    lines = purgatory.ok("check", "out").stdout.splitlines()
    assert lines == ["parameters: ok", "purgatory: ok"] + [f"segment {name}: ok" for name in packed.names()]


def test_same_input_same_output(purgatory, kernel):
    purgatory.pack(kernel=kernel, out="one")
    purgatory.pack(kernel=kernel, out="two")
    one, two = (purgatory.directory / name for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("text_offset", [0, 0x80000])
def test_arm64_layout(purgatory, text_offset):
    kernel = kernels.arm64(text_offset=text_offset)
    purgatory.file("initrd", noise(5000, 4))
    purgatory.pack("--initrd", "initrd", kernel=kernel)
    packed = Packed(purgatory.directory / "out")
    pack = packed.pack
    assert packed.names() == ["front", "cmdline", "kernel", "initrd"]
    assert packed.content("kernel") == kernel
    place = packed.segment("kernel").start
    assert place % MIB2 == text_offset
    assert packed.register("pc") == place and packed.register("x0") == 0
    assert packed.params["handoff_checks"] == 3
    assert pack["purgatory"] % packed.header["align"] == 0
    assert pack["room"] % PAGE == 0 and pack["room_size"] % PAGE == 0
    assert pack["room"] + pack["room_size"] == place - text_offset == MIB2
    assert pack["room_size"] >= 256 * 1024
    assert (pack["table"], pack["table_size"]) == (0, 0)
    initrd = packed.segment("initrd")
    assert initrd.start % PAGE == 0 and initrd.start >= place + 0x80000
    assert (pack["initrd"], pack["initrd_size"]) == (initrd.start, initrd.size)
    # The kernel's bss is in the file, as zeros, since the initrd follows.
    assert packed.read(place + len(kernel), 0x80000 - len(kernel)) == bytes(0x80000 - len(kernel))
    header = packed.read(0, 64)
    assert header[56:60] == b"ARM\x64"
    assert struct.unpack_from("<Q", header, 16)[0] == pack["image_size"] == initrd.end
    assert packed.file_size == initrd.end
    purgatory.ok("check", "out")


def test_arm64_without_initrd_is_as_long_as_the_kernel(purgatory):
    purgatory.pack(kernel=kernels.arm64())
    packed = Packed(purgatory.directory / "out")
    assert packed.names() == ["front", "cmdline", "kernel"]
    assert packed.file_size == packed.segment("kernel").end
    assert packed.pack["image_size"] == packed.segment("kernel").start + 0x80000
    assert (packed.pack["initrd"], packed.pack["initrd_size"]) == (0, 0)
    purgatory.ok("check", "out")


def test_arm64_kernel_longer_than_its_image_size(purgatory):
    purgatory.file("initrd", b"x")
    purgatory.pack("--initrd", "initrd", kernel=kernels.arm64(size=0x81001))
    packed = Packed(purgatory.directory / "out")
    assert packed.segment("initrd").start >= packed.segment("kernel").end
    purgatory.ok("check", "out")


@pytest.mark.parametrize("padding", [0, 100_000, 1_900_000, 0x200000 - 0x1000])
def test_arm64_dtb_and_its_room(purgatory, padding):
    path = dtb(purgatory, f"/dts-v1/; / {{ blob = [{' '.join(['aa'] * 4)}]; }};")
    if padding:
        subprocess.run(["dtc", "-q", "-p", str(padding), "-I", "dtb", "-O", "dtb", "-o", path, path], check=True)
    purgatory.pack("--dtb", path, kernel=kernels.arm64())
    packed = Packed(purgatory.directory / "out")
    assert packed.names() == ["front", "cmdline", "dtb", "kernel"]
    assert packed.content("dtb") == path.read_bytes()
    table = packed.segment("dtb")
    assert (packed.pack["table"], packed.pack["table_size"]) == (table.start, table.size)
    assert table.start % 8 == 0
    assert packed.pack["room_size"] >= max(256 * 1024, table.size + 64 * 1024)
    assert packed.segment("kernel").start % MIB2 == 0
    packed.assert_digests()
    packed.assert_no_overlap()
    purgatory.ok("check", "out")


def test_x86_64_layout(purgatory):
    kernel = kernels.x86_64()
    purgatory.file("initrd", noise(7777, 5))
    purgatory.pack("--initrd", "initrd", "--append", "quiet", kernel=kernel)
    packed = Packed(purgatory.directory / "out")
    pack = packed.pack
    assert packed.names() == ["front", "cmdline", "bootprm", "kernel", "initrd"]
    assert packed.content("kernel") == kernel[4 * 512:]
    place = packed.segment("kernel").start
    assert place + X86_BASE == 0x1000000
    assert packed.register("rip") == place + 0x200 and packed.register("rsi") == 0
    assert packed.params["handoff_checks"] == 1
    assert (pack["room"] % PAGE, pack["room_size"]) == (0, 64 * 1024)
    assert pack["room"] + pack["room_size"] <= place
    initrd = packed.segment("initrd")
    assert initrd.start % PAGE == 0 and initrd.start >= place + 0x400000
    assert pack["image_size"] == initrd.end
    purgatory.ok("check", "out")


def test_x86_64_elf(purgatory):
    purgatory.file("initrd", noise(7777, 5))
    purgatory.pack("--initrd", "initrd", kernel=kernels.x86_64())
    packed = Packed(purgatory.directory / "out")
    assert "Elf file type is EXEC" in packed.readelf
    assert "Entry point 0x100000" in packed.readelf
    assert packed.readelf.count(" LOAD ") == 3
    # The note: owner Xen, eight bytes, type 18, the base. p_align 4 is what QEMU reads rightly.
    note = next(line.split() for line in packed.readelf.splitlines() if line.strip().startswith("NOTE"))
    assert note[-1] == "0x4"
    assert "Xen                  0x00000008" in packed.readelf and "0x00000012" in packed.readelf
    assert "description data: 00 00 10 00 00 00 00 00" in packed.readelf
    for (start, offset, filesz, memsz), (after, _, _, _) in zip(packed.extents, packed.extents[1:]):
        assert filesz <= memsz and start + memsz <= after and (offset - start) % PAGE == 0
    first, kernel, initrd = packed.extents
    assert first[3] == packed.pack["room"] + packed.pack["room_size"] and first[2] <= packed.pack["room"]
    assert kernel[3] == 0x400000
    assert initrd[2] == initrd[3] == 7777


def test_x86_64_boot_params(purgatory):
    kernel = kernels.x86_64()
    purgatory.pack(kernel=kernel)
    table = Packed(purgatory.directory / "out").content("bootprm")
    assert len(table) == 4096
    expected = bytearray(4096)
    expected[0x1F1:0x26C] = kernel[0x1F1:0x26C]
    expected[0x210] = 0xFF  # type_of_loader
    expected[0x211] = 0x01  # CAN_USE_HEAP cleared, LOADED_HIGH kept
    expected[0x1FA:0x1FC] = b"\xff\xff"  # vid_mode: normal
    expected[0x214:0x218] = struct.pack("<I", 0x1000000)  # code32_start
    expected[0x250:0x258] = bytes(8)  # setup_data
    assert table == expected


@pytest.mark.parametrize("options, address", [
    ({"pref": 0x100000}, 0x200000),  # too low: the next aligned place
    ({"pref": 0x100000, "alignment": 0x1000000}, 0x1000000),
    ({"pref": 0x1000000 + 0x1000}, 0x1200000),
    ({"pref": 0x3000000}, 0x3000000),
    ({"pref": 0x1001000, "relocatable": 0}, 0x1001000),
])
def test_x86_64_kernel_place(purgatory, options, address):
    purgatory.pack(kernel=kernels.x86_64(**options))
    packed = Packed(purgatory.directory / "out")
    assert packed.segment("kernel").start + X86_BASE == address
    packed.assert_no_overlap()
    purgatory.ok("check", "out")


@pytest.mark.parametrize("wrapped", [zboot.image(kernels.arm64()), zboot.image(kernels.arm64(), "zstd"),
                                     uki.image("arm64", kernels.arm64())], ids=["zboot gzip", "zboot zstd", "bare UKI"])
def test_arm64_wrapped(purgatory, wrapped):
    """What is packed is the Image, whatever it was in; a UKI is good if it has nothing else."""
    purgatory.pack(kernel=kernels.arm64())
    plain = (purgatory.directory / "out").read_bytes()
    purgatory.pack(kernel=wrapped)
    assert (purgatory.directory / "out").read_bytes() == plain


def test_x86_64_gzip(purgatory):
    import gzip
    purgatory.pack(kernel=gzip.compress(kernels.x86_64()))
    assert Packed(purgatory.directory / "out").content("kernel") == kernels.x86_64()[4 * 512:]


def sparse(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


def test_x86_64_initrd_past_the_hole(purgatory):
    """Behind the kernel it would pass 2 GiB, where a PC may have no RAM: it goes to 4 GiB."""
    purgatory.file("initrd", noise(10, 6))
    purgatory.pack("--initrd", "initrd", kernel=kernels.x86_64(init_size=0x7F000000 - 0x1000))
    assert Packed(purgatory.directory / "out").segment("initrd").start + X86_BASE == 0x7FFFF000
    purgatory.pack("--initrd", "initrd", kernel=kernels.x86_64(init_size=0x7F000000))
    packed = Packed(purgatory.directory / "out")
    assert packed.segment("initrd").start + X86_BASE == 0x100000000
    assert packed.pack["image_size"] + X86_BASE == 0x10000000A
    purgatory.ok("check", "out")


@pytest.mark.parametrize("count", [2, 11])
def test_initrds_back_to_back(purgatory, kernel, count):
    contents = [noise(n + 1, n) for n in range(count)]
    args = []
    for n, content in enumerate(contents):
        purgatory.file(f"i{n}", content)
        args += ["--initrd", f"i{n}"]
    purgatory.pack(*args, kernel=kernel)
    packed = Packed(purgatory.directory / "out")
    names = [f"initrd.{n}" if n < 10 else f"initrd{n}" for n in range(count)]
    assert packed.names()[-count:] == names
    # Each but the first begins at a multiple of four; the last has no padding.
    joined = b"".join(content + bytes(-len(content) % 4) for content in contents[:-1]) + contents[-1]
    assert packed.read(packed.pack["initrd"], packed.pack["initrd_size"]) == joined
    packed.assert_digests()
    purgatory.ok("check", "out")


def test_as_many_initrds_as_fit(purgatory):
    purgatory.file("i", b"1234")
    purgatory.pack(*["--initrd=i"] * 61, kernel=kernels.arm64())
    packed = Packed(purgatory.directory / "out")
    assert len(packed.segments) == 64 and packed.names()[-1] == "initrd60"
    purgatory.ok("check", "out")


def test_something_behind_the_end_of_an_initrd(purgatory):
    """The zeros between two initrds are those behind the mapped file: whoever writes there is noticed."""
    purgatory.file("kernel", kernels.arm64())
    path = purgatory.file("i", noise(PAGE, 1))
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), PAGE) as mapped:
        file.truncate(PAGE - 3)
        purgatory.ok("pack", "-k", "kernel", "-i", "i", "-i", "i", "-c", "none", "-o", "out")
        mapped[PAGE - 1] = 1
        done = purgatory("pack", "-k", "kernel", "-i", "i", "-i", "i", "-c", "none", "-o", "out2")
        assert done.returncode == 2 and purgatory.left() == ["i", "kernel", "out"]
        assert done.stderr == "purgatory: i: has something behind its end, so somebody is writing to it; wait for that\n"
        purgatory.ok("pack", "-k", "kernel", "-i", "i", "-c", "none", "-o", "out2")


@pytest.mark.parametrize("terminal", [True, False])
def test_progress(purgatory, terminal):
    """A large input shows how far pack is, on a terminal only."""
    purgatory.file("kernel", kernels.arm64())
    with open(purgatory.directory / "initrd", "wb") as file:
        file.truncate(80 << 20)
    ours, theirs = os.openpty() if terminal else os.pipe()
    command = [conftest.COMMAND, "pack", "-k", "kernel", "-i", "initrd", "-c", "none", "-o", "out"]
    done = subprocess.run(command, cwd=purgatory.directory, stderr=theirs, timeout=60)
    os.write(theirs, b".")
    said = os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0
    assert (b"initrd:  50%" in said) == terminal and (said == b".") != terminal
    assert bool(re.search(rb"digests: +\d+%", said)) == terminal


def test_output_mode_follows_umask(purgatory):
    purgatory.file("kernel", kernels.arm64())
    purgatory.ok("pack", "-k", "kernel", "-c", "none", "-o", "out", umask=0o027)
    assert os.stat(purgatory.directory / "out").st_mode & 0o777 == 0o640


def test_killed_in_the_middle(purgatory):
    """A signal leaves nothing behind, and the OUT that was there."""
    purgatory.file("kernel", kernels.arm64())
    purgatory.file("out", b"old")
    sparse(purgatory.directory / "initrd", 8 << 30)
    process = subprocess.Popen([conftest.COMMAND, "pack", "-k", "kernel", "-i", "initrd", "-c", "none", "-o", "out"],
                               cwd=purgatory.directory)
    while not any(name.startswith(".purgatory-") for name in purgatory.left()):
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    assert process.wait() == -signal.SIGTERM
    assert purgatory.left() == ["initrd", "kernel", "out"]
    assert (purgatory.directory / "out").read_bytes() == b"old"


@pytest.mark.parametrize("args", [[], ["--stripes", "16"]])
def test_input_that_becomes_shorter(purgatory, args):
    """Every CPU comes upon it at once: one line, and nothing left."""
    purgatory.file("kernel", kernels.arm64())
    sparse(purgatory.directory / "initrd", 8 << 30)
    command = [conftest.COMMAND, "pack", "-k", "kernel", *["--initrd=initrd"] * 2, *args, "-c", "none", "-o", "out"]
    process = subprocess.Popen(command, cwd=purgatory.directory, stderr=subprocess.PIPE, text=True)
    while not any(name.startswith(".purgatory-") for name in purgatory.left()):
        assert process.poll() is None
        time.sleep(0.001)
    time.sleep(0.1)  # until all are at work
    sparse(purgatory.directory / "initrd", 1)
    said = process.communicate()[1]
    assert said == "purgatory: an input file became shorter, or unreadable, while it was being read\n"
    assert process.returncode == 2 and purgatory.left() == ["initrd", "kernel"]


@pytest.mark.skipif(os.environ.get("PURG_TEST_LARGE") != "1", reason="PURG_TEST_LARGE=1 runs it; it takes minutes")
@pytest.mark.parametrize("make", [kernels.arm64, kernels.x86_64])
def test_five_gigabytes(purgatory, make):
    path = purgatory.directory / "initrd"
    with open(path, "wb") as file:
        file.truncate(5 << 30)
        file.seek((5 << 30) - 10)
        file.write(b"the end..!")
    purgatory.pack("--initrd", "initrd", kernel=make())
    packed = Packed(purgatory.directory / "out")
    initrd = packed.segment("initrd")
    assert initrd.size == 5 << 30
    assert packed.read(initrd.end - 10, 10) == b"the end..!"
    assert os.stat(purgatory.directory / "out").st_blocks < 1 << 16  # the holes are still holes
    lines = purgatory.ok("check", "out").stdout.splitlines()
    assert lines[-1] == "segment initrd: ok"
    with open(purgatory.directory / "out", "r+b") as file:
        file.seek(packed.file_offset(initrd.start + (9 << 29)))
        file.write(b"\1")
    assert "segment initrd: digest mismatch" in purgatory("check", "out").stderr
