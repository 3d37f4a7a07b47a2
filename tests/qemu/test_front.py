# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The front ends of packed images: what the payload is entered with, read back from guest memory."""

import re
import struct

import pytest

from abi import REPORT_SIZE, Record, constant
from front_images import (
    ARM64_MACHINES, BOOT_PARAMS, CMDLINE, DEFAULT_MACHINES, E820_ENTRY, E820_EXT, ELSEWHERE, INITRD, MAP_ENTRY, RAM,
    RESERVED, SETUP_DATA, START_INFO, START_MAGIC, StartInfo, X86_64_MACHINES, assert_enters_payload, assert_report,
    boot, boot_by_stub, boot_with, complete_by_fdtput, completed_tree, decompile, image, machines_dtb, packed,
    pieces_of_ram,
)
from machine import ARM64, BUILD, GIB, MIB, PAGE, wait_until_halted
from symbols import symbols

# "PURG".
SETUP_REPORT = 0x47525550


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


def test_reset(image, tmp_path):
    """A packed image may ask for a reset: what was changed is refused by name, and the machine resets."""
    image.params["failure.policy"] = constant("FAIL_RESET")
    image.params["failure.conduit"] = constant("CONDUIT_HVC") if image.arch is ARM64 else 0
    start = image.segment("initrd")[0]
    image.write(start, bytes([INITRD[0] ^ 1]))
    with boot(image, tmp_path) as machine:
        machine.wait_for(r"^purgatory: refused: segment \d \(initrd\): the digest does not match: .*; resetting\n")
        machine.wait_for_exit()
        assert "payload" not in machine.text


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
    for name in ("acpi_rsdp_addr", "e820_entries", "ramdisk_image", "ramdisk_size", "cmd_line_ptr", "setup_data"):
        expected[name] = params[name]
    table, end = (expected.offset(f"e820_table[{i}].start") for i in (0, params["e820_entries"]))
    expected.memory[table:end] = params.memory[table:end]
    assert params.memory == expected.memory


def test_x86_64_exception(packed, tmp_path):
    """Damaged code of the front end is told of as that of the purgatory is."""
    image = packed("x86_64")
    place = symbols(BUILD / "front-x86_64.elf")["sha256_blocks_portable"]
    image.write(place - image.base, b"\x0f\x0b")
    with boot(image, tmp_path) as machine:
        line = machine.wait_for(r"^purgatory: .*\n")[0]
        wait_until_halted(machine, image.arch, constant("E_FAULT"))
    words = f"front end address: an exception: 0x0, syndrome 0x600000000, pc {place:#x} [code 23]; halted\n"
    assert line == f"purgatory: refused: {words}"


def test_x86_64_report(entered):
    """Behind boot_params is a node of setup_data with the record of this boot."""
    image, machine, params = entered
    assert params["setup_data"] == image.address("room") + PAGE
    node = bytearray(machine.memory(params["setup_data"], SETUP_DATA.size + REPORT_SIZE))
    assert SETUP_DATA.unpack_from(node) == (0, SETUP_REPORT, REPORT_SIZE)
    assert assert_report(image, node) == SETUP_DATA.size


def test_x86_64_without_initrd(packed, tmp_path):
    """Without an initrd boot_params names none."""
    image = packed("x86_64-no-initrd")
    with boot(image, tmp_path) as machine:
        assert_enters_payload(machine, image)
        params = Record(BOOT_PARAMS, machine.memory(image.address("room"), PAGE))
    assert [params["ramdisk_image"], params["ramdisk_size"]] == [0, 0]


def test_x86_64_long_memory_map(packed, tmp_path):
    """What of the map boot_params has no room for follows in setup_data, in order and of every type."""
    image = packed("x86_64")
    info = StartInfo(entries=pieces_of_ram(3000))
    with boot_with(image, tmp_path, info) as machine:
        assert_enters_payload(machine, image)
        room = machine.memory(image.address("room"), image.pack["room_size"])
    params = Record(BOOT_PARAMS, room)
    second, *report = SETUP_DATA.unpack_from(room, PAGE)
    assert (params["setup_data"], report) == (image.address("room") + PAGE, [SETUP_REPORT, REPORT_SIZE])
    at = second - image.address("room")
    following, kind, size = SETUP_DATA.unpack_from(room, at)
    rest = E820_ENTRY.iter_unpack(room[at + SETUP_DATA.size :][:size])
    assert (following, kind) == (0, E820_EXT)
    assert params["acpi_rsdp_addr"] == info.rsdp
    assert params["e820_entries"] == 128
    assert [*e820_entries(params), *rest] == list(info.entries)
