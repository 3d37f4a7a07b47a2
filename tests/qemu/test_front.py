# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The front ends of packed images: what they hand to the purgatory, and what they refuse.

`purgatory pack` packs the payload as if it were a kernel, QEMU boots the file as a user would, and the payload reports
what it was entered with; the completed table is then read from the guest's memory. A refusal is one fault in an image
that otherwise boots: it must give one line, or none where no console can be known, and a CPU that has stopped with the
code in its register. The payload must not have been entered.
"""

import dataclasses
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from abi import PACK, PACK_OFFSET, U8, U16, U32, U64, Array, Header, Params, Record, constant, parse_constants, sha256
from machine import ARCHES, ARM64, BUILD, GIB, MIB, PAGE, PATIENCE, X86_64, Machine, parse_report, wait_until_halted
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


# What arm64's payload is entered with.


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
    return decompile(dtb)


def completed_tree(machine, image, directory):
    """The tree that x0 points at."""
    table = machine.memory(image.address("room"), image.pack["room_size"])
    (directory / "completed").write_bytes(table[: struct.unpack_from(">I", table, 4)[0]])
    return decompile(directory / "completed")


def machines_dtb(image, directory, options):
    """The DTB that QEMU gives this image on this machine."""
    (directory / "image").write_bytes(image.data)
    out = directory / "machine.dtb"
    command = [*image.arch.qemu, *options, "-kernel", directory / "image", "-M", f"dumpdtb={out}", "-display", "none"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return out


@pytest.mark.parametrize("name", ARM64_MACHINES)
def test_arm64_entry(name, packed, tmp_path):
    """The payload is entered at the machine's exception level, with x0 at the room and x1 to x3 zero."""
    image = packed("arm64")
    with boot(image, tmp_path, ARM64_MACHINES[name]) as machine:
        report = assert_enters_payload(machine, image)
    assert report["el"] >> 2 == int(name[-1])
    assert [report[register] for register in ("x0", "x1", "x2", "x3")] == [image.address("room"), 0, 0, 0]


@pytest.mark.parametrize("name", ARM64_MACHINES)
@pytest.mark.parametrize("kind", ["arm64", "arm64-no-initrd"])
def test_arm64_machines_dtb(name, kind, packed, tmp_path):
    """The machine's DTB is completed: /chosen is as fdtput would make it, and all the rest as QEMU wrote it."""
    image = packed(kind)
    options = [*ARM64_MACHINES[name], "-append", "not this"]
    expected = complete_by_fdtput(machines_dtb(image, tmp_path, options), image)
    with boot(image, tmp_path, options) as machine:
        assert_enters_payload(machine, image)
        assert completed_tree(machine, image, tmp_path) == expected
    assert f'bootargs = "{CMDLINE}"' in expected


def test_arm64_other_initrd_is_replaced(packed, tmp_path):
    """The initrd that a loader gives beside the image is not what the kernel is told of: it was not verified."""
    (tmp_path / "other").write_bytes(bytes(10000))
    image = packed("arm64-no-initrd")
    options = [*DEFAULT_MACHINES["arm64"], "-initrd", str(tmp_path / "other")]
    dtb = machines_dtb(image, tmp_path, options)
    assert "linux,initrd-start" in decompile(dtb)
    with boot(image, tmp_path, options) as machine:
        assert_enters_payload(machine, image)
        assert completed_tree(machine, image, tmp_path) == complete_by_fdtput(dtb, image)


@pytest.mark.parametrize("kind", ["arm64-dtb", "arm64-dtb-no-chosen", "arm64-dtb-no-initrd"])
def test_arm64_packed_dtb(kind, packed, tmp_path):
    """A packed DTB is completed, and not the machine's: with /chosen and without, with an initrd and without."""
    image = packed(kind)
    dtb = tmp_path / "dtb"
    dtb.write_bytes(image.read(*image.segment("dtb")[:2]))
    with boot(image, tmp_path) as machine:
        assert_enters_payload(machine, image)
        tree = completed_tree(machine, image, tmp_path)
    assert 'model = "packed"' in tree
    assert tree == complete_by_fdtput(dtb, image)


def test_arm64_initrd(packed, tmp_path):
    """The initrd lies where /chosen says."""
    image = packed("arm64")
    with boot(image, tmp_path) as machine:
        assert_enters_payload(machine, image)
        assert machine.memory(image.address("initrd"), len(INITRD)) == INITRD


def test_arm64_elsewhere(packed, tmp_path):
    """Any multiple of 2 MiB will do, and x0 may point anywhere outside the image."""
    image = packed("arm64")
    image.base = ELSEWHERE
    with boot_by_stub(image, tmp_path, x0=ARM64.ram) as machine:
        report = assert_enters_payload(machine, image)
    assert report["x0"] == image.address("room")


