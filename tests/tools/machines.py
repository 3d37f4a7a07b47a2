# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Machines for `purgatory load --dry-run --machine`: those of tests/machines, and made-up ones; and what of their
memory may be used, read from /proc/iomem in another way than the command does it."""
import json
import re
import shutil
from pathlib import Path

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
RECORDED = Path(__file__).resolve().parents[1] / "machines"
NAMES = sorted(path.name for path in RECORDED.iterdir() if path.is_dir())
CRASH = [name for name in NAMES if "crashkernel=" in (RECORDED / name / "proc/cmdline").read_text()]
ARCH = {name: name.split("-")[0] for name in NAMES}
PAGE = {"arm64": 64 * KIB, "x86_64": 4 * KIB}
UNAME = {"arm64": "aarch64", "x86_64": "x86_64"}
LINE = re.compile(r"( *)([0-9a-f]+)-([0-9a-f]+) : (.*)")


def write(root, files):
    """files: path below root: content as bytes or text, or None for one to be missing."""
    for name, content in files.items():
        path = root / name
        path.unlink(missing_ok=True)
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def copy(tmp_path, name, files=()):
    """A recorded machine, with other files."""
    shutil.copytree(RECORDED / name, tmp_path / "machine")
    return write(tmp_path / "machine", dict(files))


def made_up(tmp_path, arch, iomem, files=()):
    """iomem: (first byte, last byte, name, depth) each."""
    text = "".join(f"{'  ' * depth}{start:08x}-{end:08x} : {name}\n" for start, end, name, depth in iomem)
    own = {"proc/iomem": text, "proc/sys/kernel/arch": UNAME[arch] + "\n"}
    if arch == "arm64":
        own["sys/firmware/fdt"] = (RECORDED / "arm64-uefi-acpi/sys/firmware/fdt").read_bytes()
    return write(tmp_path / "machine", {**own, **dict(files)})


def ram(first, last):
    return (first, last, "System RAM", 0)


def lines(root):
    found = [LINE.fullmatch(line) for line in (root / "proc/iomem").read_text().splitlines()]
    return [(len(line[1]) // 2, int(line[2], 16), int(line[3], 16) + 1, line[4]) for line in found]


def without(ranges, start, end):
    for low, high in ranges:
        if low < start:
            yield low, min(high, start)
        if high > end:
            yield max(low, end), high


def usable(root, panic=False):
    """Ranges (start, end) that a load may overwrite."""
    if panic:
        return [max((start, end) for _, start, end, name in lines(root) if name == "Crash kernel")]
    found, inside = [], False
    for depth, start, end, name in lines(root):
        if not depth:
            inside = name == "System RAM"
            found += [(start, end)] if inside else []
        elif inside and not name.startswith("Kernel "):
            found = list(without(found, start, end))
    return sorted(found)


class Plan:
    """What --json says."""

    def __init__(self, text):
        self.said = json.loads(text)
        self.cmdline, self.consoles = self.said.get("cmdline"), self.said["consoles"]
        self.segments = {segment["name"]: segment for segment in self.said["segments"]}
        self.places = {name: (segment["start"], segment["start"] + segment["mem_size"])
                       for name, segment in self.segments.items()}
        purgatory = self.said["purgatory"]
        self.places["purgatory"] = (purgatory["start"], purgatory["start"] + purgatory["size"])
        self.free = [(part["start"], part["start"] + part["size"]) for part in self.said["free"]]

    def digest(self, name):
        return self.segments[name]["digest"]
