# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The plain form, `ld -r` of the purgatory: what it asks of a relocator, and that it comes out as the linker has it."""

import collections
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from abi import PARAMS_SIZE, Header, Params, constant
from relocator import Object, RelocationError

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
GIB = 1 << 30
PLACES = [0, 0x4345000, 2 * GIB - 0x1000, 4 * GIB - 0x3000, 5 * GIB + 0x7000, (1 << 47) - 0x123000]
TRIPLETS = {"arm64": "aarch64-linux-gnu-", "x86_64": "x86_64-linux-gnu-"}

EMBEDDING = (ROOT / "docs/embedding.md").read_text()

# What kexec-tools 2.0.25 knows, but for R_X86_64_32 and 32S, which tie the image to low memory.
KNOWN = {
    "arm64": "ABS64 PREL32 MOVW_UABS_G0_NC MOVW_UABS_G1_NC MOVW_UABS_G2_NC MOVW_UABS_G3 LD_PREL_LO19 ADR_PREL_LO21 "
    "ADR_PREL_PG_HI21 ADD_ABS_LO12_NC JUMP26 CALL26 LDST64_ABS_LO12_NC LDST128_ABS_LO12_NC",
    "x86_64": "64 PC32 PLT32",
}


@pytest.fixture(params=["arm64", "x86_64"])
def arch(request):
    return request.param


@pytest.fixture
def path(arch):
    return BUILD / f"purgatory-{arch}.rel.o"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def readelf(path, *options):
    return run("readelf", "-W", *options, path).stdout


def check(path):
    """What the build's own check says of an object; nothing if it is content."""
    done = run("awk", "-f", ROOT / "linker/plain-check.awk", input=readelf(path, "-S", "-s", "-r"))
    assert bool(done.stderr) == bool(done.returncode), done
    return done.stderr


def test_relocation_types(arch, path, capsys):
    """Which types it has, printed; all of them are known to kexec-tools."""
    types = collections.Counter(re.findall(r"\bR_(?:AARCH64|X86_64)_(\w+)", readelf(path, "-r")))
    with capsys.disabled():
        print(f"\n{path.name}: " + ", ".join(f"{count} {name}" for name, count in sorted(types.items())))
    assert types and set(types) <= set(KNOWN[arch].split())


def test_types_are_documented(arch):
    """docs/embedding.md lists them."""
    (listed,) = re.findall(rf"^- {arch}: ((?:.|\n  )*)", EMBEDDING, re.M)
    assert re.findall(r"`(\w+)`", listed) == KNOWN[arch].split()


def test_build_check(path):
    """The check that ran in the build runs here, and is content."""
    assert check(path) == ""


FOREIGN = [
    ("arm64", "ldrb w0, [x1, :lo12:purg_params]", "R_AARCH64_LDST8_ABS_LO12_NC .* do not know this type"),
    ("arm64", "ldr w0, [x1, :lo12:purg_params]", "R_AARCH64_LDST32_ABS_LO12_NC .* do not know this type"),
    ("arm64", "b.eq other", "R_AARCH64_CONDBR19 .* do not know this type"),
    ("arm64", "adrp x0, :got:purg_params", "R_AARCH64_ADR_GOT_PAGE .* do not know this type"),
    ("arm64", "adr x0, other + 1", "R_AARCH64_ADR_PREL_LO21 .* is not a multiple of 4"),
    ("arm64", "adr x0, other - 2", "R_AARCH64_ADR_PREL_LO21 .* is not a multiple of 4"),
    ("arm64", "ldr x0, [x1, :lo12:other + 4]", "R_AARCH64_LDST64_ABS_LO12_NC .* is not a multiple of 8"),
    ("arm64", "ldr q0, [x1, :lo12:other + 8]", "R_AARCH64_LDST128_ABS_LO12_NC .* is not a multiple of 16"),
    ("arm64", "bl nowhere", "undefined symbol nowhere"),
    ("x86_64", "movq purg_params@GOTPCREL(%rip), %rax", r"R_X86_64_\w*GOTPCREL\w* .* do not know this type"),
    ("x86_64", "movl $other, %eax", "R_X86_64_32 .* do not know this type"),
    ("x86_64", "movq $other, %rax", "R_X86_64_32S .* do not know this type"),
    ("x86_64", "call nowhere", "undefined symbol nowhere"),
    ("x86_64", ".comm somewhere, 8", "symbol somewhere is COMMON"),
    ("x86_64", '.section .data.extra, "aw"; .quad 0', "section .data.extra is not the one section"),
    ("x86_64", '.section .bss.extra, "aw", @nobits; .skip 8', "section .bss.extra is not the one section"),
]


@pytest.mark.parametrize("arch, line, complaint", FOREIGN, ids=[f"{arch}-{line}" for arch, line, _ in FOREIGN])
def test_build_check_refuses(arch, line, complaint, tmp_path):
    """One line of assembly that a loader could not cope with fails the build, and the message says why."""
    source, extra, linked = (tmp_path / name for name in ("extra.S", "extra.o", "linked.o"))
    source.write_text(
        f'.section .purgatory, "awx"\n.balign 4096\n{line}\n.section .purgatory, "awx"\n.balign 32\n'
        '.subsection 1\n.globl purg_params\npurg_params: .quad 0\n.section .purgatory.other, "awx"\n'
        ".balign 16\n.globl other\nother: .quad 0\n"
    )
    run(f"{TRIPLETS[arch]}gcc", "-c", source, "-o", extra).check_returncode()
    script = tmp_path / "one.lds"
    script.write_text("SECTIONS { .purgatory 0 : ALIGN(4096) { *(.purgatory .purgatory.other) } }")
    run(f"{TRIPLETS[arch]}ld", "-r", "-T", script, extra, "-o", linked).check_returncode()
    assert re.search(f"^the plain form: .*{complaint}", check(linked), re.M), check(linked)


