# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Where the purgatory's functions and variables lie, by the symbol table of its ELF."""

import struct
from pathlib import Path

SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_SYMTAB = 2


def symbols(path):
    """Each symbol's value of a 64-bit little-endian ELF; in purgatory-ARCH.elf that is the offset from the image's
    start. A local name that occurs more than once has its last value."""
    elf = Path(path).read_bytes()
    (table,) = struct.unpack_from("<Q", elf, 0x28)
    (count,) = struct.unpack_from("<H", elf, 0x3C)
    sections = [SECTION.unpack_from(elf, table + i * SECTION.size) for i in range(count)]
    found = {}
    for _, kind, _, _, offset, size, link, *_ in sections:
        if kind == SHT_SYMTAB:
            names = sections[link][4]
            for place in range(offset, offset + size, SYMBOL.size):
                name, _, _, _, value, _ = SYMBOL.unpack_from(elf, place)
                found[elf[names + name : elf.index(b"\0", names + name)].decode()] = value
    return found
