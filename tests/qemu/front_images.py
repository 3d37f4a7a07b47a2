# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Packed images around the payload, for the tests of the front ends: made, changed, booted, judged."""

import dataclasses
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from abi import (
    Array, Header, PACK, PACK_OFFSET, Params, REPORT_SIZE, Record, Report, U16, U32, U64, U8, constant, parse_constants,
    sha256,
)
from machine import ARCHES, ARM64, BUILD, MIB, Machine, PAGE, PATIENCE, parse_report, qemu_command, wait_until_halted
from test_boot import PackedFile

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "tools"))

import kernels  # noqa: E402

CMDLINE = "quiet mark=uncut"
INITRD = kernels.noise(5000, 7)
TOP = (1 << 64) - PAGE

# QEMU puts an Image at the first 2 MiB of RAM that its own boot stub leaves free.
BASES = {"arm64": ARM64.ram + 2 * MIB, "x86_64": constant("PACK_X86_BASE")}
CONSOLES = {"arm64": "pl011,0x9000000", "x86_64": "uart8250,io,0x3f8"}

ARM64_MACHINES = {
    "el1": ("-cpu", "cortex-a57", "-m", "256M", "-M", "virt,dtb-randomness=off"),
    "el2": ("-cpu", "cortex-a57", "-m", "256M", "-M", "virt,dtb-randomness=off,virtualization=on"),
}

# Two firmwares, RAM below and above 4 GiB, pages of 2 MiB and of 1 GiB. The map of QEMU 7.2's microvm ends in an entry
# of zeros.
X86_64_MACHINES = {
    "pc": ("-M", "pc", "-m", "256M"),
    "q35": ("-M", "q35", "-m", "256M"),
    "microvm": ("-M", "microvm", "-m", "256M"),
    "q35-6G": ("-M", "q35", "-m", "6G"),
    "q35-6G-pdpe1gb": ("-M", "q35", "-m", "6G", "-cpu", "qemu64,+pdpe1gb"),
}

# RAM that nothing else uses: for an arm64 image and the stub that enters it, and for a PVH start info of our own.
ELSEWHERE = ARM64.ram + 62 * MIB
STUB_AT = ARM64.ram + 240 * MIB
START_INFO_AT = 128 * MIB
MAP_AT = START_INFO_AT + PAGE

# Where one fault after the other is tried.
DEFAULT_MACHINES = {"arm64": ARM64_MACHINES["el1"], "x86_64": X86_64_MACHINES["microvm"]}

# Linux, Documentation/arch/x86/zero-page.rst and boot.rst.
RAM, RESERVED = 1, 2
E820_EXT = 1
BOOT_PARAMS = {
    "acpi_rsdp_addr": (0x070, U64),
    "ext_ramdisk_image": (0x0C0, U32),
    "ext_ramdisk_size": (0x0C4, U32),
    "ext_cmd_line_ptr": (0x0C8, U32),
    "e820_entries": (0x1E8, U8),
    "boot_flag": (0x1FE, U16),
    "header": (0x202, U32),
    "version": (0x206, U16),
    "ramdisk_image": (0x218, U32),
    "ramdisk_size": (0x21C, U32),
    "cmd_line_ptr": (0x228, U32),
    "xloadflags": (0x236, U16),
    "cmdline_size": (0x238, U32),
    "setup_data": (0x250, U64),
    "e820_table": (0x2D0, Array(128, 20, {"start": (0, U64), "size": (8, U64), "type": (16, U32)})),
}

# struct setup_data.
SETUP_DATA = struct.Struct("<QII")

# Xen, public/arch-x86/hvm/start_info.h: magic, version, flags, modules, their place, cmdline, rsdp, map, its entries.
START_INFO = struct.Struct("<IIIIQQQQII")
START_MAGIC = 0x336EC578
MAP_ENTRY = struct.Struct("<QQII")
E820_ENTRY = struct.Struct("<QQI")

# Devicetree Specification, 5.2.
FDT = ("magic", "totalsize", "off_struct", "off_strings", "off_reserved", "version", "last_comp_version", "cpu")
FDT += ("size_strings", "size_struct")

