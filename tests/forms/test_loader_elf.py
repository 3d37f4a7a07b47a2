# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The loader library against GNU ld: what it makes of objects and static PIEs is what ld makes of them, byte for byte.

An object is linked by a script that puts each section where the library has it, so that all relocations have the same
places and values. x86_64's GOT begins with three words for a dynamic linker in ld's, and with the first slot in the
library's: the script puts both over each other. arm64's begins with one such word, and ld's is put that much lower.
"""

import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

from elf import Elf as Reader
from libpurgatory import DYN, EXEC, NOWHERE, Elf, Error

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
TRIPLETS = {"arm64": "aarch64-linux-gnu-", "x86_64": "x86_64-linux-gnu-"}
COMPILERS = {
    ("arm64", "gcc"): ["aarch64-linux-gnu-gcc", "-mno-outline-atomics"],
    ("x86_64", "gcc"): ["x86_64-linux-gnu-gcc", "-mno-red-zone"],
    ("arm64", "clang"): ["clang", "--target=aarch64-linux-gnu", "-mno-outline-atomics"],
    ("x86_64", "clang"): ["clang", "--target=x86_64-linux-gnu", "-mno-red-zone"],
}
GOT_HEAD = {"arm64": 8, "x86_64": 0}
SHF_ALLOC, SHT_NOBITS, SHN_COMMON = 2, 8, 0xFFF2
LOW, HIGH = 0x345000, 0x7123456000


def run(*command):
    """Run it; its output if it does not fail."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def sections_of(path):
    """(index, section) of what is loaded of an ELF file, and its reader."""
    reader = Reader.of(path)
    return reader, [(i, section) for i, section in enumerate(reader.sections) if section.flags & SHF_ALLOC]


def link(arch, path, elf, address, *options):
    """ld's file, with each section of the object where the library has it."""
    reader, sections = sections_of(path)
    end = (address + elf.fields.mem_size + 0xFFF) & ~0xFFF
    got = address + elf.fields.got
    lines = [f"{section.name} {address + elf.place(i):#x} : {{ *({section.name}) }}" for i, section in sections]
    lines += [
        f".got {got - GOT_HEAD[arch]:#x} : {{ *(.got) }}",
        f".got.plt {got if arch == 'x86_64' else end:#x} : {{ *(.got.plt) }}",
    ]
    for name in {symbol.name for symbol in reader.symbols if symbol.section in (SHN_COMMON, 0xFF02)}:
        lines.append(f".common {address + elf.symbol(name)[0]:#x} : {{ *(COMMON) *(.lbss LARGE_COMMON) }}")
    script, linked = path.with_suffix(".lds"), path.with_suffix(".linked")
    script.write_text("SECTIONS {\n" + "\n".join(lines) + "\n/DISCARD/ : { *(.comment .note.GNU-stack) }\n}\n")
    run(
        f"{TRIPLETS[arch]}ld", "-static", "-e", "0", "-z", "norelro", "--no-relax", "--no-check-sections",
        "--no-warn-rwx-segments", "--build-id=none", *options, "-T", script, path, "-o", linked,
    )  # fmt: skip
    return Reader.of(linked)


def compare(arch, path, address, *options):
    """Each section, loaded there, is what ld makes of it."""
    elf = Elf(path.read_bytes())
    memory = elf.load(address)
    linked = link(arch, path, elf, address, *options)
    by_name = {section.name: section for section in linked.sections}
    compared = 0
    for i, section in sections_of(path)[1]:
        assert elf.place(i) != NOWHERE
        if section.type == SHT_NOBITS or not section.size:
            continue
        ours = memory[elf.place(i) :][: section.size]
        assert by_name[section.name].addr == address + elf.place(i)
        assert ours == linked.content(by_name[section.name]), section.name
        compared += 1
    assert compared
    return elf, memory


def assemble(arch, tool, text, path):
    """An object of that assembly."""
    source = path.with_suffix(".S")
    source.write_text(text)
    run(*COMPILERS[arch, tool], "-c", source, "-o", path)
    return path


def types_in(path):
    """The names of its relocations."""
    return set(re.findall(r"\bR_(?:AARCH64|X86_64)_(\w+)", run("readelf", "-rW", path)))


