# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The three forms: their shape as readelf sees it, that they are the same bytes, and that a build can be repeated."""

import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
PARAMS_SIZE = 0x1700
PAGE = 0x1000


@pytest.fixture(params=["arm64", "x86_64"])
def arch(request):
    return request.param


def form(arch, suffix):
    return BUILD / f"purgatory-{arch}.{suffix}"


def relocatable_forms(arch):
    """For kexec-tools, and for Linux where it has use for one."""
    return sorted(BUILD.glob(f"purgatory-{arch}*.ro"))


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], check=True, capture_output=True, text=True).stdout


def header(arch):
    """align, file_size, mem_size, ro_size, entry, params, params_size of the flat image."""
    names = ("align", "file_size", "mem_size", "ro_size", "entry", "params", "params_size")
    return dict(zip(names, struct.unpack_from("<7I", form(arch, "bin").read_bytes(), 0x18)))


def load_segments(arch):
    """(offset, vaddr, filesz, memsz, flags) of each PT_LOAD."""
    pattern = r"LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3}) "
    return [(*(int(n, 16) for n in m[:4]), m[4]) for m in re.findall(pattern, readelf(form(arch, "elf"), "-l"))]


def section(path, name):
    """(offset, size, flags, align) of a section."""
    match = re.search(rf"\] {re.escape(name)} +\w+ +\w+ (\w+) (\w+) \w+ +(\w*) +\d+ +\d+ +(\d+)", readelf(path, "-S"))
    return int(match[1], 16), int(match[2], 16), match[3], int(match[4])


@pytest.mark.parametrize("suffix", ["elf", "ro"])
def test_no_relocations(arch, suffix):
    """Nothing is left for a loader to relocate."""
    assert "There are no relocations" in readelf(form(arch, suffix), "-r")


@pytest.mark.parametrize("suffix", ["elf", "ro"])
def test_no_undefined_symbol(arch, suffix):
    """Nothing is left for a loader to resolve: only the null symbol is undefined."""
    assert len(re.findall(r" UND ", readelf(form(arch, suffix), "-s"))) == 1


def test_elf_is_static_pie(arch):
    """ET_DYN at address 0, entered at 0, with no interpreter and no dynamic section."""
    assert re.search(r"Type: +DYN", readelf(form(arch, "elf"), "-h"))
    assert re.search(r"Entry point address: +0x0\n", readelf(form(arch, "elf"), "-h"))
    assert not re.search("INTERP|DYNAMIC|RELRO", readelf(form(arch, "elf"), "-l"))


def test_elf_segments(arch):
    """Code is not writable, data not executable, and they share no page."""
    code, data = load_segments(arch)
    head = header(arch)
    assert (code[4], data[4]) == ("R E", "RW ")
    assert code[1] == 0 and code[2] == code[3] <= head["ro_size"] == data[1]
    assert data[1] + data[3] == head["mem_size"]
    assert re.search(r"GNU_STACK .* RW ", readelf(form(arch, "elf"), "-l"))


def test_header_sizes(arch):
    """The header's numbers hang together, and fit the file."""
    head = header(arch)
    assert head["align"] == PAGE and head["entry"] == 0
    assert head["file_size"] == form(arch, "bin").stat().st_size
    assert head["ro_size"] % PAGE == 0 and head["mem_size"] % PAGE == 0
    assert head["ro_size"] <= head["params"] and head["params_size"] == PARAMS_SIZE
    assert head["params"] + PARAMS_SIZE <= head["mem_size"]


def test_same_bytes_elf(arch):
    """The flat image is the memory of the static PIE."""
    elf, memory = form(arch, "elf").read_bytes(), bytearray(header(arch)["file_size"])
    for offset, vaddr, filesz, _, _ in load_segments(arch):
        memory[vaddr : vaddr + filesz] = elf[offset : offset + filesz]
    assert memory == form(arch, "bin").read_bytes()


def test_same_bytes_ro(arch):
    """A relocatable form's one section is the flat image and zeros up to mem_size, but for the word that says whose
    symbols they are."""
    for path in relocatable_forms(arch):
        offset, size, flags, align = section(path, ".purgatory")
        content = bytearray(path.read_bytes()[offset : offset + size])
        marker = int(re.search(r"(\w+) +0 NOTYPE +LOCAL +DEFAULT +ABS COMPAT_CLIENT", readelf(path, "-s"))[1], 16)
        assert header(arch)["file_size"] <= marker and any(content[marker : marker + 4])
        content[marker : marker + 4] = bytes(4)
        assert size == header(arch)["mem_size"] and align == PAGE and set("AX") <= set(flags)
        assert content == form(arch, "bin").read_bytes().ljust(size, b"\0")


def test_ro_symbols(arch):
    """What loaders look up: global, in .purgatory, of the right size; the entry at offset 0 of the first executable
    section that holds it."""
    found = re.findall(r": (\w+) +(\d+) (\w+) +GLOBAL +DEFAULT +(\d+) (\w+)", readelf(form(arch, "ro"), "-s"))
    symbols = {name: (int(value, 16), int(size), kind) for value, size, kind, _, name in found}
    head = header(arch)
    assert symbols["purgatory_start"] == (0, head["ro_size"], "FUNC")
    assert symbols["purg_params"] == (head["params"], PARAMS_SIZE, "OBJECT")
    assert len({index for *_, index, _ in found}) == 1
    assert re.search(r"Type: +REL", readelf(form(arch, "ro"), "-h"))


def test_ro_alignments(arch):
    """kexec-tools divides by a section's alignment: none is 0, but that of the null section."""
    aligns = re.findall(r"^  \[ *\d+\].* (\d+)$", readelf(form(arch, "ro"), "-S"), re.M)
    assert aligns.count("0") == 1


def test_build_is_repeatable(tmp_path):
    """Another place, another time, another locale: the same bytes."""
    elsewhere = tmp_path / "some where else"
    shutil.copytree(ROOT, elsewhere, ignore=shutil.ignore_patterns("build", ".git"))
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
    arches, suffixes = ("arm64", "x86_64"), ("elf", "bin", "rel.o")
    forms = [path for arch in arches for path in (*(form(arch, suffix) for suffix in suffixes), *relocatable_forms(arch))]
    forms += sorted(BUILD.glob("libpurgatory*.a"))
    toolchain = os.environ.get("TOOLCHAIN", "gcc")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "MAKEFLAGS": ""}
    subprocess.run(
        ["make", "-s", f"TOOLCHAIN={toolchain}", "O=out", *(f"out/{path.name}" for path in forms)],
        cwd=elsewhere, env=environment, check=True, stdout=subprocess.DEVNULL,
    )
    for path in forms:
        assert (elsewhere / "out" / path.name).read_bytes() == path.read_bytes(), path.name
