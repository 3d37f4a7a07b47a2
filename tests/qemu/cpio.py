# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""cpio archives, as initramfs wants them (Documentation/driver-api/early-userspace/buffer-format.rst)."""

DIRECTORY, REGULAR = 0o040000, 0o100000
TRAILER = "TRAILER!!!"


def padded(data):
    """An archive's pieces begin at multiples of four."""
    return data.ljust(-(-len(data) // 4) * 4, b"\0")


def head(name, mode, size, inode=0):
    """What comes before a file's content."""
    encoded = name.encode() + b"\0"
    fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(encoded), 0]
    return padded(b"070701" + b"".join(b"%08x" % field for field in fields) + encoded)


def archive(files):
    """An archive of name: (permissions, content); a directory's content is None. Behind another one it replaces or adds
    these files."""
    data = b""
    for inode, (name, (permissions, content)) in enumerate([*files.items(), (TRAILER, (0, b""))]):
        mode = permissions | (DIRECTORY if content is None else REGULAR)
        content = content or b""
        data += head(name, mode, len(content), inode) + padded(content)
    return data
