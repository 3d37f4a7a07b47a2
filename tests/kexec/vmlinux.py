# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""vmlinux.py BZIMAGE VMLINUX: the ELF inside an x86_64 kernel compressed with LZ4, as Debian's cloud kernels are.

The setup header says where it is (Documentation/x86/boot.rst, payload_offset and payload_length), counted from the end
of the setup sectors; the last four bytes are its size before compression. Behind the ELF are the kernel's relocations,
which no loader of ELFs minds."""

import struct
import subprocess
import sys
from pathlib import Path

SETUP_SECTS, PAYLOAD_OFFSET = 0x1F1, 0x248
SECTOR = 512
LZ4_LEGACY = b"\x02\x21\x4c\x18"


def payload(image):
    """The compressed kernel, and its size before compression."""
    offset, length = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    start = (image[SETUP_SECTS] + 1) * SECTOR + offset
    (size,) = struct.unpack_from("<I", image, start + length - 4)
    return image[start : start + length - 4], size


def main():
    """Extract it."""
    compressed, size = payload(Path(sys.argv[1]).read_bytes())
    if not compressed.startswith(LZ4_LEGACY):
        sys.exit(f"vmlinux.py: {sys.argv[1]}: the kernel in it is not compressed with LZ4")
    elf = subprocess.run(["lz4", "-d", "-c"], input=compressed, capture_output=True, check=True).stdout
    if len(elf) != size or not elf.startswith(b"\x7fELF\x02"):
        sys.exit(f"vmlinux.py: {sys.argv[1]}: what is in it is not the kernel")
    Path(sys.argv[2]).write_bytes(elf)


if __name__ == "__main__":
    main()
