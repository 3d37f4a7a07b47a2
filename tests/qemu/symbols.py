# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Where the purgatory's functions and variables lie, by the symbol table of its ELF."""

import struct
from pathlib import Path

SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_SYMTAB = 2


def symbol_table(path):
    """(value, size) of each symbol of a 64-bit little-endian ELF. In purgatory-ARCH.elf the value is the offset from the
    image's start; in purgatory-ARCH.ro too, and its section .purgatory itself is there by name, with where it lies in the
    file. A local name that occurs more than once has its last value."""
    elf = Path(path).read_bytes()
    (table,) = struct.unpack_from("<Q", elf, 0x28)
    count, names_index = struct.unpack_from("<HH", elf, 0x3C)
    sections = [SECTION.unpack_from(elf, table + i * SECTION.size) for i in range(count)]

    def string(section, offset):
        start = sections[section][4] + offset
        return elf[start : elf.index(b"\0", start)].decode()

    found = {}
    for name, kind, _, _, offset, size, link, *_ in sections:
        if kind == SHT_SYMTAB:
            for place in range(offset, offset + size, SYMBOL.size):
                symbol_name, _, _, _, value, symbol_size = SYMBOL.unpack_from(elf, place)
                found[string(link, symbol_name)] = value, symbol_size
        found.setdefault(string(names_index, name), (offset, size))
    return found


def symbols(path):
    """The value of each symbol."""
    return {name: value for name, (value, _) in symbol_table(path).items()}