def test_arm64_packed_dtb_without_machines(packed, tmp_path):
    """With a packed DTB the machine need have none."""
    image = packed("arm64-dtb")
    with boot_by_stub(image, tmp_path, x0=0) as machine:
        assert_enters_payload(machine, image)


def test_stale_memory_does_not_matter(image, tmp_path):
    """Where the front end writes there may be anything before: in its stack and tables, on arm64 also in the room."""
    size = image.pack["front_mem"] - image.pack["front_size"]
    image.write(image.pack["front_size"], b"\xa5" * size)
    if image.arch is ARM64:
        image.write(image.pack["room"], b"\xa5" * image.pack["room_size"])
    with boot(image, tmp_path) as machine:
        assert_enters_payload(machine, image)


# What x86_64's payload is entered with.


def find_start_info(machine):
    """The PVH start info that QEMU's firmware left below 1 MiB: (rsdp, the map as (start, size, type))."""
    low = machine.memory(0, MIB)
    for match in re.finditer(re.escape(struct.pack("<II", START_MAGIC, 1)), low):
        *_, rsdp, place, count, _ = START_INFO.unpack_from(low, match.start())
        if place < MIB:
            return rsdp, [MAP_ENTRY.unpack_from(low, place + i * MAP_ENTRY.size)[:3] for i in range(count)]
    raise LookupError("no PVH start info below 1 MiB")


def e820_entries(params):
    """(start, size, type) of each entry in boot_params."""
    return [
        tuple(params[f"e820_table[{i}].{field}"] for field in ("start", "size", "type"))
        for i in range(params["e820_entries"])
    ]


@pytest.fixture(params=X86_64_MACHINES)
def entered(request, packed, tmp_path):
    """(image, running machine, completed boot_params) on each machine, once the payload has spoken."""
    image = packed("x86_64")
    with boot(image, tmp_path, X86_64_MACHINES[request.param]) as machine:
        report = assert_enters_payload(machine, image)
        assert report["rsi"] == image.address("room")
        yield image, machine, Record(BOOT_PARAMS, bytearray(machine.memory(report["rsi"], PAGE)))


def memory_size(machine):
    """What -m says."""
    size = re.search(r"^(\d+)([MG])$", machine.process.args[machine.process.args.index("-m") + 1])
    return int(size[1]) * (MIB if size[2] == "M" else GIB)


def test_x86_64_memory_map(entered):
    """e820 is the machine's map, entry by entry and of every type; its RAM is -m but for what lies below 1 MiB and the
    firmware's tables."""
    _, machine, params = entered
    entries = e820_entries(params)
    assert entries == find_start_info(machine)[1]
    assert {RAM, RESERVED} <= {kind for _, _, kind in entries}
    assert 0 <= memory_size(machine) - sum(size for _, size, kind in entries if kind == RAM) < MIB


def test_x86_64_rsdp(entered):
    """acpi_rsdp_addr is the machine's, and there is an RSDP."""
    _, machine, params = entered
    assert params["acpi_rsdp_addr"] == find_start_info(machine)[0]
    assert machine.memory(params["acpi_rsdp_addr"], 8) == b"RSD PTR "


def test_x86_64_cmdline_and_initrd(entered):
    """Command line and initrd lie where boot_params says, and nothing of their address is above 4 GiB."""
    _, machine, params = entered
    assert machine.memory(params["cmd_line_ptr"], len(CMDLINE) + 1) == CMDLINE.encode() + b"\0"
    assert params["ramdisk_size"] == len(INITRD)
    assert machine.memory(params["ramdisk_image"], len(INITRD)) == INITRD
    assert [params[f"ext_{name}"] for name in ("cmd_line_ptr", "ramdisk_image", "ramdisk_size")] == [0, 0, 0]


def test_x86_64_rest_of_boot_params(entered):
    """Every other byte is the template's."""
    image, _, params = entered
    expected = Record(BOOT_PARAMS, bytearray(image.read(image.pack["table"], PAGE)))
    for name in ("acpi_rsdp_addr", "e820_entries", "ramdisk_image", "ramdisk_size", "cmd_line_ptr"):
        expected[name] = params[name]
    table, end = (expected.offset(f"e820_table[{i}].start") for i in (0, params["e820_entries"]))
    expected.memory[table:end] = params.memory[table:end]
    assert params.memory == expected.memory


