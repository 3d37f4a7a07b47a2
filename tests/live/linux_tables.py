# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The page tables of the outer kernel in a guest that stands still: read, and changed. By the word of the architectures
(Arm ARM, chapter D8; SDM volume 3, chapter 4) for what Debian's kernels have: pages of 4 KiB; 48 bits of virtual
address, on arm64 also 52 and on x86_64 57. Physical ones have fewer than 48 here.

    tables = Tables.of(machine, computer)
    *above, last = tables.path(tables.linear(0x40000000))
    tables.write(last, last.value | VALID)

The linear map is found by what the tables say, and by nothing that the kernel tells.
"""

import collections
import dataclasses
import functools
import struct

from machine import PAGE

PAGE_SHIFT, INDEX_BITS = 12, 9

# Of both architectures; of arm64; of x86_64.
VALID = 1 << 0
TABLE_OR_PAGE = 1 << 1
WRITABLE, LARGE = 1 << 1, 1 << 7

ADDRESS = (1 << 48) - PAGE

# What follows the linear map: on arm64 the other quarter, on x86_64 the kernel's image.
LINEAR_END = {"arm64": 0xFFFF8 << 44, "x86_64": 0xFFFFFFFF8 << 28}

TCR_T1SZ, TCR_TG1, TCR_4K = 16, 30, 2
HCR_E2H = 1 << 34
CR4_LA57 = 1 << 12


@dataclasses.dataclass(frozen=True)
class Entry:
    """An entry of a table: where it lies, what it says, what it translates. writable, on x86_64: it and all above let
    write."""

    place: int
    value: int
    virtual: int
    shift: int
    writable: bool

    @property
    def size(self):
        """How many bytes it covers."""
        return 1 << self.shift


@dataclasses.dataclass
class Tables:
    """Those below the table root, which translates so many bits."""

    machine: object
    arch: str
    root: int
    bits: int

    @classmethod
    def of(cls, machine, computer):
        """Those that the CPU uses."""
        read = machine.gdb.read
        if computer.arch == "x86_64":
            return cls(machine, "x86_64", read("cr3") & ADDRESS, 57 if read("cr4") & CR4_LA57 else 48)
        # With E2H the kernel runs at EL2, with EL1's layout of TCR.
        level = "EL2" if "HCR_EL2" in machine.gdb.registers and read("HCR_EL2") & HCR_E2H else "EL1"
        tcr = read(f"TCR_{level}")
        assert tcr >> TCR_TG1 & 3 == TCR_4K
        return cls(machine, "arm64", read(f"TTBR1_{level}") & ADDRESS, 64 - (tcr >> TCR_T1SZ & 0x3F))

    @property
    def shift(self):
        """An entry of the root covers 1 << shift bytes."""
        return PAGE_SHIFT + (self.bits - 1 - PAGE_SHIFT) // INDEX_BITS * INDEX_BITS

    @property
    def has_linear_map(self):
        """While a program runs the kernel may hide it."""
        return any(leaf.virtual < LINEAR_END[self.arch] for leaf in self.leaves())

    def address(self, entry):
        """Where an entry points."""
        return entry.value & ADDRESS & -(1 << entry.shift if self.is_leaf(entry) else PAGE)

    def is_leaf(self, entry):
        """Whether a valid entry maps memory."""
        if entry.shift == PAGE_SHIFT:
            return True
        return bool(entry.value & LARGE) if self.arch == "x86_64" else not entry.value & TABLE_OR_PAGE

    def exposes(self, entry):
        """Whether it maps memory in the way that matters: on arm64 in any way, on x86_64 writable."""
        return bool(entry.value & VALID) and self.is_leaf(entry) and (entry.writable or self.arch == "arm64")

    def entry(self, place, value, virtual, shift, above):
        """An entry. above: whether those above it let write, which only x86_64's say, as Linux makes them."""
        return Entry(place, value, virtual, shift, above and (self.arch == "arm64" or bool(value & WRITABLE)))

    def entries(self, table, shift, virtual, above=True):
        """A table's entries. That of arm64's root may be few."""
        size = min(PAGE, 8 << self.bits - shift)
        values = struct.iter_unpack("<Q", self.machine.memory(table, size))
        for index, (value,) in enumerate(values):
            yield self.entry(table + 8 * index, value, virtual + (index << shift), shift, above)

    def leaves(self):
        """Every leaf of the upper half, in the order of virtual addresses."""
        first = 2**64 - (1 << self.bits)
        for entry in self.entries(self.root, self.shift, first):
            # arm64's tables are of the upper half alone.
            if self.arch == "arm64" or entry.virtual >= first + (1 << self.bits - 1):
                yield from self.below(entry)

    def below(self, entry):
        """The leaves that an entry leads to."""
        if not entry.value & VALID:
            return
        if self.is_leaf(entry):
            yield entry
            return
        for one in self.entries(self.address(entry), entry.shift - INDEX_BITS, entry.virtual, entry.writable):
            yield from self.below(one)

    def path(self, virtual):
        """The entries that translate an address, from the top to a leaf or to one that is not valid."""
        found, table, shift, above = [], self.root, self.shift, True
        while True:
            index = (virtual & (1 << self.bits) - 1) >> shift & (1 << INDEX_BITS) - 1
            place = table + 8 * index
            value = int.from_bytes(self.machine.gdb.read_physical(place, 8), "little")
            entry = self.entry(place, value, virtual & -(1 << shift), shift, above)
            found.append(entry)
            if not value & VALID or self.is_leaf(entry):
                return found
            table, shift, above = self.address(entry), shift - INDEX_BITS, entry.writable

    @functools.cached_property
    def offset(self):
        """Virtual address minus physical one in the linear map: that of most memory."""
        sizes = collections.Counter()
        for leaf in self.leaves():
            if leaf.virtual < LINEAR_END[self.arch]:
                sizes[leaf.virtual - self.address(leaf)] += leaf.size
        return sizes.most_common(1)[0][0]

    def linear(self, physical):
        """Where the linear map has, or would have, physical memory."""
        return self.offset + physical

    def kernels_own(self, start, end):
        """The same by the table that belongs to no process, x86_64's swapper_pg_dir; a process has a copy of its upper
        half. It is in the kernel's data, from start to end."""
        half = self.machine.memory(self.root + PAGE // 2, PAGE // 2)
        data = self.machine.memory(start, end - start)
        (root,) = (place for place in range(0, len(data), PAGE) if data[place + PAGE // 2 : place + PAGE] == half)
        return dataclasses.replace(self, root=start + root)

    def write(self, entry, value):
        """Have an entry say something else."""
        self.machine.gdb.write_physical(entry.place, value.to_bytes(8, "little"))
