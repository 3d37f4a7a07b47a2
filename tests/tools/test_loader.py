# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""libpurgatory's readers of kernels and device trees on whole files; what it writes is read by dtc and fdtget."""
import ctypes
import os
import subprocess

import pytest

import kernels
import uki
import zboot

ERRORS = {"unknown": -96, "uki_linux": -112, "room": -2}
DEBIAN = "build/debian/{}/vmlinuz"


class Part(ctypes.Structure):
    _fields_ = [("offset", ctypes.c_uint64), ("size", ctypes.c_uint64)]

    def of(self, data):
        return data[self.offset:][:self.size] if self.size else None


class Uki(ctypes.Structure):
    _fields_ = [("arch", ctypes.c_uint16), ("reserved", ctypes.c_uint16 * 3),
                *((name, Part) for name in ("kernel", "initrd", "cmdline", "dtb", "ucode"))]


class Zboot(ctypes.Structure):
    _fields_ = [("offset", ctypes.c_uint64), ("size", ctypes.c_uint64), ("compression", ctypes.c_uint32),
                ("reserved", ctypes.c_uint32)]


class Image(ctypes.Structure):
    _fields_ = [("text_offset", ctypes.c_uint64), ("size", ctypes.c_uint64), ("mem_size", ctypes.c_uint64),
                ("page_size", ctypes.c_uint32), ("anywhere", ctypes.c_bool)]


class Range(ctypes.Structure):
    _fields_ = [("start", ctypes.c_uint64), ("size", ctypes.c_uint64)]


class Dtb(ctypes.Structure):
    _fields_ = [("dtb", ctypes.c_void_p), ("size", ctypes.c_uint64), ("bootargs", ctypes.c_char_p),
                ("initrd", ctypes.c_uint64), ("initrd_size", ctypes.c_uint64), ("kaslr_seed", ctypes.c_uint64),
                ("rng_seed", ctypes.c_char_p), ("rng_seed_size", ctypes.c_uint32), ("usable_count", ctypes.c_uint32),
                ("usable", ctypes.POINTER(Range)), ("elfcorehdr", ctypes.c_uint64),
                ("elfcorehdr_size", ctypes.c_uint64), ("dropped", ctypes.POINTER(Range)),
                ("dropped_count", ctypes.c_uint32), ("report", ctypes.c_uint32)]


class Mem(ctypes.Structure):
    _fields_ = [("start", ctypes.c_uint64), ("size", ctypes.c_uint64), ("type", ctypes.c_uint32),
                ("reserved", ctypes.c_uint32)]


class Map(ctypes.Structure):
    _fields_ = [("entry", ctypes.POINTER(Mem)), ("count", ctypes.c_uint32), ("room", ctypes.c_uint32)]


@pytest.fixture(scope="module")
def library():
    library = ctypes.CDLL(os.path.abspath("build/tests/libpurgatory.so"))
    library.purg_dtb_size.restype = library.purg_dtb_write.restype = ctypes.c_int64
    return library


def read(library, function, result, data):
    error = getattr(library, function)(ctypes.byref(result), data, ctypes.c_size_t(len(data)))
    return error or result


def test_uki(library):
    data = uki.image("arm64", kernels.arm64(), b"initrd", "quiet", b"tree", b"code")
    found = read(library, "purg_uki_read", Uki(), data)
    assert (found.arch, found.kernel.of(data)) == (183, kernels.arm64())
    assert [getattr(found, name).of(data) for name in ("initrd", "cmdline", "dtb", "ucode")] == [
        b"initrd", b"quiet", b"tree", b"code"]
    data = uki.image("x86_64", kernels.x86_64())
    found = read(library, "purg_uki_read", Uki(), data)
    assert (found.arch, found.kernel.of(data), found.initrd.of(data)) == (62, kernels.x86_64(), None)


def test_uki_profiles(library):
    profiles = [[(".initrd", b"first")], [(".cmdline", b"second"), (".initrd", b"second")]]
    data = uki.image("arm64", kernels.arm64(), b"base", "base", profiles=profiles)
    found = read(library, "purg_uki_read", Uki(), data)
    assert (found.cmdline.of(data), found.initrd.of(data)) == (b"base", b"first")


