# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""How fast the purgatory is: docs/speed.md says what is measured, and how.

Writes bench.json and bench.svg into the build folder, and a table to stdout. Everything it needs has been built.
"""

import json
import ssl

import guest
import place
import plot
import userland
from guest import BUILD

AT_LEAST, AT_MOST, BELOW = ">=", "<=", "<"
HOLDS = {
    AT_LEAST: lambda number, target: number >= target,
    AT_MOST: lambda number, target: number <= target,
    BELOW: lambda number, target: number < target,
}
TARGETS = {
    "x86_64_stream_vs_openssl": (AT_LEAST, 1.0),
    "x86_64_stream_vs_kexec_tools": (AT_LEAST, 5),
    "x86_64_stream_without_sha_ni_vs_kexec_tools": (AT_LEAST, 1.1),
    "x86_64_striped_vs_openssl": (AT_LEAST, 1.7),
    "x86_64_striped_avx2_vs_openssl_avx2": (AT_LEAST, 2.5),
    "arm64_insn_per_byte": (AT_MOST, 1.65),
    "arm64_data_accesses_per_64B": (AT_MOST, 8),
    "arm64_fixed_insns": (BELOW, 20000),
    "x86_64_fixed_insns": (BELOW, 5000),
    "place_16_in_10000_us": (BELOW, 1000),
    "place_16_in_10000_shuffled_us": (BELOW, 1000),
}


def ratio(ours, theirs):
    """Of two speeds; None if either is absent."""
    return round(ours / theirs, 3) if ours and theirs else None


def fastest(speeds, names):
    return max((speeds[name] for name in names if speeds[name]), default=None)


def measure():
    """({key: number or word, for bench.json}, {way: why it is absent})"""
    speeds, absent = userland.measure(BUILD / "bench")
    without_sha_ni = fastest(speeds, userland.STREAMS_WITHOUT_SHA_NI)
    stream, striped = fastest(speeds, userland.STREAMS), fastest(speeds, userland.STRIPED)
    result = {
        "cpu": userland.cpu()[0],
        "rounds": userland.ROUNDS,
        "bytes": userland.SIZE,
        "openssl_version": ssl.OPENSSL_VERSION,
        "kexec_tools_version": (BUILD / "kexec-tools/version").read_text(encoding="ascii").strip(),
        **{f"x86_64_{name}_gb_per_s": speed and round(speed, 3) for name, speed in speeds.items()},
        "x86_64_stream_vs_openssl": ratio(stream, speeds["openssl"]),
        "x86_64_stream_vs_kexec_tools": ratio(stream, speeds["kexec_tools"]),
        "x86_64_stream_without_sha_ni_vs_kexec_tools": ratio(without_sha_ni, speeds["kexec_tools"]),
        "x86_64_striped_vs_openssl": ratio(striped, speeds["openssl"]),
        "x86_64_striped_avx2_vs_openssl_avx2": ratio(speeds["avx2_x8"], speeds["openssl_avx2"]),
    }
    return {**result, **place.measure(BUILD / "bench"), **guest.measure()}, absent


def show(result, absent):
    """The table."""
    for name in ("cpu", "openssl_version", "kexec_tools_version", "qemu_version"):
        print(f"{name:20} {result[name]}")
    print(f"\nx86_64, userland, {result['bytes'] >> 20} MiB, median of {result['rounds']} rounds")
    for way in userland.WAYS:
        speed = result[f"x86_64_{way.name}_gb_per_s"]
        print(f"  {way.title:44}" + (f"{speed:8.3f} GB/s" if speed else f"  absent: {absent[way.name]}"))
    print("\nQEMU, counted")
    for name in sorted(key for key in result if (key.startswith("arm64_") or "_256M_" in key) and key not in TARGETS):
        print(f"  {name:44}{result[name]:>8}")
    print("\nwhat counts")
    for name, (sign, target) in TARGETS.items():
        number = result[name]
        verdict = "absent" if number is None else "met" if HOLDS[sign](number, target) else "NOT met"
        print(f"  {name:44}{'-' if number is None else number:>8}   {sign} {target}: {verdict}")


def main():
    result, absent = measure()
    show(result, absent)
    with open(BUILD / "bench.json", "w", encoding="ascii") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    plot.draw(result, BUILD / "bench.svg")
    print(f"\n{BUILD / 'bench.json'}, {BUILD / 'bench.svg'}")


main()
