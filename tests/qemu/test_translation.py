# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The walker of arm64's translation tables, on tables built by hand; it reads what the architecture says."""

import struct

import pytest

import translation
from machine import ARM64, GIB, MIB, OPTION_MMU, PAGE, Boot
from translation import Regime, TranslationError, current_regime, memory_type, merged, walk

ROOT, TABLE_1, TABLE_2, TABLE_3 = 0x10000, 0x11000, 0x12000, 0x13000

# What is at which index: Device-nGnRE, not cached, write-back.
MAIR = 0x04 | 0x44 << 8 | 0xFF << 16
DEVICE, NOT_CACHED, WRITE_BACK = 0 << 2, 1 << 2, 2 << 2

TABLE, PAGE_ENTRY, BLOCK = 3, 3, 1
AF, SH_OUTER, SH_INNER, READ_ONLY, EL0 = 1 << 10, 2 << 8, 3 << 8, 1 << 7, 1 << 6
DBM, CONTIGUOUS, PXN, XN = 1 << 51, 1 << 52, 1 << 53, 1 << 54
TABLE_PXN, TABLE_XN, TABLE_NO_EL0, TABLE_READ_ONLY = 1 << 59, 1 << 60, 1 << 61, 1 << 62
RAM = AF | SH_INNER | WRITE_BACK

# TCR by regime: 40 bits of output, TTBR1 off where there is one.
EPD0, EPD1 = 1 << 7, 1 << 23
LAYOUTS = {True: 2 << 32 | EPD1, False: 2 << 16 | 1 << 23 | 1 << 31}
HPD = {True: 1 << 41, False: 1 << 24}
HA_HD = {True: 3 << 39, False: 3 << 21}
DS = {True: 1 << 59, False: 1 << 32}


@pytest.fixture(params=[True, False], ids=["two-ranges", "one-range"])
def two_ranges(request):
    """Both layouts of TCR."""
    return request.param


class Memory:
    """Physical memory with tables in it; reading where there is none fails."""

    def __init__(self):
        self.tables = {}

    def put(self, table, entries, count=512):
        """A table with these entries, by index."""
        self.tables[table] = [entries.get(index, 0) for index in range(count)]
        return self

    def read(self, address, size):
        """As gdb's read_physical."""
        data = struct.pack(f"<{len(self.tables[address])}Q", *self.tables[address])
        assert size == len(data)
        return data


def regime(two_ranges, bits=39, tcr=0, ttbr0=ROOT, **others):
    """A regime that translates so many bits, with more bits set in TCR."""
    return Regime(LAYOUTS[two_ranges] | tcr | (64 - bits), ttbr0, MAIR, two_ranges, **others)


def one_page(two_ranges, descriptor, limits=(0, 0), **others):
    """The only leaf of tables in which each table descriptor has a bit of limits."""
    memory = Memory().put(ROOT, {0: TABLE_2 | TABLE | limits[0]})
    memory.put(TABLE_2, {0: TABLE_3 | TABLE | limits[1]}).put(TABLE_3, {1: descriptor})
    (found,) = walk(regime(two_ranges, **others), memory.read)
    return found


def test_block_and_page(two_ranges):
    """Address, size, level and attributes of leaves of each level that has any."""
    memory = Memory().put(ROOT, {1: 0x80000000 | BLOCK | RAM, 511: TABLE_2 | TABLE})
    memory.put(TABLE_2, {0: 0x200000 | BLOCK | RAM | READ_ONLY, 511: TABLE_3 | TABLE})
    memory.put(TABLE_3, {511: 0xFFFFFFF000 | PAGE_ENTRY | AF | DEVICE | PXN | XN})
    block_1, block_2, page = walk(regime(two_ranges), memory.read)
    assert (block_1.virtual, block_1.size, block_1.physical, block_1.level) == (GIB, GIB, 2 * GIB, 1)
    assert (block_2.virtual, block_2.size, block_2.physical, block_2.level) == (511 * GIB, 2 * MIB, 2 * MIB, 2)
    assert (page.virtual, page.size, page.physical, page.level) == (512 * GIB - PAGE, PAGE, (1 << 40) - PAGE, 3)
    assert str(block_1) == "0x40000000-0x80000000 to 0x80000000 rwx normal-wb inner"
    assert str(block_2) == "0x7fc0000000-0x7fc0200000 to 0x200000 r-x normal-wb inner"
    assert str(page) == "0x7ffffff000-0x8000000000 to 0xfffffff000 rw- device-nGnRE outer"
    assert block_1.attributes.accessed


@pytest.mark.parametrize(
    "bits, level, entries",
    [(48, 0, 512), (47, 0, 256), (40, 0, 2), (39, 1, 512), (36, 1, 64), (31, 1, 2), (30, 2, 512), (25, 2, 16)],
)
def test_start_level(bits, level, entries, two_ranges):
    """T0SZ says at which level the walk starts, and how many entries that table has."""
    tables = {0: [ROOT, TABLE_1, TABLE_2, TABLE_3], 1: [ROOT, TABLE_2, TABLE_3], 2: [ROOT, TABLE_3]}[level]
    memory = Memory().put(tables[0], {entries - 1: tables[1] | TABLE}, entries)
    for table, below in zip(tables[1:], tables[2:]):
        memory.put(table, {511: below | TABLE})
    memory.put(TABLE_3, {511: 0x5000 | PAGE_ENTRY | RAM})
    (page,) = walk(regime(two_ranges, bits), memory.read)
    assert page.virtual == (1 << bits) - PAGE
    assert page.physical == 0x5000


