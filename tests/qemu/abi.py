# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The parameter block, the header and the packed image's record, written down a second time.

The offsets here are stated by hand from the documentation in abi.h and pack.h, so that a field that moves by accident
fails a test. The numbers behind names (PURG_E_DIGEST, PURG_VERIFY_NEVER, ...) are read from the headers: they have one
home.

A field is named by its path, as in C:

    params = Params(image, offset)
    params["segment[3].start"] = 0x1234
    params["handoff.x86_64.rip"] = 0x5678
"""

import hashlib
import re
import struct
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[2] / "include"

U8, U16, U32, U64 = "<B", "<H", "<I", "<Q"


def parse_constants(path):
    """Every `#define NAME number` of a C header, numbers also as (1 << n)."""
    define = re.compile(r"^#define\s+(\w+)\s+(?:(0x[0-9a-fA-F]+|\d+)|\(1 << (\d+)\))\s*(?:/\*.*)?$", re.M)
    return {
        name: int(number, 0) if number else 1 << int(bit)
        for name, number, bit in define.findall(Path(path).read_text())
    }


CONSTANTS = {
    **parse_constants(INCLUDE / "purgatory" / "abi.h"),
    **parse_constants(INCLUDE / "pack.h"),
}


def constant(name):
    """The value of PURG_<name>, or of <name> itself if it starts with PACK_."""
    return CONSTANTS[name if name.startswith("PACK_") else "PURG_" + name]


class Array:
    """`count` things of `size` bytes each: numbers, or structures."""

    def __init__(self, count, size, element):
        self.count, self.size, self.element = count, size, element


class Bytes:
    """An array of bytes that is read and written as one."""

    def __init__(self, size):
        self.size = size


DIGEST = Bytes(32)

HEADER_SIZE = 0x40
HEADER = {
    "code": (0x00, Array(2, 4, U32)),
    "magic": (0x08, U64),
    "abi_major": (0x10, U16),
    "abi_minor": (0x12, U16),
    "arch": (0x14, U16),
    "header_size": (0x16, U16),
    "align": (0x18, U32),
    "file_size": (0x1C, U32),
    "mem_size": (0x20, U32),
    "ro_size": (0x24, U32),
    "entry": (0x28, U32),
    "params": (0x2C, U32),
    "params_size": (0x30, U32),
    "features": (0x34, U32),
    "reserved": (0x38, U64),
}

CONSOLE = {
    "kind": (0x00, U32),
    "width": (0x04, U32),
    "base": (0x08, U64),
    "stride": (0x10, U32),
    "baud": (0x14, U32),
    "reserved": (0x18, U64),
}

SEGMENT = {
    "start": (0x00, U64),
    "size": (0x08, U64),
    "kind": (0x10, U32),
    "lanes": (0x14, U16),
    "flags": (0x16, U16),
    "name": (0x18, Bytes(8)),
    "digest": (0x20, DIGEST),
}

COPY = {
    "dst": (0x00, U64),
    "src": (0x08, U64),
    "size": (0x10, U64),
    "flags": (0x18, U32),
    "reserved": (0x1C, U32),
}

X86_64_REGISTERS = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
)  # fmt: skip

X86_32_REGISTERS = ("eax", "ebx", "ecx", "edx", "esi", "edi", "esp", "ebp", "eip")

# Behind the eight of 32 bits, all of 16.
X86_16_REGISTERS = (*X86_32_REGISTERS[:8], "ds", "es", "ss", "fs", "gs", "ip", "cs", "reserved")

ARM64_REGISTERS = ("pc", "x0", "x1", "x2", "x3")

HANDOFF = {
    "mode": (0x00, U32),
    "checks": (0x04, U32),
    "regs": (0x08, Bytes(0x88)),
    "arm64": (0x08, {name: (8 * i, U64) for i, name in enumerate(ARM64_REGISTERS)}),
    "x86_64": (0x08, {name: (8 * i, U64) for i, name in enumerate(X86_64_REGISTERS)}),
    "x86_32": (0x08, {name: (4 * i, U32) for i, name in enumerate(X86_32_REGISTERS)}),
    "x86_16": (
        0x08,
        {name: (4 * i, U32) if i < 8 else (0x10 + 2 * i, U16) for i, name in enumerate(X86_16_REGISTERS)},
    ),
    "stub": (0x90, U64),
    "reserved": (0x98, U64),
}

FAILURE = {
    "policy": (0x00, U32),
    "delay": (0x04, U32),
    "conduit": (0x08, U32),
    "reset_space": (0x0C, U8),
    "reset_width": (0x0D, U8),
    "reset_value": (0x0E, U8),
    "reserved": (0x0F, U8),
    "reset_address": (0x10, U64),
    "timer_hz": (0x18, U64),
    "fallback": (0x20, SEGMENT),
    "fallback_handoff": (0x60, HANDOFF),
}

REPORT_PLACE = {
    "address": (0x00, U64),
    "size": (0x08, U32),
    "reserved": (0x0C, U32),
}

RANGE = {
    "start": (0x00, U64),
    "size": (0x08, U64),
}

LINEAR_MAP = {
    "flags": (0x00, U32),
    "levels": (0x04, U32),
    "root": (0x08, U64),
    "va": (0x10, U64),
    "pa": (0x18, U64),
    "tcr": (0x20, U64),
    "budget": (0x28, U32),
    "range_count": (0x2C, U32),
    "region": (0x30, U64),
    "region_size": (0x38, U64),
    "range": (0x40, Array(32, 0x10, RANGE)),
}

PARAMS_SIZE = 0x1700
PARAMS = {
    "magic": (0x000, U64),
    "abi_major": (0x008, U16),
    "abi_minor": (0x00A, U16),
    "size": (0x00C, U32),
    "verify": (0x010, U32),
    "flags": (0x014, U32),
    "segment_count": (0x018, U32),
    "copy_count": (0x01C, U32),
    "digest": (0x020, DIGEST),
    "block_digest": (0x040, DIGEST),
    "image_digest": (0x060, DIGEST),
    "console": (0x080, Array(2, 0x20, CONSOLE)),
    "handoff": (0x0C0, HANDOFF),
    "failure": (0x160, FAILURE),
    "report": (0x260, REPORT_PLACE),
    "reserved": (0x270, Array(16, 1, U8)),
    "linear_map": (0x280, LINEAR_MAP),
    "copy": (0x4C0, Array(16, 0x20, COPY)),
    "reserved2": (0x6C0, Array(64, 1, U8)),
    "segment": (0x700, Array(64, 0x40, SEGMENT)),
}

REPORT_SIZE = 0x150
REPORT = {
    "magic": (0x000, U64),
    "abi_major": (0x008, U16),
    "abi_minor": (0x00A, U16),
    "size": (0x00C, U32),
    "digest": (0x010, DIGEST),
    "verdict": (0x030, U32),
    "code": (0x034, U32),
    "stage": (0x038, U32),
    "segment": (0x03C, U32),
    "segment_name": (0x040, Bytes(8)),
    "expected": (0x048, DIGEST),
    "computed": (0x068, DIGEST),
    "sha256": (0x088, Bytes(16)),
    "cached": (0x098, U32),
    "level": (0x09C, U32),
    "segment_count": (0x0A0, U32),
    "skipped_count": (0x0A4, U32),
    "bytes": (0x0A8, U64),
    "ticks_check": (0x0B0, U64),
    "ticks_hash": (0x0B8, U64),
    "ticks_walk": (0x0C0, U64),
    "ticks_copy": (0x0C8, U64),
    "ticks_hz": (0x0D0, U64),
    "cpu_id": (0x0D8, Array(2, 8, U64)),
    "walk_pages": (0x0E8, U64),
    "walk_address": (0x0F0, U64),
    "fault_syndrome": (0x0F8, U64),
    "fault_pc": (0x100, U64),
    "fault_address": (0x108, U64),
    "walk_entries": (0x110, U64),
    "walk_leaves": (0x118, U64),
    "walk": (0x120, U32),
    "reserved": (0x124, U32),
    "reserved2": (0x128, Array(5, 8, U64)),
}

PACK_OFFSET = 0x40
PACK = {
    "magic": (0x00, U64),
    "version": (0x08, U16),
    "arch": (0x0A, U16),
    "front_size": (0x0C, U32),
    "front_mem": (0x10, U32),
    "reserved": (0x14, U32),
    "image_size": (0x18, U64),
    "purgatory": (0x20, U64),
    "cmdline": (0x28, U64),
    "cmdline_size": (0x30, U64),
    "table": (0x38, U64),
    "table_size": (0x40, U64),
    "room": (0x48, U64),
    "room_size": (0x50, U64),
    "initrd": (0x58, U64),
    "initrd_size": (0x60, U64),
    "reserved2": (0x68, Array(3, 8, U64)),
}


def locate(layout, path):
    """(offset, format or Bytes) of the field that path names in layout."""
    offset, kind = 0, layout
    for name, index in re.findall(r"(\w+)(?:\[(\d+)\])?", path):
        step, kind = kind[name]
        offset += step
        if isinstance(kind, Array):
            if not index or int(index) >= kind.count:
                raise KeyError(f"{path}: {name} has {kind.count} entries")
            offset += int(index) * kind.size
            kind = kind.element
        elif index:
            raise KeyError(f"{path}: {name} is no array")
    if isinstance(kind, dict):
        raise KeyError(f"{path} is a structure, not a field")
    return offset, kind


class Record:
    """A structure in a bytearray, its fields read and written by path."""

    def __init__(self, layout, memory, base=0):
        self.layout, self.memory, self.base = layout, memory, base

    def offset(self, path):
        """Where the field lies in the memory, not in the structure."""
        return self.base + locate(self.layout, path)[0]

    def __getitem__(self, path):
        offset, kind = locate(self.layout, path)
        offset += self.base
        if isinstance(kind, Bytes):
            return bytes(self.memory[offset : offset + kind.size])
        return struct.unpack_from(kind, self.memory, offset)[0]

    def __setitem__(self, path, value):
        offset, kind = locate(self.layout, path)
        offset += self.base
        if isinstance(kind, Bytes):
            if len(value) > kind.size:
                raise ValueError(f"{path} holds {kind.size} bytes")
            self.memory[offset : offset + kind.size] = value.ljust(kind.size, b"\0")
        else:
            struct.pack_into(kind, self.memory, offset, value)


class Header(Record):
    """The header at offset 0 of a flat image."""

    def __init__(self, memory, base=0):
        super().__init__(HEADER, memory, base)


class Params(Record):
    """A parameter block."""

    def __init__(self, memory, base=0):
        super().__init__(PARAMS, memory, base)

    def add_segment(self, name, start, data, kind="DIGEST_SEGMENT"):
        """Append a segment of which data is the content, with its digest if the kind wants one. Returns its index."""
        index = self["segment_count"]
        self["segment_count"] = index + 1
        segment = f"segment[{index}]"
        self[f"{segment}.start"] = start
        self[f"{segment}.size"] = len(data)
        self[f"{segment}.kind"] = constant(kind)
        self[f"{segment}.name"] = name.encode()
        if kind == "DIGEST_SEGMENT":
            self[f"{segment}.digest"] = sha256(data)
        return index

    def add_copy(self, dst, src, size, flags=0):
        """Append a copy."""
        index = self["copy_count"]
        self["copy_count"] = index + 1
        for field, value in (("dst", dst), ("src", src), ("size", size), ("flags", flags)):
            self[f"copy[{index}].{field}"] = value

    def seal(self):
        """Fill in block_digest."""
        self["block_digest"] = b""
        self["block_digest"] = sha256(self.memory[self.base : self.base + PARAMS_SIZE])


class Report(Record):
    """The record that the purgatory leaves behind."""

    def __init__(self, memory, base=0):
        super().__init__(REPORT, memory, base)


class Pack(Record):
    """The record of a packed image; memory starts at the image's base."""

    def __init__(self, memory):
        super().__init__(PACK, memory, PACK_OFFSET)


def sha256(data):
    """SHA-256, by Python's library."""
    return hashlib.sha256(data).digest()
