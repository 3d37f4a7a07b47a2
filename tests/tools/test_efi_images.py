# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The zboot images and UKIs that tests are made of: binutils and the decompressors find in them what was put in."""
import gzip
import struct
import subprocess

import pytest

import kernels
import uki
import zboot

PREFIX = {"arm64": "aarch64-linux-gnu-", "x86_64": "x86_64-linux-gnu-"}


def sections(path, arch):
    """Name and content of each, by objdump's table; ukify cuts a content to VirtualSize as objdump does."""
    done = subprocess.run([f"{PREFIX[arch]}objdump", "-h", path], capture_output=True, text=True, check=True)
    assert {"arm64": "pei-aarch64-little", "x86_64": "pei-x86-64"}[arch] in done.stdout
    data = path.read_bytes()
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()[:1].isdigit()]
    return [(row[1], data[int(row[5], 16):][:int(row[2], 16)]) for row in rows]


@pytest.mark.parametrize("arch", PREFIX)
def test_uki(tmp_path, arch):
    profiles = [[(".cmdline", b"first")], [(".cmdline", b"second"), (".initrd", b"other")]]
    path = tmp_path / "uki"
    path.write_bytes(uki.image(arch, kernels.noise(5000, 1), b"initrd", "quiet", b"tree", b"code", profiles=profiles))
    assert sections(path, arch)[1:] == [
        (".osrel", b"ID=test\n"), (".cmdline", b"quiet"), (".dtb", b"tree"), (".ucode", b"code"), (".initrd", b"initrd"),
        (".linux", kernels.noise(5000, 1)), (".profile", b"ID=profile0\n"), (".cmdline", b"first"),
        (".profile", b"ID=profile1\n"), (".cmdline", b"second"), (".initrd", b"other")]


def inflate(data, compression):
    if compression == "gzip":
        return gzip.decompress(data)
    return subprocess.run(["zstd", "-d", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("compression, name", [("gzip", b"gzip\0"), ("zstd", b"zstd22\0")])
def test_zboot(tmp_path, compression, name):
    kernel = kernels.arm64()
    image = zboot.image(kernel, compression)
    assert image == zboot.image(kernel, compression)
    magic, kind, at, size = struct.unpack_from("<4s4sII", image)
    assert (magic, kind) == (b"MZ\0\0", b"zimg") and image[24:].startswith(name)
    assert inflate(image[at:at + size], compression) == kernel
    inflated = image[at + size:][:4] if compression == "zstd" else image[at + size - 4:][:4]
    assert int.from_bytes(inflated, "little") == len(kernel)
    path = tmp_path / "zboot"
    path.write_bytes(image)
    assert [part for part, _ in sections(path, "arm64")] == [".text", ".data"]