def test_x86_64_without_initrd(packed, tmp_path):
    """Without an initrd boot_params names none."""
    image = packed("x86_64-no-initrd")
    with boot(image, tmp_path) as machine:
        assert_enters_payload(machine, image)
        params = Record(BOOT_PARAMS, machine.memory(image.address("room"), PAGE))
    assert [params["ramdisk_image"], params["ramdisk_size"]] == [0, 0]


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


def test_x86_64_long_memory_map(packed, tmp_path):
    """What of the map boot_params has no room for follows in setup_data, in order and of every type."""
    image = packed("x86_64")
    info = StartInfo(entries=pieces_of_ram(3000))
    with boot_with(image, tmp_path, info) as machine:
        assert_enters_payload(machine, image)
        room = machine.memory(image.address("room"), image.pack["room_size"])
    params = Record(BOOT_PARAMS, room)
    following, kind, size = SETUP_DATA.unpack_from(room, PAGE)
    rest = E820_ENTRY.iter_unpack(room[PAGE + SETUP_DATA.size :][:size])
    assert (params["setup_data"], following, kind) == (image.address("room") + PAGE, 0, E820_EXT)
    assert params["acpi_rsdp_addr"] == info.rsdp
    assert params["e820_entries"] == 128
    assert [*e820_entries(params), *rest] == list(info.entries)


# Faults. Each is a change to an image that boots.


def put(path, value):
    """A fault: the field of pack, header or params holds this number, or what a function of the image gives."""
    record, _, field = path.partition(".")

    def spoil(image):
        getattr(image, record)[field] = value(image) if callable(value) else value

    return spoil


def add(path, value):
    """A fault: the field holds that much more."""
    record, _, field = path.partition(".")
    return put(path, lambda image: getattr(image, record)[field] + value)


def both(*faults):
    """Several changes that make one fault."""

    def spoil(image):
        for fault in faults:
            fault(image)

    return spoil


def behind_image(field):
    """A fault: a part is one byte too long for the image."""
    return put(f"pack.{field}_size", lambda image: image.pack["image_size"] - image.pack[field] + 1)


def segment(name, field, value):
    """A fault: a field of the segment of that name holds this."""
    return lambda image: put(f"params.segment[{image.segment(name)[2]}].{field}", value)(image)


def segment_until(name, field):
    """A fault: the segment's last byte is the first one at the place that a field of the pack header gives."""
    return segment(name, "start", lambda image: image.pack[field] - image.segment(name)[1] + 1)


def cmdline_byte(index, value):
    """A fault: a byte of the command line is this."""
    return lambda image: image.write(image.pack["cmdline"] + index, bytes([value]))


def piece(image, what, words):
    """What a line about that piece of the image says: which, where, how long, and the words."""
    start, size = image.piece(what)
    return f" {what} at {(image.base + start) % (1 << 64):#x}, size {size:#x}: {words}"


def faults(table):
    """Parameters of a test, whose ids are the first column."""
    return [pytest.param(*row[1:], id=row[0]) for row in table]

# name of the fault, fault, code. Before the parameter block is found nobody knows of a console.
SILENT = [
    ("pack-magic", add("pack.magic", 1), "FRONT_E_PACK"),
    ("pack-version-next", put("pack.version", 2), "FRONT_E_PACK"),
    ("pack-version-zero", put("pack.version", 0), "FRONT_E_PACK"),
    ("pack-arch", add("pack.arch", 1), "FRONT_E_PACK"),
    ("image-size-zero", put("pack.image_size", 0), "FRONT_E_PURGATORY"),
    ("image-size-short", put("pack.image_size", lambda image: image.purgatory + PAGE), "FRONT_E_PURGATORY"),
    ("purgatory-unaligned", add("pack.purgatory", 4), "FRONT_E_PURGATORY"),
    ("purgatory-elsewhere", add("pack.purgatory", 8), "FRONT_E_PURGATORY"),
    ("purgatory-outside", put("pack.purgatory", lambda image: image.pack["image_size"] & ~7), "FRONT_E_PURGATORY"),
    ("purgatory-top", put("pack.purgatory", TOP), "FRONT_E_PURGATORY"),
    ("purgatory-magic", add("header.magic", 1), "FRONT_E_PURGATORY"),
    ("purgatory-size", put("header.mem_size", 0xFFFFFFFF), "FRONT_E_PURGATORY"),
    ("purgatory-file-size", put("header.file_size", lambda image: image.header["mem_size"] + 1), "FRONT_E_PARAMS"),
    ("params-unaligned", add("header.params", 4), "FRONT_E_PARAMS"),
    ("params-elsewhere", add("header.params", -8), "FRONT_E_PARAMS"),
    ("params-outside", put("header.params", lambda image: image.header["mem_size"] - 8), "FRONT_E_PARAMS"),
    ("params-magic", add("params.magic", 1), "FRONT_E_PARAMS"),
]

