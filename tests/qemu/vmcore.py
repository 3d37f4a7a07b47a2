# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A reader of what /proc/vmcore has, an ELF of the old kernel's memory, and of its notes."""

import collections
import mmap
import re
import struct

PT_LOAD, PT_NOTE = 1, 4
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
NOTE = struct.Struct("<III")
NT_PRSTATUS = 1

Load = collections.namedtuple("Load", "offset virtual physical size")
Note = collections.namedtuple("Note", "owner type content")

# <linux/elfcore.h>: of struct elf_prstatus, where the process's number is, and where its registers are.
PR_PID, PR_REG = 32, 112
# Of these <asm/ptrace.h> and <asm/user_64.h>: the stack pointer and the program counter.
REGISTERS = {"arm64": {"sp": 31, "pc": 32}, "x86_64": {"sp": 19, "pc": 16}}


class Vmcore:
    """A dump in a file, which may go on behind it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        assert self.data[:4] == b"\x7fELF"
        (table,) = struct.unpack_from("<Q", self.data, 0x20)
        (count,) = struct.unpack_from("<H", self.data, 0x38)
        headers = [PROGRAM_HEADER.unpack_from(self.data, table + i * PROGRAM_HEADER.size) for i in range(count)]
        self.loads = [Load(h[2], h[3], h[4], h[5]) for h in headers if h[0] == PT_LOAD]
        self.notes = [note for h in headers if h[0] == PT_NOTE for note in self.notes_in(h[2], h[2] + h[5])]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.data.close()

    def notes_in(self, at, end):
        """Name and content of a note are padded to multiples of four."""
        while at + NOTE.size <= end:
            name, size, kind = NOTE.unpack_from(self.data, at)
            start = at + NOTE.size + -(-name // 4) * 4
            owner = self.data[at + NOTE.size : at + NOTE.size + name].rstrip(b"\0").decode()
            yield Note(owner, kind, self.data[start : start + size])
            at = start + -(-size // 4) * 4

    def cpus(self):
        """The contents of NT_PRSTATUS, one for each CPU, in their order."""
        return [note.content for note in self.notes if note[:2] == ("CORE", NT_PRSTATUS)]

    def info(self):
        """vmcoreinfo, as {key: value}."""
        (text,) = [note.content for note in self.notes if note.owner == "VMCOREINFO"]
        return dict(re.findall(r"^(\S+?)=(.*)$", text.decode(), re.M))

    def physical(self, address, size):
        """Memory at a physical address."""
        return self.read("physical", address, size)

    def virtual(self, address, size):
        """Memory at a virtual address that is in one of the headers."""
        return self.read("virtual", address, size)

    def read(self, kind, address, size):
        """Memory that lies in one piece of the dump."""
        for load in self.loads:
            start = address - getattr(load, kind)
            if 0 <= start and start + size <= load.size:
                return self.data[load.offset + start : load.offset + start + size]
        raise LookupError(f"{kind} address {address:#x} is not in the dump")

    def place(self, virtual):
        """The physical address of a virtual one."""
        return next(l.physical + virtual - l.virtual for l in self.loads if l.virtual <= virtual < l.virtual + l.size)

    def find(self, needle):
        """Each virtual address at which these bytes are."""
        for load in self.loads:
            at = self.data.find(needle, load.offset, load.offset + load.size)
            while at >= 0:
                yield load.virtual + at - load.offset
                at = self.data.find(needle, at + 1, load.offset + load.size)


def pid_of(status):
    """Of which process this NT_PRSTATUS is."""
    return struct.unpack_from("<I", status, PR_PID)[0]


def register_of(status, arch, name):
    """What sp or pc was."""
    return struct.unpack_from("<Q", status, PR_REG + 8 * REGISTERS[arch][name])[0]