# A relocation each: its type, the assembly. Behind a slash: the value must be low, or near, or is an absolute number.
ONE_EACH = {
    "arm64": """
    ABS64 .quad there + 5
    ABS32/low .word there + 6
    ABS16/abs .hword number - 7
    PREL64 .quad there - . + 3
    PREL32 .word there - .
    PREL16/near .hword there - .
    MOVW_UABS_G0/abs movz x3, #:abs_g0:number
    MOVW_UABS_G0_NC movk x3, #:abs_g0_nc:there
    MOVW_UABS_G1/low movz x3, #:abs_g1:there + 9
    MOVW_UABS_G1_NC movk x4, #:abs_g1_nc:there
    MOVW_UABS_G2 movz x5, #:abs_g2:there
    MOVW_UABS_G2_NC movk x6, #:abs_g2_nc:there
    MOVW_UABS_G3 movz x7, #:abs_g3:there
    MOVW_UABS_G3 movk x7, #:abs_g3:there
    MOVW_SABS_G0/abs movz x8, #:abs_g0_s:number
    MOVW_SABS_G0/abs movz x8, #:abs_g0_s:negative
    MOVW_SABS_G1/low movn x8, #:abs_g1_s:there
    MOVW_SABS_G1/abs movz w8, #:abs_g1_s:negative
    MOVW_SABS_G2 movz x8, #:abs_g2_s:there
    MOVW_SABS_G2/abs movn x8, #:abs_g2_s:negative
    LD_PREL_LO19 ldr x9, there + 12
    LD_PREL_LO19 ldrsw x9, there - 16
    LD_PREL_LO19 ldr q9, there
    ADR_PREL_LO21 adr x10, there + 3
    ADR_PREL_PG_HI21 adrp x11, there + 0x3456
    ADR_PREL_PG_HI21_NC adrp x11, :pg_hi21_nc:there
    ADD_ABS_LO12_NC add x12, x12, #:lo12:there + 1
    LDST8_ABS_LO12_NC ldrb w13, [x12, #:lo12:there + 1]
    LDST16_ABS_LO12_NC strh w13, [x12, #:lo12:there + 2]
    LDST32_ABS_LO12_NC ldr w13, [x12, #:lo12:there + 4]
    LDST32_ABS_LO12_NC ldr s13, [x12, #:lo12:there + 4]
    LDST64_ABS_LO12_NC ldr x13, [x12, #:lo12:there + 8]
    LDST128_ABS_LO12_NC str q13, [x12, #:lo12:there + 16]
    TSTBR14/near tbz x14, #40, there
    CONDBR19 b.ne there + 8
    CONDBR19 cbnz w3, there
    JUMP26 b there
    CALL26 bl there + 4
    MOVW_PREL_G0/near movz x15, #:prel_g0:there
    MOVW_PREL_G0_NC movk x15, #:prel_g0_nc:there
    MOVW_PREL_G1 movz x15, #:prel_g1:there
    MOVW_PREL_G1 movz x15, #:prel_g1:before
    MOVW_PREL_G1_NC movk x15, #:prel_g1_nc:there
    MOVW_PREL_G2 movn x15, #:prel_g2:there
    MOVW_PREL_G2 movz x15, #:prel_g2:before
    MOVW_PREL_G2_NC movk x15, #:prel_g2_nc:there
    MOVW_PREL_G3 movz x15, #:prel_g3:before
    GOT_LD_PREL19 ldr x16, :got:there
    ADR_GOT_PAGE adrp x16, :got:there
    LD64_GOT_LO12_NC ldr x16, [x16, #:got_lo12:there]
    LD64_GOTPAGE_LO15 ldr x16, [x16, #:gotpage_lo15:there]
    ABS64 .weak nowhere; .quad nowhere + 1
    PREL32 .weak nowhere; .word nowhere - . + 8
    CALL26 .weak nowhere; bl nowhere
    JUMP26 .weak nowhere; b nowhere
    CONDBR19 .weak nowhere; cbz x1, nowhere
    TSTBR14 .weak nowhere; tbz x1, #1, nowhere
    LD_PREL_LO19 .weak nowhere; ldr x1, nowhere
    ADR_PREL_LO21 .weak nowhere; adr x1, nowhere
    ADR_PREL_PG_HI21 .weak nowhere; adrp x1, nowhere
    ADD_ABS_LO12_NC .weak nowhere; add x1, x1, #:lo12:nowhere
    MOVW_UABS_G3 .weak nowhere; movz x1, #:abs_g3:nowhere
    MOVW_PREL_G1 .weak nowhere; movz x1, #:prel_g1:nowhere
    LD64_GOT_LO12_NC .weak nowhere; ldr x16, [x16, #:got_lo12:nowhere]
    NONE .reloc ., R_AARCH64_NONE
    """,
    "x86_64": """
    64 .quad there + 5
    32/low .long there + 6
    32S/low movq $there, 8(%rax)
    32S/abs movq $negative, 8(%rax)
    16/abs .word number
    16/abs .word negative
    8/abs .byte small
    8/abs .byte negative
    PC64 .quad there - . + 3
    PC32 .long there - .
    PC16/near .word there - .
    PC8/near .byte there2 - .
    PLT32 call there
    GOT32 .long there@GOT
    GOTPCREL pushq there@GOTPCREL(%rip)
    GOTPCRELX call *there@GOTPCREL(%rip)
    REX_GOTPCRELX movq there@GOTPCREL(%rip), %rax
    GOTPC32 leaq _GLOBAL_OFFSET_TABLE_(%rip), %rbx
    GOTPC64 movabsq $_GLOBAL_OFFSET_TABLE_ - ., %r11
    GOTOFF64 movabsq $there@GOTOFF, %rax
    GOT64 movabsq $there@GOT, %rax
    GOTPLT64 movabsq $there@GOTPLT, %rax
    PLTOFF64 movabsq $there@PLTOFF, %rax
    GOTPCREL64 .quad there@GOTPCREL - 3
    SIZE32 .long there@SIZE + 1
    SIZE64 .quad there@SIZE + 2
    64 .weak nowhere; .quad nowhere + 1
    PC32/low .weak nowhere; .long nowhere - .
    32S .weak nowhere; movq $nowhere, 8(%rax)
    GOTPCREL .weak nowhere; pushq nowhere@GOTPCREL(%rip)
    NONE .reloc ., R_X86_64_NONE
    """,
}
ONE = [
    (arch, name.partition("/")[0], name.partition("/")[2], line)
    for arch, text in ONE_EACH.items()
    for name, line in (entry.split(None, 1) for entry in text.strip().splitlines())
]

