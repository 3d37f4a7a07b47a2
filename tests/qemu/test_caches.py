# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""arm64: MMU and caches on while hashing, with exactly what is needed mapped, and no trace of it afterwards.

A debugger stops the purgatory at its hash function once the MMU is on, reads the translation tables from physical
memory, and compares what they map with what the parameter block asks for.
"""

import re

import pytest

from abi import REPORT_SIZE, constant
from machine import (
    ARM64, GIB, MIB, OPTION_ALIAS, OPTION_CACHES, OPTION_MMU, OPTION_STREAMING, PAGE, Boot, verified_line,
)  # fmt: skip
from segments import pattern
from translation import Attributes, Leaf, current_regime, merged, walk

SCTLR_M, SCTLR_A, SCTLR_C, SCTLR_I = 1 << 0, 1 << 1, 1 << 2, 1 << 12
CPACR_FPEN, CPTR_TFP = 3 << 20, 1 << 10

STATES = [state.name for state in ARM64.states]

# The registers of a translation regime and of FP, as the gdbstub calls them.
EL1 = ("SCTLR", "TCR_EL1", "TTBR0_EL1", "MAIR_EL1", "CPACR", "VBAR")
EL2 = ("SCTLR_EL2", "TCR_EL2", "TTBR0_EL2", "MAIR_EL2", "CPTR_EL2", "VBAR_EL2", "HCR_EL2")

READ_ONLY = {"writable": False, "executable": False}
WRITABLE = {"writable": True, "executable": False}
EXECUTABLE = {"writable": False, "executable": True}

# mrs x0, ID_AA64xxx_EL1, of which the lowest five bits are the register.
MRS_ISAR0, MRS_MMFR0 = 0xD5380600, 0xD5380700
ISAR0_SHA2 = 0xF << 12
MMFR0_TGRAN4 = 0xF << 28


@pytest.fixture(params=STATES)
def arm64(request, tmp_path):
    """A boot on arm64 at each exception level, in a machine with RAM on both sides of 2 GiB."""
    boot = Boot(ARM64, tmp_path, memory_size="3G").with_payload()
    boot.state = ARM64.state(request.param)
    return boot


@pytest.fixture
def el1(tmp_path):
    """A boot on arm64 at EL1."""
    return Boot(ARM64, tmp_path).with_payload()


def names_of(boot):
    """What the gdbstub calls the registers that must be put back."""
    return EL2 if boot.state.name in ("el2", "el2-vhe") else EL1


def sctlr_of(boot):
    """The register with the switches."""
    return names_of(boot)[0]


def stop_in_hash(boot, gdb):
    """Run from the purgatory's entry until a block is about to be hashed with the MMU on."""
    blocks = boot.symbol("sha256_blocks_ce")
    gdb.insert_breakpoint(blocks)
    place = gdb.run_to_stop()
    while place == blocks and not gdb.read(sctlr_of(boot)) & SCTLR_M:
        place = gdb.run_over()
    assert place == blocks
    gdb.remove_breakpoint(blocks)


def pages(start, size, rights, memory="normal-wb", shareability="inner"):
    """One leaf for each page that holds a byte of the range."""
    attributes = Attributes(memory=memory, shareability=shareability, el0=False, accessed=True, **rights)
    first, last = start // PAGE, (start + size - 1) // PAGE
    return {page: Leaf(page * PAGE, PAGE, page * PAGE, attributes) for page in range(first, last + 1)}


def expected_map(boot):
    """What must be mapped, from the parameter block."""
    params, header = boot.params, boot.header
    leaves = pages(boot.place, header["ro_size"], EXECUTABLE)
    leaves |= pages(boot.place + header["ro_size"], header["mem_size"] - header["ro_size"], WRITABLE)
    for i in range(params["segment_count"]):
        if params[f"segment[{i}].size"]:
            leaves |= pages(params[f"segment[{i}].start"], params[f"segment[{i}].size"], READ_ONLY)
    for i in range(params["copy_count"]):
        leaves |= pages(params[f"copy[{i}].src"], params[f"copy[{i}].size"], READ_ONLY)
    for i in range(params["copy_count"]):
        leaves |= pages(params[f"copy[{i}].dst"], params[f"copy[{i}].size"], WRITABLE)
    for i in range(2):
        if params[f"console[{i}].kind"]:
            leaves |= pages(params[f"console[{i}].base"], 96, WRITABLE, "device-nGnRE", "outer")
    return merged(leaves[page] for page in sorted(leaves))


def assert_maps_what_is_needed(boot):
    """Stop while hashing, compare the map, let it go on, and return the console's text."""
    with boot.start(frozen=True) as machine:
        machine.gdb.run_to(boot.place)
        stop_in_hash(boot, machine.gdb)
        regime = current_regime(machine.gdb.read)
        found = merged(walk(regime, machine.gdb.read_physical))
        assert [str(leaf) for leaf in found] == [str(leaf) for leaf in expected_map(boot)]
        assert found == expected_map(boot)
        machine.gdb.resume()
        machine.wait_for(r"^payload: end$")
        verified_line(machine.text)
        return regime


