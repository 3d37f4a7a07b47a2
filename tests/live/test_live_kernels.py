# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Every format of a kernel: `purgatory load` takes it, and the inner kernel comes up."""

import gzip

import pytest

import uki
import zboot
from guests import SPEC
from machine import BUILD
from outer import ARM64, X86_64

DEBIAN = {computer.arch: BUILD / "debian" / computer.arch / "vmlinuz" for computer in (ARM64, X86_64)}


def debian(computer):
    """Debian's kernel: an Image, a bzImage."""
    return DEBIAN[computer.arch].read_bytes()


FORMATS = {
    "gzip": (ARM64, lambda: gzip.compress(debian(ARM64), 1)),
    "zboot-gzip": (ARM64, lambda: zboot.image(debian(ARM64), "gzip")),
    "zboot-zstd": (ARM64, lambda: zboot.image(debian(ARM64), "zstd")),
    "vmlinux": (X86_64, lambda: (BUILD / "kexec" / "vmlinux").read_bytes()),
}


@pytest.mark.parametrize("name", FORMATS)
def test_format(outer, note, name):
    """A kernel that is packed, or bare."""
    computer, make = FORMATS[name]
    guest = outer(computer, files={"kernel": make()})
    with guest.start(f"load /kernel {guest.inner('mark=uncut')}; jump") as machine:
        seconds = machine.greeting()
        machine.wait_for("^inner: command line: .*mark=uncut")
        assert len(machine.verified()) == 1
        note(f"load, {name}", computer.name, "boots", seconds)


UKIS = {
    "arm64": (ARM64, lambda: debian(ARM64)),
    "arm64-zboot": (ARM64, lambda: zboot.image(debian(ARM64), "gzip")),
    "x86_64": (X86_64, lambda: debian(X86_64)),
}


@pytest.mark.parametrize("name", UKIS)
def test_uki(outer, note, name):
    """A UKI brings its own initrd and command line; another initrd may come behind."""
    computer, make = UKIS[name]
    guest = outer(computer).with_orders("echo inner: the last initrd is here; greet; poweroff -f")
    guest.files["kernel"] = uki.image(computer.arch, make(), guest.inner_initrd(), guest.line("mark=uki"))
    console = f"--console {SPEC[computer.arch]}"
    with guest.start(f"load /kernel {console} --initrd /more; jump") as machine:
        seconds = machine.greeting()
        machine.wait_for("^inner: command line: .*mark=uki$")
        assert "inner: the last initrd is here" in machine.text
        note("load, UKI" + (", of a zboot image" if name.endswith("zboot") else ""), computer.name, "boots", seconds)


@pytest.mark.parametrize("name", ["arm64", "x86_64"])
def test_uki_append(outer, note, name):
    """A command line of the user's replaces the UKI's."""
    computer, make = UKIS[name]
    guest = outer(computer)
    guest.files["kernel"] = uki.image(computer.arch, make(), guest.inner_initrd(), guest.line("mark=uki"))
    arguments = f"--console {SPEC[computer.arch]} --append '{guest.line('mark=user')}'"
    with guest.start(f"load /kernel {arguments}; jump") as machine:
        machine.greeting()
        line = machine.wait_for("^inner: command line: (.*)\n")[1]
        assert line.endswith("mark=user") and "mark=uki" not in line
        note("load --append, UKI", computer.name, "boots with it")
