# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The rules that clients impose on a purgatory, one function each. A rule yields what an object breaks of it.

Each cites who wants it: L is Linux 6.1, kernel/kexec_file.c and arch/x86/kernel/machine_kexec_64.c and
kexec-bzimage64.c; K is kexec-tools 2.0.25, kexec/kexec-elf.c and kexec/kexec-elf-rel.c and kexec/arch.
"""

import dataclasses

from relocatable import (
    ET_REL,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHN_ABS,
    SHN_COMMON,
    SHN_LORESERVE,
    SHN_UNDEF,
    SHT_NOBITS,
    SHT_REL,
    SHT_RELA,
    SHT_STRTAB,
    SHT_SYMTAB,
    STB_LOCAL,
    Header,
    Section,
    Symbol,
)

EM_X86_64, EM_AARCH64 = 62, 183
ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01\x01"
STACK_SIZE = 4096


@dataclasses.dataclass(frozen=True)
class Client:
    """Who loads which file; the variables that it reads or writes, with their sizes; the places that it asks for."""

    name: str
    file: str
    machine: int
    variables: dict
    places: tuple


KEXEC_TOOLS = {"sha256_regions": 256, "sha256_digest": 32, "skip_checks": 4}
KEXEC_TOOLS_X86_64 = {
    "reset_vga": 1,
    "legacy_pic": 1,
    "console_vga": 1,
    "console_serial": 1,
    "serial_base": 2,
    "serial_baud": 4,
    "backup_src_start": 8,
    "backup_src_size": 8,
    "backup_start": 8,
    "panic_kernel": 1,
    "jump_back_entry": 8,
    "entry64_regs": 136,
    "entry32_regs": 36,
    "entry16_regs": 48,
    "entry16_debug_regs": 48,
    "entry16_debug_old_first32": 4,
    "cmdline_end": 8,
    "stack_arg32_1": 4,
    "stack_arg32_2": 4,
}
DEBUG_PLACES = ("entry16_debug", "entry16_debug_pre32", "entry16_debug_first32")
LINUX = {"purgatory_sha_regions": 256, "purgatory_sha256_digest": 32, "entry64_regs": 136}

CLIENTS = (
    Client(
        "kexec-tools-arm64",
        "purgatory-arm64.ro",
        EM_AARCH64,
        {**KEXEC_TOOLS, "arm64_sink": 8, "arm64_kernel_entry": 8, "arm64_dtb_addr": 8},
        ("purgatory_start",),
    ),
    Client(
        "kexec-tools-x86_64",
        "purgatory-x86_64.ro",
        EM_X86_64,
        {**KEXEC_TOOLS, **KEXEC_TOOLS_X86_64},
        ("purgatory_start", "stack_end", "entry16", *DEBUG_PLACES),
    ),
    Client("linux-x86_64", "purgatory-x86_64-linux.ro", EM_X86_64, LINUX, ("purgatory_start", "stack_end")),
)


RULES = {}


def rule(function):
    """Put a rule on the list."""
    RULES[function.__name__] = function
    return function


def known(object_, names):
    """(name, symbol, section) of those names that are found, once, in a section."""
    for name in names:
        found = object_.named(name)
        if len(found) == 1 and SHN_UNDEF < found[0].section < len(object_.sections):
            yield name, found[0], object_.sections[found[0].section]


@rule
def file_header(object_, client):
    """K: build_mem_ehdr(), build_elf_rel_info(), machine_verify_elf_rel(). L takes all of it for granted."""
    header = object_.header
    if header.ident[:7] != ELF64_LITTLE_ENDIAN or header.version != 1 or header.ehsize != Header.LAYOUT.size:
        yield "not a 64-bit little-endian ELF of version 1"
    if header.type != ET_REL:
        yield f"type {header.type} is not ET_REL"
    if header.machine != client.machine:
        yield f"machine {header.machine}"


@rule
def section_table(object_, _):
    """K: build_mem_shdrs(): all of it is in the file. L walks it unchecked."""
    header = object_.header
    if not 0 < header.shnum < SHN_LORESERVE or header.shentsize != Section.LAYOUT.size:
        yield "no section header table, or one with entries of another size"
    if header.shoff % 8 or not 0 < header.shoff <= len(object_.data) - header.shnum * header.shentsize:
        yield "the section header table is not in the file"
    if not 0 < header.shstrndx < header.shnum or object_.sections[header.shstrndx].type != SHT_STRTAB:
        yield "no names of sections"


@rule
def sections_in_file(object_, _):
    """K: build_mem_shdrs(). L copies unchecked."""
    for i, section in enumerate(object_.sections):
        if section.type != SHT_NOBITS and section.offset + section.size > len(object_.data):
            yield f"section {i} is not in the file"


@rule
def aligned_sections(object_, _):
    """L: ALIGN(offset, 0) is 0, whatever the offset; both mean powers of two. K counts 0 as 1."""
    for i, section in object_.allocated():
        if section.align < 1 or section.align & (section.align - 1):
            yield f"section {i} has alignment {section.align}"


@rule
def unplaced(object_, _):
    """L, K: e_entry is held against sh_addr before the sections have been placed."""
    for i, section in object_.allocated():
        if section.addr:
            yield f"section {i} has an address"


@rule
def entry(object_, _):
    """L, K: the first executable section that holds e_entry is that of purgatory_start. Newer L, and K on arm64, take
    the symbol."""
    entry = object_.header.entry
    for _, start, section in known(object_, ("purgatory_start",)):
        holds = [s for _, s in object_.allocated() if s.flags & SHF_EXECINSTR and s.addr <= entry < s.addr + s.size]
        if not holds or holds[0] is not section or start.value != entry:
            yield "e_entry is not purgatory_start"


@rule
def symbol_table(object_, _):
    """L, K: the strings are those of sh_link, and each ends in them. L: nothing else bounds strcmp()."""
    tables = object_.tables(SHT_SYMTAB)
    if len(tables) != 1:
        yield f"{len(tables)} symbol tables"
    for table in tables:
        if table.size % Symbol.LAYOUT.size or table.offset % 8 or table.entsize != Symbol.LAYOUT.size:
            yield "the symbol table does not hold symbols"
        if not table.link < len(object_.sections) or object_.sections[table.link].type != SHT_STRTAB:
            yield "the symbol table has no strings"
        elif object_.sections[table.link].content()[-1:] != b"\0":
            yield "the last string does not end"


@rule
def symbols_found(object_, client):
    """L: kexec_purgatory_find_symbol(); K: elf_rel_find_symbol(): the first that is global, in a real section."""
    for name in (*client.variables, *client.places):
        found = object_.named(name)
        if len(found) != 1:
            yield f"{len(found)} global symbols {name}"
        elif not SHN_UNDEF < found[0].section < len(object_.sections):
            yield f"{name} is in section {found[0].section}"


@rule
def no_other_names(object_, client):
    """Ours: it exports what its client looks up, and the parameter block. Who loads a form that is not his is told so by
    his own loader, which does not find a symbol."""
    for symbol in object_.symbols[1:]:
        name = object_.name(symbol)
        if symbol.bind() != STB_LOCAL and name not in (*client.variables, *client.places, "purg_params"):
            yield f"{name} is not of this client"


@rule
def sizes(object_, client):
    """L: kexec_purgatory_get_set_symbol(); K: elf_rel_set_symbol()."""
    for name, symbol, _ in known(object_, client.variables):
        if symbol.size != client.variables[name]:
            yield f"{name} has size {symbol.size}, not {client.variables[name]}"


@rule
def variables_in_content(object_, client):
    """L, K: not in NOBITS. Both write where the symbol says, unchecked: it must be in what is loaded."""
    for name, symbol, section in known(object_, client.variables):
        if section.type == SHT_NOBITS or not section.flags & SHF_ALLOC:
            yield f"{name} is in a section that is not loaded from the file"
        if symbol.value + client.variables[name] > section.size:
            yield f"{name} runs out of its section"


@rule
def places_in_memory(object_, client):
    """L, K: an address is its section's and the symbol's, unchecked. stack_end may be the very end."""
    for name, symbol, section in known(object_, client.places):
        if not section.flags & SHF_ALLOC or symbol.value > section.size:
            yield f"{name} is not in memory"


@rule
def apart(object_, client):
    """L, K: what is written to one variable is not another one's."""
    spans = [(s.section, s.value, s.value + s.size, name) for name, s, _ in known(object_, client.variables)]
    spans.sort()
    for (section, _, end, name), (next_section, start, _, next_name) in zip(spans, spans[1:]):
        if section == next_section and start < end:
            yield f"{name} and {next_name} overlap"