# name of the fault, fault, code, words that the line must have
VERSIONS = [
    ("header-major", put("header.abi_major", 2), "FRONT_E_VERSION", "ABI version"),
    ("header-arch", add("header.arch", 1), "FRONT_E_VERSION", "architecture"),
    ("header-size", put("header.header_size", 0x48), "FRONT_E_VERSION", "size"),
    ("header-params-size", put("header.params_size", 0x1740), "FRONT_E_VERSION", "size"),
    ("params-major", put("params.abi_major", 0), "FRONT_E_VERSION", "ABI version"),
    ("params-size", put("params.size", 0x16C0), "FRONT_E_VERSION", "size"),
    ("segments-65", put("params.segment_count", 65), "FRONT_E_SEGMENTS", "more segments"),
    ("segments-max", put("params.segment_count", 0xFFFFFFFF), "FRONT_E_SEGMENTS", "more segments"),
    ("mode", put("params.handoff.mode", constant("HANDOFF_X86_32")), "FRONT_E_HANDOFF", "not native"),
    ("mode-unknown", put("params.handoff.mode", 1), "FRONT_E_HANDOFF", "not native"),
]

LAYOUT = [
    ("image-size-wraps", put("pack.image_size", TOP), "FRONT_E_BASE", "does not fit into memory"),
    ("align-zero", put("header.align", 0), "FRONT_E_ALIGN", "alignment"),
    ("align-no-power", put("header.align", 0x1001), "FRONT_E_ALIGN", "alignment"),
    ("purgatory-align", put("header.align", MIB), "FRONT_E_ALIGN", "the purgatory"),
    ("room-align", add("pack.room", 8), "FRONT_E_ALIGN", "the room"),
    ("front-size", put("pack.front_size", lambda image: image.pack["front_mem"] + 1), "FRONT_E_PACK", "shape"),
]

OUTSIDE = [
    ("front-end", put("pack.front_mem", 0xFFFFF000), "front end"),
    ("room", behind_image("room"), "room"),
    ("room-top", put("pack.room", TOP), "room"),
    ("cmdline", behind_image("cmdline"), "cmdline"),
    ("cmdline-top", put("pack.cmdline", TOP), "cmdline"),
    ("table", behind_image("table"), "table"),
    ("table-wraps", put("pack.table_size", (1 << 64) - 1), "table"),
    ("initrd", behind_image("initrd"), "initrd"),
    ("initrd-top", put("pack.initrd", TOP), "initrd"),
    ("image-size", add("pack.image_size", -1), "initrd"),
    ("segment", segment("kernel", "start", lambda image: image.pack["image_size"]), "segment kernel"),
    ("segment-top", segment("cmdline", "start", TOP), "segment cmdline"),
    ("segment-size", segment("kernel", "size", (1 << 64) - 1), "segment kernel"),
]

OVERLAP = [
    ("segment-room-first", segment_until("kernel", "room"), "segment kernel"),
    ("segment-room-last", segment("kernel", "start", lambda image: sum(image.piece("room")) - 1), "segment kernel"),
    ("segment-stack-first", segment_until("cmdline", "front_size"), "segment cmdline"),
    (
        "segment-stack-last",
        segment("cmdline", "start", lambda image: image.pack["front_mem"] - 1),
        "segment cmdline",
    ),
    ("cmdline-room", put("pack.cmdline", lambda image: image.pack["room"]), "cmdline"),
    ("cmdline-stack", put("pack.cmdline", lambda image: image.pack["front_size"]), "cmdline"),
    (
        "table-room",
        both(put("pack.table", lambda image: image.pack["room"]), put("pack.table_size", PAGE)),
        "table",
    ),
    ("initrd-room", put("pack.initrd", lambda image: image.pack["room"]), "initrd"),
    ("purgatory-room", put("pack.room", lambda image: image.pack["purgatory"]), "purgatory"),
    ("front-only", both(segment("front", "size", 0), put("pack.room", 0), put("pack.room_size", PAGE)), "front end"),
    ("front-room", both(put("pack.room", 0), put("pack.room_size", PAGE)), "segment front"),
    (
        "room-stack",
        both(put("pack.room", lambda image: image.pack["front_size"]), put("pack.room_size", PAGE)),
        "room",
    ),
]

CMDLINES = [
    ("no-nul", cmdline_byte(len(CMDLINE), 0x20)),
    ("nul-inside", cmdline_byte(5, 0)),
    ("text-behind-nul", add("pack.cmdline_size", 1)),
    ("short", add("pack.cmdline_size", -1)),
    ("empty", put("pack.cmdline_size", 0)),
]