def test_executable(two_ranges):
    """Each regime has its own bit for "not executable here", and ignores the other's."""
    own, other = (PXN, XN) if two_ranges else (XN, PXN)
    assert one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM).attributes.executable
    assert not one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM | own).attributes.executable
    assert one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM | other).attributes.executable


def test_wxn(two_ranges):
    """With SCTLR.WXN what is writable is not executable."""
    sctlr = translation.SCTLR_M | translation.SCTLR_WXN
    assert not one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM, sctlr=sctlr).attributes.executable
    assert one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM | READ_ONLY, sctlr=sctlr).attributes.executable


def test_el0(two_ranges):
    """What EL0 may write is not executable at EL1; where there is no EL0, the bit means nothing."""
    attributes = one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM | EL0).attributes
    assert (attributes.el0, attributes.writable, attributes.executable) == (two_ranges, True, not two_ranges)
    attributes = one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM | EL0 | READ_ONLY).attributes
    assert (attributes.el0, attributes.writable, attributes.executable) == (two_ranges, False, True)


@pytest.mark.parametrize("limits", [(1, 0), (0, 1)], ids=["upper", "lower"])
def test_table_restricts(limits, two_ranges):
    """A table descriptor takes rights from all below it, unless TCR says that it does not."""
    bits = TABLE_READ_ONLY | TABLE_NO_EL0 | (TABLE_PXN if two_ranges else TABLE_XN)
    limits = [bits * factor for factor in limits]
    attributes = one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM, limits).attributes
    assert not attributes.writable and not attributes.executable
    assert not one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM | EL0, limits).attributes.el0
    attributes = one_page(two_ranges, 0x5000 | PAGE_ENTRY | RAM, limits, tcr=HPD[two_ranges]).attributes
    assert attributes.writable and attributes.executable


def test_dirty_state(two_ranges):
    """Where the CPU keeps the dirty state, a read-only page with DBM is a writable one."""
    descriptor = 0x5000 | PAGE_ENTRY | RAM | READ_ONLY | DBM
    assert not one_page(two_ranges, descriptor).attributes.writable
    assert one_page(two_ranges, descriptor, tcr=HA_HD[two_ranges]).attributes.writable


def test_access_flag(two_ranges):
    """The access flag is told."""
    assert not one_page(two_ranges, 0x5000 | PAGE_ENTRY | WRITE_BACK).attributes.accessed


@pytest.mark.parametrize(
    "attribute, words",
    [
        (0x00, "device-nGnRnE"),
        (0x04, "device-nGnRE"),
        (0x08, "device-nGRE"),
        (0x0C, "device-GRE"),
        (0x44, "normal-nc"),
        (0xFF, "normal-wb"),
        (0xEE, "normal-wb"),
        (0xCC, "normal-wb"),
        (0xBB, "normal-wt"),
        (0x77, "normal-wb-transient"),
        (0x33, "normal-wt-transient"),
        (0x4F, "normal-outer-nc-inner-wb"),
        (0xFB, "normal-outer-wb-inner-wt"),
    ],
)
def test_memory_type(attribute, words):
    """MAIR's bytes in words (Arm ARM, MAIR_EL1)."""
    assert memory_type(attribute) == words


@pytest.mark.parametrize("attribute", [0x01, 0x0D, 0x10, 0x40, 0xA0, 0xF0])
def test_memory_type_reserved(attribute):
    """What is reserved, or means something by an extension, has no words."""
    with pytest.raises(TranslationError):
        memory_type(attribute)


@pytest.mark.parametrize(
    "bits, expected",
    [
        (WRITE_BACK, "none"),
        (WRITE_BACK | SH_OUTER, "outer"),
        (WRITE_BACK | SH_INNER, "inner"),
        (NOT_CACHED | SH_INNER, "outer"),
        (DEVICE, "outer"),
    ],
)
def test_shareability(bits, expected, two_ranges):
    """SH counts for what is cached; the rest is outer shareable."""
    assert one_page(two_ranges, 0x5000 | PAGE_ENTRY | AF | bits).attributes.shareability == expected


@pytest.mark.parametrize(
    "descriptor",
    [
        0x5000 | BLOCK | RAM,
        0x5000 | PAGE_ENTRY | RAM | CONTIGUOUS,
        0x5000 | PAGE_ENTRY | WRITE_BACK | 1 << 8,
        0x5000 | PAGE_ENTRY | 7 << 2 | 1 << 40,
        1 << 40 | PAGE_ENTRY | RAM,
    ],
    ids=["no-page", "contiguous", "shareability", "beyond-output", "beyond-output-by-one"],
)
def test_bad_page(descriptor, two_ranges):
    """A descriptor that the architecture does not define is not guessed at."""
    with pytest.raises(TranslationError):
        one_page(two_ranges, descriptor)


