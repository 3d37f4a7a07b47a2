# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The relocatable forms are what kexec-tools and Linux want of a purgatory: they keep every rule of client_rules.py,
and lie right in memory wherever the models of loaders.py put them. Each rule is seen to complain, too, of a damaged
object.
"""

import os
import pathlib
import struct

import pytest

from client_rules import CLIENTS, RULES
from loaders import LoadError, load_kexec_tools, load_linux
from relocatable import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHN_ABS,
    SHN_COMMON,
    SHN_UNDEF,
    SHT_NOBITS,
    SHT_PROGBITS,
    SHT_REL,
    SHT_RELA,
    SHT_SYMTAB,
    STB_GLOBAL,
    STB_WEAK,
)
from relocatable import Relocatable

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
MARKER_SIZE = 4
MIB = 1 << 20
GIB = 1 << 30
BASES = (
    0x3000,
    0x9000,
    640 * 1024 - 0x20000,
    16 * MIB + 0x1000,
    2 * GIB,
    4 * GIB - 0x1000,
    5 * GIB,
    (1 << 46) - 0x100000,
)

KEXEC_TOOLS_ARM64, KEXEC_TOOLS_X86_64, LINUX_X86_64 = CLIENTS
LOADERS = {LINUX_X86_64.name: load_linux}


@pytest.fixture(name="client", params=CLIENTS, ids=[client.name for client in CLIENTS])
def every_client(request):
    """Each client in turn."""
    return request.param


def read(client):
    """What the client loads."""
    return Relocatable((BUILD / client.file).read_bytes())


def flat(client):
    """The flat binary of the same build."""
    return (BUILD / f"{client.file.split('.')[0].removesuffix('-linux')}.bin").read_bytes()


def load(object_, client, base):
    """The object in memory, as the client loads it."""
    return LOADERS.get(client.name, load_kexec_tools)(object_, base)


def section_of(object_):
    """The section with the purgatory."""
    return object_.sections[object_.symbol("purgatory_start").section]


def marker_at(client):
    """Where the marker lies: the one word that is neither the flat binary's nor zero."""
    content, image = section_of(read(client)).content(), flat(client)
    differing = [i for i, byte in enumerate(content) if byte != (image[i] if i < len(image) else 0)]
    assert differing and differing[-1] - differing[0] < MARKER_SIZE
    return differing[0] & -MARKER_SIZE


@pytest.mark.parametrize("rule", RULES)
def test_rule(client, rule):
    """The object breaks nothing of this rule."""
    assert not list(RULES[rule](read(client), client))


# What breaks which rule. Each gets the object, and a client whose it is.


def header(field, value):
    """A damage: this number in the file header."""
    return lambda o, c: setattr(o.header, field, value)


def section(field, value):
    """A damage: this number in the header of the purgatory's section."""
    return lambda o, c: setattr(section_of(o), field, value)


def table(field, value):
    """A damage: this number in the header of the symbol table."""
    return lambda o, c: setattr(o.tables(SHT_SYMTAB)[0], field, value)


def symbol(name, field, value):
    """A damage: this number in a symbol; a function makes it of what was there."""

    def damage(object_, _):
        victim = object_.symbol(name)
        setattr(victim, field, value(getattr(victim, field)) if callable(value) else value)

    return damage


def content(name, offset):
    """A damage: a bit in the section, this far from a symbol."""

    def damage(object_, _):
        object_.data[section_of(object_).offset + object_.symbol(name).value + offset] ^= 1

    return damage


def unended_string(object_, _):
    """A damage: the last string of the symbols goes on."""
    strings = object_.sections[object_.tables(SHT_SYMTAB)[0].link]
    object_.data[strings.offset + strings.size - 1] = ord("x")


def empty_text(object_):
    """The section that every assembler puts into an object, before those of the source."""
    first = next(one for _, one in object_.allocated() if one.flags & SHF_EXECINSTR)
    assert first is not section_of(object_) and first.size == 0
    return first


def executable_before(object_, _):
    """A damage: another executable section holds the entry, and comes first."""
    first = empty_text(object_)
    first.type, first.size = SHT_PROGBITS, 16


def relocations(kind):
    """A damage: a section is said to hold relocations."""

    def damage(object_, _):
        first = empty_text(object_)
        first.type, first.flags = kind, 0

    return damage


def same_name(object_, _):
    """A damage: two symbols have one name, and the wrong one comes first."""
    object_.symbols[-1].name = object_.symbol("purgatory_start").name


