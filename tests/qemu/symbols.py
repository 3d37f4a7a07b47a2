# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Where the purgatory's functions and variables lie, by the symbol table of its ELF."""

from elf import Elf


def symbol_table(path):
    """(value, size) of each symbol of an ELF. In purgatory-ARCH.elf the value is the offset from the image's start; in
    purgatory-ARCH.ro too, and its section .purgatory itself is there by name, with where it lies in the file. A local
    name that occurs more than once has its last value."""
    elf = Elf.of(path)
    found = {section.name: (section.offset, section.size) for section in elf.sections}
    found.update((symbol.name, (symbol.value, symbol.size)) for symbol in elf.symbols)
    return found


def symbols(path):
    """The value of each symbol."""
    return {name: value for name, (value, _) in symbol_table(path).items()}
