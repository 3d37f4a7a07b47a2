# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Real Debian kernels, packed by the command and booted as a user would: `qemu-system-ARCH -kernel PACKED`."""

import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from abi import PARAMS_SIZE, Header, Pack, Params, constant
from machine import ARM64, BUILD, X86_64, Machine, qemu_command, wait_until_halted

COMMAND = BUILD / "purgatory"
BOOT_PATIENCE = 90
GREETING = "purgatory-demo: userspace of Linux"


@dataclass(frozen=True)
class Target:
    """A machine to boot on."""

    name: str
    arch: object
    qemu: tuple
    uname: str
    append: str
    console: str


def arm64_target(name, cpu, machine):
    """QEMU's virt machine with this CPU."""
    qemu = ("qemu-system-aarch64", "-cpu", cpu, "-M", machine, "-m", "512M")
    return Target(name, ARM64, qemu, "aarch64", "console=ttyAMA0 panic=-1 quiet mark=uncut", "pl011,0x9000000")


TARGETS = {
    target.name: target
    for target in (
        arm64_target("arm64-el1", "cortex-a57", "virt"),
        arm64_target("arm64-el2", "cortex-a57", "virt,virtualization=on"),
        arm64_target("arm64-el2-vhe", "max,pauth-impdef=on", "virt,virtualization=on"),
        Target(
            "x86_64",
            X86_64,
            ("qemu-system-x86_64", "-m", "512M"),
            "x86_64",
            "console=ttyS0 panic=-1 quiet mark=uncut",
            "uart8250,io,0x3f8",
        ),
    )
}


def debian(target, name):
    """The Debian kernel or initrd that the Makefile has prepared."""
    return BUILD / "debian" / target.arch.name / name


def pack(target, out, *options):
    """Run `purgatory pack`."""
    command = [COMMAND, "pack", "--kernel", debian(target, "vmlinuz"), "--initrd", debian(target, "initrd")]
    command += ["--append", target.append, "--console", target.console, *options, "-o", out]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return out


def dump_dtb(target, out):
    """The device tree of QEMU's machine."""
    options = list(target.qemu)
    machine = options.index("-M") + 1
    options[machine] += f",dumpdtb={out}"
    command = qemu_command(*options, "-display", "none")
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return out


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Packed images by kind, each made once: arm64, x86_64, either striped, and arm64 with the machine's DTB packed."""
    directory = tmp_path_factory.mktemp("packed")
    images = {}

    def image(kind):
        if kind not in images:
            target = TARGETS["x86_64" if kind.startswith("x86_64") else "arm64-el1"]
            options = ["--dtb", dump_dtb(target, directory / "dtb")] if kind == "arm64-dtb" else []
            options += ["--stripes", "16"] if kind.endswith("-striped") else []
            images[kind] = pack(target, directory / kind, *options)
        return images[kind]

    return image


class PackedFile:
    """A packed image's bytes, reached by their offset from the image's base in memory."""

    def __init__(self, path):
        self.data = bytearray(Path(path).read_bytes())
        self.loads = self.elf_loads() if self.data[:4] == b"\x7fELF" else [(0, 0, len(self.data))]
        front = self.read(0, 0x100)
        self.purgatory = Pack(front)["purgatory"]
        header = Header(self.read(self.purgatory, 0x40))
        self.ro_size = header["ro_size"]
        self.params_at = self.purgatory + header["params"]
        self.params = Params(self.read(self.params_at, PARAMS_SIZE))

    def elf_loads(self):
        """(offset from the base, file offset, size) of each PT_LOAD of a 64-bit ELF."""
        (table,) = struct.unpack_from("<Q", self.data, 0x20)
        size, count = struct.unpack_from("<HH", self.data, 0x36)
        headers = [struct.unpack_from("<IIQQQQQQ", self.data, table + i * size) for i in range(count)]
        loads = [(paddr, offset, filesz) for kind, _, offset, _, paddr, filesz, _, _ in headers if kind == 1]
        return [(paddr - loads[0][0], offset, filesz) for paddr, offset, filesz in loads]

    def file_offset(self, address):
        """Where in the file the byte at that offset from the base is."""
        for start, offset, size in self.loads:
            if start <= address < start + size:
                return offset + address - start
        raise LookupError(f"{address:#x} is not in the file")

    def read(self, address, size):
        """Bytes of the memory image."""
        offset = self.file_offset(address)
        return self.data[offset : offset + size]

    def flip(self, address):
        """Flip one bit of the byte at that offset from the base."""
        self.data[self.file_offset(address)] ^= 1

    def segment(self, name):
        """(start, size, index) of the segment of that name."""
        for index in range(self.params["segment_count"]):
            if self.params[f"segment[{index}].name"].rstrip(b"\0").decode() == name:
                return self.params[f"segment[{index}].start"], self.params[f"segment[{index}].size"], index
        raise LookupError(f"no segment is called {name}")