FRAME = """
    .global there, before, number, negative, small
    .hidden there2
    .section .before, "ax"
before: .skip 16
    .text
    .skip 32
    {line}
    .balign 4
    .section .near, "ax"
    .global there2
{near}there2:
    .skip 64
    .section .data.there, "aw"
    .balign 16
    .skip 48
{far}   .type there, %object
    .size there, 40
    .skip 64
    .section .numbers, "a"
    .quad 0
    .set number, 0x7654
    .set negative, -100
    .set small, 0x65
"""


@pytest.mark.parametrize("arch, kind, where, line", ONE, ids=[f"{one[0]}-{one[1]}-{one[3]}" for one in ONE])
def test_one_relocation(arch, kind, where, line, tmp_path):
    """One relocation of each type, to a symbol before and behind it, low and above 4 GiB."""
    near, far = ("there:\n", "") if where == "near" else ("", "there:\n")
    numbers = re.search(r"\b(number|negative|small)\b", line)
    if numbers:
        # Defined in another file they are not folded by the assembler: absolute symbols of the object's own table.
        line = line.replace(numbers[0], "absolute")
    path = assemble(arch, "gcc", FRAME.format(line=line, near=near, far=far), tmp_path / "one.o")
    if numbers:
        value = {"number": 0x7654, "negative": -100, "small": 0x65}[numbers[0]]
        define_absolute(path, "absolute", value & ((1 << 64) - 1))
    assert kind in types_in(path)
    for address in [LOW] if where in ("low",) else [LOW, HIGH]:
        compare(arch, path, address)


