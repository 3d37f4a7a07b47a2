# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""How fast each way to compute SHA-256 is on this x86_64, over the same memory, in rounds of all of them in turn.

Whatever else the machine does hits all alike, so that the ratio of the medians says more than any of them.
"""

import dataclasses
import hashlib
import os
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path

SIZE = 256 << 20
LANES = 16
ROUNDS = 11

# Leave OpenSSL all but the SHA extensions: bit 29 of CPUID 7 EBX (OPENSSL_ia32cap(3)).
WITHOUT_SHA_NI = ":~0x20000000"


@dataclasses.dataclass(frozen=True)
class Way:
    """One way: what a worker calls it, what the CPU must have, whether the digest is striped, which worker does it."""

    name: str
    title: str
    command: str
    flags: frozenset = frozenset()
    striped: bool = False
    masked: bool = False


WAYS = (
    Way("portable", "portable C", "stream sha256_blocks_portable"),
    Way("ssse3", "SSSE3", "stream sha256_blocks_ssse3", frozenset({"ssse3"})),
    Way("sha_ni", "SHA-NI", "stream sha256_blocks_shani", frozenset({"sha_ni", "ssse3", "sse4_1"})),
    Way("sha_ni_x2", "SHA-NI x2", "striped sha256_lanes2_shani 2", frozenset({"sha_ni", "ssse3", "sse4_1"}), True),
    Way("avx2_x8", "AVX2 x8", "striped sha256_lanes8_avx2 8", frozenset({"avx2"}), True),
    Way("avx512_x16", "AVX-512 x16", "striped sha256_lanes16_avx512 16", frozenset({"avx512f", "avx512bw"}), True),
    Way("kexec_tools", "kexec-tools", "kexec-tools"),
    Way("openssl", "OpenSSL, SHA-NI", "openssl", frozenset({"sha_ni"})),
    Way("openssl_avx2", "OpenSSL, AVX2", "openssl", frozenset({"avx2"}), masked=True),
    Way("read", "read only", "read"),
)
STREAMS_WITHOUT_SHA_NI = ("portable", "ssse3")
STREAMS = STREAMS_WITHOUT_SHA_NI + ("sha_ni",)
STRIPED = tuple(way.name for way in WAYS if way.striped)


def cpu():
    """The model's name, and the set of flags."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", text, re.M)
    flags = re.search(r"^flags\s*: (.*)$", text, re.M)
    return model[1] if model else "unknown", frozenset(flags[1].split()) if flags else frozenset()


def striped_digest(data):
    """docs/abi.md, "Striped digests", by Python's library."""
    lane = len(data) // (64 * LANES) * 64
    ends = [lane * (i + 1) for i in range(LANES - 1)] + [len(data)]
    digests = [hashlib.sha256(data[lane * i : end]).digest() for i, end in enumerate(ends)]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def make_buffer():
    """(file descriptor, digest, striped digest) of SIZE bytes, every page of them there."""
    descriptor = os.memfd_create("bench")
    noise = random.Random(0).randbytes(1 << 20)
    for _ in range(SIZE // len(noise)):
        os.write(descriptor, noise)
    data = memoryview(noise * (SIZE // len(noise)))
    return descriptor, hashlib.sha256(data).hexdigest(), striped_digest(data)


class Worker:
    """A worker.py with this OPENSSL_ia32cap; None: none."""

    def __init__(self, descriptor, directory, capabilities):
        environment = {name: value for name, value in os.environ.items() if name != "OPENSSL_ia32cap"}
        if capabilities:
            environment["OPENSSL_ia32cap"] = capabilities
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("worker.py"), str(descriptor), str(SIZE), directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(descriptor,),
            env=environment,
        )

    def run(self, command):
        """(seconds, digest) of one run, or None if the library has no such function."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"bench: the worker ended at: {command}")
        return None if answer == ["absent"] else (float(answer[0]), answer[1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(directory):
    """({way: GB/s, or None}, {way: why it is absent}), after each way has been seen to compute the right digest."""
    descriptor, digest, striped = make_buffer()
    workers = {masked: Worker(descriptor, directory, WITHOUT_SHA_NI if masked else None) for masked in (False, True)}
    flags = cpu()[1]
    times, absent = {}, {}
    for way in WAYS:
        if not way.flags <= flags:
            absent[way.name] = "this CPU has no " + ", ".join(sorted(way.flags - flags))
            continue
        answer = workers[way.masked].run(way.command)
        if answer is None:
            absent[way.name] = "this build has no such function"
            continue
        if way.name != "read" and answer[1] != (striped if way.striped else digest):
            sys.exit(f"bench: {way.title}: the digest is wrong")
        times[way.name] = []
    for _ in range(ROUNDS):
        for way in WAYS:
            if way.name in times:
                times[way.name].append(workers[way.masked].run(way.command)[0])
    for worker in workers.values():
        worker.close()
    speeds = {way.name: SIZE / statistics.median(times[way.name]) / 1e9 if way.name in times else None for way in WAYS}
    return speeds, absent