def run(target, image, directory):
    """Boot a packed image."""
    return Machine([*target.qemu, "-kernel", str(image)], directory)


def assert_boots(target, image, directory):
    """The image says that it verified, then greets from userspace with the whole command line, then powers off."""
    with run(target, image, directory) as machine:
        machine.wait_for(rf"^{GREETING}.*$", BOOT_PATIENCE)
        machine.wait_for_exit()
        text = machine.text
    verified = re.search(r"^purgatory: verified (\d+) segments, (\d+) bytes, sha256: .*$", text, re.M)
    greeting = re.search(rf"^{GREETING} (\S+) on (\S+)$", text, re.M)
    assert verified, text
    assert verified.start() < greeting.start()
    assert greeting[2] == target.uname
    file = PackedFile(image)
    assert int(verified[1]) == file.params["segment_count"]
    sizes = [file.params[f"segment[{i}].size"] for i in range(file.params["segment_count"])]
    assert int(verified[2]) == sum(sizes)
    assert sum(sizes) > debian(target, "vmlinuz").stat().st_size / 2


@pytest.mark.parametrize("name", TARGETS)
def test_boots(name, packed, tmp_path):
    """The kernel comes up behind the purgatory: at EL1, at EL2 without and with VHE, and on x86_64."""
    target = TARGETS[name]
    assert_boots(target, packed(target.arch.name), tmp_path)


@pytest.mark.parametrize("name", ["arm64-el1", "x86_64"])
def test_boots_striped(name, packed, tmp_path):
    """The same with striped digests of kernel and initrd; a flipped bit in a lane is seen."""
    target = TARGETS[name]
    image = packed(f"{target.arch.name}-striped")
    file = PackedFile(image)
    for segment in ("kernel", "initrd"):
        index = file.segment(segment)[2]
        assert file.params[f"segment[{index}].kind"] == constant("DIGEST_STRIPED")
        assert file.params[f"segment[{index}].lanes"] == 16
    assert_boots(target, image, tmp_path)
    middle_of("initrd")(file)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(file.data)
    with run(target, damaged, tmp_path) as machine:
        machine.wait_for(r"^purgatory: refused: segment \d+ \(initrd\): the digest does not match: .*; halted$")


def test_boots_with_packed_dtb(packed, tmp_path):
    """The same with the device tree packed and verified, not the machine's."""
    image = packed("arm64-dtb")
    PackedFile(image).segment("dtb")
    assert_boots(TARGETS["arm64-el1"], image, tmp_path)


