# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the purgatory executes, counted by QEMU from its own first instruction to the next program's.

TCG models no caches, so its time says nothing; its counts of instructions and memory accesses are exact, and the same
in every run. docs/speed.md defines what is counted as what.
"""

import dataclasses
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))

from abi import constant, sha256
from machine import ARM64, ARCHES, BUILD, MIB, PAGE, X86_64, Boot, parse_report
from old_tables import GEOMETRIES, OldTables

SIZES = (8 * MIB, 40 * MIB)
PATIENCE = 300

# What the launcher of both architectures has room for.
SMALL_SIZES = (4 * MIB, 12 * MIB)

# What may be skipped, and how its linear map is made: log2 of what an entry covers. A block is read-only on x86_64, and
# skipped; on arm64 it is mapped, as a kernel unmaps by pages alone.
SKIPPED = 256 * MIB
MAPPED_BY = {"pages": 12, "blocks": 21}
BLOCK = {"arm64": 0x401, "x86_64": 0x81}

# The functions of the walk, and of what it calls; their parts have names that begin so as well.
WALK = ("walk_", "look_", "take_", "search_leaf", "in_ranges", "old_", "tables_read", "show", "mmu_forget")
WALK += ("mmu_publish", "reach", "probe_", "arch_mapped", "identity_page")

ARM64_STATES = {"": "el1", "_el2": "el2", "_el2_vhe": "el2-vhe"}


@dataclasses.dataclass(frozen=True)
class Counts:
    """Instructions and memory accesses."""

    insns: int
    accesses: int

    def __add__(self, other):
        return Counts(self.insns + other.insns, self.accesses + other.accesses)

    def __sub__(self, other):
        return Counts(self.insns - other.insns, self.accesses - other.accesses)


NOTHING = Counts(0, 0)


@dataclasses.dataclass(frozen=True)
class Function:
    """A function in the image: its name, and the offsets of its first byte and of the one behind its last."""

    name: str
    start: int
    end: int


def functions(path):
    """The functions of an ELF file, as far as their sizes are known."""
    lines = subprocess.run(["nm", "-S", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in lines.splitlines()]
    return [
        Function(name, int(start, 16), int(start, 16) + int(size, 16))
        for start, size, kind, name in (field for field in fields if len(field) == 4)
        if kind in "tT"
    ]


def image_functions(arch):
    """The functions of the purgatory, and those of them that are charged to their callers: the ones of src/string.c."""
    all_of_them = functions(BUILD / f"purgatory-{arch.name}.elf")
    string = {function.name for function in functions(BUILD / arch.name / "src/string.c.o")}
    return all_of_them, [function for function in all_of_them if function.name in string]


def run(boot, leaves=()):
    """Boot with the plugin. Returns its counts by offset in the image, the payload's report, and the console's text."""
    out = boot.directory / "counts"
    entry = boot.params[f"handoff.{boot.arch.name}.{boot.arch.entry}"]
    options = f"file={BUILD / 'bench/count.so'},start={boot.place:#x},end={entry:#x},size={len(boot.image)},out={out}"
    for leaf in leaves:
        options += f",leaf={boot.place + leaf.start:#x}-{boot.place + leaf.end - 1:#x}"
    boot.qemu_options += ["-plugin", options]
    with boot.start() as machine:
        machine.wait_for(r"^payload: end$", PATIENCE)
        text = machine.text
    lines = [tuple(map(int, line.split())) for line in out.read_text().splitlines()]
    return {offset: Counts(*counts) for offset, *counts in lines}, parse_report(text), text


def content(size):
    """Bytes that are not all alike."""
    return (bytes(range(256)) * -(-size // 256))[:size]


def large_segment(arch, state, size):
    """Everything that is done to boot with one segment of that size, and the name of the hash."""
    with tempfile.TemporaryDirectory() as directory:
        boot = Boot(arch, Path(directory)).with_payload()
        boot.state = arch.state(state)
        boot.segment("large", arch.spare_at, content(size))
        boot.seal()
        counts, _, text = run(boot)
        return sum(counts.values(), NOTHING), text.split("sha256: ")[1].split(";")[0]


def kexec_tools(size):
    """The same size hashed by kexec-tools' arm64 code, which takes the purgatory's place."""
    with tempfile.TemporaryDirectory() as directory:
        boot = Boot(ARM64, Path(directory)).with_payload()
        data = content(size)
        boot.put(ARM64.spare_at, data)
        boot.image = bytearray((BUILD / "bench/kexec-tools-arm64.bin").read_bytes())
        struct.pack_into("<QQQ", boot.image, 8, ARM64.spare_at, size, ARM64.payload_at)
        counts, report, _ = run(boot)
        if struct.pack("<QQQQ", *(report[f"x{i}"] for i in range(4))) != sha256(data):
            sys.exit("bench: kexec-tools' arm64 code computes another digest")
        return sum(counts.values(), NOTHING)


def slopes(small, large, sizes=SIZES):
    """What a byte takes, given what the two sizes take: (instructions per byte, accesses per 64 bytes)."""
    more, size = large - small, sizes[1] - sizes[0]
    return round(more.insns / size, 3), round(64 * more.accesses / size, 3)


def dtb(size):
    """As much of a DTB as the purgatory looks at."""
    return struct.pack(">II", 0xD00DFEED, size) + content(size - 8)


def boot_params():
    """As much of a struct boot_params as the purgatory looks at."""
    page = bytearray(PAGE)
    page[0x202:0x206] = b"HdrS"
    return page


def typical(arch, state, directory):
    """A boot as of a crash kernel, small and at odd places: four segments, both self-checks, all checks, no console."""
    boot = Boot(arch, directory)
    boot.state = arch.state(state)
    boot.params["console[0].kind"] = boot.params["console[0].base"] = 0
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    boot.segment("kernel", arch.payload_at, boot.payload + content(24011))
    boot.enter(arch.payload_at)
    boot.segment("initrd", arch.spare_at + 0x91A2B, content(9001))
    if arch is ARM64:
        boot.params["handoff.checks"] |= constant("CHECK_DTB")
        boot.segment("dtb", arch.spare_at + 0x200008, dtb(3003))
        boot.register("x0", arch.spare_at + 0x200008)
    else:
        boot.segment("params", arch.spare_at + 0x200008, boot_params())
        boot.register("rsi", arch.spare_at + 0x200008)
    boot.segment("cmdline", arch.spare_at + 0x201459, content(207))
    boot.seal()
    return boot


def fixed(arch, state):
    """Instructions of a typical boot by function, those of src/string.c counted as their caller's."""
    with tempfile.TemporaryDirectory() as directory:
        names, leaves = image_functions(arch)
        counts, _, _ = run(typical(arch, state, Path(directory)), leaves)
    by_name = {}
    for offset, count in counts.items():
        name = next((function.name for function in names if function.start <= offset < function.end), "(no name)")
        by_name[name] = by_name.get(name, 0) + count.insns
    return by_name


