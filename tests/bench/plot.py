# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The picture of bench.json: the same bytes from the same numbers."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "purgatory", "font.size": 9, "svg.fonttype": "none"})

from matplotlib import pyplot  # noqa: E402

import userland  # noqa: E402

OURS, PEER = "#1f5f8b", "#b0b0b0"
PEERS = ("kexec_tools", "openssl", "openssl_avx2")


def bars(axes, title, rows):
    """Horizontal bars of (label, number, colour), from top to bottom, each with its number."""
    labels, numbers, colours = zip(*rows)
    drawn = axes.barh(labels, numbers, color=colours)
    axes.bar_label(drawn, fmt="%.2f", padding=3)
    axes.set_title(title, loc="left", fontsize=10)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)


def draw(result, path):
    """One panel for each architecture. Plain reads are left out: they would make all else small."""
    speeds = [
        (way.title + (" (striped)" if way.striped else ""), speed, PEER if way.name in PEERS else OURS)
        for way in userland.WAYS
        if way.name != "read" and (speed := result[f"x86_64_{way.name}_gb_per_s"])
    ]
    counts = [
        ("purgatory", result["arm64_insn_per_byte"], OURS),
        ("kexec-tools", result["arm64_kexec_tools_insn_per_byte"], PEER),
    ]
    figure, (upper, lower) = pyplot.subplots(2, figsize=(8, 5), height_ratios=(len(speeds), len(counts)))
    bars(upper, f"x86_64: SHA-256, GB/s, one core of {result['cpu']}", speeds)
    bars(lower, "arm64: instructions per byte verified (kexec-tools: hashed), counted by QEMU", counts)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