def exported(bind):
    """A damage: a symbol of ours is no longer local."""

    def damage(object_, _):
        victim = next(one for one in object_.symbols if object_.name(one) == "image")
        victim.info |= bind << 4

    return damage


def overlong(object_, _):
    """A damage: the last section is longer than the file by a byte."""
    last = object_.sections[-1]
    last.size = len(object_.data) - last.offset + 1


X86 = KEXEC_TOOLS_X86_64
BROKEN = [
    ("file_header", X86, header("type", 3)),
    ("file_header", X86, header("machine", 183)),
    ("file_header", X86, header("version", 0)),
    ("file_header", X86, header("ehsize", 52)),
    ("file_header", KEXEC_TOOLS_ARM64, header("machine", 62)),
    ("file_header", LINUX_X86_64, header("ident", b"\x7fELF\x01\x01\x01")),
    ("section_table", X86, header("shnum", 0)),
    ("section_table", X86, header("shentsize", 40)),
    ("section_table", X86, header("shoff", 0)),
    ("section_table", X86, header("shoff", 1 << 20)),
    ("section_table", X86, header("shstrndx", 0)),
    ("sections_in_file", X86, section("size", 1 << 20)),
    ("sections_in_file", X86, overlong),
    ("aligned_sections", LINUX_X86_64, section("align", 0)),
    ("aligned_sections", X86, section("align", 24)),
    ("unplaced", X86, section("addr", 0x1000)),
    ("entry", X86, header("entry", 16)),
    ("entry", X86, section("flags", SHF_ALLOC)),
    ("entry", X86, executable_before),
    ("entry", LINUX_X86_64, symbol("purgatory_start", "value", 16)),
    ("symbol_table", X86, table("type", SHT_PROGBITS)),
    ("symbol_table", X86, table("link", 99)),
    ("symbol_table", X86, table("entsize", 16)),
    ("symbol_table", LINUX_X86_64, unended_string),
    ("symbols_found", X86, symbol("reset_vga", "info", 0x01)),
    ("symbols_found", X86, symbol("sha256_regions", "info", 0x21)),
    ("symbols_found", KEXEC_TOOLS_ARM64, symbol("arm64_sink", "section", SHN_UNDEF)),
    ("symbols_found", LINUX_X86_64, symbol("stack_end", "section", SHN_ABS)),
    ("symbols_found", X86, same_name),
    ("no_other_names", X86, symbol("purg_params", "name", lambda name: name + 1)),
    ("no_other_names", LINUX_X86_64, exported(STB_GLOBAL)),
    ("no_other_names", KEXEC_TOOLS_ARM64, exported(STB_WEAK)),
    ("sizes", X86, symbol("serial_base", "size", 4)),
    ("sizes", LINUX_X86_64, symbol("entry64_regs", "size", 128)),
    ("variables_in_content", X86, section("type", SHT_NOBITS)),
    ("variables_in_content", LINUX_X86_64, section("flags", 0)),
    ("variables_in_content", X86, symbol("skip_checks", "value", 1 << 20)),
    ("places_in_memory", X86, symbol("stack_end", "value", 1 << 20)),
    ("places_in_memory", LINUX_X86_64, section("flags", 0)),
    ("apart", X86, symbol("reset_vga", "size", 2)),
    ("apart", KEXEC_TOOLS_ARM64, symbol("arm64_sink", "value", lambda value: value + 4)),
    ("resolved", X86, symbol("purg_params", "section", SHN_COMMON)),
    ("resolved", X86, symbol("purg_params", "section", SHN_UNDEF)),
    ("resolved", X86, symbol("purg_params", "section", 77)),
    ("unrelocated", X86, relocations(SHT_RELA)),
    ("unrelocated", KEXEC_TOOLS_ARM64, relocations(SHT_REL)),
    ("zero_at_first", X86, content("entry64_regs", 135)),
    ("zero_at_first", LINUX_X86_64, content("purgatory_sha_regions", 0)),
    ("stack", LINUX_X86_64, symbol("stack_end", "value", lambda value: value + 8)),
    ("stack", LINUX_X86_64, symbol("stack_end", "value", 16)),
    ("stack", X86, content("stack_end", -4096)),
    ("stack", X86, section("align", 8)),
    ("stack", X86, symbol("stack_end", "value", lambda value: value - 16)),
    ("stack", X86, symbol("reset_vga", "value", lambda value: value + 2048)),
    ("stack_arguments", X86, symbol("stack_arg32_1", "value", lambda value: value - 4)),
    ("stack_arguments", X86, symbol("stack_end", "value", lambda value: value + 16)),
    ("debug_entry", X86, symbol("entry16_debug", "value", lambda value: value + 8)),
    ("debug_entry", X86, symbol("entry16_debug_pre32", "value", lambda value: value + (1 << 16))),
    ("debug_entry", X86, symbol("entry16_debug_pre32", "value", 0)),
    ("low", X86, section("size", 640 * 1024)),
]