def skipping(arch, mapped_by, directory):
    """A boot with a look at the tables of 256 MiB, of zeros."""
    geometry = GEOMETRIES[arch.name][0]
    boot = Boot(arch, directory, memory_size="1G").with_payload()
    place = boot.params.add_segment("large", arch.ram + 512 * MIB, b"")
    boot.params[f"segment[{place}].size"] = SKIPPED
    boot.params[f"segment[{place}].digest"] = sha256(bytes(SKIPPED))
    tables = OldTables(geometry, arch.spare_at)
    for address in range(arch.ram + 512 * MIB, arch.ram + 768 * MIB, 1 << MAPPED_BY[mapped_by]):
        flags = BLOCK[arch.name] if mapped_by == "blocks" else geometry.harmless
        tables.map(geometry.linear + address, address, flags, MAPPED_BY[mapped_by])
    tables.map(geometry.linear + tables.place, tables.place, geometry.leaf)
    boot.put(tables.place, tables.bytes())
    boot.params["verify"] = constant("VERIFY_UNLESS_UNMAPPED")
    for field, value in geometry.fields:
        boot.params[f"linear_map.{field}"] = value
    boot.params["linear_map.root"] = boot.params["linear_map.range[0].start"] = tables.place
    boot.params["linear_map.range[0].size"] = tables.size()
    boot.params["linear_map.range_count"] = 1
    boot.params["linear_map.va"] = geometry.linear
    boot.params["linear_map.region"] = arch.ram + 512 * MIB
    boot.params["linear_map.region_size"] = SKIPPED
    boot.seal()
    return boot