def define_absolute(path, name, value):
    """Make an undefined symbol an absolute one."""
    data = bytearray(path.read_bytes())
    reader = Reader(data)
    (table,) = reader.of_type(2)
    for i, symbol in enumerate(reader.symbols_of(table)):
        if symbol.name == name:
            at = table.offset + 24 * i
            data[at + 6 : at + 8] = (0xFFF1).to_bytes(2, "little")
            data[at + 8 : at + 16] = value.to_bytes(8, "little")
    path.write_bytes(data)


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_every_type_is_compared(arch):
    """What the library's table has, test_one_relocation has; GNU's tools make none of the rest."""
    table = (pathlib.Path(__file__).resolve().parents[2] / f"loader/elf_{arch}.c").read_text()
    known = set(re.findall(r"/\* (\w+)(?:, .*)? \*/$", table.partition("dynamic_types")[0], re.M))
    not_made = {"arm64": {"GOTREL64", "GOTREL32", "GOTPCREL32", "LD64_GOTOFF_LO15", "PLT32"}, "x86_64": set()}[arch]
    assert not_made < known or not not_made
    assert known - not_made == {kind for a, kind, _, _ in ONE if a == arch}


# What compilers make of C: switches, tables of functions and of strings, 128 bits, labels, weak functions, calls. One
# symbol is in the GOT, as each linker has them in an order of its own.
C = """
typedef unsigned int u32; typedef unsigned long u64; typedef unsigned char u8; typedef unsigned short u16;
#ifdef SHARED
int shared = 5;
#endif
#pragma GCC visibility push(hidden)
int one(int), two(int), three(int);
int (*functions[])(int) = {one, two, three, 0};
int (*const constants[])(int) = {three, one};
static const char *const names[] = {"alpha", "beta", "gamma"};
u8 bytes[37] = {1}; u16 halves[9] = {2}; u32 words[5] = {3}; u64 longs[3] = {4};
u8 zeros[300]; static u64 counters[4]; __int128 wide = 7;
struct { u64 a, b; } pair = {1, 2};
extern int weak(int) __attribute__((weak));
__attribute__((noinline)) int one(int x) { counters[x & 3]++; return x + 1; }
__attribute__((noinline)) int two(int x)
{
	return (int)counters[x & 3] + bytes[x] + halves[x] + (int)words[x] + (int)longs[x];
}
__attribute__((noinline)) int three(int x)
{
	switch (x) {
	case 0: return one(1); case 1: return two(x); case 2: return zeros[9]; case 3: return one(7);
	case 4: return two(5); case 5: return functions[2](0); case 6: return names[x & 1][0];
	case 7: wide += 3; return 3; case 8: return 8;
	}
	return x;
}
static const void *label(int x)
{
	static void *const labels[] = {&&a, &&b, &&c};
	goto *labels[x];
a:	return &pair;
b:	return &wide;
c:	return names;
}
int start(int x)
{
#ifdef SHARED
	x += shared;
#else
	if (weak) x += weak(x);
#endif
	pair.a += longs[1]; pair.b = (u64)&functions; bytes[5] = 1; halves[3] = 4; words[2]++;
	return functions[x](x) + constants[x & 1](2) + names[x][0] + *(const int *)label(x) + zeros[x];
}
"""
FLAGS = "-ffreestanding -fno-stack-protector -fno-merge-constants -ffunction-sections -fdata-sections".split()
FLAGS += ["-fasynchronous-unwind-tables"]
PIC = [["-fno-pic", "-fno-pie"], ["-fpie"], ["-fpic", "-DSHARED"], ["-fPIC", "-DSHARED"]]
MODELS = {"arm64": ["tiny", "small", "large"], "x86_64": ["small", "kernel", "medium", "large"]}
VARIANTS = [
    (arch, tool, model, pic, level)
    for (arch, tool) in COMPILERS
    for model in MODELS[arch]
    for pic in PIC
    for level in ("-O0", "-Os", "-O2")
    # Which neither compiler, or one of them, does not have.
    if not (arch == "arm64" and model == "large" and "-fno-pic" not in pic)
    and not (model == "kernel" and "-fno-pic" not in pic)
]