@pytest.mark.parametrize("compression, number", [("gzip", 1), ("zstd", 2)])
def test_zboot(library, compression, number):
    data = zboot.image(kernels.arm64(), compression)
    found = read(library, "purg_zboot_read", Zboot(), data)
    packed, _ = zboot.payload(kernels.arm64(), compression)
    assert (found.compression, data[found.offset:][:found.size]) == (number, packed)
    assert read(library, "purg_uki_read", Uki(), data) == ERRORS["uki_linux"]
    assert read(library, "purg_arm64_image_read", Image(), data) == ERRORS["unknown"]


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_debian(library, arch):
    """Debian's kernels are PE files, but neither UKIs nor zboot images."""
    if not os.path.exists(DEBIAN.format(arch)):
        pytest.skip("make debian")
    data = open(DEBIAN.format(arch), "rb").read()
    assert read(library, "purg_uki_read", Uki(), data) == ERRORS["uki_linux"]
    assert read(library, "purg_zboot_read", Zboot(), data) == ERRORS["unknown"]
    image = read(library, "purg_arm64_image_read", Image(), data)
    assert image.size == len(data) if arch == "arm64" else image == ERRORS["unknown"]


def aligned(data):
    """A copy at a multiple of 8, as dtb wants it; ctypes' buffers of 64-bit words are there."""
    buffer = (ctypes.c_uint64 * (len(data) // 8 + 1))()
    ctypes.memmove(buffer, data, len(data))
    return buffer


def write(library, dtb, **options):
    tree = aligned(dtb) if dtb else None
    order = Dtb(dtb=ctypes.addressof(tree) if dtb else None, size=len(dtb or b""), **options)
    size = library.purg_dtb_size(ctypes.byref(order))
    assert size > 0
    out = aligned(b"\xa5" * (size + 8))
    assert library.purg_dtb_write(out, ctypes.c_size_t(size - 1), ctypes.byref(order)) == ERRORS["room"]
    assert bytes(out)[:size + 8] == b"\xa5" * (size + 8)
    assert library.purg_dtb_write(out, ctypes.c_size_t(size), ctypes.byref(order)) == size
    assert bytes(out)[size:size + 8] == b"\xa5" * 8
    return bytes(out)[:size]


def dtc(data, form):
    """dtc's text of a DTB, or the DTB of a text."""
    forms = ["-I", "dts", "-O", "dtb"] if form == "dtb" else ["-I", "dtb", "-O", "dts"]
    return subprocess.run(["dtc", "-q", *forms], input=data, capture_output=True, check=True).stdout


def rest(data):
    """A tree as dtc sees it, sorted, without /chosen."""
    source = subprocess.run(["dtc", "-q", "-s", "-I", "dtb", "-O", "dts"], input=data, capture_output=True, check=True)
    lines = source.stdout.decode().splitlines()
    if "\tchosen {" not in lines:
        return lines
    first = lines.index("\tchosen {")
    last = lines.index("\t};", first)
    return lines[:first] + lines[last + 2:]


def chosen(path):
    """The properties of /chosen, as bytes, by fdtget."""
    def fdtget(*args):
        return subprocess.run(["fdtget", *args], capture_output=True, text=True, check=True).stdout.split()
    return {name: bytes(int(byte, 16) for byte in fdtget("-t", "bx", path, "/chosen", name))
            for name in fdtget("-p", path, "/chosen")}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The DTB of QEMU's virt machine, with an initrd."""
    directory = tmp_path_factory.mktemp("dtb")
    (directory / "initrd").write_bytes(b"initrd")
    (directory / "kernel").write_bytes(kernels.arm64())
    subprocess.run(["qemu-system-aarch64", "-M", "virt,dumpdtb=dtb", "-cpu", "cortex-a57", "-m", "2048", "-append", "old",
                    "-kernel", "kernel", "-initrd", "initrd"], cwd=directory, check=True, capture_output=True)
    return (directory / "dtb").read_bytes()


def test_machine(library, machine, tmp_path):
    usable = (Range * 2)(Range(0x880000000, 0x10000000), Range(0x70000000, 0x8000000))
    out = write(library, machine, bootargs=b"quiet", initrd=0x50000000, initrd_size=5, kaslr_seed=7, rng_seed=b"seed",
                rng_seed_size=4, usable=usable, usable_count=2, elfcorehdr=0x88FFFF000, elfcorehdr_size=0x1000)
    (tmp_path / "out").write_bytes(out)
    (tmp_path / "in").write_bytes(machine)
    before = chosen(tmp_path / "in")
    assert before.pop("linux,initrd-start") and before.pop("linux,initrd-end") and before.pop("bootargs") == b"old\0"
    for name in ("kaslr-seed", "rng-seed"):
        before.pop(name, None)
    assert chosen(tmp_path / "out") == {
        **before, "bootargs": b"quiet\0", "linux,initrd-start": (0x50000000).to_bytes(8, "big"),
        "linux,initrd-end": (0x50000005).to_bytes(8, "big"), "kaslr-seed": (7).to_bytes(8, "big"), "rng-seed": b"seed",
        "linux,usable-memory-range": b"".join(number.to_bytes(8, "big") for number in (
            0x880000000, 0x10000000, 0x70000000, 0x8000000)),
        "linux,elfcorehdr": (0x88FFFF000).to_bytes(8, "big") + (0x1000).to_bytes(8, "big")}
    assert rest(out) == rest(machine)


def test_machine_memory(library, machine):
    entries = (Mem * 8)()
    memory = Map(entries, 0, 8)
    tree = aligned(machine)
    assert library.purg_map_from_dtb(ctypes.byref(memory), tree, ctypes.c_size_t(len(machine))) == 0
    assert [(entry.start, entry.size, entry.type) for entry in entries[:memory.count]] == [(0x40000000, 2048 << 20, 1)]


def test_empty(library):
    assert dtc(write(library, None, bootargs=b"acpi=force"), "dts").decode().split() == """
        /dts-v1/; / { #address-cells = <0x02>; #size-cells = <0x02>; chosen { bootargs = "acpi=force"; }; };
        """.split()


SOURCE = b"""/dts-v1/;
/memreserve/ 0x48000000 0x1000;
/memreserve/ 0x50000000 0x2000;
/memreserve/ 0x60000000 0x3000;
/ {
    #address-cells = <1>; #size-cells = <2>;
    bus { #address-cells = <2>; chosen { kaslr-seed = <1 2>; }; };
    chosen {
        linux,initrd-start = <0x48000000>; linux,initrd-end = <0 0x48000abc>;
        linux,uefi-system-table = <0 0x1000>; kaslr-seed = <1 2>;
    };
};
"""


def test_reservations_and_cells(library, tmp_path):
    dropped = (Range * 1)(Range(0x50000000, 0x1800))
    out = write(library, dtc(SOURCE, "dtb"), dropped=dropped, dropped_count=1, elfcorehdr=0xFFFFFFFF,
                elfcorehdr_size=1 << 32)
    (tmp_path / "out").write_bytes(out)
    assert chosen(tmp_path / "out") == {"linux,uefi-system-table": (0x1000).to_bytes(8, "big"),
                                        "linux,elfcorehdr": bytes.fromhex("ffffffff0000000100000000")}
    text = dtc(out, "dts").decode()
    assert [line.split()[1:] for line in text.splitlines() if "memreserve" in line] == [
        ["0x0000000060000000", "0x0000000000003000;"]]
    assert [line for line in rest(out) if "memreserve" not in line] == [
        line for line in rest(dtc(SOURCE, "dtb")) if "memreserve" not in line]


def test_fdtdump(library, machine, tmp_path):
    """fdtdump walks the blocks by itself."""
    (tmp_path / "out").write_bytes(write(library, machine, bootargs=b"by fdtdump"))
    text = subprocess.run(["fdtdump", tmp_path / "out"], capture_output=True, text=True, check=True).stdout
    assert 'bootargs = "by fdtdump";' in text and "// version:\t\t17" in text and "linux,initrd-start" not in text
