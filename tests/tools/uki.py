# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Unified Kernel Images (UAPI group specification 5), without a program in them that would start anything."""
import pe

STUB = b"\xcc" * 64


def image(arch, kernel, initrd=None, cmdline=None, dtb=None, ucode=None, osrel="ID=test\n", profiles=()):
    """cmdline and osrel are texts. profiles: for each a list of pairs of name and content, which follow .profile."""
    sections = [(".text", STUB), (".osrel", osrel.encode())]
    sections += [(name, content) for name, content in ((".cmdline", cmdline and cmdline.encode()), (".dtb", dtb),
                                                       (".ucode", ucode), (".initrd", initrd)) if content is not None]
    sections.append((".linux", kernel))
    for number, profile in enumerate(profiles):
        sections += [(".profile", f"ID=profile{number}\n".encode()), *profile]
    return pe.image(arch, sections)