def test_sound_image_boots(image, tmp_path):
    """What is damaged below boots as it is, on the same machine."""
    with boot(image, tmp_path) as machine:
        assert_enters_payload(machine, image)


@pytest.mark.parametrize("spoil, code", faults(SILENT))
def test_refuses_silently(spoil, code, image, tmp_path):
    """Without a pack header, a purgatory or its parameter block the front end halts with the code, and says nothing."""
    spoil(image)
    with boot(image, tmp_path) as machine:
        assert_halts_silently(machine, image.arch, code)


@pytest.mark.parametrize("spoil, code, words", faults(VERSIONS + LAYOUT))
def test_refuses(spoil, code, words, image, tmp_path):
    """Another version, architecture, size, mode or alignment; more segments than there is room for."""
    spoil(image)
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, code, words)


@pytest.mark.parametrize("spoil, what", faults(OUTSIDE))
def test_refuses_outside(spoil, what, image, tmp_path):
    """A piece that does not lie inside the image is named, with its place."""
    spoil(image)
    words = piece(image, what, "does not lie inside the image")
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, "FRONT_E_OUTSIDE", words)


@pytest.mark.parametrize("spoil, what", faults(OVERLAP))
def test_refuses_overlap(spoil, what, image, tmp_path):
    """A piece that shares a byte with the front end's stack or with the room is named, with its place."""
    spoil(image)
    words = piece(image, what, "overlaps memory that the front end writes to")
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, "FRONT_E_OVERLAP", words)


@pytest.mark.parametrize("spoil", faults(CMDLINES))
def test_refuses_cmdline(spoil, image, tmp_path):
    """A command line must end with its NUL, and have no other."""
    spoil(image)
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, "FRONT_E_CMDLINE", "the command line does not end with its only NUL")


@pytest.mark.parametrize("value", [lambda image: image.pack["image_size"], lambda _: TOP], ids=["behind", "top"])
def test_refuses_entry_outside(value, image, tmp_path):
    """The kernel's entry must lie inside the image."""
    put(f"params.handoff.{image.arch.name}.{image.arch.entry}", value)(image)
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, "FRONT_E_HANDOFF", "the kernel's entry does not lie inside the image")


def test_purgatory_verifies_the_pack_header(image, tmp_path):
    """What the front end has no reason to refuse is verified all the same: the pack header is in a segment."""
    image.pack["reserved"] = 1
    with boot(image, tmp_path) as machine:
        line = machine.wait_for(r"^(purgatory|payload): .*\n")[0]
        assert line.startswith("purgatory: refused: segment 0 (front)"), line
        wait_until_halted(machine, image.arch, constant("E_DIGEST"))


# arm64: the DTB.


def dtb_field(name, value):
    """A fault: a field of the packed DTB's header holds this number, or what a function of the field gives."""

    def spoil(image):
        at = image.pack["table"] + 4 * FDT.index(name)
        old = int.from_bytes(image.read(at, 4), "big")
        image.write(at, struct.pack(">I", value(old) if callable(value) else value))

    return spoil


def dtb_bytes(old, new):
    """A fault: of the packed DTB's bytes, these are others."""

    def spoil(image):
        table = image.read(*image.piece("table"))
        assert table.count(old) == 1
        image.write(image.pack["table"] + table.index(old), new)

    return spoil


def cells(*values):
    """Big-endian cells."""
    return struct.pack(f">{len(values)}I", *values)


BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9
ROOT_NODE = cells(BEGIN_NODE, 0, PROP)

