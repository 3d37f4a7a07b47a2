# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A relocatable ELF as the loaders in test_clients.py see it: all of its numbers, as they stand in the file."""

import struct

ET_REL = 1
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 1, 2, 3, 4, 8, 9
SHF_ALLOC, SHF_EXECINSTR = 2, 4
SHN_UNDEF, SHN_LORESERVE, SHN_ABS, SHN_COMMON = 0, 0xFF00, 0xFFF1, 0xFFF2
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2


class Record:
    """A structure of the file: its fields are attributes, and what is assigned to one is written to the file."""

    LAYOUT = None
    FIELDS = ()

    def __init__(self, data, place):
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "place", place)
        for name, value in zip(self.FIELDS, self.LAYOUT.unpack_from(data, place)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        self.LAYOUT.pack_into(self.data, self.place, *(getattr(self, field) for field in self.FIELDS))


class Header(Record):
    """Elf64_Ehdr."""

    LAYOUT = struct.Struct("<16sHHIQQQIHHHHHH")
    FIELDS = tuple(
        "ident type machine version entry phoff shoff flags ehsize phentsize phnum shentsize shnum shstrndx".split()
    )


class Section(Record):
    """Elf64_Shdr."""

    LAYOUT = struct.Struct("<IIQQQQIIQQ")
    FIELDS = tuple("name type flags addr offset size link info align entsize".split())

    def content(self):
        """Its bytes in the file; zeros if it has none there."""
        if self.type == SHT_NOBITS:
            return bytes(self.size)
        return bytes(self.data[self.offset : self.offset + self.size])


class Symbol(Record):
    """Elf64_Sym."""

    LAYOUT = struct.Struct("<IBBHQQ")
    FIELDS = tuple("name info other section value size".split())

    def bind(self):
        """STB_*."""
        return self.info >> 4


class Relocatable:
    """The file. Sections and symbols are in the order of the file, the null ones included."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.header = Header(self.data, 0)
        places = range(
            self.header.shoff, self.header.shoff + self.header.shnum * Section.LAYOUT.size, Section.LAYOUT.size
        )
        self.sections = [Section(self.data, place) for place in places]
        self.symbols = [symbol for table in self.tables(SHT_SYMTAB) for symbol in self.symbols_of(table)]

    def tables(self, *types):
        """The sections of these types."""
        return [section for section in self.sections if section.type in types]

    def allocated(self):
        """(index, section) of those that are loaded."""
        return [(i, section) for i, section in enumerate(self.sections) if section.flags & SHF_ALLOC]

    def symbols_of(self, table):
        """The symbols of a symbol table."""
        places = range(table.offset, table.offset + table.size, Symbol.LAYOUT.size)
        return [Symbol(self.data, place) for place in places]

    def name(self, symbol):
        """What a symbol is called."""
        (table,) = self.tables(SHT_SYMTAB)
        start = self.sections[table.link].offset + symbol.name
        return self.data[start : self.data.index(0, start)].decode()

    def named(self, name):
        """The global symbols of that name."""
        return [symbol for symbol in self.symbols if symbol.bind() == STB_GLOBAL and self.name(symbol) == name]

    def symbol(self, name):
        """The global symbol of that name."""
        (symbol,) = self.named(name)
        return symbol
