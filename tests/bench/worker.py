# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Hashes one shared buffer in the way that each line of stdin asks for, and answers `SECONDS DIGEST`, or `absent`.

    stream FUNCTION             the purgatory's code with that block function
    striped FUNCTION WIDTH      the same, striped, with that lane function
    kexec-tools                 the code of kexec-tools' purgatory
    openssl                     OpenSSL, which does what OPENSSL_ia32cap leaves it: hence a process of its own
    read                        nothing but read it; the digest is a sum

Usage: worker.py FD SIZE DIRECTORY, the buffer's memfd and where the libraries are. Seconds are of CPU time.
"""

import ctypes
import hashlib
import mmap
import sys
import time
from pathlib import Path

LANES = 16
KEXEC_TOOLS_CTX_SIZE = 112


class Lanes(ctypes.Structure):
    """struct sha256_way of sha256.h."""

    _fields_ = [
        ("fn", ctypes.c_void_p),
        ("width", ctypes.c_uint32),
        ("least", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
    ]


class Engine(ctypes.Structure):
    """struct sha256_engine of sha256.h."""

    _fields_ = [("name", ctypes.c_char_p), ("blocks", ctypes.c_void_p), ("lanes", Lanes * 2)]


class Ways:
    """Each method takes the words behind its name and returns a function that hashes, and returns the digest."""

    def __init__(self, buffer, directory):
        self.buffer = buffer
        self.size = len(buffer)
        self.memory = (ctypes.c_char * self.size).from_buffer(buffer)
        self.ours, self.theirs, self.reader = (
            ctypes.CDLL(str(Path(directory) / name)) for name in ("sha256.so", "kexec-tools.so", "read.so")
        )
        self.reader.read_all.restype = ctypes.c_uint64

    def address(self, function):
        """Where a function of ours is; LookupError if this build has none of the name."""
        find = getattr(self.ours, "way_" + function)
        find.restype = ctypes.c_void_p
        address = find()
        if not address:
            raise LookupError(function)
        return address

    def stream(self, function):
        blocks = ctypes.c_void_p(self.address(function))

        def run():
            digest = ctypes.create_string_buffer(32)
            self.ours.sha256(blocks, self.memory, ctypes.c_size_t(self.size), digest)
            return digest.raw

        return run

    def striped(self, function, width):
        engine = Engine(b"", self.address("sha256_blocks_portable"))
        engine.lanes[0] = Lanes(self.address(function), int(width), int(width), b"")

        def run():
            digest = ctypes.create_string_buffer(32)
            self.ours.sha256_striped(ctypes.byref(engine), self.memory, ctypes.c_size_t(self.size), LANES, digest)
            return digest.raw

        return run

    def kexec_tools(self):
        def run():
            context = ctypes.create_string_buffer(KEXEC_TOOLS_CTX_SIZE)
            digest = ctypes.create_string_buffer(32)
            self.theirs.sha256_starts(context)
            self.theirs.sha256_update(context, self.memory, ctypes.c_size_t(self.size))
            self.theirs.sha256_finish(context, digest)
            return digest.raw

        return run

    def openssl(self):
        return lambda: hashlib.sha256(self.buffer).digest()

    def read(self):
        return lambda: self.reader.read_all(self.memory, ctypes.c_size_t(self.size)).to_bytes(8, "big")


def main(descriptor, size, directory):
    ways = Ways(mmap.mmap(int(descriptor), int(size)), directory)
    ways.read()()
    for line in sys.stdin:
        way, *arguments = line.split()
        try:
            run = getattr(ways, way.replace("-", "_"))(*arguments)
        except LookupError:
            print("absent", flush=True)
            continue
        start = time.thread_time()
        digest = run()
        print(time.thread_time() - start, digest.hex(), flush=True)


main(*sys.argv[1:])