PACKED_DTB = [
    ("magic", dtb_field("magic", 0xD00DFEEC), "DTB_E_MAGIC", "no magic"),
    ("version-old", dtb_field("version", 15), "DTB_E_VERSION", "version"),
    ("version-next", dtb_field("last_comp_version", 18), "DTB_E_VERSION", "version"),
    ("totalsize-long", dtb_field("totalsize", lambda size: size + 1), "DTB_E_SIZE", "size"),
    ("totalsize-huge", dtb_field("totalsize", 0xFFFFFFFF), "DTB_E_SIZE", "size"),
    ("totalsize-short", dtb_field("totalsize", 39), "DTB_E_SIZE", "size"),
    ("totalsize-cut", dtb_field("totalsize", lambda size: size - 8), "DTB_E_BLOCK", "a block of the DTB"),
    ("truncated", add("pack.table_size", -1), "DTB_E_SIZE", "size"),
    ("truncated-header", put("pack.table_size", 39), "DTB_E_SIZE", "size"),
    ("unaligned", add("pack.table", -4), "DTB_E_ALIGN", "multiple of 8"),
    ("struct-outside", dtb_field("off_struct", 0xFFFFFFFC), "DTB_E_BLOCK", "a block of the DTB"),
    ("struct-unaligned", dtb_field("off_struct", lambda at: at + 2), "DTB_E_BLOCK", "a block of the DTB"),
    ("struct-long", dtb_field("size_struct", 0xFFFFFFFC), "DTB_E_BLOCK", "a block of the DTB"),
    ("struct-short", dtb_field("size_struct", lambda size: size - 4), "DTB_E_TRUNCATED", "ends too early"),
    ("struct-empty", dtb_field("size_struct", 0), "DTB_E_TRUNCATED", "ends too early"),
    ("strings-outside", dtb_field("off_strings", lambda at: at + 1), "DTB_E_BLOCK", "a block of the DTB"),
    ("strings-long", dtb_field("size_strings", 0xFFFFFFFF), "DTB_E_BLOCK", "a block of the DTB"),
    ("strings-empty", dtb_field("size_strings", 0), "DTB_E_NAME", "not in its strings"),
    ("reserved-outside", dtb_field("off_reserved", 0xFFFFFFF8), "DTB_E_BLOCK", "a block of the DTB"),
    ("token", dtb_bytes(ROOT_NODE, cells(5)), "DTB_E_TOKEN", "unknown token"),
    ("nesting", dtb_bytes(ROOT_NODE, cells(END_NODE)), "DTB_E_NESTING", "not nested"),
    ("no-root", dtb_bytes(ROOT_NODE, cells(END)), "DTB_E_NESTING", "not nested"),
    ("root-name", dtb_bytes(ROOT_NODE, cells(BEGIN_NODE, 0x61000000)), "DTB_E_ROOT", "root node has a name"),
    ("two-chosen", dtb_bytes(b"chosem", b"chosen"), "DTB_E_CHOSEN", "two /chosen"),
    ("room", put("pack.room_size", 256), "DTB_E_ROOM", "does not fit"),
]


@pytest.mark.parametrize("spoil, code, words", faults(PACKED_DTB))
def test_arm64_refuses_packed_dtb(spoil, code, words, packed, tmp_path):
    """A packed DTB that is cut off, inconsistent or not one at all; the unit tests have the rest."""
    image = packed("arm64-dtb")
    spoil(image)
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, code, words)


def test_arm64_refuses_small_room(packed, tmp_path):
    """The machine's DTB does not fit into the room."""
    image = packed("arm64")
    image.pack["room_size"] = PAGE
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, "DTB_E_ROOM", "the completed DTB does not fit into its room")


# name, x0 as a function of the image, code, words
MACHINES_DTB = [
    ("none", lambda image: 0, "DTB_E_NULL", "no DTB was given"),
    ("unaligned", lambda image: ARM64.ram + 4, "DTB_E_ALIGN", "multiple of 8"),
    ("zeros", lambda image: STUB_AT + PAGE, "DTB_E_MAGIC", "no magic"),
    ("at-image", lambda image: image.base, "FRONT_E_SOURCE", "in the memory that the image takes"),
    ("in-room", lambda image: image.address("room"), "FRONT_E_SOURCE", "in the memory that the image takes"),
    ("last", lambda image: image.base - 8 + (image.pack["image_size"] & ~7), "FRONT_E_SOURCE", "that the image takes"),
    ("top", lambda image: (1 << 64) - 8, "FRONT_E_SOURCE", "at the end of the address space"),
]


@pytest.mark.parametrize("x0, code, words", faults(MACHINES_DTB))
def test_arm64_refuses_machines_dtb(x0, code, words, packed, tmp_path):
    """x0 points at no DTB, or at one in memory that the image takes."""
    image = packed("arm64")
    with boot_by_stub(image, tmp_path, x0(image)) as machine:
        assert_refused(machine, image, code, words)


def test_arm64_refuses_dtb_that_runs_into_the_image(packed, tmp_path):
    """A DTB that begins before the image and ends in it."""
    image = packed("arm64")
    image.base = ELSEWHERE
    header = cells(0xD00DFEED, 0x41, 0, 0).ljust(0x40, b"\0")
    with boot_by_stub(image, tmp_path, x0=image.base - len(header), before=header) as machine:
        assert_refused(machine, image, "FRONT_E_SOURCE", "in the memory that the image takes")


def test_arm64_refuses_base(packed, tmp_path):
    """The image must lie at a multiple of 2 MiB, as the kernel in it must."""
    image = packed("arm64")
    image.base = ELSEWHERE + PAGE
    with boot_by_stub(image, tmp_path, x0=ARM64.ram) as machine:
        assert_refused(machine, image, "FRONT_E_BASE", "does not lie at a multiple of 2 MiB")


