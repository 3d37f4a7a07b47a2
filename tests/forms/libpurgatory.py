# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The loader library's ELF functions, by ctypes."""

import ctypes
import os
import pathlib

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
LIBRARY = ctypes.CDLL(str((BUILD / "tests/libpurgatory.so").resolve()))
LIBRARY.purg_strerror.restype = ctypes.c_char_p
LIBRARY.purg_elf_scratch.restype = ctypes.c_int64
LIBRARY.purg_elf_load.restype = ctypes.c_int64
LIBRARY.purg_elf_flatten.restype = ctypes.c_int64

REL, EXEC, DYN = 1, 2, 3
NOWHERE = (1 << 64) - 1


class Error(Exception):
    """What the library says."""

    def __init__(self, code):
        super().__init__(LIBRARY.purg_strerror(ctypes.c_int64(code)).decode())
        self.code = code


class Fields(ctypes.Structure):
    """struct purg_elf."""

    _fields_ = [
        ("arch", ctypes.c_uint16),
        ("type", ctypes.c_uint16),
        ("reserved", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("mem_size", "align", "address", "entry")),
        ("file", ctypes.c_void_p),
        ("size", ctypes.c_uint64),
        ("scratch", ctypes.c_void_p),
        *((name, ctypes.c_uint64) for name in ("base", "got", "slots", "sections", "segments", "symbols")),
        *((name, ctypes.c_uint64) for name in ("strings", "symbol_count", "strings_size")),
        *((name, ctypes.c_uint32) for name in ("section_count", "segment_count")),
    ]


def checked(result):
    """The result, if it is no error."""
    if result < 0:
        raise Error(result)
    return result


class Elf:
    """An open file."""

    def __init__(self, data):
        self.data = bytes(data)
        count = checked(LIBRARY.purg_elf_scratch(self.data, ctypes.c_size_t(len(self.data))))
        self.scratch = (ctypes.c_uint64 * count)()
        self.fields = Fields()
        arguments = self.data, ctypes.c_size_t(len(self.data)), self.scratch, ctypes.c_size_t(count)
        checked(LIBRARY.purg_elf_open(ctypes.byref(self.fields), *arguments))

    def load(self, address):
        """What is in memory when it is loaded there."""
        memory = (ctypes.c_uint8 * self.fields.mem_size)(*b"\xa5" * 16)
        room = ctypes.c_size_t(len(memory))
        size = LIBRARY.purg_elf_load(ctypes.byref(self.fields), memory, room, ctypes.c_uint64(address))
        assert checked(size) == len(memory)
        return bytearray(memory)

    def flatten(self):
        """What is in memory when it is not relocated."""
        memory = (ctypes.c_uint8 * self.fields.mem_size)()
        assert checked(LIBRARY.purg_elf_flatten(ctypes.byref(self.fields), memory, ctypes.c_size_t(len(memory)))) >= 0
        return bytearray(memory)

    def place(self, section):
        """ET_REL: where a section lies in what is loaded; NOWHERE."""
        return self.scratch[section]

    def symbol(self, name):
        """A symbol's offset and size."""
        offset, size = ctypes.c_uint64(), ctypes.c_uint64()
        found = ctypes.byref(offset), ctypes.byref(size)
        checked(LIBRARY.purg_elf_symbol(ctypes.byref(self.fields), name.encode(), *found))
        return offset.value, size.value

    def set(self, memory, name, value):
        """Write a symbol's bytes."""
        bytes_ = (ctypes.c_uint8 * len(memory)).from_buffer(memory)
        size = ctypes.c_size_t(len(value))
        checked(LIBRARY.purg_elf_set(ctypes.byref(self.fields), bytes_, name.encode(), bytes(value), size))

    def get(self, memory, name, size):
        """Read them."""
        bytes_ = (ctypes.c_uint8 * len(memory)).from_buffer(memory)
        value = ctypes.create_string_buffer(size)
        checked(LIBRARY.purg_elf_get(ctypes.byref(self.fields), bytes_, name.encode(), value, ctypes.c_size_t(size)))
        return value.raw
