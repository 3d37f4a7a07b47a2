#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""packed_seeds.py BUILD: write tests/fuzz/seeds/packed anew, from what the command makes of small kernels.

Code is replaced by zeros and its digests by those of zeros: the reader does not run it, and so a seed is small."""

import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "tools"), str(HERE.parent / "qemu")]

import kernels  # noqa: E402
from packed import HEADER_MAGIC, Packed, digest  # noqa: E402

HEADER_SIZE, PACK_END = 0x40, 0xC0
BLOCK_DIGEST, IMAGE_DIGEST, BLOCK_SIZE, SEGMENTS, SEGMENT_SIZE = 0x40, 0x60, 0x1700, 0x700, 0x40
FRONT_DIGEST = SEGMENTS + 0x20
GAP = 16  # so many zeros are worth a piece of their own


def pieces(data):
    """A file as tests/fuzz/packed.c reads it: zeros, bytes."""
    out, at = bytearray(), 0
    while at < len(data):
        start = at
        while start < len(data) and not data[start]:
            start += 1
        end = data.find(bytes(GAP), start)
        end = min(len(data) if end < 0 else end, start + 0xFFFF)
        out += struct.pack("<IH", start - at, end - start) + data[start:end]
        at = end
    return bytes(out)


def without_code(data):
    """A purgatory's code, behind its header, as zeros. Returns its digest."""
    start = data.index(HEADER_MAGIC) - 8
    (ro_size,) = struct.unpack_from("<I", data, start + 0x24)
    data[start + HEADER_SIZE : start + ro_size] = bytes(ro_size - HEADER_SIZE)
    return digest(data[start : start + ro_size])


def packed_without_code(path):
    """A packed image, the front end's code and the purgatory's as zeros."""
    image, data = Packed(path), bytearray(path.read_bytes())
    front, size, block = image.file_offset(0), image.pack["front_size"], image.params_offset()
    data[front + PACK_END : front + size] = bytes(size - PACK_END)
    digests = [(IMAGE_DIGEST, without_code(data)), (FRONT_DIGEST, digest(data[front : front + size]))]
    for at, value in digests + [(BLOCK_DIGEST, bytes(32))]:
        data[block + at : block + at + 32] = value
    data[block + BLOCK_DIGEST : block + BLOCK_DIGEST + 32] = digest(data[block : block + BLOCK_SIZE])
    path.write_bytes(data)
    return data


def with_short_kernel(path):
    """An arm64 image that ends with ten bytes of its kernel, which is said to have no more."""
    image, data = Packed(path), bytearray(path.read_bytes())
    row = image.params_offset() + SEGMENTS + SEGMENT_SIZE * image.names().index("kernel")
    struct.pack_into("<Q", data, row + 8, 10)
    return bytes(data[: image.file_offset(image.segment("kernel").start) + 10])


def main():
    build, seeds = pathlib.Path(sys.argv[1]), HERE / "seeds/packed"
    command = (build / "purgatory").resolve()
    seeds.mkdir(parents=True, exist_ok=True)
    for form in ("arm64.bin", "x86_64.bin", "arm64.ro", "x86_64.elf"):
        data = bytearray((build / f"purgatory-{form}").read_bytes())
        without_code(data)
        (seeds / form).write_bytes(pieces(data))
    with tempfile.TemporaryDirectory() as directory:
        files = pathlib.Path(directory)
        (files / "arm64").write_bytes(kernels.arm64(size=200, image_size=4096))
        (files / "x86_64").write_bytes(kernels.x86_64(size=2700, init_size=0x10000))
        (files / "initrd").write_bytes(bytes(5000) + b"initrd")
        subprocess.run(["dtc", "-O", "dtb", "-o", files / "dtb"], input=b"/dts-v1/; / { model = \"m\"; };", check=True)
        for name, options in {
            "arm64": ["--dtb", "dtb"], "arm64-initrd": ["--initrd", "initrd", "--console", "pl011,0x9000000"],
            "x86_64": ["--append", "quiet"], "x86_64-stripes": ["--initrd", "initrd", "--stripes", "2"],
        }.items():
            console = [] if "--console" in options else ["--console", "none"]
            subprocess.run([command, "pack", "--kernel", name.split("-")[0], *console, *options, "-o", "out"],
                           cwd=files, check=True)
            (seeds / f"packed-{name}").write_bytes(pieces(packed_without_code(files / "out")))
            subprocess.run([command, "check", "out"], cwd=files, check=True, stdout=subprocess.DEVNULL)
            if name == "arm64":
                (seeds / "packed-arm64-short").write_bytes(pieces(with_short_kernel(files / "out")))


if __name__ == "__main__":
    main()
