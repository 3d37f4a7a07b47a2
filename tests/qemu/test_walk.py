# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""PURG_VERIFY_UNLESS_UNMAPPED with an old kernel's tables made by hand, in each state in which the purgatory is entered.

What counts as unmapped is for the unit tests of the walk; here the tables are read by the real thing: on arm64 through a
window of its own map, on x86_64 through the loader's.
"""

import dataclasses
import re
import struct

import pytest

from abi import constant
from machine import (
    ARM64, ARCHES, GIB, MIB, OPTION_ALIAS, OPTION_CACHES, OPTION_HIDE, OPTION_MMU, PAGE, X86_64, Boot,
)  # fmt: skip
from old_tables import GEOMETRIES, OldTables
from segments import pattern
from test_stack import SPARE, paint, unused

ALL = [(ARCHES[name], geometry) for name, geometries in GEOMETRIES.items() for geometry in geometries]

SAFE = {"arm64": "unmapped from", "x86_64": "not writable through"}
EXPOSED = {"arm64": "is mapped", "x86_64": "is mapped writable"}

# The crash kernel's memory, of which every page is in the linear map but those that are loaded.
REGION_SIZE = 4 * MIB
DATA_SIZE = 0x31234


class Skip:
    """A boot of a payload and of data, both in the region, with tables that map neither."""

    def __init__(self, arch, geometry, directory):
        self.arch, self.geometry = arch, geometry
        self.boot = boot = Boot(arch, directory)
        self.region = arch.payload_at
        self.data = self.region + 2 * MIB
        boot.with_payload()
        boot.segment("data", self.data, pattern(DATA_SIZE))
        boot.params["verify"] = constant("VERIFY_UNLESS_UNMAPPED")
        self.tables = OldTables(geometry, arch.spare_at + 0x20000)
        self.page = 1 << geometry.page_shift
        for address in range(self.region, self.region + REGION_SIZE, self.page):
            loaded = address == self.region or self.data <= address < self.data + DATA_SIZE
            self.map(address, geometry.harmless if loaded else geometry.leaf)
        self.map(self.tables.place, geometry.leaf)
        for field, value in geometry.fields:
            boot.params[f"linear_map.{field}"] = value
        boot.params["linear_map.root"] = self.tables.place
        boot.params["linear_map.va"] = geometry.linear
        boot.params["linear_map.region"] = self.region
        boot.params["linear_map.region_size"] = REGION_SIZE
        boot.params["linear_map.range_count"] = 1

    def map(self, address, flags):
        """Map one page of the linear map."""
        self.tables.map(self.geometry.linear + address, address, flags)

    @property
    def pages(self):
        """Pages of the two segments."""
        return 1 + -(-DATA_SIZE // self.page)

    def seal(self):
        """All is as it is to be."""
        self.boot.put(self.tables.place, self.tables.bytes())
        if not self.boot.params["linear_map.range[0].size"]:
            self.boot.params["linear_map.range[0].start"] = self.tables.place
            self.boot.params["linear_map.range[0].size"] = self.tables.size()
        self.boot.seal()
        return self.boot

    def damage(self):
        """Change a byte of the data after the digests were taken."""
        self.boot.put(self.data + 8, b"\x00" * 8)

    def lines(self):
        """Boot, and return what the purgatory says and what the payload reports."""
        report, text = self.seal().report()
        return re.findall("^purgatory: (.*)$", text, re.M), report

    def skipped(self):
        """The lines if all is skipped."""
        entry = f"jumping to {self.arch.payload_at:#x}"
        what = f"crashkernel {SAFE[self.arch.name]} the linear map ({self.pages} pages looked at)"
        return [f"skipped: {what}", f"skipped 2 segments; {entry}"]


@pytest.fixture(params=ALL, ids=lambda case: f"{case[0].name}-{case[1].name}")
def skip(request, tmp_path):
    """Each geometry in turn."""
    return Skip(*request.param, tmp_path)


@pytest.fixture(params=GEOMETRIES.items(), ids=lambda item: item[0])
def usual(request, tmp_path):
    """The geometry that most kernels have."""
    name, geometries = request.param
    return Skip(ARCHES[name], geometries[0], tmp_path)


def test_skip(skip):
    """Nothing is mapped: nothing is hashed, and damage goes unseen; that is what the policy says."""
    skip.damage()
    assert skip.lines()[0] == skip.skipped()


def test_mapped(skip):
    """One page of the data is mapped: the data are verified, the rest is not."""
    place = (skip.data + DATA_SIZE - 1) & -skip.page
    skip.map(place, skip.geometry.leaf)
    lines, _ = skip.lines()
    assert lines[0] == f"verifying: {place:#x} {EXPOSED[skip.arch.name]}"
    assert re.fullmatch(rf"verified 1 segment, {DATA_SIZE} bytes, .*; skipped 1 segment; jumping to 0x[0-9a-f]+", lines[1])


def test_mapped_and_damaged(skip):
    """And if the data were changed, that is seen."""
    skip.map(skip.data, skip.geometry.leaf)
    skip.damage()
    assert "segment 1 (data): the digest does not match" in skip.seal().refusal()


@pytest.mark.parametrize("case", [(arch, state) for arch in ARCHES.values() for state in arch.states], ids=lambda c: c[1].name)
def test_states(case, tmp_path):
    """At each exception level, and what the next program gets is what it gets without a look at the tables."""
    arch, state = case
    skip = Skip(arch, GEOMETRIES[arch.name][0], tmp_path)
    skip.boot.state = state
    lines, report = skip.lines()
    assert lines == skip.skipped()
    plain = Boot(arch, tmp_path).with_payload()
    plain.state = state
    expected, _ = plain.report()
    assert report == expected


# ldr x0, root; ldr x1, tcr; msr ttbr1_el1, x0; msr tcr_el1, x1; isb; ldr x2, entry; br x2; nop; and these three.
SET_AND_GO = struct.Struct("<8I3Q")
SET_AND_GO_CODE = (0x58000100, 0x58000121, 0xD5182020, 0xD5182041, 0xD5033FDF, 0x580000E2, 0xD61F0040, 0xD503201F)
HCR_TGE = 1 << 27


def live(state, tmp_path):
    """The registers tell of the tables: with E2H, TTBR1_EL1 and TCR_EL1 are those of EL2."""
    skip = Skip(ARM64, GEOMETRIES["arm64"][0], tmp_path)
    params, boot = skip.boot.params, skip.boot
    boot.state = state
    boot.target = skip.arch.spare_at
    entry = boot.place + boot.header["entry"]
    code = SET_AND_GO.pack(*SET_AND_GO_CODE, params["linear_map.root"], params["linear_map.tcr"], entry)
    boot.put(boot.target, code)
    params["linear_map.root"] = params["linear_map.tcr"] = 0
    params["linear_map.flags"] = constant("LINEAR_MAP_LIVE")
    return skip


@pytest.mark.parametrize("state", ARM64.states, ids=lambda state: state.name)
def test_live(state, tmp_path):
    """At each exception level the kernel's registers are found."""
    skip = live(state, tmp_path)
    assert skip.lines()[0] == skip.skipped()


