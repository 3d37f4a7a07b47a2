# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""inspect on every form. The forms themselves are made here, so that the test does not depend on a cross compiler;
those of the build are looked at too, if they are there."""
import os
import re
import struct

import pytest

import conftest
import kernels
from packed import Packed

HOSTILE = True
BUILD = os.path.dirname(conftest.COMMAND)


def flat(arch=183, ro=0x1000, file_size=0x1010, mem_size=0x4000):
    image = bytearray(file_size)
    struct.pack_into("<8x8sHHHHIIIIIIIIQ", image, 0, b"PURGATRY", 1, 0, arch, 64, 4096, file_size, mem_size, ro, 0, ro,
                     0x1700, 0x80000001, 0)
    struct.pack_into("<8sHHI", image, ro, b"PURGPARM", 1, 0, 0x1700)
    return bytes(image)


def pie(image, arch=183):
    """Two PT_LOADs, as the linker makes them."""
    def load(offset, vaddr, filesz, memsz):
        return struct.pack("<IIQQQQQQ", 1, 6, offset, vaddr, vaddr, filesz, memsz, 4096)
    ehdr = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, arch, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    head = ehdr + load(0x1000, 0, 0x800, 0x800) + load(0x2000, 0x1000, 0x10, 0x3000)
    return head + bytes(0x1000 - len(head)) + image[:0x1000] + image[0x1000:]


def relocatable(image, arch=183, symbol=b"purgatory_start", value=0, section=b".purgatory"):
    names = b"\0" + section + b"\0.symtab\0.strtab\0.shstrtab\0"
    strings = b"\0" + symbol + b"\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, value, 0x1000)
    at, parts = 64, []
    for part in (image, symbols, strings, names):
        parts.append((at, len(part)))
        at += len(part)

    def shdr(name, kind, index, link=0, entsize=0):
        offset, size = parts[index]
        return struct.pack("<IIQQQQIIQQ", names.index(name), kind, 0, 0, offset, size, link, 0, 1, entsize)
    headers = bytes(64) + shdr(section, 1, 0) + shdr(b".symtab", 2, 1, 3, 24) + shdr(b".strtab", 3, 2) + \
        shdr(b".shstrtab", 3, 3)
    ehdr = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 1, arch, 1, 0, 0, at, 0, 64, 0, 0, 64, 5, 4)
    return ehdr + image + symbols + strings + names + headers


FORMS = {"flat binary": lambda image: image, "static PIE": pie, "relocatable ELF": relocatable}


@pytest.mark.parametrize("form", FORMS)
def test_forms(purgatory, form):
    purgatory.file("file", FORMS[form](flat()))
    done = purgatory.ok("inspect", "--map", "file")
    assert f"file: purgatory, {form}" in done.stdout
    for line in ("arch             arm64", "abi              1.0", "align            0x1000 (4.0 KiB)",
                 "file_size        0x1010", "mem_size         0x4000 (16.0 KiB)", "verify           always",
                 "features         segment-digest 0x80000000 (unknown)", "on failure       halt",
                 "image_digest     not given", "segments (0)"):
        assert line in done.stdout
    assert "not a packed image" in purgatory("check", "file").stderr


def test_linear_map(purgatory):
    """What the block says of the old kernel's tables is shown, if it says anything."""
    purgatory.file("file", flat(file_size=0x3000))
    assert "linear map" not in purgatory.ok("inspect", "file").stdout
    image = bytearray(flat(file_size=0x3000))
    struct.pack_into("<I", image, 0x1010, 0x7184D454)
    struct.pack_into("<IIQQQQIIQQQQQQ", image, 0x1280, 2, 5, 0x1234000, 0xFF11000040000000, 0x40000000, 0x17, 0x99, 2,
                     0x40000000, 0x8000000, 0x100000, 0x10000, 0x80000000, 0x2000)
    purgatory.file("file", bytes(image))
    said = purgatory.ok("inspect", "file").stdout
    assert "  verify           unless unmapped\n" in said
    assert """linear map
  flags            search
  levels           0x5
  root             0x1234000
  va               0xff11000040000000
  pa               0x40000000
  tcr              0x17
  budget           0x99
  region           start 0x40000000 size 0x8000000 (128 MiB)
  tables in        start 0x100000 size 0x10000 (64.0 KiB)
                   start 0x80000000 size 0x2000 (8.0 KiB)
segments (0)
""" in said


