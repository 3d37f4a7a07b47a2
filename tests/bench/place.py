# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""How long libpurgatory takes to place 16 segments in a map of 10,000 ranges (place.c), as the host's compiler makes it."""

import ctypes
import statistics
import sys

ROUNDS = 41
ORDERS = {"place_16_in_10000_us": 0, "place_16_in_10000_shuffled_us": 1}


def measure(directory):
    """{key: microseconds of CPU time}, medians of rounds of both orders in turn."""
    library = ctypes.CDLL(str(directory / "place.so"))
    library.place.restype = ctypes.c_double
    times = {name: [] for name in ORDERS}
    for _ in range(ROUNDS):
        for name, shuffled in ORDERS.items():
            times[name].append(library.place(ctypes.c_int(shuffled)))
    if min(map(min, times.values())) < 0:
        sys.exit("bench: a segment was not placed")
    return {name: round(statistics.median(seconds) * 1e6) for name, seconds in times.items()}