@pytest.mark.parametrize(
    "bits, descriptor",
    [(48, BLOCK | RAM), (39, 0x200000 | BLOCK | RAM), (39, 1 << 40 | TABLE)],
    ids=["block-at-level-0", "misaligned-block", "table-beyond-output"],
)
def test_bad_start_table(bits, descriptor, two_ranges):
    """The same higher up."""
    with pytest.raises(TranslationError):
        list(walk(regime(two_ranges, bits), Memory().put(ROOT, {0: descriptor}).read))


@pytest.mark.parametrize("tcr", [1 << 14, 2 << 14], ids=["granule-64K", "granule-16K"])
def test_bad_granule(tcr, two_ranges):
    """Other granules are refused."""
    with pytest.raises(TranslationError, match="granule"):
        list(walk(regime(two_ranges, tcr=tcr), Memory().read))


@pytest.mark.parametrize("bits", [52, 49, 24])
def test_bad_size(bits, two_ranges):
    """And so are other sizes of the address space."""
    with pytest.raises(TranslationError, match="T0SZ"):
        list(walk(regime(two_ranges, bits), Memory().read))


def test_bad_52_bits(two_ranges):
    """And descriptors with 52 bits of address."""
    with pytest.raises(TranslationError, match="52"):
        list(walk(regime(two_ranges, tcr=DS[two_ranges]), Memory().read))


def test_mmu_off(two_ranges):
    """What tables are left when nothing is translated is not taken for a translation."""
    with pytest.raises(TranslationError, match="off"):
        list(walk(regime(two_ranges, sctlr=0), Memory().read))


def test_misaligned_root(two_ranges):
    """TTBR0 is a multiple of its table's size, of at least 64 bytes."""
    with pytest.raises(TranslationError, match="aligned"):
        list(walk(regime(two_ranges, ttbr0=ROOT + 0x800), Memory().put(ROOT, {}).read))
    small = regime(two_ranges, 31, ttbr0=ROOT + 0x840)
    assert not list(walk(small, Memory().put(ROOT + 0x840, {}, 2).read))


def test_ttbr0_has_more_than_the_root(two_ranges):
    """An ASID and CnP are no part of the address."""
    with_asid = regime(two_ranges, ttbr0=ROOT | 0x1234 << 48 | 1)
    assert len(list(walk(with_asid, Memory().put(ROOT, {0: BLOCK | RAM}).read))) == 1


def test_halves():
    """EPD0 and EPD1 switch a half off, where there are two; elsewhere these bits mean something else."""
    assert regime(True).lower_half and not regime(True).upper_half
    off = regime(True, tcr=EPD0)
    assert not off.lower_half
    assert not list(walk(off, Memory().read))
    assert Regime(25 | 2 << 32, ROOT, MAIR, True).upper_half
    assert regime(False, tcr=EPD0).lower_half
    assert not regime(False).upper_half


def test_merged(two_ranges):
    """Neighbours with the same attributes are one range across levels; a gap, a jump or another attribute ends it."""
    memory = Memory().put(ROOT, {0: TABLE_2 | TABLE})
    memory.put(TABLE_2, {0: TABLE_3 | TABLE, 1: 0x200000 | BLOCK | RAM, 2: 0x400000 | BLOCK | RAM, 3: BLOCK | RAM})
    pages = {index: index * PAGE | PAGE_ENTRY | RAM for index in (0, 1, 3, 4, 5, 510, 511)}
    pages[4] |= READ_ONLY
    memory.put(TABLE_3, pages)
    ranges = merged(walk(regime(two_ranges), memory.read))
    assert [(found.virtual, found.end, found.physical) for found in ranges] == [
        (0x0000, 0x2000, 0x0000),
        (0x3000, 0x4000, 0x3000),
        (0x4000, 0x5000, 0x4000),
        (0x5000, 0x6000, 0x5000),
        (510 * PAGE, 0x600000, 510 * PAGE),
        (0x600000, 0x800000, 0),
    ]
    assert [found.attributes.writable for found in ranges] == [True, True, False, True, True, True]
    assert [found.identity for found in ranges] == [True] * 5 + [False]


@pytest.mark.parametrize("state", [state.name for state in ARM64.states])
def test_walks_a_guest(state, tmp_path):
    """The tables that the launcher can leave, read out of a stopped guest at each exception level."""
    boot = Boot(ARM64, tmp_path).with_payload()
    boot.state = ARM64.state(state)
    boot.options |= OPTION_MMU
    boot.target = boot.arch.payload_at
    with boot.start(frozen=True) as machine:
        assert not current_regime(machine.gdb.read).on
        machine.gdb.run_to(boot.arch.payload_at)
        regime = current_regime(machine.gdb.read)
        ranges = merged(walk(regime, machine.gdb.read_physical))
    assert regime.on and not regime.upper_half
    assert [str(found) for found in ranges] == [
        "0x0-0x40000000 rwx device-nGnRnE outer",
        "0x40000000-0x8000000000 rwx normal-wb none",
    ]