def test_symbols(path):
    """What loaders look up is global, under its own name, of the ABI's size; nothing else is, nothing is missing."""
    plain = Object.of(path)
    found, header = plain.globals(), Header(plain.at(0))
    assert (found["purgatory_start"].value, found["purgatory_start"].info & 15) == (0, 2)
    assert (found["purg_params"].value, found["purg_params"].size) == (header["params"], PARAMS_SIZE)
    wrapped = set(Object.of(path.with_suffix("").with_suffix(".ro")).globals())
    assert set(found) == wrapped
    assert all(symbol.value + symbol.size <= plain.loaded.size for symbol in found.values())
    assert not [symbol.name for symbol in plain.symbols if symbol.name.startswith("client_")]


def test_client_symbols_get_their_names():
    """client_NAME becomes NAME, and stays global; no other name is changed."""
    names = "0000000000000010 B client_entry32_regs\n0000000000000020 b clientele\n0000000000000030 T my_client_x\n"
    options = run("awk", "-f", ROOT / "linker/plain-symbols.awk", input=names).stdout.split()
    assert options[4:] == ["--redefine-sym", "client_entry32_regs=entry32_regs", "--keep-global-symbol", "entry32_regs"]
    assert options[1:4:2] == ["purgatory_start", "purg_params"]


def test_header(arch, path):
    """The header stands at its start and says what the section has, and the block behind it what it is."""
    memory = Object.of(path).at(0)
    header, params = Header(memory), Params(memory, Header(memory)["params"])
    flat = Header((BUILD / f"purgatory-{arch}.bin").read_bytes())
    same = ("magic", "abi_major", "abi_minor", "arch", "header_size", "align", "entry", "params_size", "features")
    assert {field: header[field] for field in same} == {field: flat[field] for field in same}
    assert header["mem_size"] == len(memory) and header["ro_size"] <= header["params"]
    assert header["file_size"] == header["params"] + 16
    assert params["magic"] == constant("PARAMS_MAGIC") and params["size"] == PARAMS_SIZE


def test_zeros_behind_the_file(path):
    """What is behind the block's head is zero, no filling of a linker's, but for the word that says whose it is."""
    plain = Object.of(path)
    memory = plain.at(0)
    (client,) = [symbol for symbol in plain.symbols if symbol.name == "compat_client"]
    (kexec_tools,) = re.findall(r"#define COMPAT_KEXEC_TOOLS (0x\w+)", (ROOT / "include/clients.h").read_text())
    assert int.from_bytes(memory[client.value : client.value + 4], "little") == int(kexec_tools, 16)
    memory[client.value : client.value + 4] = bytes(4)
    assert not any(memory[Header(memory)["file_size"] :])


@pytest.mark.parametrize("place", PLACES, ids=hex)
def test_relocator_agrees_with_the_linker(arch, path, place, tmp_path):
    """Placed by the loader's relocator, it is what ld makes of it at the same address, byte for byte."""
    linked, flat = tmp_path / "linked", tmp_path / "flat"
    tools = TRIPLETS[arch]
    ld = [f"{tools}ld", "-e", "purgatory_start", f"--section-start=.purgatory={place:#x}", "--no-warn-rwx-segments"]
    run(*ld, path, "-o", linked).check_returncode()
    run(f"{tools}objcopy", "-O", "binary", "-j", ".purgatory", linked, flat).check_returncode()
    assert Object.of(path).at(place) == flat.read_bytes()


def test_documented_link(tmp_path):
    """The document's command, as it stands there, links it at the address that it names."""
    (command,) = re.findall(r"^    (ld .*)$", EMBEDDING, re.M)
    plain = (BUILD / "purgatory-x86_64.rel.o").resolve()
    (tmp_path / plain.name).symlink_to(plain)
    place = int(re.search(r"=(0x\w+)", command)[1], 16)
    run(TRIPLETS["x86_64"] + command.split()[0], *command.split()[1:], cwd=tmp_path).check_returncode()
    run("objcopy", "-O", "binary", "-j", ".purgatory", "purgatory", "flat", cwd=tmp_path).check_returncode()
    assert Object.of(plain).at(place) == (tmp_path / "flat").read_bytes()


def test_relocator_gives_up(path):
    """The relocator of these tests is no better than the loaders': an unknown type is an error, so is a bad place."""
    plain = Object.of(path)
    with pytest.raises(RelocationError):
        plain.at(0x800)
    first = next(plain.relocations())
    with pytest.raises(RelocationError):
        plain.apply(bytearray(64), 0, 9999, 0, first.addend)


@pytest.mark.skipif(not shutil.which("ld.lld"), reason="no lld")
@pytest.mark.parametrize("place", PLACES[1:3], ids=hex)
def test_other_linker(arch, path, place, tmp_path):
    """lld, given the object and kept from making one instruction of two, makes the same of it."""
    linked, flat = tmp_path / "linked", tmp_path / "flat"
    run(
        "ld.lld", "--no-relax", "-e", "purgatory_start", f"--section-start=.purgatory={place:#x}", path, "-o", linked
    ).check_returncode()
    run(f"{TRIPLETS[arch]}objcopy", "-O", "binary", "-j", ".purgatory", linked, flat).check_returncode()
    assert Object.of(path).at(place) == flat.read_bytes()