def middle_of(name):
    """Damage in the middle of a segment."""

    def damage(file):
        start, size, _ = file.segment(name)
        file.flip(start + size // 2)

    return damage


def last_of(name):
    """Damage in a segment's last byte."""

    def damage(file):
        start, size, _ = file.segment(name)
        file.flip(start + size - 1)

    return damage


def text_of(name, text):
    """Damage in a text inside a segment, which nothing that is done before verification would stumble over."""

    def damage(file):
        start, size, _ = file.segment(name)
        file.flip(start + bytes(file.read(start, size)).index(text))

    return damage


def digest_of(name):
    """Damage in a segment's expected digest, in a parameter block that has its own digest nevertheless."""

    def damage(file):
        in_parameters(f"segment[{file.segment(name)[2]}].digest")(file)
        params = Params(file.data, file.file_offset(file.params_at))
        params.seal()

    return damage


def in_parameters(path):
    """Damage in a field of the parameter block."""
    return lambda file: file.flip(file.params_at + Params(bytearray(PARAMS_SIZE)).offset(path))


def purgatory_code(file):
    """Damage in the last byte of the purgatory's code and constants."""
    file.flip(file.purgatory + file.ro_size - 1)


FRONT_E_BLOCK = 0x10F  # front/front.h

DAMAGES = [
    ("arm64", "kernel", middle_of("kernel"), r"segment \d+ \(kernel\)", "E_DIGEST"),
    ("arm64", "kernel-last", last_of("kernel"), r"segment \d+ \(kernel\)", "E_DIGEST"),
    ("arm64", "initrd", middle_of("initrd"), r"segment \d+ \(initrd\)", "E_DIGEST"),
    ("arm64", "initrd-last", last_of("initrd"), r"segment \d+ \(initrd\)", "E_DIGEST"),
    ("arm64", "cmdline", text_of("cmdline", b"uncut"), r"segment \d+ \(cmdline\)", "E_DIGEST"),
    ("arm64-dtb", "dtb", text_of("dtb", b"linux,dummy-virt"), r"segment \d+ \(dtb\)", "E_DIGEST"),
    ("arm64", "digest", digest_of("initrd"), r"segment \d+ \(initrd\)", "E_DIGEST"),
    ("arm64", "purgatory", purgatory_code, "code was changed", "E_IMAGE"),
    ("arm64", "pc", in_parameters("handoff.arm64.pc"), "parameter block was changed", "FRONT_E_BLOCK"),
    ("x86_64", "kernel", middle_of("kernel"), r"segment \d+ \(kernel\)", "E_DIGEST"),
    ("x86_64", "kernel-last", last_of("kernel"), r"segment \d+ \(kernel\)", "E_DIGEST"),
    ("x86_64", "initrd", middle_of("initrd"), r"segment \d+ \(initrd\)", "E_DIGEST"),
    ("x86_64", "initrd-last", last_of("initrd"), r"segment \d+ \(initrd\)", "E_DIGEST"),
    ("x86_64", "cmdline", text_of("cmdline", b"uncut"), r"segment \d+ \(cmdline\)", "E_DIGEST"),
    ("x86_64", "boot_params", last_of("bootprm"), r"segment \d+ \(bootprm\)", "E_DIGEST"),
    ("x86_64", "digest", digest_of("initrd"), r"segment \d+ \(initrd\)", "E_DIGEST"),
    ("x86_64", "purgatory", purgatory_code, "code was changed", "E_IMAGE"),
    ("x86_64", "rip", in_parameters("handoff.x86_64.rip"), "parameter block was changed", "FRONT_E_BLOCK"),
]


@pytest.mark.parametrize(
    "kind, damage, words, code",
    [pytest.param(kind, damage, words, code, id=f"{kind}-{name}") for kind, name, damage, words, code in DAMAGES],
)
def test_one_flipped_bit_is_refused(kind, damage, words, code, packed, tmp_path):
    """One bit of a packed image is flipped: the line names what was hit, the CPU stops, and no kernel has spoken."""
    target = TARGETS["x86_64" if kind == "x86_64" else "arm64-el1"]
    file = PackedFile(packed(kind))
    damage(file)
    image = tmp_path / "damaged"
    image.write_bytes(file.data)
    with run(target, image, tmp_path) as machine:
        line = machine.wait_for(rf"^(purgatory: refused: .* \[code (\d+)\]; halted)$|^{GREETING}.*$", BOOT_PATIENCE)
        assert line[1], machine.text
        wait_until_halted(machine, target.arch, int(line[2]))
        machine.drain()
        assert GREETING not in machine.text
        assert "purgatory: verified" not in machine.text
    assert re.search(words, line[1]), line[1]
    assert int(line[2]) == (FRONT_E_BLOCK if code == "FRONT_E_BLOCK" else constant(code)), line[1]