PACKED_TREE = """
/dts-v1/;
/memreserve/ 0x1000 0x2000;
/ { model = "packed"; chosen { bootargs = "stale"; linux,initrd-start = <1>; linux,initrd-end = <2>; stays; };
    chosem { }; cpus { cpu@0 { reg = <0>; }; }; };
"""
TREE_WITHOUT_CHOSEN = '/dts-v1/; / { model = "packed"; cpus { }; };'


def error_codes():
    """FRONT_E_*, and DTB_E_* and BOOTPARAMS_E_* as the front end adds them to its own."""
    codes = parse_constants(ROOT / "front" / "front.h")
    for header, base in (("arm64/dtb.h", "FRONT_E_DTB"), ("x86_64/bootparams.h", "FRONT_E_BOOTPARAMS")):
        text = (ROOT / "front" / header).read_text()
        for name, number in re.findall(r"^#define (\w+_E_\w+) -(\d+)$", text, re.M):
            codes[name] = codes[base] + int(number)
    return codes


CODES = error_codes()


class Image(PackedFile):
    """A packed image, whose records are changed in place."""

    def __init__(self, path):
        super().__init__(path)
        self.pack = Record(PACK, self.data, self.file_offset(PACK_OFFSET))
        self.header = Header(self.data, self.file_offset(self.purgatory))
        self.params = Params(self.data, self.file_offset(self.params_at))
        self.arch = next(arch for arch in ARCHES.values() if constant(arch.e_machine) == self.pack["arch"])
        self.base = BASES[self.arch.name]

    def write(self, address, data):
        """Replace bytes of the memory image."""
        offset = self.file_offset(address)
        self.data[offset : offset + len(data)] = data

    def address(self, field):
        """Where a part that the pack header names lies in memory."""
        return self.base + self.pack[field]

    def template(self):
        """The packed boot_params."""
        return Record(BOOT_PARAMS, self.data, self.file_offset(self.pack["table"]))

    def piece(self, what):
        """(start, size) of what a line calls by that name."""
        if what.startswith("segment "):
            return self.segment(what.split()[1])[:2]
        if what == "purgatory":
            return self.pack["purgatory"], self.header["mem_size"]
        return (0, self.pack["front_mem"]) if what == "front end" else (self.pack[what], self.pack[what + "_size"])

    def entry(self):
        """What the payload must report as its first byte."""
        return self.base + self.params[f"handoff.{self.arch.name}.{self.arch.entry}"]

    def sizes(self):
        """The segments' sizes."""
        return [self.params[f"segment[{i}].size"] for i in range(self.params["segment_count"])]

    def seal(self):
        """Fill in the digest of the front end's segment, so that it may be changed."""
        start, size, index = self.segment("front")
        self.params[f"segment[{index}].digest"] = sha256(self.read(start, size))


def kernel(arch, **options):
    """The payload as a kernel: it is an arm64 Image as it is, and the 64-bit entry of a bzImage."""
    payload = (BUILD / "tests" / f"payload-{arch}.bin").read_bytes()
    if arch == "arm64":
        return payload
    image = bytearray(kernels.x86_64(size=16384, **options))
    entry = (image[0x1F1] + 1) * 512 + 0x200
    image[entry : entry + len(payload)] = payload
    return bytes(image)


def pack(directory, arch, initrd=INITRD, tree=None, **options):
    """Run `purgatory pack`. Without an initrd there is none."""
    command = [BUILD / "purgatory", "pack", "-a", CMDLINE, "-c", CONSOLES[arch], "-k", directory / "kernel"]
    (directory / "kernel").write_bytes(kernel(arch, **options))
    if initrd:
        (directory / "initrd").write_bytes(initrd)
        command += ["-i", directory / "initrd"]
    if tree:
        command += ["-d", compile_tree(directory / "dtb", tree)]
    subprocess.run([*command, "-o", directory / "packed"], check=True, stdin=subprocess.DEVNULL)
    return directory / "packed"


