# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What arm64's stage 1 translation maps, read from the tables in a guest's memory (Arm ARM, chapter D8).

    regime = current_regime(gdb.read)
    for mapped in merged(walk(regime, gdb.read_physical)):
        print(mapped)

The walk takes the tables by the word of the architecture, not by what an emulator lets pass: whatever is reserved,
misaligned, beyond the output size or outside of what is understood here raises TranslationError. Understood is what
TTBR0 reaches with the 4 KiB granule and up to 48 bits of address, at EL1 and at EL2 with and without E2H. TTBR1 is not
walked; Regime.upper_half tells whether it is in use.
"""

import dataclasses
import struct

PAGE_SHIFT = 12
INDEX_BITS = 9
LAST_LEVEL = 3

ADDRESS = (1 << 48) - (1 << PAGE_SHIFT)

# Descriptors.
VALID, TABLE_OR_PAGE = 1 << 0, 1 << 1
AP_EL0, AP_READ_ONLY, ACCESSED = 1 << 6, 1 << 7, 1 << 10
DBM, CONTIGUOUS, PXN, XN = 1 << 51, 1 << 52, 1 << 53, 1 << 54
TABLE_PXN, TABLE_XN, TABLE_NO_EL0, TABLE_READ_ONLY = 1 << 59, 1 << 60, 1 << 61, 1 << 62

# Other registers.
SCTLR_M, SCTLR_WXN = 1 << 0, 1 << 19
HCR_E2H = 1 << 34
TTBR_CNP = 1 << 0

OUTPUT_BITS = {0: 32, 1: 36, 2: 40, 3: 42, 4: 44, 5: 48}
SHAREABILITY = {0: "none", 2: "outer", 3: "inner"}

DEVICES = {0x00: "device-nGnRnE", 0x04: "device-nGnRE", 0x08: "device-nGRE", 0x0C: "device-GRE"}
NOT_CACHED = 4


class TranslationError(AssertionError):
    """The tables or the registers are not as the architecture wants them, or not understood here."""


@dataclasses.dataclass(frozen=True)
class TcrLayout:
    """Where TCR_ELx has its fields."""

    ps: int  # also called IPS
    ha: int
    hd: int
    hpd: int
    ds: int


# TCR_EL1, and TCR_EL2 with E2H: there is a TTBR1. TCR_EL2 without: there is none.
TWO_RANGES = TcrLayout(ps=32, ha=39, hd=40, hpd=41, ds=59)
ONE_RANGE = TcrLayout(ps=16, ha=21, hd=22, hpd=24, ds=32)


@dataclasses.dataclass(frozen=True)
class Regime:
    """The registers of a translation regime. two_ranges: TCR has the layout of EL1, which is also that of E2H."""

    tcr: int
    ttbr0: int
    mair: int
    two_ranges: bool
    sctlr: int = SCTLR_M

    def check(self):
        """Whether the walk understands what TCR says."""
        if not self.on:
            raise TranslationError(f"SCTLR {self.sctlr:#x}: the MMU is off")
        if not 16 <= self.t0sz <= 39:
            raise TranslationError(f"T0SZ {self.t0sz}: more than 48 bits of address, or fewer than 25")
        if self.tcr >> 14 & 3:
            raise TranslationError(f"TCR {self.tcr:#x}: the granule is not 4 KiB")
        if self.bit(self.layout.ds):
            raise TranslationError(f"TCR {self.tcr:#x}: addresses of 52 bits")
        if self.tcr >> self.layout.ps & 7 not in OUTPUT_BITS:
            raise TranslationError(f"TCR {self.tcr:#x}: an output size that is not understood")

    def bit(self, number):
        """A bit of TCR."""
        return bool(self.tcr >> number & 1)

    @property
    def layout(self):
        """Where TCR has its fields."""
        return TWO_RANGES if self.two_ranges else ONE_RANGE

    @property
    def t0sz(self):
        """How many bits of a virtual address are not translated."""
        return self.tcr & 0x3F

    @property
    def on(self):
        """Whether anything is translated at all."""
        return bool(self.sctlr & SCTLR_M)

    @property
    def lower_half(self):
        """Whether TTBR0 is in use."""
        return not (self.two_ranges and self.bit(7))

    @property
    def upper_half(self):
        """Whether TTBR1 is in use."""
        return self.two_ranges and not self.bit(23)

    @property
    def start_level(self):
        """The level of the table that TTBR0 points to."""
        return LAST_LEVEL - (64 - self.t0sz - PAGE_SHIFT - 1) // INDEX_BITS

    @property
    def start_entries(self):
        """How many entries that table has."""
        return 1 << (64 - self.t0sz - shift_of(self.start_level))

    @property
    def hierarchical(self):
        """Whether a table descriptor restricts what is below it."""
        return not self.bit(self.layout.hpd)

    @property
    def updates_dirty(self):
        """Whether the CPU makes pages with DBM writable by itself."""
        return self.bit(self.layout.ha) and self.bit(self.layout.hd)

    def output(self, address):
        """An address that comes out of a descriptor or TTBR0."""
        if address >> OUTPUT_BITS[self.tcr >> self.layout.ps & 7]:
            raise TranslationError(f"{address:#x} is beyond the output size of TCR {self.tcr:#x}")
        return address

    def root(self):
        """The table that TTBR0 points to."""
        address = self.ttbr0 & ((1 << 48) - 1) & ~TTBR_CNP
        if address % max(64, 8 * self.start_entries):
            raise TranslationError(f"TTBR0 {self.ttbr0:#x} is not aligned to its table of {self.start_entries} entries")
        return self.output(address)


@dataclasses.dataclass(frozen=True)
class Attributes:
    """What may be done with memory, at the exception level of the regime but for el0, and how it is cached."""

    memory: str
    shareability: str
    writable: bool
    executable: bool
    el0: bool
    accessed: bool


@dataclasses.dataclass(frozen=True)
class Leaf:
    """What a block or page descriptor maps, or several do that go on from each other: then there is no level."""

    virtual: int
    size: int
    physical: int
    attributes: Attributes
    level: int = None

    @property
    def end(self):
        """Where it ends, virtually."""
        return self.virtual + self.size

    @property
    def identity(self):
        """Whether virtual and physical addresses are the same."""
        return self.virtual == self.physical

    def __str__(self):
        attributes = self.attributes
        rights = f"r{'w' if attributes.writable else '-'}{'x' if attributes.executable else '-'}"
        to = "" if self.identity else f" to {self.physical:#x}"
        return f"{self.virtual:#x}-{self.end:#x}{to} {rights} {attributes.memory} {attributes.shareability}"


def shift_of(level):
    """By how many bits of an address one entry of that level is more than the one before."""
    return PAGE_SHIFT + INDEX_BITS * (LAST_LEVEL - level)


def current_regime(read):
    """The regime of the exception level at which a CPU stands; read gives a register by its name in the gdbstub."""
    if read("cpsr") >> 2 & 3 == 2:
        two_ranges = bool(read("HCR_EL2") & HCR_E2H)
        return Regime(read("TCR_EL2"), read("TTBR0_EL2"), read("MAIR_EL2"), two_ranges, read("SCTLR_EL2"))
    return Regime(read("TCR_EL1"), read("TTBR0_EL1"), read("MAIR_EL1"), True, read("SCTLR"))


def walk(regime, read):
    """Every leaf below TTBR0 as the CPU may use it, in the order of virtual addresses. read(address, size) gives
    physical memory."""
    regime.check()
    if regime.lower_half:
        yield from walk_table(regime, read, regime.root(), regime.start_entries, regime.start_level, 0, 0)


def walk_table(regime, read, table, entries, level, virtual, limits):
    """The leaves below one table. limits has the bits by which the tables above restrict this one."""
    size = 1 << shift_of(level)
    for (descriptor,) in struct.iter_unpack("<Q", read(table, 8 * entries)):
        if descriptor & VALID and level < LAST_LEVEL and descriptor & TABLE_OR_PAGE:
            below = regime.output(descriptor & ADDRESS)
            further = limits | (descriptor if regime.hierarchical else 0)
            yield from walk_table(regime, read, below, 1 << INDEX_BITS, level + 1, virtual, further)
        elif descriptor & VALID:
            yield leaf(regime, descriptor, level, virtual, limits)
        virtual += size


def leaf(regime, descriptor, level, virtual, limits):
    """What a valid block or page descriptor maps."""
    size = 1 << shift_of(level)
    physical = regime.output(descriptor & ADDRESS)
    where = f"descriptor {descriptor:#x} of level {level} for {virtual:#x}"
    if level == 0 or (level == LAST_LEVEL and not descriptor & TABLE_OR_PAGE):
        raise TranslationError(f"{where} is reserved")
    if physical % size:
        raise TranslationError(f"{where} leads to a misaligned address")
    if descriptor & CONTIGUOUS:
        raise TranslationError(f"{where} is contiguous, which is not understood here")
    return Leaf(virtual, size, physical, attributes_of(regime, descriptor, limits, where), level)


def attributes_of(regime, descriptor, limits, where):
    """The attributes of a leaf, with what the tables above it and SCTLR.WXN take away."""
    writable = not descriptor & AP_READ_ONLY or bool(descriptor & DBM and regime.updates_dirty)
    writable = writable and not limits & TABLE_READ_ONLY
    el0 = regime.two_ranges and bool(descriptor & AP_EL0) and not limits & TABLE_NO_EL0
    if regime.two_ranges:
        never = descriptor & PXN or limits & TABLE_PXN or (el0 and writable)
    else:
        never = descriptor & XN or limits & TABLE_XN
    memory = memory_type(regime.mair >> 8 * (descriptor >> 2 & 7) & 0xFF)
    return Attributes(
        memory=memory,
        shareability=shareability(memory, descriptor >> 8 & 3, where),
        writable=writable,
        executable=not never and not (regime.sctlr & SCTLR_WXN and writable),
        el0=el0,
        accessed=bool(descriptor & ACCESSED),
    )


def shareability(memory, field, where):
    """Of SH; Device memory and what is not cached is outer shareable whatever SH says."""
    if field not in SHAREABILITY:
        raise TranslationError(f"{where} has a reserved shareability")
    return "outer" if memory.startswith("device") or memory == "normal-nc" else SHAREABILITY[field]


def memory_type(attribute):
    """A byte of MAIR in words; the hints about allocation are left out."""
    if attribute in DEVICES:
        return DEVICES[attribute]
    outer, inner = cacheability(attribute >> 4), cacheability(attribute & 0xF)
    if not outer or not inner:
        raise TranslationError(f"the memory attribute {attribute:#x} is reserved, or not understood here")
    return f"normal-{inner}" if inner == outer else f"normal-outer-{outer}-inner-{inner}"


def cacheability(nibble):
    """Half an attribute of Normal memory; None if it is none."""
    if nibble == NOT_CACHED:
        return "nc"
    policy = "wb" if nibble & 4 else "wt"
    transient = "" if nibble & 8 else "-transient"
    return policy + transient if nibble & 8 or nibble & 3 else None


def merged(leaves):
    """Leaves that go on from each other, virtually and physically, with the same attributes, as one."""
    result = []
    for new in leaves:
        last = result[-1] if result else None
        if (
            last
            and last.end == new.virtual
            and last.physical + last.size == new.physical
            and last.attributes == new.attributes
        ):
            result[-1] = dataclasses.replace(last, size=last.size + new.size)
        else:
            result.append(dataclasses.replace(new, level=None))
    return result