def test_arm64_refuses_cmdline_longer_than_a_dtb(packed, tmp_path):
    """A command line of more than 2 MiB: the initrd is made to be one."""
    image = packed("arm64-long")
    image.pack["cmdline"] = image.pack["initrd"]
    image.pack["cmdline_size"] = 2 * MIB + 1
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, "FRONT_E_CMDLINE", "longer than a DTB can hold")


# x86_64: the machine, and boot_params.


def no_reserve(size):
    """A microvm with so much memory of which the host must not have any."""
    backend = ("-object", f"memory-backend-ram,id=ram,size={size},reserve=off")
    return ("-M", "microvm,memory-backend=ram", "-m", size, *backend)


# kind of image, -m, piece that does not fit
SMALL_MACHINES = [
    ("x86_64-48M", "32M", "initrd"),
    ("x86_64-48M", "64M", "initrd"),
    ("x86_64-48M", "65552K", "initrd"),
    ("x86_64-no-initrd", "16M", "segment kernel"),
]


@pytest.mark.parametrize("kind, size, what", SMALL_MACHINES)
def test_x86_64_refuses_small_machine(kind, size, what, packed, tmp_path):
    """A machine whose RAM ends before or in a piece: the line names it and its place, and says what to do."""
    image = packed(kind)
    words = piece(image, what, "not in this machine's RAM; give the machine more memory")
    with boot(image, tmp_path, ("-M", "microvm", "-m", size)) as machine:
        assert_refused(machine, image, "FRONT_E_MEMORY", words)


def test_x86_64_refuses_machine_without_room_for_the_kernel(packed, tmp_path):
    """The kernel counts with what it takes before it knows the memory map, its init_size."""
    image = packed("x86_64-48M-no-initrd")
    words = " kernel's memory at 0x1000000, size 0x3000000: not in this machine's RAM; give the machine more memory"
    with boot(image, tmp_path, ("-M", "microvm", "-m", "63M")) as machine:
        assert_refused(machine, image, "FRONT_E_MEMORY", words)


@pytest.mark.parametrize("kind, size", [("x86_64-48M", "65M"), ("x86_64-48M-no-initrd", "64M")])
def test_x86_64_boots_on_machine_that_is_just_large_enough(kind, size, packed, tmp_path):
    """The same images boot with the next megabyte."""
    image = packed(kind)
    with boot(image, tmp_path, ("-M", "microvm", "-m", size)) as machine:
        assert_enters_payload(machine, image)


def initrd_at(image, address):
    """Have the pack header say that the initrd lies there."""
    image.pack["initrd"] = address - image.base
    image.pack["image_size"] = address - image.base + 16 * MIB


def test_x86_64_refuses_piece_beyond_the_map(packed, tmp_path):
    """Without 1 GiB pages the front end maps 16 GiB; RAM behind that is out of its reach."""
    image = packed("x86_64")
    initrd_at(image, 16 * GIB - PAGE)
    words = piece(image, "initrd", "beyond what the front end maps on this CPU; pack a smaller image")
    with boot(image, tmp_path, no_reserve("20G")) as machine:
        assert_refused(machine, image, "FRONT_E_MAPPED", words)


def test_x86_64_maps_more_with_large_pages(packed, tmp_path):
    """With 1 GiB pages the same image comes as far as the purgatory, which sees that the pack header was changed."""
    image = packed("x86_64")
    initrd_at(image, 16 * GIB - PAGE)
    with boot(image, tmp_path, (*no_reserve("20G"), "-cpu", "qemu64,+pdpe1gb")) as machine:
        machine.wait_for(r"^purgatory: refused: segment 0 \(front\)")


def test_x86_64_refuses_initrd_above_4_gib(packed, tmp_path):
    """A kernel that does not take an initrd above 4 GiB gets none."""
    image = packed("x86_64")
    image.template()["xloadflags"] = 1
    initrd_at(image, 5 * GIB)
    with boot(image, tmp_path, no_reserve("6G")) as machine:
        assert_refused(machine, image, "BOOTPARAMS_E_HIGH", "above 4 GiB, which this kernel does not take")


def test_x86_64_refuses_cpu_without_long_mode(packed, tmp_path):
    """A 32-bit CPU halts with the code in eax. The console code is 64-bit, so nothing is said."""
    arch = dataclasses.replace(X86_64, code_register="EAX")
    with boot(packed("x86_64"), tmp_path, ("-M", "microvm", "-cpu", "qemu64,-lm")) as machine:
        assert_halts_silently(machine, arch, "FRONT_E_CPU")


