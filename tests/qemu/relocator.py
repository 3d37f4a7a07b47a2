# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A loader's relocator for ET_REL files, with the limits of the one in kexec-tools 2.0.25.

It knows the types that that one knows, and what it does not look at is not looked at here: the immediate of an arm64
instruction is added to, not replaced; whatever is out of reach is cut off in silence, but for x86_64's 32 and 32S.
"""

import collections
import struct

from elf import SHT_PROGBITS, SHT_RELA, SHT_SYMTAB, Elf

RELA = struct.Struct("<QIIq")

ET_REL = 1
SHF_ALLOC, SHF_EXECINSTR = 2, 4
SHN_UNDEF, SHN_ABS = 0, 0xFFF1
STB_GLOBAL = 1
MASK64 = (1 << 64) - 1

Relocation = collections.namedtuple("Relocation", "offset type symbol addend")


class RelocationError(Exception):
    """The loader gives up."""


def add_to_instruction(memory, offset, bits):
    """Have bits in an instruction whose immediate is zero, or in one whose is not."""
    (old,) = struct.unpack_from("<I", memory, offset)
    struct.pack_into("<I", memory, offset, (old + bits) & 0xFFFFFFFF)


def multiple_of(number, value):
    """Give up if it is none."""
    if value % number:
        raise RelocationError(f"unaligned value {value:#x}")


def arm64(memory, offset, kind, address, value):  # pylint: disable=too-many-branches
    """Apply one relocation; the numbers of the types are those of the ELF for AArch64."""
    distance = (value - address) & MASK64
    if kind == 257:  # ABS64
        struct.pack_into("<Q", memory, offset, value)
    elif kind == 261:  # PREL32
        struct.pack_into("<I", memory, offset, distance & 0xFFFFFFFF)
    elif kind in (264, 266, 268, 269):  # MOVW_UABS_G0_NC, G1_NC, G2_NC, G3
        shift = {264: 0, 266: 16, 268: 32, 269: 48}[kind]
        add_to_instruction(memory, offset, (value >> shift & 0xFFFF) << 5)
    elif kind == 273:  # LD_PREL_LO19
        add_to_instruction(memory, offset, distance << 3 & 0xFFFFE0)
    elif kind == 274:  # ADR_PREL_LO21
        multiple_of(4, value)
        add_to_instruction(memory, offset, distance << 3 & 0xFFFFE0)
    elif kind == 275:  # ADR_PREL_PG_HI21
        pages = (value >> 12) - (address >> 12)
        add_to_instruction(memory, offset, (pages & 3) << 29 | (pages & 0x1FFFFC) << 3)
    elif kind == 277:  # ADD_ABS_LO12_NC
        add_to_instruction(memory, offset, (value & 0xFFF) << 10)
    elif kind in (282, 283):  # JUMP26, CALL26
        add_to_instruction(memory, offset, distance >> 2 & 0x3FFFFFF)
    elif kind == 286:  # LDST64_ABS_LO12_NC
        multiple_of(8, value)
        add_to_instruction(memory, offset, (value & 0xFF8) << 7)
    elif kind == 299:  # LDST128_ABS_LO12_NC
        multiple_of(16, value)
        add_to_instruction(memory, offset, (value & 0xFF0) << 6)
    else:
        raise RelocationError(f"unknown type {kind}")


def x86_64(memory, offset, kind, address, value):
    """Apply one relocation; the numbers of the types are those of the ELF for x86-64."""
    if kind == 1:  # 64
        struct.pack_into("<Q", memory, offset, value)
    elif kind in (2, 4):  # PC32, PLT32
        struct.pack_into("<I", memory, offset, (value - address) & 0xFFFFFFFF)
    elif kind in (10, 11):  # 32, 32S
        signed = value if kind == 10 or value < 1 << 63 else value - (1 << 64)
        try:
            struct.pack_into("<I" if kind == 10 else "<i", memory, offset, signed)
        except struct.error as error:
            raise RelocationError(f"overflow {value:#x}") from error
    elif kind != 0:  # NONE
        raise RelocationError(f"unknown type {kind}")


MACHINES = {183: arm64, 62: x86_64}


class Object(Elf):
    """An ET_REL file with one section that is loaded."""

    def __init__(self, data):
        super().__init__(data)
        if self.type != ET_REL:
            raise RelocationError("not ET_REL")
        self.apply = MACHINES[self.machine]
        (self.loaded,) = [section for section in self.sections if section.flags & SHF_ALLOC and section.size]
        if self.loaded.type != SHT_PROGBITS or not self.loaded.flags & SHF_EXECINSTR:
            raise RelocationError(f"{self.loaded.name} is no code")
        (_,) = self.of_type(SHT_SYMTAB)

    def relocations(self):
        """All of them that are for what is loaded."""
        index = self.sections.index(self.loaded)
        for section in self.of_type(SHT_RELA):
            if section.info == index:
                for offset, kind, symbol, addend in RELA.iter_unpack(self.content(section)):
                    yield Relocation(offset, kind, self.symbols[symbol], addend)

    def globals(self):
        """What a loader finds by name."""
        return {symbol.name: symbol for symbol in self.symbols if symbol.info >> 4 == STB_GLOBAL and symbol.section}

    def at(self, address):
        """The bytes of what is loaded, relocated to that address."""
        multiple_of(self.loaded.align, address)
        memory = bytearray(self.content(self.loaded))
        for relocation in self.relocations():
            symbol = relocation.symbol
            if symbol.section == SHN_UNDEF:
                raise RelocationError(f"undefined symbol {symbol.name}")
            base = 0 if symbol.section == SHN_ABS else address
            value = (symbol.value + base + relocation.addend) & MASK64
            self.apply(memory, relocation.offset, relocation.type, address + relocation.offset, value)
        return memory
