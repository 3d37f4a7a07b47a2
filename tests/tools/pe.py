# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""PE32+ files that EFI would take for applications (Microsoft PE and COFF specification): zboot images, UKIs."""
import struct

MACHINES = {"arm64": 0xAA64, "x86_64": 0x8664}
HEADERS = 0x1000  # where the first section begins, in the file as in memory
FILE_ALIGN = 0x200
MEMORY_ALIGN = 0x1000
EFI_APPLICATION = 10
PE_AT = 0x40
OPTIONAL_SIZE = 0x70
CODE, DATA = 0x60000020, 0x40000040  # executable and readable; initialised and readable


def aligned(size, align):
    return -(-size // align) * align


def dos_header(fields=b""):
    """fields: what lies behind the magic."""
    return (b"MZ" + fields).ljust(0x3C, b"\0") + struct.pack("<I", PE_AT)


def optional_header(memory_end):
    return struct.pack("<HBBIIIII QII HHHHHH IIII HH QQQQ II", 0x20B, 0, 0, 0, 0, 0, HEADERS, HEADERS,
                       0, MEMORY_ALIGN, FILE_ALIGN, 0, 0, 1, 0, 0, 0, 0, memory_end, HEADERS, 0,
                       EFI_APPLICATION, 0, 0, 0, 0, 0, 0, 0)


def image(arch, sections, dos=b""):
    """sections: pairs of name and content, in this order; the first is the program. Padding is no part of a content:
    VirtualSize is the content's size, SizeOfRawData that of the file's, as systemd's ukify has it."""
    table, body, memory = b"", b"", HEADERS
    for number, (name, content) in enumerate(sections):
        raw = aligned(len(content), FILE_ALIGN)
        at = HEADERS + len(body)
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(content), memory, raw, at, 0, 0, 0, 0,
                             DATA if number else CODE)
        body += content.ljust(raw, b"\0")
        memory = aligned(memory + len(content), MEMORY_ALIGN)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", MACHINES[arch], len(sections), 0, 0, 0, OPTIONAL_SIZE, 0x206)
    headers = dos_header(dos) + coff + optional_header(memory) + table
    assert len(headers) <= HEADERS
    return headers.ljust(HEADERS, b"\0") + body
