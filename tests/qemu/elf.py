# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A reader of 64-bit little-endian ELF: its sections and symbols, by name."""

import collections
import struct
from pathlib import Path

SHT_PROGBITS, SHT_SYMTAB, SHT_RELA = 1, 2, 4
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")

Section = collections.namedtuple("Section", "name type flags addr offset size link info align entsize")
Symbol = collections.namedtuple("Symbol", "name info other section value size")


class Elf:
    """The file. Sections and symbols are in its order, the null ones included."""

    def __init__(self, data):
        self.data = data
        self.type, self.machine = struct.unpack_from("<HH", data, 0x10)
        (table,) = struct.unpack_from("<Q", data, 0x28)
        count, names = struct.unpack_from("<HH", data, 0x3C)
        raw = [Section(*SECTION.unpack_from(data, table + i * SECTION.size)) for i in range(count)]
        self.sections = [section._replace(name=self.string(raw[names], section.name)) for section in raw]
        self.symbols = [symbol for table in self.of_type(SHT_SYMTAB) for symbol in self.symbols_of(table)]

    @classmethod
    def of(cls, path):
        """What is in a file."""
        return cls(Path(path).read_bytes())

    def of_type(self, kind):
        """The sections of that type."""
        return [section for section in self.sections if section.type == kind]

    def content(self, section):
        """A section's bytes."""
        return self.data[section.offset : section.offset + section.size]

    def string(self, section, offset):
        """From a section of strings."""
        start = section.offset + offset
        return self.data[start : self.data.index(b"\0", start)].decode()

    def symbols_of(self, table):
        """The symbols of a symbol table."""
        strings = self.sections[table.link]
        raw = [Symbol(*fields) for fields in SYMBOL.iter_unpack(self.content(table))]
        return [symbol._replace(name=self.string(strings, symbol.name)) for symbol in raw]