@pytest.mark.parametrize("rule, client, damage", BROKEN, ids=[f"{i}-{rule}" for i, (rule, _, _) in enumerate(BROKEN)])
def test_rule_complains(rule, client, damage):
    """The rule says so when it is broken."""
    object_ = read(client)
    damage(object_, client)
    assert list(RULES[rule](object_, client))


def test_each_rule_is_broken_once():
    """No rule is on the list that was never seen to complain."""
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def difference(one, other):
    """The first offset at which they differ."""
    if len(one) != len(other):
        return min(len(one), len(other))
    return next((i for i, (left, right) in enumerate(zip(one, other)) if left != right), None)


@pytest.mark.parametrize("base", BASES, ids=hex)
def test_loaded(client, base):
    """Loaded anywhere: the flat binary, zeros, and the marker that opens the client's door; entered at its start."""
    loaded = load(read(client), client, base)
    expected = bytearray(flat(client).ljust(len(loaded.memory), b"\0"))
    at = marker_at(client)
    expected[at : at + MARKER_SIZE] = loaded.memory[at : at + MARKER_SIZE]
    assert difference(loaded.memory, expected) is None and loaded.entry == base
    assert len(loaded.memory) == struct.unpack_from("<I", expected, 0x20)[0]
    assert loaded.address("purgatory_start") == base


def test_variables_are_written(client):
    """What the client writes to its variables is in memory, and nothing else has changed."""
    loaded = load(read(client), client, 16 * MIB)
    written = bytearray(loaded.memory)
    for i, (name, size) in enumerate(client.variables.items(), 1):
        assert loaded.get(name, size) == bytes(size)
        loaded.set(name, bytes([i]) * size)
        start, end = loaded.variable(name, size)
        written[start:end] = bytes([i]) * size
    assert difference(loaded.memory, written) is None
    assert all(
        loaded.get(name, size) == bytes([i]) * size for i, (name, size) in enumerate(client.variables.items(), 1)
    )


def test_flavours_differ_in_the_marker():
    """The bytes of the two for x86_64 are the same but for the word that says whose they are."""
    ours, linux = (section_of(read(client)).content() for client in (KEXEC_TOOLS_X86_64, LINUX_X86_64))
    differing = [i for i, (one, other) in enumerate(zip(ours, linux)) if one != other]
    at = marker_at(KEXEC_TOOLS_X86_64)
    assert len(ours) == len(linux) and at == marker_at(LINUX_X86_64)
    assert differing and set(differing) <= set(range(at, at + MARKER_SIZE))


@pytest.mark.parametrize("client, other", [(X86, LINUX_X86_64), (LINUX_X86_64, X86)], ids=["kexec-tools", "linux"])
def test_wrong_form(client, other):
    """A client that is given the other one's form does not get to load it: it cannot say what is to be verified."""
    loaded = load(read(other), client, 16 * MIB)
    found = []
    for name, size in client.variables.items():
        try:
            found.append(loaded.variable(name, size) and name)
        except LoadError:
            pass
    assert found == ["entry64_regs"]


@pytest.mark.parametrize(
    "client, damage",
    [
        (LINUX_X86_64, section("align", 0)),
        (LINUX_X86_64, header("entry", 16)),
        (LINUX_X86_64, section("align", 1 << 30)),
        (X86, section("align", 1 << 30)),
    ],
)
def test_model_refuses(client, damage):
    """The models of the loaders refuse too."""
    object_ = read(client)
    damage(object_, client)
    with pytest.raises(LoadError):
        load(object_, client, 0x9000)


@pytest.mark.parametrize("client", [X86, LINUX_X86_64], ids=["kexec-tools", "linux"])
@pytest.mark.parametrize(
    "damage",
    [section("offset", 0x800), section("flags", 0), header("entry", 8), executable_before, section("type", SHT_NOBITS)],
    ids=["shifted", "not loaded", "entry", "executable before", "no content"],
)
def test_model_sees_damage(client, damage):
    """An object that lies wrong in memory, or is entered elsewhere, is seen by the comparison of test_loaded."""
    good = load(read(client), client, 0x9000)
    object_ = read(client)
    damage(object_, client)
    try:
        bad = load(object_, client, 0x9000)
    except LoadError:
        return
    assert difference(bad.memory, good.memory) is not None or bad.entry != good.entry