@pytest.mark.parametrize("arch, tool, model, pic, level", VARIANTS)
def test_compiled(arch, tool, model, pic, level, tmp_path):
    """C, compiled by gcc and clang for every code model, position independent or not."""
    source, path = tmp_path / "c.c", tmp_path / "c.o"
    source.write_text(C)
    # A weak function that is not there is taken out of the GOT by ld even if it shall not relax: it is left out.
    no_weak = ["-DSHARED"] if arch == "x86_64" and "-fpie" in pic else []
    run(*COMPILERS[arch, tool], *FLAGS, *no_weak, *pic, f"-mcmodel={model}", level, "-w", "-c", source, "-o", path)
    # Strings are not merged here, by ld they are, as it edits what it knows as .eh_frame.
    run(f"{TRIPLETS[arch]}objcopy", "--rename-section", ".eh_frame=.frames", path)
    names = {section.name for _, section in sections_of(path)[1] if section.flags & 0x30}
    for name in names:
        run(f"{TRIPLETS[arch]}objcopy", "--set-section-flags", f"{name}=alloc,readonly,data,contents", path)
    low = arch == "x86_64" and model != "large" and "-fno-pic" in pic
    for address in [LOW] if low else [LOW, HIGH]:
        if address == HIGH and arch == "x86_64" and model != "large":
            continue  # the weak function, at zero, is out of reach of a call
        compare(arch, path, address)


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_common(arch, tmp_path):
    """A common symbol has a place of its own, at its alignment, behind the zeros."""
    text = ".text\n.quad shared\n.comm shared, 100, 64\n.bss\n.skip 5\n"
    path = assemble(arch, "gcc", text, tmp_path / "one.o")
    elf, memory = compare(arch, path, HIGH)
    offset, size = elf.symbol("shared")
    assert (offset % 64, size) == (0, 100) and offset + size == len(memory)


def pie_script(base):
    """A layout that does not depend on whether it is linked to be relocated."""
    return (
        f"SECTIONS {{ . = {base:#x}; .text : {{ *(.text*) }} .rodata : {{ *(.rodata*) }}\n"
        ". += 0x1000; . = ALIGN(0x1000); .data : { *(.data*) } .bss : { *(.bss*) }\n"
        ". = ALIGN(0x1000); .got : { *(.got*) } .dynamic : { *(.dynamic) }\n"
        ".rela : { *(.rela*) } .relr.dyn : { *(.relr.dyn) }\n"
        ".dynsym : { *(.dynsym) } .dynstr : { *(.dynstr) } .hash : { *(.hash) } .gnu.hash : { *(.gnu.hash) }\n"
        "/DISCARD/ : { *(.comment .note* .eh_frame) } }\n"
    )


@pytest.mark.parametrize("base", [0, LOW, HIGH], ids=hex)
@pytest.mark.parametrize("arch, packed", [("arm64", False), ("x86_64", False), ("x86_64", True)])
def test_static_pie(arch, base, packed, tmp_path):
    """A static PIE, wherever it was linked for, is what a link without relocations makes of it at its address."""
    source, path = tmp_path / "c.c", tmp_path / "c.o"
    script, linked = tmp_path / "pie.lds", tmp_path / "linked"
    source.write_text(C)
    run(*COMPILERS[arch, "gcc"], "-ffreestanding", "-fpie", "-DSHARED", "-O2", "-w", "-c", source, "-o", path)
    ld = [f"{TRIPLETS[arch]}ld", "-e", "start", "-z", "norelro", "--no-warn-rwx-segments", "-z", "max-page-size=4096"]
    pack = ["-z", "pack-relative-relocs"] if packed else []
    script.write_text(pie_script(base))
    run(*ld, "-pie", "--no-dynamic-linker", *pack, "-T", script, path, "-o", linked)
    data = bytearray(linked.read_bytes())
    # ld calls it ET_EXEC if it does not begin at zero.
    data[16] = DYN
    assert packed == any(section.name == ".relr.dyn" for section in Reader(data).sections)
    elf = Elf(data)
    assert elf.fields.entry == elf.symbol("start")[0]
    for address in (LOW, HIGH):
        script.write_text(pie_script(address))
        run(*ld, "-static", "-T", script, path, "-o", linked)
        memory, compared = elf.load(address), 0
        fixed = Reader.of(linked)
        for section in fixed.sections:
            if section.flags & SHF_ALLOC and section.type != SHT_NOBITS:
                at = section.addr - address
                assert memory[at : at + section.size] == fixed.content(section), section.name
                compared += 1
        assert compared == 3