def test_map(arm64):
    """Segments at odd places, across 1 GiB, in blocks and in pages; a copy into a segment that is mapped by blocks."""
    arm64.segment("odd", 0x44000123, pattern(0x2345))
    arm64.segment("across", 2 * GIB - 3 * MIB - 0x1003, pattern(0x1007) + bytes(7 * MIB))
    arm64.segment("empty", 0x44100000, b"")
    arm64.params.add_copy(2 * GIB + 0x1234, 0x44000124, 0x1111)
    arm64.seal()
    regime = assert_maps_what_is_needed(arm64)
    assert not regime.upper_half


def test_map_shared_pages(arm64):
    """Segments that share pages with each other and lie at both ends of the purgatory."""
    end = arm64.place + arm64.header["mem_size"]
    arm64.segment("before", arm64.place - 0x100, pattern(0x100))
    arm64.segment("behind", end, pattern(0x100))
    arm64.segment("behind2", end + 0x100, pattern(0x10000))
    assert_maps_what_is_needed(arm64)


def test_map_two_consoles(arm64):
    """Both consoles are devices in the map, also when they share a page."""
    arm64.put(0x45000000, b"\xff" * 0x1000)
    arm64.console(0, kind="CONSOLE_8250", base=0x45000F00)
    arm64.console(1)
    assert_maps_what_is_needed(arm64)


@pytest.mark.parametrize("state", STATES)
def test_map_across_512g(state, tmp_path):
    """RAM that needs a level more of tables, as large servers have it."""
    boot = Boot(ARM64, tmp_path, memory_size="520G").with_payload()
    boot.state = ARM64.state(state)
    boot.qemu_options = ["-object", "memory-backend-ram,id=ram,size=520G,reserve=off", "-machine", "memory-backend=ram"]
    boot.segment("across", 512 * GIB - 0x1001, pattern(0x3000))
    boot.segment("above", 512 * GIB + 4 * MIB - 1, pattern(0x100) + bytes(2 * MIB))
    boot.params.add_copy(512 * GIB + 8 * MIB, 512 * GIB + 4 * MIB, 0x80)
    boot.seal()
    assert_maps_what_is_needed(boot)


def test_purgatory_above_512g(tmp_path):
    """The image itself there, stack and tables with it."""
    boot = Boot(ARM64, tmp_path, memory_size="520G").with_payload()
    boot.qemu_options = ["-object", "memory-backend-ram,id=ram,size=520G,reserve=off", "-machine", "memory-backend=ram"]
    boot.place = 512 * GIB - 0x3000
    boot.seal()
    assert_maps_what_is_needed(boot)


def test_caches_while_hashing(arm64):
    """MMU, D-cache and I-cache on, alignment checks off, FP not trapped; afterwards every register is as found."""
    with arm64.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(arm64.place)
        before = {name: gdb.read(name) for name in names_of(arm64)}
        stop_in_hash(arm64, gdb)
        sctlr = gdb.read(sctlr_of(arm64))
        assert sctlr & (SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_A) == SCTLR_M | SCTLR_C | SCTLR_I
        if arm64.state.name == "el2":
            assert not gdb.read("CPTR_EL2") & CPTR_TFP
        else:
            assert gdb.read("CPTR_EL2" if arm64.state.name == "el2-vhe" else "CPACR") & CPACR_FPEN == CPACR_FPEN
        gdb.run_to(ARM64.payload_at)
        assert {name: gdb.read(name) for name in names_of(arm64)} == before


MAINTENANCE = ("mmu_sync_memory", "mmu_on", "mmu_off")


def calls(boot, gdb, until=None):
    """What is called between the purgatory's entry and the payload's: (function, x0, x1), in order. It stops there, or at
    the first call with x0 as `until` says."""
    places = {boot.symbol(name): name for name in MAINTENANCE}
    gdb.run_to(boot.place)
    for place in (*places, ARM64.payload_at):
        gdb.insert_breakpoint(place)
    found = []
    place = gdb.run_to_stop()
    while place != ARM64.payload_at:
        found.append((places[place], gdb.read("x0"), gdb.read("x1")))
        if found[-1][1] == until:
            break
        place = gdb.run_over()
    return found


