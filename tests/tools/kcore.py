# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The beginning of a /proc/kcore, as recorded, taken apart and put together: program headers, notes, vmcoreinfo."""
import re
import struct

NOTE, LOAD = 4, 1


def mappings(kcore):
    """(virtual address, physical address, size) of each mapping."""
    count = struct.unpack_from("<H", kcore, 56)[0]
    headers = [struct.unpack_from("<IIQQQQQQ", kcore, 64 + 56 * index) for index in range(count)]
    return [(virtual, physical, size) for kind, _, _, virtual, physical, _, size, _ in headers if kind == LOAD]


def text(kcore):
    """vmcoreinfo: it has no NUL, and ends with a newline."""
    found = re.search(rb"OSRELEASE=[\n -~]*\n", kcore)
    return found[0].decode()


def note(name, content):
    """A note, each of its parts padded to four bytes."""
    name += b"\0"
    return b"".join([struct.pack("<III", len(name), len(content), 0), name.ljust(-len(name) % 4 + len(name), b"\0"),
                     content.ljust(-len(content) % 4 + len(content), b"\0")])


EVERYTHING = 1 << 46


def make(mapped, vmcoreinfo=None):
    """A file with these mappings, and notes of which the last one is vmcoreinfo, if there is any. The first one is what
    a program header would be, of a mapping of everything; the others have names that are nearly right."""
    notes = note(b"", struct.pack("<QQQQ", 0xFFFFA00000000000, 0, 0, EVERYTHING)) + note(b"CORE", b"12345")
    notes += note(b"VMCOREINFOS", b"SYMBOL(swapper_pg_dir)=0\n") + note(b"VMCOREINFO\0x", b"NUMBER(phys_base)=x\n")
    notes += b"" if vmcoreinfo is None else note(b"VMCOREINFO", vmcoreinfo.encode())
    count = 1 + len(mapped)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    header += struct.pack("<IIQQQQQQ", NOTE, 0, 64 + 56 * count, 0, 0, len(notes), EVERYTHING, 0)
    for virtual, physical, size in mapped:
        header += struct.pack("<IIQQQQQQ", LOAD, 7, virtual & ((1 << 47) - 1), virtual, physical, size, size, 4096)
    return header + notes