def test_own_forms():
    """Each ELF form of the purgatory is, loaded anywhere, the flat image; its symbols are found, and set and read."""
    for arch in TRIPLETS:
        flat = (BUILD / f"purgatory-{arch}.bin").read_bytes()
        for form in ("ro", "elf") + (("linux.ro",) if arch == "x86_64" else ()):
            path = BUILD / (f"purgatory-{arch}-linux.ro" if form == "linux.ro" else f"purgatory-{arch}.{form}")
            elf = Elf(path.read_bytes())
            for address in (0, LOW, HIGH):
                memory = elf.load(address)
                if form != "elf":
                    marker = elf_marker(path)
                    memory[marker : marker + 4] = bytes(4)
                assert bytes(memory) == flat.ljust(len(memory), b"\0"), path
            assert elf.symbol("purgatory_start")[0] == 0 == elf.fields.entry
            assert elf.symbol("purg_params")[0] == int.from_bytes(flat[0x2C:0x30], "little")


def elf_marker(path):
    """Where the word lies that says whose client's form it is: the only byte that is not zero behind the flat image."""
    reader = Reader.of(path)
    (section,) = [section for section in reader.sections if section.name == ".purgatory"]
    content = reader.content(section)
    flat_size = int.from_bytes(content[0x1C:0x20], "little")
    return next(i for i in range(flat_size, len(content)) if content[i]) & ~3


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
@pytest.mark.parametrize("address", [0, 0x4345000, 0x140007000, (1 << 47) - 0x123000], ids=hex)
def test_own_plain_form(arch, address, tmp_path):
    """The plain form comes out as ld has it."""
    path, linked, flat = BUILD / f"purgatory-{arch}.rel.o", tmp_path / "linked", tmp_path / "flat"
    ld = [f"{TRIPLETS[arch]}ld", "-e", "purgatory_start", f"--section-start=.purgatory={address:#x}"]
    run(*ld, "--no-warn-rwx-segments", path, "-o", linked)
    run(f"{TRIPLETS[arch]}objcopy", "-O", "binary", "-j", ".purgatory", linked, flat)
    assert Elf(path.read_bytes()).load(address) == flat.read_bytes()


@pytest.mark.parametrize("form", ["ro", "rel.o"])
def test_symbols_are_set(form):
    """Of kexec-tools' symbols: values go in and come out, with their own size only."""
    elf = Elf((BUILD / f"purgatory-arm64.{form}").read_bytes())
    memory = elf.load(LOW)
    offset, size = elf.symbol("sha256_regions")
    assert size == 256
    value = random.Random(1).randbytes(size)
    elf.set(memory, "sha256_regions", value)
    assert memory[offset : offset + size] == value == elf.get(memory, "sha256_regions", size)
    for wrong in (0, 8, size - 1, size + 1):
        before = bytes(memory)
        with pytest.raises(Error, match="another size"):
            elf.set(memory, "sha256_regions", bytes(wrong))
        with pytest.raises(Error, match="another size"):
            elf.get(memory, "sha256_regions", wrong)
        assert memory == before
    for name in ("sha256_region", "sha256_regionsx", "", "nobody"):
        with pytest.raises(Error, match="no such symbol"):
            elf.symbol(name)


EXECUTABLE = ".global go\n.skip 12\ngo: .quad 1\n.data\n.quad 2\n.bss\n.skip 64\n"


def test_executable(tmp_path):
    """An executable is laid out by its physical addresses, as objcopy does it; it has one place, its entry there."""
    for arch in TRIPLETS:
        path = assemble(arch, "gcc", EXECUTABLE, tmp_path / "e.o")
        script, linked, flat = tmp_path / "e.lds", tmp_path / "e", tmp_path / "e.bin"
        script.write_text(
            "PHDRS { a PT_LOAD FLAGS(5); b PT_LOAD FLAGS(6); }\nENTRY(go)\nSECTIONS {\n"
            ". = 0xffffffff81000000; .text : AT(0x1000000) { *(.text) } :a\n"
            ". = 0xffffffff82000000; .data : AT(0x1003000) { *(.data) } :b .bss : AT(0x1004000) { *(.bss) } :b\n}\n"
        )
        run(f"{TRIPLETS[arch]}ld", "-no-pie", "-T", script, path, "-o", linked)
        run(f"{TRIPLETS[arch]}objcopy", "-O", "binary", linked, flat)
        elf = Elf(linked.read_bytes())
        assert (elf.fields.type, elf.fields.address, elf.fields.entry) == (EXEC, 0x1000000, 12)
        memory = elf.load(0x1000000)
        assert memory.startswith(flat.read_bytes()) and not any(memory[len(flat.read_bytes()) :])
        assert elf.flatten() == memory and elf.symbol("go") == (12, 0)
        with pytest.raises(Error, match="argument"):
            elf.load(0x2000000)


