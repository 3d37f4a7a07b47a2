# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Small kernels that nobody can boot, with headers as the boot protocols describe them."""
import gzip
import random
import struct


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def arm64(size=100_001, text_offset=0, image_size=0x80000, flags=0xA, magic=b"ARM\x64"):
    header = struct.pack("<IIQQQQQQ4sI", 0x91005A4D, 0x14000000, text_offset, image_size, flags, 0, 0, 0, magic, 0)
    return header + noise(size - len(header), 1)


def arm64_gz(**options):
    return gzip.compress(arm64(**options))


def x86_64(size=60_003, setup_sects=3, version=0x20F, xloadflags=0x23, loadflags=0x81, relocatable=1,
           alignment=0x200000, pref=0x1000000, init_size=0x400000, cmdline_size=2047, initrd_max=0x7FFFFFFF,
           jump=0x6A, magic=b"HdrS", syssize=None):
    """A bzImage: size counts the setup sectors, and what is loaded."""
    image = bytearray(noise(size, 2))
    image[0x1F1:0x270] = bytes(0x270 - 0x1F1)
    image[0x1F1] = setup_sects
    struct.pack_into("<I", image, 0x1F4, (size - (setup_sects + 1) * 512) // 16 if syssize is None else syssize)
    struct.pack_into("<H", image, 0x1FE, 0xAA55)
    struct.pack_into("<BB4sH", image, 0x200, 0xEB, jump, magic, version)
    image[0x211] = loadflags
    struct.pack_into("<I", image, 0x22C, initrd_max)
    struct.pack_into("<IBBHI", image, 0x230, alignment, relocatable, 21, xloadflags, cmdline_size)
    struct.pack_into("<Q", image, 0x250, 0xDEAD0000)  # setup_data: not for us to pass on
    struct.pack_into("<QI", image, 0x258, pref, init_size)
    return bytes(image)
