# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The Go and the C of docs/embedding.md: what they fill in is what abi.py fills in, and it boots."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from abi import PARAMS_SIZE, constant
from clients import dtb
from machine import ARM64, BUILD, MIB, Boot, verified_line

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DOCUMENT = (ROOT / "docs/embedding.md").read_text()

# A kernel's first page on arm64: a branch over the header, whose magic is at 56.
IMAGE_HEADER = (0x14000400).to_bytes(4, "little").ljust(56, b"\0") + b"ARM\x64".ljust(0x1000 - 56, b"\0")

FIRMWARE_AT = 8 * MIB  # behind the payload
STACK_SIZE = 0x4000
COMPILERS = {
    "arm64": ("aarch64-linux-gnu-", "-mgeneral-regs-only", "-mstrict-align"),
    "x86_64": ("x86_64-linux-gnu-", "-mgeneral-regs-only", "-mno-red-zone"),
}


def snippets(language):
    """The document's code in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.M | re.S)


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def flat(arch):
    return BUILD / f"purgatory-{arch.name}.bin"


class Expected(Boot):
    """What they have to come to: a kernel and a DTB (on x86_64 anything) as segments, all digests given."""

    def __post_init__(self):
        super().__post_init__()
        self.kernel = self.payload if self.arch is not ARM64 else IMAGE_HEADER + self.payload
        self.segment("kernel", self.arch.payload_at, self.kernel)
        self.segment("dtb", self.arch.spare_at, dtb())
        self.enter(self.arch.payload_at)
        self.register("x0" if self.arch is ARM64 else "rsi", self.arch.spare_at)

    def assert_boots(self, machine):
        """Wait until it has."""
        machine.wait_for("^payload: end$")
        segments, size, _, entry = verified_line(machine.text)
        assert (segments, size, entry) == (2, len(self.kernel) + len(dtb()), self.arch.payload_at)


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    """The document's Go as a program."""
    directory = tmp_path_factory.mktemp("go")
    (code,) = snippets("go")
    source = directory / "purgatory.go"
    source.write_text("package main\n\n" + code)
    run("gccgo", "-Wall", "-Werror", source, HERE / "loader.go", "-o", directory / "loader")
    return directory / "loader"


def by_go(loader, expected, path):
    """The image as the Go fills it in for expected."""
    arch, kernel, tree, image = expected.arch, *(path / name for name in ("kernel", "dtb", "image"))
    kernel.write_bytes(expected.kernel)
    tree.write_bytes(dtb())
    console = constant(arch.console["kind"]), arch.console["base"]
    segments = ("kernel", arch.payload_at, kernel, "dtb", arch.spare_at, tree)
    run(loader, flat(arch), image, *console, arch.payload_at, arch.spare_at, *segments)
    return bytearray(image.read_bytes())


def test_go(arch, loader, tmp_path):
    """Byte for byte the image of abi.py; and that boots."""
    expected = Expected(arch, tmp_path)
    expected.seal()
    image = by_go(loader, expected, tmp_path)
    assert image == expected.image
    expected.image = image
    with expected.start() as machine:
        expected.assert_boots(machine)


def test_c_format(tmp_path):
    """As clang-format has it."""
    shutil.copy(ROOT / ".clang-format", tmp_path)
    library, _ = snippets("c")
    (tmp_path / "code.c").write_text(library)
    run("clang-format", "--dry-run", "-Werror", tmp_path / "code.c")


def test_go_refuses(loader, tmp_path):
    """What is no purgatory, or one of a later ABI."""
    for number, spoiled in enumerate(
        (b"", b"MZ" * 64, flat(ARM64).read_bytes().replace(b"PURGATRY\1", b"PURGATRY\2", 1))
    ):
        path = tmp_path / str(number)
        path.write_bytes(spoiled)
        done = subprocess.run(
            [loader, path, tmp_path / "out", "0", "0", "0", "0"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1 and "not a purgatory with ABI 1" in done.stderr
        assert not (tmp_path / "out").exists()


def test_go_format(tmp_path):
    """As gofmt has it."""
    (code,) = snippets("go")
    (tmp_path / "code.go").write_text("package main\n\n" + code)
    listed = subprocess.run(
        ["gofmt-12", "-l", tmp_path, HERE / "loader.go"], check=True, capture_output=True, text=True
    )
    assert listed.stdout == ""


def firmware(arch, directory, **places):
    """The document's C as a flat program that lies at FIRMWARE."""
    library, example = snippets("c")
    (directory / "embedding.h").write_text(library)
    (directory / "example.h").write_text(example)
    tools, *flags = COMPILERS[arch.name]
    flags += ["-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-pie", "-no-pie"]
    flags += ["-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-tree-loop-distribute-patterns"]
    flags += [f"-I{ROOT}/include", f"-I{ROOT}/include/freestanding", f"-I{directory}"]
    flags += [f"-D{name}={value:#x}" for name, value in places.items() if name != "STACK"]
    flags += [f'-DSTACK="{places["STACK"]:#x}"']
    ours = directory / "sha256.o"
    run(f"{tools}gcc", *flags, "-Dsha256=sha256_with", "-c", ROOT / "src/sha256.c", "-o", ours)
    script = directory / "firmware.lds"
    everything = "{ *(.start) *(.text* .rodata* .data* .bss*) } /DISCARD/ : { *(*) }"
    script.write_text(f"SECTIONS {{ . = {places['FIRMWARE']:#x}; .all : {everything} }}")
    link = ["-nostdlib", "-static", "-Wl,--build-id=none,-z,noexecstack,--no-warn-rwx-segments", "-T", script]
    program = directory / "firmware.elf"
    run(f"{tools}gcc", *flags, *link, HERE / "firmware.c", ours, ROOT / "src/string.c", "-o", program)
    run(f"{tools}objcopy", "-O", "binary", "-j", ".all", program, directory / "firmware.bin")
    return (directory / "firmware.bin").read_bytes()


def test_c(arch, tmp_path):
    """A firmware made of it boots, the block that it has filled in is byte for byte the one of abi.py, and it
    has cleaned all that it should."""
    expected = Expected(arch, tmp_path)
    if arch is ARM64:
        expected.params["handoff.checks"] = constant("CHECK_KERNEL") | constant("CHECK_DTB")
    expected.seal()
    at = arch.payload_at + FIRMWARE_AT
    stored = at + MIB
    places = {"FIRMWARE": at, "STACK": at + MIB, "LOG": stored + MIB, "FLAT": stored, "PLACE": arch.purgatory_at}
    places |= {"KERNEL": arch.payload_at, "KERNEL_SIZE": len(expected.kernel)}
    places |= {"DTB": arch.spare_at, "DTB_SIZE": len(dtb())}

    boot = Expected(arch, tmp_path)
    boot.image, boot.place, boot.target = bytearray(flat(arch).read_bytes()), stored, at
    boot.put(at, firmware(arch, tmp_path, **places))
    boot.put(arch.purgatory_at, b"\xa5" * expected.header["mem_size"])
    with boot.start() as machine:
        expected.assert_boots(machine)
        cleaned = struct.unpack("<7Q", machine.memory(places["LOG"], 56))
        block = machine.memory(arch.purgatory_at + expected.header["params"], PARAMS_SIZE)
    assert block == expected.image[expected.header["params"] :][:PARAMS_SIZE]
    image = arch.purgatory_at, expected.header["mem_size"]
    assert cleaned == (3, arch.payload_at, len(expected.kernel), arch.spare_at, len(dtb()), *image)