@rule
def resolved(object_, _):
    """L, K: neither resolves a symbol: undefined ones are an error or 0, common ones an error, an index is not checked
    against reserved ones."""
    for i, symbol in enumerate(object_.symbols[1:], 1):
        if symbol.section in (SHN_UNDEF, SHN_COMMON):
            yield f"symbol {i}, {object_.name(symbol)}, is undefined or common"
        elif symbol.section >= len(object_.sections) and symbol.section != SHN_ABS:
            yield f"symbol {i}, {object_.name(symbol)}, is in section {symbol.section}"


@rule
def unrelocated(object_, _):
    """L, K: arch_kexec_apply_relocations_add(), machine_apply_elf_rel() know a handful of types each. Here are none."""
    for i, section in enumerate(object_.sections):
        if section.type in (SHT_REL, SHT_RELA):
            yield f"section {i} has relocations"


@rule
def zero_at_first(object_, client):
    """L, K: register blocks are read before they are written. Zero is the default for each variable."""
    for name, symbol, section in known(object_, client.variables):
        if any(section.content()[symbol.value : symbol.value + symbol.size]):
            yield f"{name} is not zero"


@rule
def stack(object_, client):
    """L, K: stack_end is the next program's stack pointer; K, in real mode, makes a segment of it (kexec-bzImage.c)."""
    for _, end, section in known(object_, set(client.places) & {"stack_end"}):
        bottom = end.value - STACK_SIZE
        if end.value % 16 or section.align % 16:
            yield "stack_end is not aligned to 16"
        if bottom < 0 or any(section.content()[bottom : end.value]):
            yield "below stack_end are not 4 KiB of nothing"
        for symbol in object_.symbols[1:]:
            inside = symbol.section == end.section and bottom < symbol.value + symbol.size and symbol.value < end.value
            if inside and not object_.name(symbol).startswith("stack"):
                yield f"{object_.name(symbol)} is in the stack"


