# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""An old kernel's page tables, made by hand: only what a linear map of a few pages needs.

    tables = OldTables(X86_64_4, place)
    tables.map(va, pa, READ_ONLY)
    boot.put(tables.place, tables.bytes())
"""

import dataclasses
import struct


@dataclasses.dataclass(frozen=True)
class Geometry:
    """How tables are made. Those of arm64 hold addresses below 48 bits here."""

    name: str
    page_shift: int
    bits: int  # that the top table translates
    half: int  # log2 of the size of the kernel's half
    table: int  # what makes an entry point at a table
    leaf: int  # what makes an entry of the last level one that counts
    harmless: int  # and one that names a page, and does not
    fields: tuple  # of linear_map: (name, value)

    @property
    def level_bits(self):
        """log2 of the entries of a table."""
        return self.page_shift - 3

    @property
    def top_shift(self):
        """log2 of what an entry of the top table covers."""
        return self.page_shift + (self.bits - self.page_shift - 1) // self.level_bits * self.level_bits

    @property
    def linear(self):
        """A virtual address in the kernel's half, well above its lower end: where the linear map has address 0."""
        return (1 << 64) - (1 << (self.half - 1))


def x86_64(levels):
    """Paging of so many levels; a page that is read-only does not count."""
    bits = 12 + 9 * levels
    return Geometry(f"{levels}-level", 12, bits, bits - 1, 3, 3, 1, (("levels", levels),))


def arm64(name, page_shift, bits, granule, more=0):
    """A translation regime by its TCR_EL1."""
    tcr = (64 - bits) << 16 | granule << 30 | more
    return Geometry(name, page_shift, bits, bits, 3, 0x403, 0x402, (("tcr", tcr),))


TCR_DS = 1 << 59

GEOMETRIES = {
    "x86_64": [x86_64(4), x86_64(5)],
    "arm64": [
        arm64("4K-48", 12, 48, 2),
        arm64("4K-39", 12, 39, 2),
        arm64("4K-52", 12, 52, 2, TCR_DS),
        arm64("16K-47", 14, 47, 1),
        arm64("16K-48", 14, 48, 1),
        arm64("64K-48", 16, 48, 3),
        arm64("64K-42", 16, 42, 3),
    ],
}


class OldTables:
    """Tables that lie one behind the other from `place` on, the top one first."""

    def __init__(self, geometry, place):
        self.geometry, self.place = geometry, place
        self.tables = [{}]

    def address(self, number):
        """Of the table with this number."""
        return self.place + (number << self.geometry.page_shift)

    def size(self):
        """Of all of them."""
        return len(self.tables) << self.geometry.page_shift

    def map(self, va, pa, flags, leaf_shift=None):
        """Map what an entry with these flags covers: a page, or 1 << leaf_shift bytes."""
        number, shift, bits = 0, self.geometry.top_shift, self.geometry.bits
        while shift > (leaf_shift or self.geometry.page_shift):
            index = (va & (1 << bits) - 1) >> shift
            if index not in self.tables[number]:
                self.tables[number][index] = self.address(len(self.tables)) | self.geometry.table
                self.tables.append({})
            number = (self.tables[number][index] - self.place) >> self.geometry.page_shift
            bits, shift = shift, shift - self.geometry.level_bits
        self.tables[number][(va & (1 << bits) - 1) >> shift] = pa | flags

    def bytes(self):
        """As they are in memory."""
        data = bytearray(self.size())
        for number, table in enumerate(self.tables):
            for index, entry in table.items():
                struct.pack_into("<Q", data, (number << self.geometry.page_shift) + index * 8, entry)
        return bytes(data)
