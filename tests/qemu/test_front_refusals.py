# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The front ends of packed images: each fault is refused with one line and its code, and nothing is entered."""

import dataclasses
import struct

import pytest

from abi import constant
from faults import both
from front_images import (
    BASES, CMDLINE, ELSEWHERE, FDT, MAP_ENTRY, RAM, RESERVED, START_INFO, START_MAGIC, STUB_AT, StartInfo, TOP,
    assert_enters_payload, assert_halts_silently, assert_refused, boot, boot_by_stub, boot_with, image, packed,
    pieces_of_ram,
)
from machine import ARM64, GIB, MIB, PAGE, X86_64, wait_until_halted

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


def machine_with(size):
    """A microvm all of whose memory is the guest's: the firmware, which QEMU's packages choose differently by default,
    is the one that keeps nothing at the end of RAM."""
    return ("-M", "microvm", "-bios", "qboot.rom", "-m", size)


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
    with boot(image, tmp_path, machine_with(size)) as machine:
        assert_refused(machine, image, "FRONT_E_MEMORY", words)


@pytest.mark.parametrize(
    "options", [machine_with("63M"), ("-M", "q35", "-m", "64M")], ids=["ram-ends", "firmware-keeps-the-end"]
)
def test_x86_64_refuses_machine_without_room_for_the_kernel(options, packed, tmp_path):
    """The kernel counts with what it takes before it knows the memory map, its init_size; what the firmware keeps for
    its tables does not count as RAM (SeaBIOS on q35: the last 132 KiB)."""
    image = packed("x86_64-48M-no-initrd")
    words = " kernel's memory at 0x1000000, size 0x3000000: not in this machine's RAM; give the machine more memory"
    with boot(image, tmp_path, options) as machine:
        assert_refused(machine, image, "FRONT_E_MEMORY", words)


@pytest.mark.parametrize("kind, size", [("x86_64-48M", "65M"), ("x86_64-48M-no-initrd", "64M")])
def test_x86_64_boots_on_machine_that_is_just_large_enough(kind, size, packed, tmp_path):
    """The same images boot with the next megabyte."""
    image = packed(kind)
    with boot(image, tmp_path, machine_with(size)) as machine:
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