@rule
def stack_arguments(object_, client):
    """K: kexec-elf-x86.c enters with esp at stack_arg32_2, the return address; stack_arg32_1 is the one argument."""
    values = {name: symbol.value for name, symbol, _ in known(object_, ("stack_arg32_1", "stack_arg32_2", "stack_end"))}
    if "stack_arg32_2" not in client.variables or len(values) < 3:
        return
    if not values["stack_arg32_2"] + 4 == values["stack_arg32_1"] == values["stack_end"] - 4:
        yield "the stack's two words are not its last ones"


@rule
def debug_entry(object_, client):
    """K: kexec-bzImage.c makes a segment of entry16_debug, and of entry16_debug_pre32 an offset into it."""
    values = {name: symbol.value for name, symbol, _ in known(object_, set(client.places) & set(DEBUG_PLACES))}
    if len(values) < len(DEBUG_PLACES):
        return
    start, pre32, _ = (values[name] for name in DEBUG_PLACES)
    if start % 16:
        yield "entry16_debug is not aligned to 16"
    if not 0 < pre32 - start < 1 << 16:
        yield "entry16_debug_pre32 is not in the segment of entry16_debug"


@rule
def low(object_, client):
    """K: for a 16-bit entry it is loaded between 0x3000 and 640 KiB (kexec-bzImage.c)."""
    size = sum(section.size + section.align for _, section in object_.allocated())
    if client.machine == EM_X86_64 and size > 640 * 1024 - 0x3000:
        yield "it does not fit below 640 KiB"