@pytest.mark.parametrize("form", FORMS)
def test_damaged_forms(purgatory, form):
    """Truncated anywhere, and with any word of its headers changed: never a crash."""
    content = FORMS[form](flat())
    lengths = [*range(1, 600, 13), *range(0x1000, 0x1100, 5), *range(len(content) - 400, len(content), 13)]
    for length in [length for length in lengths if length < len(content)]:
        purgatory.file("file", content[:length])
        assert purgatory("inspect", "--map", "file").returncode == 2 or form == "static PIE"
    spots = [*range(0, 0x100, 4), *range(0x1000, 0x1040, 4), *range(max(0x1010, len(content) - 400), len(content), 4)]
    for at in [spot // 4 * 4 for spot in spots if spot + 4 <= len(content)]:
        for value in (0x1001, 0xFFFFFFFF):
            purgatory.file("file", content[:at] + struct.pack("<I", value) + content[at + 4:])
            purgatory("inspect", "--map", "file")


def patched(at, form, value, image=flat()):
    new = struct.pack("<" + form, value)
    return image[:at] + new + image[at + len(new):]


@pytest.mark.parametrize("content, message", [
    (pie(patched(8, "Q", 1)), "header.magic: is not"),
    (patched(0x10, "H", 2), "header.abi: is 2.0; this command knows 1.0"),
    (patched(0x12, "H", 1), "header.abi: is 1.1; this command knows 1.0"),
    (patched(0x16, "H", 65), "header.header_size: is 0x41; 0x40 is right"),
    (patched(0x18, "I", 3), "header.align: is 0x3; a power of two"),
    (patched(0x1C, "I", 0x1011), "header.file_size: is 0x1011, but there are only 0x1010"),
    (patched(0x24, "I", 0x3F), "header.ro_size: is 0x3f"),
    (patched(0x24, "I", 0x1011), "header.ro_size: is 0x1011"),
    (patched(0x28, "I", 0x1000), "header.entry: is 0x1000, outside the code"),
    (patched(0x2C, "I", 0x1004), "header.params: is 0x1004"),
    (patched(0x30, "I", 0x1708), "header.params_size: is 0x1708; 0x1700 is right"),
    (patched(0x38, "Q", 1 << 63), "header.reserved: is not zero"),
    (patched(0x1000, "Q", 1), "params.magic: is not"),
    (patched(0x1008, "H", 2), "params.abi: is 2.0"),
    (patched(0x100C, "I", 0x1708), "params.size: is 0x1708; 0x1700 is right"),
    (relocatable(patched(0x1018, "I", 65, flat() + bytes(0x2FF0))), "params.segment_count: is 65; 64 is the most"),
    (relocatable(patched(0x101C, "I", 17, flat() + bytes(0x2FF0))), "params.copy_count: is 17; 16 is the most"),
    (relocatable(patched(0x12AC, "I", 33, flat() + bytes(0x2FF0))), "params.linear_map.range_count: is 33; 32"),
    (relocatable(flat(), symbol=b"purgatory_stort"), "purgatory_start: is not among the symbols"),
    (relocatable(flat(), value=4), "purgatory_start: is not at offset 0"),
    (relocatable(flat(), section=b".purgatury"), ".purgatory: is not among the sections"),
    (relocatable(flat(arch=62)), "header.arch: is 62, but e_machine is 183"),
    (pie(flat())[:160] + bytes(8) + pie(flat())[168:], "p_filesz is more than p_memsz"),
    (flat(arch=40), "header.arch: is 40"),
    (flat(file_size=0x2000, ro=0x1000, mem_size=0x1FFF), "header.mem_size: "),
    (flat(mem_size=0x2000), "header.params: "),
    (b"\x7fELF\1\1\1" + bytes(100), "e_ident: is not that of a 64-bit"),
])
def test_what_is_wrong(purgatory, content, message):
    purgatory.file("file", content)
    done = purgatory("inspect", "file")
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
@pytest.mark.parametrize("form", ["bin", "ro", "elf"])
def test_forms_of_the_build(purgatory, arch, form):
    path = os.path.join(BUILD, f"purgatory-{arch}.{form}")
    if not os.path.exists(path):
        pytest.skip(f"{path} is not there")
    out = purgatory.ok("inspect", path).stdout
    assert re.search(rf"arch +{arch}\n", out) and "(unknown)" not in out


def test_packed(purgatory, kernel):
    purgatory.file("kernel", kernel)
    purgatory.file("initrd", b"initrd")
    purgatory.ok("pack", "-k", "kernel", "-i", "initrd", "-a", "earlycon=uart8250,mmio32,0x1000 a\x01b", "-o", "out")
    packed = Packed(purgatory.directory / "out")
    out = purgatory.ok("inspect", "out").stdout
    arch = {183: "arm64", 62: "x86_64"}[packed.pack["arch"]]
    assert re.search(rf"arch +{arch}\n", out)
    assert "cmdline          earlycon=uart8250,mmio32,0x1000 a?b\n" in out
    assert "console[0]       8250\n                   base 0x1000 width 4 stride 4 baud 0" in out
    for segment in packed.segments:
        assert re.search(rf"\[\d\] {re.escape(segment.name)} +start 0x{segment.start:x} size 0x{segment.size:x} ", out)
        assert segment.digest.hex() in out
    assert "memory map" not in out


def test_map(purgatory, kernel):
    """Sorted, without holes or overlaps, from the base to the end."""
    purgatory.file("initrd", b"initrd")
    purgatory.pack("--initrd", "initrd", kernel=kernel)
    packed = Packed(purgatory.directory / "out")
    out = purgatory.ok("inspect", "--map", "out").stdout
    lines = out[out.index("memory map"):].splitlines()[1:]
    starts = [int(line.split()[0], 16) for line in lines]
    base = 0x100000 if packed.pack["arch"] == 62 else 0
    assert starts == sorted(set(starts)) and starts[0] == base
    assert not any("overlaps" in line for line in lines)
    named = {line.split("|")[0].split(maxsplit=3)[3].strip(): start for line, start in zip(lines, starts)
             if line.split()[3] != "-"}
    for segment in packed.segments:
        assert named[segment.name] == base + segment.start
    assert named["room"] == base + packed.pack["room"]
    assert any(line.split()[3] == "-" for line in lines)