def test_flat_image_of_a_kernel(tmp_path):
    """What arm64's vmlinux is: ET_DYN at a high address, with relocations that it makes itself, and no .dynamic."""
    text = ".global _text\n_text: b 1f\n.quad target\n1: nop\n.data\ntarget: .quad 5\n"
    path = assemble("arm64", "gcc", text, tmp_path / "v.o")
    script, linked, flat = tmp_path / "v.lds", tmp_path / "v", tmp_path / "v.bin"
    script.write_text(
        "ENTRY(_text)\nSECTIONS { /DISCARD/ : { *(.interp .dynamic .dynsym .dynstr .hash .gnu.hash) }\n"
        ". = 0xffff800008000000; .text : { *(.text) } .rela.dyn : { *(.rela*) } .data : { *(.data) } }\n"
    )
    ld = ["aarch64-linux-gnu-ld", "-shared", "-Bsymbolic", "-z", "notext", "--no-apply-dynamic-relocs"]
    run(*ld, "-T", script, path, "-o", linked)
    run("aarch64-linux-gnu-objcopy", "-O", "binary", linked, flat)
    elf = Elf(linked.read_bytes())
    assert (elf.fields.type, elf.fields.entry) == (DYN, 0)
    assert elf.flatten() == flat.read_bytes().ljust(elf.fields.mem_size, b"\0") == elf.load(0x40200000)


def test_refuses_what_needs_more(tmp_path):
    """A library, an interpreter, thread-local variables, indirect functions, something undefined."""
    cc = COMPILERS["x86_64", "gcc"]
    source = tmp_path / "c.c"
    source.write_text("int puts(const char *); int main(void) { return puts(0); }")
    for options, words in ((["-pie"], "library or an interpreter"), (["-no-pie"], "library or an interpreter")):
        run(*cc, source, *options, "-o", tmp_path / "x")
        with pytest.raises(Error, match=words):
            Elf((tmp_path / "x").read_bytes())
    for text, words in (
        ("__thread int t; int start(void) { return t++; }", "thread-local"),
        ("static int f(void) { return 1; } void *r(void) { return f; }\n"
         "int g(void) __attribute__((ifunc(\"r\"))); int start(void) { return g(); }", "indirect"),
        ("int nobody(void); int start(void) { return nobody(); }", "not defined"),
    ):
        source.write_text(text)
        run(*cc, "-w", "-c", source, "-o", tmp_path / "x")
        with pytest.raises(Error, match=words):
            Elf((tmp_path / "x").read_bytes())


@pytest.mark.skipif(not shutil.which("ld.lld"), reason="no lld")
def test_lld_static_pie(tmp_path):
    """lld's static PIE with packed relocations, as it would be were it linked for the address."""
    source, path = tmp_path / "c.c", tmp_path / "c.o"
    source.write_text(C)
    for arch in TRIPLETS:
        run(*COMPILERS[arch, "clang"], "-ffreestanding", "-fpie", "-DSHARED", "-O2", "-w", "-c", source, "-o", path)
        for pack in ("relr", "none"):
            loaded = []
            for base in (0, HIGH):
                linked = tmp_path / f"{base:x}"
                run(
                    "ld.lld", "-pie", "--no-dynamic-linker", "-z", "max-page-size=4096", "-e", "start",
                    "-z", "norelro", f"--image-base={base}",
                    f"--pack-dyn-relocs={pack}", "--apply-dynamic-relocs", path, "-o", linked,
                )  # fmt: skip
                elf = Elf(linked.read_bytes())
                loaded.append((elf.load(HIGH), elf, Reader.of(linked)))
            data = [section for section in loaded[1][2].sections if section.name in (".text", ".data", ".got")]
            assert len(data) >= 2
            for section in data:
                start, end = section.addr - HIGH, section.addr - HIGH + section.size
                assert loaded[0][0][start:end] == loaded[1][0][start:end] == loaded[1][2].content(section)