PACKED = {
    "arm64": {"arch": "arm64"},
    "arm64-no-initrd": {"arch": "arm64", "initrd": None},
    "arm64-dtb": {"arch": "arm64", "tree": PACKED_TREE},
    "arm64-dtb-no-chosen": {"arch": "arm64", "tree": TREE_WITHOUT_CHOSEN},
    "arm64-dtb-no-initrd": {"arch": "arm64", "tree": PACKED_TREE, "initrd": None},
    "arm64-long": {"arch": "arm64", "initrd": b"x" * (2 * MIB) + b"\0\0\0\0"},
    "x86_64": {"arch": "x86_64"},
    "x86_64-no-initrd": {"arch": "x86_64", "initrd": None},
    "x86_64-48M": {"arch": "x86_64", "initrd": INITRD * 4, "init_size": 48 * MIB},
    "x86_64-48M-no-initrd": {"arch": "x86_64", "init_size": 48 * MIB, "initrd": None},
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Images by kind, each packed once, and each time a fresh copy."""
    paths = {}

    def image(kind):
        if kind not in paths:
            paths[kind] = pack(tmp_path_factory.mktemp(kind), **PACKED[kind])
        return Image(paths[kind])

    return image


@pytest.fixture
def image(arch, packed):
    """An image that boots, for each architecture."""
    return packed(arch.name)


def boot(image, directory, options=None):
    """Boot the image as `qemu -kernel` does, its parameter block sealed as it is now."""
    image.params.seal()
    path = directory / "image"
    path.write_bytes(image.data)
    options = DEFAULT_MACHINES[image.arch.name] if options is None else options
    return Machine([*image.arch.qemu, *options, "-kernel", str(path)], directory)


def boot_by_stub(image, directory, x0, before=b""):
    """arm64: put the image at its base by hand, other bytes before it, and enter it with this x0.

    The machine's DTB is then at RAM's first byte.
    """
    image.params.seal()
    (directory / "image").write_bytes(before + image.data)
    # ldr x0, pc + 16; ldr x1, pc + 20; br x1; nop; x0; x1
    stub = struct.pack("<IIIIQQ", 0x58000080, 0x580000A1, 0xD61F0020, 0xD503201F, x0, image.base)
    (directory / "stub").write_bytes(stub)
    command = [*image.arch.qemu, *DEFAULT_MACHINES["arm64"]]
    for name, address in (("image", image.base - len(before)), ("stub", STUB_AT)):
        command += ["-device", f"loader,file={directory / name},addr={address:#x},force-raw=on"]
    return Machine([*command, "-device", f"loader,addr={STUB_AT:#x},cpu-num=0"], directory)


def assert_enters_payload(machine, image):
    """The purgatory has verified every segment, and the payload is entered at its place; returns what it reports."""
    machine.wait_for(r"^payload: end$")
    count, size = len(image.sizes()), sum(image.sizes())
    assert machine.text.startswith(f"purgatory: verified {count} segments, {size} bytes, sha256: "), machine.text
    report = parse_report(machine.text)
    assert report[image.arch.entry] == image.entry()
    return report


def assert_refused(machine, image, code, words):
    """The front end says these words in its one line, and halts with the code."""
    line = machine.wait_for(r"^(purgatory|payload): .*\n")[0]
    assert line.startswith("purgatory: refused: front end: "), machine.text
    assert line.endswith(f" [code {CODES[code]}]; halted\n"), machine.text
    assert words in line, line
    wait_until_halted(machine, image.arch, CODES[code])
    machine.drain()
    assert machine.text == line


def assert_halts_silently(machine, arch, code):
    """Nothing is said, since no console is known; the code in the register is all there is."""
    wait_until_halted(machine, arch, CODES[code], PATIENCE)
    machine.drain()
    assert machine.text == ""


def compile_tree(out, source):
    """A DTB by dtc."""
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", out], input=source.encode(), check=True)
    return out


def decompile(path):
    """A DTB as dtc's source, sorted."""
    command = ["dtc", "-q", "-s", "-I", "dtb", "-O", "dts", path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def complete_by_fdtput(dtb, image):
    """Another hand's work on /chosen: what the front end must make of that DTB."""
    subprocess.run(["fdtput", "-p", "-t", "s", dtb, "/chosen", "bootargs", CMDLINE], check=True)
    start, size = image.address("initrd"), image.pack["initrd_size"]
    for name, value in (("linux,initrd-start", start), ("linux,initrd-end", start + size)):
        if size:
            cells = [f"{value >> 32:x}", f"{value & 0xFFFFFFFF:x}"]
            subprocess.run(["fdtput", "-t", "x", dtb, "/chosen", name, *cells], check=True)
        else:
            subprocess.run(["fdtput", "-d", dtb, "/chosen", name], check=False, capture_output=True)
    subprocess.run(["fdtput", "-t", "bx", dtb, "/chosen", "purgatory,report", *["0"] * (REPORT_SIZE + 4)], check=True)
    return decompile(dtb)


def completed_tree(machine, image, directory):
    """The tree that x0 points at."""
    table = machine.memory(image.address("room"), image.pack["room_size"])
    table = bytearray(table[: struct.unpack_from(">I", table, 4)[0]])
    assert_report(image, table)
    (directory / "completed").write_bytes(table)
    return decompile(directory / "completed")


def assert_report(image, memory):
    """The record of this boot is in it, once; it becomes zeros again."""
    at = memory.index(b"PURGREPT")
    report = Report(memory, at)
    assert at % 8 == 0 and memory.count(b"PURGREPT") == 1 and report["verdict"] == constant("VERDICT_VERIFIED")
    assert (report["segment_count"], report["bytes"]) == (len(image.sizes()), sum(image.sizes()))
    memory[at : at + REPORT_SIZE] = bytes(REPORT_SIZE)
    return at


def machines_dtb(image, directory, options):
    """The DTB that QEMU gives this image on this machine."""
    (directory / "image").write_bytes(image.data)
    out = directory / "machine.dtb"
    command = [*image.arch.qemu, *options, "-kernel", directory / "image", "-M", f"dumpdtb={out}", "-display", "none"]
    subprocess.run(qemu_command(*command), check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return out


# The machine that x86_64 finds, made up.


@dataclasses.dataclass
class StartInfo:
    """A PVH start info of our own, in memory that is neither the image's nor the firmware's."""

    address: int = START_INFO_AT
    magic: int = START_MAGIC
    version: int = 1
    rsdp: int = 0x12345678
    map: int = MAP_AT
    count: int = None
    entries: tuple = ((0, 256 * MIB, RAM),)

    def options(self, directory):
        """QEMU's options that put it there."""
        count = len(self.entries) if self.count is None else self.count
        info = START_INFO.pack(self.magic, self.version, 0, 0, 0, 0, self.rsdp, self.map, count, 0)
        table = b"".join(MAP_ENTRY.pack(*entry, 0) for entry in self.entries)
        (directory / "start").write_bytes(info.ljust(MAP_AT - START_INFO_AT, b"\0") + table)
        return ["-device", f"loader,file={directory / 'start'},addr={START_INFO_AT:#x},force-raw=on"]


def boot_with(image, directory, info):
    """Boot with that start info: a stub in the head's spare bytes, which the PVH note names, sets ebx."""
    stub = 0x10
    image.write(stub, struct.pack("<BIBi", 0xBB, info.address, 0xE9, -stub - 10))
    image.seal()
    note = b"Xen\0" + struct.pack("<Q", image.base)
    at = image.data.index(note) + 4
    image.data[at : at + 8] = struct.pack("<Q", image.base + stub)
    return boot(image, directory, [*DEFAULT_MACHINES["x86_64"], *info.options(directory)])


def pieces_of_ram(count):
    """A map of so many entries, of which the last are not RAM but far away."""
    far = 1 << 36
    ram = [(i * MIB, MIB, RAM) for i in range(256)]
    return (*ram, *((far + i * PAGE, PAGE, i % 7 + RESERVED) for i in range(count - len(ram))))
