# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A decoder of packed images that shares nothing with the command: offsets as include/purgatory/abi.h and
include/pack.h document them, program headers as readelf reports them."""
import hashlib
import re
import struct
import subprocess

HEADER_MAGIC = b"PURGATRY"
PARAMS_MAGIC = b"PURGPARM"
X86_BASE = 0x100000
MIB2 = 0x200000

STRIPED = 0x37B00307
STRIPED_FROM = 64 * 1024

CONSOLE_PL011 = 0xEC7AC8AD
CONSOLE_8250 = 0xF5B19F71
CONSOLE_8250_PORT = 0xDC36FC90
CONSOLE_VGA = 0xF049823F
CONSOLE_SINK = 0xB0E6A3A6

HEADER_FIELDS = {  # name: (offset, format)
    "magic": (0x08, "Q"), "abi_major": (0x10, "H"), "abi_minor": (0x12, "H"), "arch": (0x14, "H"),
    "header_size": (0x16, "H"), "align": (0x18, "I"), "file_size": (0x1C, "I"), "mem_size": (0x20, "I"),
    "ro_size": (0x24, "I"), "entry": (0x28, "I"), "params": (0x2C, "I"), "params_size": (0x30, "I"),
    "features": (0x34, "I"), "reserved": (0x38, "Q"),
}

PACK_FIELDS = {
    "magic": (0x00, "Q"), "version": (0x08, "H"), "arch": (0x0A, "H"), "front_size": (0x0C, "I"),
    "front_mem": (0x10, "I"), "reserved": (0x14, "I"), "image_size": (0x18, "Q"), "purgatory": (0x20, "Q"),
    "cmdline": (0x28, "Q"), "cmdline_size": (0x30, "Q"), "table": (0x38, "Q"), "table_size": (0x40, "Q"),
    "room": (0x48, "Q"), "room_size": (0x50, "Q"), "initrd": (0x58, "Q"), "initrd_size": (0x60, "Q"),
    "reserved2": (0x68, "Q"),
}

PARAMS_FIELDS = {
    "magic": (0x000, "Q"), "abi_major": (0x008, "H"), "abi_minor": (0x00A, "H"), "size": (0x00C, "I"),
    "verify": (0x010, "I"), "flags": (0x014, "I"), "segment_count": (0x018, "I"), "copy_count": (0x01C, "I"),
    "handoff_mode": (0x0C0, "I"), "handoff_checks": (0x0C4, "I"), "failure_policy": (0x160, "I"),
}


def fields(data, at, table):
    return {name: struct.unpack_from("<" + form, data, at + offset)[0] for name, (offset, form) in table.items()}


def digest(data, lanes=0):
    """SHA-256, or the striped one: each lane is a whole number of blocks, and the last has the rest as well."""
    if not lanes:
        return hashlib.sha256(data).digest()
    size = len(data) // (64 * lanes) * 64
    cuts = [size * lane for lane in range(lanes)] + [len(data)]
    return digest(b"".join(digest(data[start:end]) for start, end in zip(cuts, cuts[1:])))


class Segment:
    def __init__(self, raw):
        self.start, self.size, self.kind, self.lanes, self.flags = struct.unpack_from("<QQIHH", raw)
        self.name = raw[0x18:0x20].rstrip(b"\0").decode()
        self.digest = raw[0x20:0x40]

    @property
    def end(self):
        return self.start + self.size


class Packed:
    """extents: (offset from the base, file offset, bytes in the file, bytes in memory)"""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "rb")
        self.file_size = self.file.seek(0, 2)
        self.extents = self._elf() if self._raw(0, 4) == b"\x7fELF" else self._image()
        self.pack = fields(self.read(0x40, 0x80), 0, PACK_FIELDS)
        head = self.read(self.pack["purgatory"], 0x40)
        self.header = fields(head, 0, HEADER_FIELDS)
        self.purgatory = self.read(self.pack["purgatory"], self.header["mem_size"])
        self.block = self.purgatory[self.header["params"]:self.header["params"] + 0x1700]
        self.params = fields(self.block, 0, PARAMS_FIELDS)
        self.segments = [Segment(self.block[0x700 + 0x40 * i:0x740 + 0x40 * i])
                         for i in range(self.params["segment_count"])]

    def _raw(self, at, size):
        self.file.seek(at)
        return self.file.read(size)

    def _image(self):
        size = struct.unpack("<Q", self._raw(16, 8))[0]
        return [(0, 0, self.file_size, size)]

    def _elf(self):
        text = subprocess.run(["readelf", "-lnW", self.path], check=True, capture_output=True, text=True).stdout
        self.readelf = text
        loads = [[int(n, 16) for n in found] for found in
                 re.findall(r"LOAD\s+(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+)", text)]
        assert loads[0][2] == X86_BASE
        return [(paddr - X86_BASE, offset, filesz, memsz) for offset, _, paddr, filesz, memsz in loads]

    def file_offset(self, start):
        for at, offset, filesz, _ in self.extents:
            if at <= start < at + filesz:
                return offset + start - at
        raise AssertionError(f"0x{start:x} is not in the file")

    def read(self, start, size):
        data = self._raw(self.file_offset(start), size)
        assert len(data) == size
        return data

    def segment(self, name):
        return next(segment for segment in self.segments if segment.name == name)

    def names(self):
        return [segment.name for segment in self.segments]

    def content(self, name):
        segment = self.segment(name)
        return self.read(segment.start, segment.size)

    def params_offset(self):
        """Of the parameter block in the file."""
        return self.file_offset(self.pack["purgatory"]) + self.header["params"]

    def register(self, name):
        arm64 = ["pc", "x0", "x1", "x2", "x3"]
        x86_64 = "rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
        names = arm64 if self.pack["arch"] == 183 else x86_64
        return struct.unpack_from("<Q", self.block, 0xC8 + 8 * names.index(name))[0]

    def consoles(self):
        """(kind, base, width, stride) of those in use"""
        every = [struct.unpack_from("<IIQII", self.block, 0x80 + 0x20 * i) for i in range(2)]
        return [(kind, base, width, stride) for kind, width, base, stride, _ in every if kind]

    def bauds(self):
        """Of both consoles."""
        return [struct.unpack_from("<I", self.block, 0x94 + 0x20 * i)[0] for i in range(2)]

    def assert_digests(self, stripes=1):
        for segment in self.segments:
            content = self.read(segment.start, segment.size)
            lanes = stripes if stripes > 1 and segment.size >= STRIPED_FROM else 0
            assert (segment.kind, segment.lanes) == (STRIPED if lanes else 0, lanes), segment.name
            assert digest(content, lanes) == segment.digest, segment.name
        if self.header["features"] & 8:
            assert self.block[0x60:0x80] == digest(self.purgatory[:self.header["ro_size"]])
        assert self.block[0x40:0x60] == digest(self.block[:0x40] + bytes(0x20) + self.block[0x60:])

    def assert_no_overlap(self):
        parts = [(s.start, s.end, s.name) for s in self.segments]
        parts.append((self.pack["front_size"], self.pack["front_mem"], "front bss"))
        parts.append((self.pack["purgatory"], self.pack["purgatory"] + self.header["mem_size"], "purgatory"))
        parts.append((self.pack["room"], self.pack["room"] + self.pack["room_size"], "room"))
        parts.sort()
        for before, after in zip(parts, parts[1:]):
            assert before[1] <= after[0], (before, after)
        assert parts[-1][1] <= self.pack["image_size"]
