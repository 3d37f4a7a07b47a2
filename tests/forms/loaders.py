# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""How each client places a relocatable ELF in memory: models of what their sources do, for objects without relocations.

Linux 6.1: kernel/kexec_file.c, kexec_purgatory_setup_kbuf() and kexec_purgatory_setup_sechdrs(). kexec-tools 2.0.25:
kexec/kexec-elf-rel.c, elf_rel_load(). What a loader does not survive is a LoadError.
"""

from relocatable import SHF_ALLOC, SHF_EXECINSTR, SHN_UNDEF, SHT_NOBITS, STB_GLOBAL


class LoadError(Exception):
    """The client refuses the object, or would go wrong."""


def align(value, alignment):
    """Both clients' ALIGN, with its arithmetic: an alignment of 0 gives 0."""
    return (value + alignment - 1) & ~(alignment - 1)


class Loaded:
    """The object in memory: bytes from a base on, where each section has come to lie, and where it is entered."""

    def __init__(self, object_, base, memory, places, entry):
        self.object, self.base, self.memory, self.places, self.entry = object_, base, memory, places, entry

    def find(self, name):
        """The symbol that the client takes: the first global one of that name."""
        for symbol in self.object.symbols:
            if symbol.bind() == STB_GLOBAL and self.object.name(symbol) == name:
                if symbol.section == SHN_UNDEF or symbol.section >= len(self.object.sections):
                    raise LoadError(f"{name}: bad section {symbol.section}")
                return symbol
        raise LoadError(f"{name}: not found")

    def address(self, name):
        """Where the symbol lies."""
        symbol = self.find(name)
        return self.places.get(symbol.section, 0) + symbol.value

    def variable(self, name, size):
        """The bytes of the symbol in memory: [start, end)."""
        symbol = self.find(name)
        if symbol.size != size:
            raise LoadError(f"{name}: size {symbol.size}, not {size}")
        if self.object.sections[symbol.section].type == SHT_NOBITS:
            raise LoadError(f"{name}: in a section without content")
        start = self.address(name) - self.base
        return start, start + size

    def set(self, name, value):
        """Write a variable, as the client does before the jump."""
        start, end = self.variable(name, len(value))
        self.memory[start:end] = value

    def get(self, name, size):
        """Read a variable."""
        start, end = self.variable(name, size)
        return bytes(self.memory[start:end])


def place_sections(object_, base, alignment_of):
    """Both put the sections with content one behind the other, then those without. Returns memory and places."""
    memory, places, empty = bytearray(), {}, []
    for i, section in object_.allocated():
        if section.type == SHT_NOBITS:
            empty.append((i, section))
            continue
        if base % alignment_of(section):
            raise LoadError(f"section {i}: its alignment does not divide the address")
        memory = memory.ljust(align(len(memory), alignment_of(section)), b"\0")
        places[i] = base + len(memory)
        memory += section.content()
    for i, section in empty:
        memory = memory.ljust(align(len(memory), alignment_of(section)), b"\0")
        places[i] = base + len(memory)
        memory += bytes(section.size)
    return memory, places


def load_linux(object_, base):
    """kexec_file_load(2): the alignment is taken as it is. Newer kernels, 6.1.176 among them, look for purgatory_start
    before they look at e_entry."""

    def alignment_of(section):
        if not section.align:
            raise LoadError("an alignment of 0 makes every offset 0")
        return section.align

    memory, places = place_sections(object_, base, alignment_of)
    entry = linux_entry(object_, places, "purgatory_start")
    if entry != linux_entry(object_, places, None):
        raise LoadError("e_entry and purgatory_start disagree: older and newer kernels enter it elsewhere")
    return Loaded(object_, base, memory, places, entry)


def linux_entry(object_, places, name):
    """image->start, by the symbol of newer kernels, or by e_entry."""
    named = object_.named(name) if name else []
    for i, section in object_.allocated():
        if section.type == SHT_NOBITS or not section.flags & SHF_EXECINSTR:
            continue
        if named and named[0].section == i and named[0].value < section.size:
            return places[i] + named[0].value
        if section.addr <= object_.header.entry < section.addr + section.size:
            return places[i] + object_.header.entry - section.addr
    return object_.header.entry


def load_kexec_tools(object_, base):
    """kexec -l: an alignment of 0 counts as 1; the entry is in the first executable section that holds it."""
    memory, places = place_sections(object_, base, lambda section: section.align or 1)
    entry = object_.header.entry
    for i, section in object_.allocated():
        if section.flags & SHF_EXECINSTR and section.addr <= entry < section.addr + section.size:
            return Loaded(object_, base, memory, places, entry - section.addr + places[i])
    return Loaded(object_, base, memory, places, entry)
