# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""EFI zboot images, as Linux' build makes them (drivers/firmware/efi/libstub/zboot-header.S, Makefile.zboot)."""
import gzip
import struct
import subprocess

import pe

STUB = bytes.fromhex("1f2003d5") * 16  # where the decompressor would be


def zstd(data, level=3):
    """From a pipe, as Linux' build does it: the frame does not say how much it inflates to."""
    return subprocess.run(["zstd", f"-{level}", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def payload(data, compression):
    """The compressed kernel, and what lies behind it: its size inflated, but with gzip, which has that itself."""
    if compression == "gzip":
        return gzip.compress(data, 6, mtime=0), b""
    return zstd(data), struct.pack("<I", len(data))


def image(kernel, compression="gzip", arch="arm64"):
    """kernel: what is compressed, an arm64 Image. compression: gzip or zstd."""
    packed, behind = payload(kernel, compression)
    name = {"gzip": b"gzip", "zstd": b"zstd22"}[compression]
    fields = struct.pack("<2s4sIIII", b"\0\0", b"zimg", pe.HEADERS + len(STUB), len(packed), 0, 0) + name + b"\0"
    return pe.image(arch, [(".text", STUB + packed + behind), (".data", bytes(64))], fields)