def test_cache_maintenance(arm64):
    """QEMU has no caches, so what is done to them is seen by its calls: the image at once, segments, copies and the fallback
    before the MMU comes on and after it goes off, each page table before it is written to, what was written to without caches
    when they come on, and the whole image when they are off."""
    segment, source, destination = (0x44000123, 0x2345), (0x44000200, 0x100), (0x45000001, 0x100)
    arm64.segment("odd", segment[0], pattern(segment[1]))
    arm64.params.add_copy(destination[0], *source)
    fallback = (0x46000000, 0x1001)
    arm64.params["failure.policy"] = constant("FAIL_FALLBACK")
    arm64.params["failure.fallback.start"], arm64.params["failure.fallback.size"] = fallback
    arm64.params["failure.fallback_handoff.arm64.pc"] = fallback[0]
    arm64.seal()
    with arm64.start(frozen=True) as machine:
        found = calls(arm64, machine.gdb)
    names = [name for name, _, _ in found]
    on, off = names.index("mmu_on"), names.index("mmu_off")
    assert names.count("mmu_sync_memory") == len(names) - 2
    before, between, after = ([call[1:] for call in part] for part in (found[:on], found[on + 1 : off], found[off + 1 :]))
    outside = [(ARM64.payload_at, len(arm64.payload)), segment, source, destination, fallback]
    tables = arm64.symbol("pool")
    count = len(before) - 1 - len(outside)
    assert 4 <= count <= 16
    assert before == [
        (arm64.place, tables - arm64.place),
        *outside,
        *((tables + i * PAGE, PAGE) for i in range(count)),
    ]
    end, data = tables + count * PAGE, arm64.place + arm64.header["ro_size"]
    assert between == [(data, end - data)]
    assert after == [(arm64.place, end - arm64.place), *outside]


@pytest.mark.parametrize("mmu", [0, OPTION_MMU | OPTION_CACHES], ids=["mmu-off", "mmu-on"])
def test_cache_maintenance_of_the_record(arm64, mmu):
    """The last of it: no line that was there may come down on the record, and none may hide it. What is written in
    between is in memory before the second call, and not before the first; and the caches are off by then."""
    place = 0x44000008
    arm64.options |= mmu
    arm64.put(place, b"\xee" * 8)
    arm64.params["report.address"] = place
    arm64.params["report.size"] = REPORT_SIZE
    arm64.seal()
    with arm64.start(frozen=True) as machine:
        gdb = machine.gdb
        found = calls(arm64, gdb, until=place)
        assert found[-1] == ("mmu_sync_memory", place, REPORT_SIZE)
        assert place not in [start for _, start, _ in found[:-1]]
        assert not gdb.read(sctlr_of(arm64)) & (SCTLR_M | SCTLR_C)
        assert gdb.read_physical(place, 8) == b"\xee" * 8
        gdb.run_over()
        assert (gdb.read("x0"), gdb.read("x1")) == (place, REPORT_SIZE)
        assert gdb.read_physical(place, 8) == b"PURGREPT"
        assert gdb.run_over() == ARM64.payload_at


def test_never_touches_no_segment(tmp_path):
    """Under NEVER a segment may be anywhere, also where no memory is: it is neither mapped nor maintained."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.params["verify"] = constant("VERIFY_NEVER")
    boot.params.add_segment("nowhere", 300 * GIB, b"")
    boot.params["segment[1].size"] = 100 * GIB
    with boot.start(frozen=True) as machine:
        assert all(start != 300 * GIB for _, start, _ in calls(boot, machine.gdb))


@pytest.mark.parametrize("state", ["el1", "el2", "el2-vhe"])
def test_streaming_mode(state, tmp_path):
    """An old kernel that died in streaming mode, in which there are no SHA2 instructions, with SME trapped."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = ARM64.state(state).with_cpu("max,pauth-impdef=on")
    boot.options |= OPTION_STREAMING
    report, text = boot.report()
    assert verified_line(text)[2] == "armv8-ce"
    assert report["trap"] == boot.state.trap


def test_fp_traps_are_opened_and_closed(arm64):
    """An old kernel that has FP trapped: it is not while hashing, and is again for the next kernel."""
    trapped = arm64.state.trap | CPTR_TFP if arm64.state.name == "el2" else arm64.state.trap & ~CPACR_FPEN
    arm64.state = arm64.state.with_trap(trapped)
    report, text = arm64.report()
    assert verified_line(text)[2] == "armv8-ce"
    assert report["trap"] == trapped


def test_refused_with_caches_on(arm64):
    """A damaged segment is told of, and the CPU halts with the caches off again."""
    arm64.segment("bad", 0x44000000, pattern(100))
    arm64.params["segment[1].digest"] = b"\x01" * 32
    with arm64.start() as machine:
        machine.wait_for(r"segment 1 \(bad\): the digest does not match: .* \[code 15\]; halted$")


# Without caches: correct, slow, and said.


def uncached(text):
    """The reason that the line gives."""
    match = re.search(r"^purgatory: verified .*, sha256: \S+, uncached: ([^;]+); jumping to 0x[0-9a-f]+$", text, re.M)
    assert match, text
    return match[1]