def template(field, value):
    """A fault: a field of the packed boot_params holds this."""
    return lambda image: image.template().__setitem__(field, value)


TEMPLATES = [
    ("boot-flag", template("boot_flag", 0xAA54), "BOOTPARAMS_E_TEMPLATE", "no setup header"),
    ("header-magic", template("header", 0), "BOOTPARAMS_E_TEMPLATE", "no setup header"),
    ("none", put("pack.table_size", 0), "BOOTPARAMS_E_TEMPLATE", "no setup header"),
    ("short", put("pack.table_size", PAGE - 1), "BOOTPARAMS_E_TEMPLATE", "no setup header"),
    ("version", template("version", 0x20B), "BOOTPARAMS_E_PROTOCOL", "no 64-bit entry"),
    ("not-64-bit", template("xloadflags", 2), "BOOTPARAMS_E_PROTOCOL", "no 64-bit entry"),
    ("cmdline-size", template("cmdline_size", len(CMDLINE) - 1), "BOOTPARAMS_E_PROTOCOL", "such long command line"),
    ("room-empty", put("pack.room_size", 0), "BOOTPARAMS_E_ROOM", "does not fit into the room"),
    ("room-short", put("pack.room_size", PAGE - 1), "BOOTPARAMS_E_ROOM", "does not fit into the room"),
]


@pytest.mark.parametrize("spoil, code, words", faults(TEMPLATES))
def test_x86_64_refuses_template(spoil, code, words, packed, tmp_path):
    """A packed boot_params without a setup header of protocol 2.12, or a room that is too small for one."""
    image = packed("x86_64")
    spoil(image)
    with boot(image, tmp_path) as machine:
        assert_refused(machine, image, code, words)


RESERVED_IN_KERNEL = ((0, 256 * MIB, RAM), (16 * MIB + PAGE, 1, RESERVED))
HOLE_IN_KERNEL = ((0, 16 * MIB + PAGE, RAM), (16 * MIB + PAGE + 1, 128 * MIB, RAM))
NOT_RAM = "not in this machine's RAM"
TAKEN = "lies in the memory that the image takes"

START_INFOS = [
    ("magic", StartInfo(magic=START_MAGIC + 1), "BOOTPARAMS_E_MAGIC", "did not enter by PVH"),
    ("nowhere", StartInfo(address=0x40000), "BOOTPARAMS_E_MAGIC", "did not enter by PVH"),
    ("version", StartInfo(version=0), "BOOTPARAMS_E_VERSION", "version 0"),
    ("no-map", StartInfo(map=0), "BOOTPARAMS_E_NO_MAP", "memory map is empty"),
    ("empty-map", StartInfo(count=0), "BOOTPARAMS_E_NO_MAP", "memory map is empty"),
    ("map-beyond", StartInfo(map=16 * GIB - MAP_ENTRY.size + 1), "BOOTPARAMS_E_MAP_PLACE", "beyond what the front end"),
    ("map-top", StartInfo(map=TOP), "BOOTPARAMS_E_MAP_PLACE", "beyond what the front end maps"),
    ("long-map", StartInfo(entries=pieces_of_ram(4000)), "BOOTPARAMS_E_ROOM", "does not fit into the room"),
    ("in-image", StartInfo(address=BASES["x86_64"] + MIB), "FRONT_E_SOURCE", "start info " + TAKEN),
    ("runs-into-image", StartInfo(address=BASES["x86_64"] - START_INFO.size + 1), "FRONT_E_SOURCE", TAKEN),
    ("map-in-image", StartInfo(map=BASES["x86_64"]), "FRONT_E_SOURCE", "memory map " + TAKEN),
    ("map-runs-into-image", StartInfo(map=BASES["x86_64"] - MAP_ENTRY.size + 1), "FRONT_E_SOURCE", "map " + TAKEN),
    ("reserved-in-kernel", StartInfo(entries=RESERVED_IN_KERNEL), "FRONT_E_MEMORY", NOT_RAM),
    ("hole-in-kernel", StartInfo(entries=HOLE_IN_KERNEL), "FRONT_E_MEMORY", NOT_RAM),
]


@pytest.mark.parametrize("info, code, words", faults(START_INFOS))
def test_x86_64_refuses_start_info(info, code, words, packed, tmp_path):
    """What ebx points at is no PVH start info, has no memory map, or lies in the image; or the kernel is not in RAM."""
    image = packed("x86_64")
    with boot_with(image, tmp_path, info) as machine:
        assert_refused(machine, image, code, words)
