# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""How fast the SHA-256 of the x86_64 purgatory is, in userland, beside OpenSSL's in the same run.

Rounds are interleaved, so that whatever else the machine does hits both alike; what counts is the ratio of the medians.
Usage: bench.py LIBRARY OUT.json, the library being src/sha256.c compiled as for the purgatory.
"""

import ctypes
import hashlib
import json
import statistics
import sys
import time

SIZE = 64 << 20
ROUNDS = 9


def ours(library):
    """A function that hashes bytes with the purgatory's code."""
    code = ctypes.CDLL(library)
    code.sha256.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p)
    blocks = ctypes.cast(code.sha256_blocks_portable, ctypes.c_void_p)

    def digest(data):
        out = ctypes.create_string_buffer(32)
        code.sha256(blocks, data, len(data), out)
        return out.raw

    return digest


def seconds(function, data):
    start = time.perf_counter()
    function(data)
    return time.perf_counter() - start


def main(library, out):
    data = bytes(range(256)) * (SIZE // 256)
    paths = {"portable": ours(library), "openssl": lambda data: hashlib.sha256(data).digest()}
    if len({function(data) for function in paths.values()}) != 1:
        sys.exit("bench: the digests differ")
    times = {name: [] for name in paths}
    for _ in range(ROUNDS):
        for name, function in paths.items():
            times[name].append(seconds(function, data))
    speed = {name: SIZE / statistics.median(samples) / 1e9 for name, samples in times.items()}
    result = {f"x86_64_{name}_gb_per_s": round(number, 3) for name, number in speed.items()}
    result["x86_64_portable_vs_openssl"] = round(speed["portable"] / speed["openssl"], 3)
    with open(out, "w", encoding="ascii") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    for name, number in result.items():
        print(f"{name:28} {number}")


main(*sys.argv[1:])