def walk(arch, mapped_by):
    """Instructions of the look at the old kernel's tables for 256 MiB."""
    with tempfile.TemporaryDirectory() as directory:
        names, leaves = image_functions(arch)
        counts, _, text = run(skipping(arch, mapped_by, Path(directory)), leaves)
    expected = " is mapped\n" if (arch, mapped_by) == (ARM64, "blocks") else f"({SKIPPED // PAGE} pages looked at)"
    if expected not in text:
        sys.exit(f"bench: {arch.name}: no {expected!r}: {text}")
    starts = [(function.start, function.end) for function in names if function.name.startswith(WALK)]
    return sum(count.insns for offset, count in counts.items() if any(start <= offset < end for start, end in starts))


def without_hashing(by_name):
    """What is left when the functions whose names begin with sha256 are set aside."""
    return sum(insns for name, insns in by_name.items() if not name.startswith("sha256"))


def measure():
    """All counts, as keys and numbers for bench.json."""
    result = {"qemu_version": version()}
    for suffix, state in ARM64_STATES.items():
        (small, name), (large, _) = (large_segment(ARM64, state, size) for size in SIZES)
        per_byte, per_block = slopes(small, large)
        result[f"arm64{suffix}_sha256"] = name
        result[f"arm64{suffix}_insn_per_byte"] = per_byte
        result[f"arm64{suffix}_data_accesses_per_64B"] = per_block
        result[f"arm64{suffix}_fixed_insns"] = without_hashing(fixed(ARM64, state))
    per_byte, per_block = slopes(*map(kexec_tools, SIZES))
    result["arm64_kexec_tools_insn_per_byte"] = per_byte
    result["arm64_kexec_tools_data_accesses_per_64B"] = per_block
    result["x86_64_fixed_insns"] = without_hashing(fixed(X86_64, X86_64.states[0].name))
    for arch in ARCHES.values():
        (small, name), (large, _) = (large_segment(arch, arch.states[0].name, size) for size in SMALL_SIZES)
        result[f"{arch.name}_256M_sha256"] = name
        result[f"{arch.name}_256M_hash_insns"] = round(slopes(small, large, SMALL_SIZES)[0] * SKIPPED)
        for mapped_by in MAPPED_BY:
            result[f"{arch.name}_256M_walk_{mapped_by}_insns"] = walk(arch, mapped_by)
    return result


def version():
    """QEMU's own word for it."""
    text = subprocess.run([*ARM64.qemu, "--version"], check=True, capture_output=True, text=True).stdout
    return text.splitlines()[0].removeprefix("QEMU emulator version ")


def profile():
    """Which functions the fixed instructions are spent in, for whoever wants to make them fewer."""
    for arch in (ARM64, X86_64):
        by_name = fixed(arch, arch.states[0].name)
        print(f"{arch.name}: {without_hashing(by_name)} without sha256*")
        for name, insns in sorted(by_name.items(), key=lambda item: -item[1]):
            print(f"  {insns:9} {name}")


if __name__ == "__main__":
    profile()