def test_live_kernel_below(tmp_path):
    """A kernel at EL1 beside an EL2 with E2H: EL2's registers do not tell of it, whatever they hold."""
    state = ARM64.state("el2-vhe")
    skip = live(dataclasses.replace(state, hcr_or_cr0=state.hcr_or_cr0 & ~HCR_TGE), tmp_path)
    assert skip.lines()[0][0] == "verifying: not the tables of this architecture"


def test_search(usual):
    """Without the linear map's address: an alias is seen, and that there is none."""
    usual.boot.params["linear_map.va"] = 0
    usual.boot.params["linear_map.flags"] = constant("LINEAR_MAP_SEARCH")
    lines, _ = usual.lines()
    mapped = REGION_SIZE // PAGE + 1  # those that are mapped, and the segments' own
    what = f"crashkernel {SAFE[usual.arch.name]} the old kernel's tables ({mapped} pages looked at)"
    assert lines == [f"skipped: {what}", usual.skipped()[1]]


def test_alias(usual):
    """A look-up in the linear map does not see an alias elsewhere; a search does."""
    usual.tables.map(usual.geometry.linear + (1 << 38), usual.data, usual.geometry.leaf)
    assert usual.lines()[0] == usual.skipped()
    usual.boot.params["linear_map.va"] = 0
    usual.boot.params["linear_map.flags"] = constant("LINEAR_MAP_SEARCH")
    assert usual.lines()[0][0] == f"verifying: {usual.data:#x} {EXPOSED[usual.arch.name]}"


def test_deepest(skip):
    """The stack has room to spare, whatever the geometry."""
    paint(skip.boot)
    with skip.seal().start() as machine:
        machine.wait_for("^payload: end$")
        assert unused(skip.boot, machine) >= SPARE


@pytest.mark.parametrize("options", [OPTION_MMU, OPTION_MMU | OPTION_CACHES], ids=["mmu", "caches"])
def test_foreign_map(options, tmp_path):
    """arm64, entered with the MMU on: under a map that is not ours there is no window to read through."""
    skip = Skip(ARM64, GEOMETRIES["arm64"][0], tmp_path)
    skip.boot.options |= options
    lines, _ = skip.lines()
    assert lines[0] == "verifying: no caches"
    assert lines[1].startswith("verified 2 segments, ")


@pytest.fixture(params=[0, OPTION_HIDE], ids=["plain", "hidden"])
def x86_64(request, tmp_path):
    """x86_64, entered with tables that are in the identity map, or not: then nobody can tell what they map."""
    skip = Skip(X86_64, GEOMETRIES["x86_64"][0], tmp_path)
    skip.boot.options |= request.param
    return skip


def test_loaders_map(x86_64):
    """What can be read is read."""
    assert x86_64.lines()[0] == x86_64.skipped()


def test_outside_of_memory(x86_64):
    """A table where there is no memory, though the loader says so, is not read."""
    place = 1 << 39
    x86_64.tables.tables[0][(x86_64.geometry.linear & (1 << 48) - 1) >> 39] = place | 3
    x86_64.boot.params["linear_map.range[0].size"] = (1 << 40) - PAGE
    x86_64.boot.params["linear_map.range[0].start"] = PAGE
    assert x86_64.lines()[0][0] == f"verifying: a table outside the ranges: {place:#x}"


def test_not_identical(tmp_path):
    """A table at an address where the loader's map has other memory is not read there."""
    skip = Skip(X86_64, GEOMETRIES["x86_64"][0], tmp_path)
    skip.boot.options |= OPTION_ALIAS
    place = 256 * GIB + skip.tables.address(1)
    skip.tables.tables[0][(skip.geometry.linear & (1 << 48) - 1) >> 39] = place | 3
    skip.boot.params["linear_map.range[0].size"] = (1 << 39) - PAGE
    skip.boot.params["linear_map.range[0].start"] = PAGE
    assert skip.lines()[0][0] == f"verifying: a table outside the ranges: {place:#x}"