def test_pool_exhausted(el1):
    """More pieces, each in 2 MiB of its own, than there are tables."""
    for i in range(20):
        el1.segment(f"s{i}", 0x44000000 + 2 * MIB * i + 3 * PAGE + i, pattern(100 + i))
    _, text = el1.report()
    assert uncached(text) == "too many pieces for the page tables"


def test_damage_is_seen_without_caches(el1):
    """The same, and the last one is damaged."""
    for i in range(20):
        el1.segment(f"s{i}", 0x44000000 + 2 * MIB * i + 3 * PAGE + i, pattern(100 + i))
    el1.params["segment[20].digest"] = b"\x01" * 32
    assert "segment 20 (s19): the digest does not match" in el1.refusal()


def test_console_in_a_segments_page(el1):
    """A page cannot be memory and device at once."""
    el1.put(0x44000000, b"\xff" * 0x100)
    el1.console(1, kind="CONSOLE_8250", base=0x44000000)
    el1.segment("near", 0x44000200, pattern(0x100))
    _, text = el1.report()
    assert uncached(text) == "a console in the same page as other memory"


def run_with_id_register(boot, gdb, mrs, bits, value):
    """Run to the payload; whenever the purgatory reads that ID register, have these bits be the value."""
    code = bytes(boot.image[: boot.header["ro_size"]])
    places = {}
    for offset in range(0, len(code), 4):
        word = int.from_bytes(code[offset : offset + 4], "little")
        if word & ~0x1F == mrs:
            places[boot.place + offset + 4] = f"x{word & 0x1F}"
    assert places
    gdb.run_to(boot.place)
    for place in (*places, boot.arch.payload_at):
        gdb.insert_breakpoint(place)
    place = gdb.run_to_stop()
    while place != boot.arch.payload_at:
        gdb.write(places[place], gdb.read(places[place]) & ~bits | value)
        place = gdb.run_over()


def test_no_4k_granule(el1):
    """A CPU that has only larger granules."""
    with el1.start(frozen=True) as machine:
        run_with_id_register(el1, machine.gdb, MRS_MMFR0, MMFR0_TGRAN4, MMFR0_TGRAN4)
        machine.drain()
        assert uncached(machine.text) == "no 4 KiB granule"


def test_no_sha2_instructions(el1):
    """A CPU without them."""
    with el1.start(frozen=True) as machine:
        run_with_id_register(el1, machine.gdb, MRS_ISAR0, ISAR0_SHA2, 0)
        machine.drain()
        assert verified_line(machine.text)[2] == "portable"


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "cortex-a76", "max,pauth-impdef=on"])
def test_cpus(cpu, el1):
    """Other CPUs, with other physical address sizes and more features."""
    el1.segment("odd", 0x44000123, pattern(0x2345))
    el1.state = el1.state.with_cpu(cpu)
    _, text = el1.report()
    assert verified_line(text)[2] == "armv8-ce"


# Entered with the MMU on.


@pytest.mark.parametrize("caches", [True, False], ids=["caches", "no-caches"])
def test_mmu_on(arm64, caches):
    """A firmware's map is kept for the hash; the next kernel finds MMU and caches off, and the rest as found."""
    arm64.options |= OPTION_MMU | (OPTION_CACHES if caches else 0)
    arm64.segment("odd", 0x44000123, pattern(0x2345))
    arm64.params.add_copy(0x45000001, 0x44000123, 0x2345)
    arm64.seal()
    with arm64.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.run_to(arm64.place)
        before = {name: gdb.read(name) for name in names_of(arm64)}
        assert before[sctlr_of(arm64)] & SCTLR_M
        gdb.run_to(ARM64.payload_at)
        after = {name: gdb.read(name) for name in names_of(arm64)}
        gdb.resume()
        machine.wait_for(r"^payload: end$")
        text = machine.text
    before[sctlr_of(arm64)] &= ~(SCTLR_M | SCTLR_C)
    assert after == before
    if caches:
        verified_line(text)
    else:
        assert uncached(text) == "the MMU is on, with caches off"


def test_mmu_on_and_not_mapped(arm64):
    """A segment outside the firmware's map of 512 GiB."""
    arm64.options |= OPTION_MMU | OPTION_CACHES
    arm64.params.add_segment("far", 600 * GIB, b"")
    arm64.params["segment[1].size"] = 1
    assert f"[code {constant('E_UNMAPPED')}]" in arm64.refusal()


def test_mmu_on_and_image_elsewhere(tmp_path):
    """Run at an address that is not the image's own."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.options |= OPTION_MMU | OPTION_CACHES | OPTION_ALIAS
    boot.target = boot.place + 256 * GIB
    assert f"[code {constant('E_UNMAPPED')}]" in boot.refusal()
