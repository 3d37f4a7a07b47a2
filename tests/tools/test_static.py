# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The command as it is put into an initrd: it needs no other file, on either architecture."""
import os
import pathlib
import re
import subprocess

import pytest

import kernels
from kernels import noise

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
HOST = os.uname().machine.replace("aarch64", "arm64")
EMULATOR = {"arm64": "qemu-aarch64", "x86_64": "qemu-x86_64"}


@pytest.fixture(params=EMULATOR)
def arch(request):
    return request.param


def path(arch):
    return BUILD / "command" / arch / "purgatory"


def test_no_library(arch):
    """No interpreter and no library; relocated by itself, wherever it is put."""
    options = ["-W", "-h", "-l", "-d"]
    text = subprocess.run(["readelf", *options, path(arch)], check=True, capture_output=True, text=True).stdout
    machine = {"arm64": "AArch64", "x86_64": "Advanced Micro Devices X86-64"}[arch]
    assert re.search(rf"Machine: +{machine}\n", text) and re.search(r"Type: +DYN ", text)
    assert not re.search("INTERP|NEEDED", text)


def test_installed_one():
    """The one that is for users is this machine's."""
    assert (BUILD / "purgatory").read_bytes() == path(HOST).read_bytes()


@pytest.mark.parametrize("kernel", [kernels.arm64, kernels.arm64_gz, kernels.x86_64])
def test_same_image(arch, kernel, purgatory):
    """Whatever machine packs it, it is the same image, and either finds it sound."""
    purgatory.file("initrd", noise(70_000, 3))
    options = ["--initrd", "initrd", "--stripes", "8", "--append", "quiet"]
    purgatory.pack(*options, kernel=kernel())
    command = [path(arch)] if arch == HOST else [EMULATOR[arch], path(arch)]
    for arguments in (["pack", "--kernel", "kernel", "--console", "none", *options, "-o", "again"], ["check", "out"]):
        subprocess.run([*command, *arguments], cwd=purgatory.directory, check=True, stdout=subprocess.DEVNULL)
    assert (purgatory.directory / "again").read_bytes() == (purgatory.directory / "out").read_bytes()
