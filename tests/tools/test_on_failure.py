# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""--on-failure of load and of pack: what is asked for, and how each machine says that it is reset; where the record
goes."""
import itertools
import json
import os
import re
import struct
import subprocess

import pytest

import kernels
import machines
from machines import GIB, made_up, ram
from packed import Packed

HOSTILE = True
QUIET = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
GOOD = {"arm64": kernels.arm64(), "x86_64": kernels.x86_64()}
FACP = "sys/firmware/acpi/tables/FACP"
TSC = "sys/devices/system/cpu/cpu0/tsc_freq_khz"
RECORD = 0x150
NOT_SAID = "--on-failure: neither the device tree nor ACPI's FADT has PSCI, so nothing says how this machine is " \
    "reset; give halt\n"


def fadt(flags=0, register=(0, 0, 0, 0, 0), value=0, arm=0, signature=b"FACP", size=276):
    """ACPI 6.5, table 5.9. register: address space, width, offset, access, address."""
    table = bytearray(size)
    table[:4] = signature
    struct.pack_into("<I", table, 112, flags)
    struct.pack_into("<BBBBQ", table, 116, *register)
    struct.pack_into("<BH", table, 128, value, arm)
    return bytes(table)


def psci(compatible='"arm,psci-1.0", "arm,psci-0.2", "arm,psci"', method='"smc"'):
    source = f'/dts-v1/; / {{ #address-cells = <2>; #size-cells = <2>; psci {{ compatible = {compatible}; ' \
             f'{f"method = {method};" if method else ""} }}; }};'
    return subprocess.run(["dtc", "-q", "-O", "dtb"], input=source.encode(), check=True, capture_output=True).stdout


def machine(tmp_path, arch, files=()):
    return made_up(tmp_path, arch, [ram(GIB, 2 * GIB - 1)], files)


def run(purgatory, root, arch, *args, code=0):
    kernel = purgatory.file("kernel", GOOD[arch])
    done = purgatory("load", "--dry-run", "--json", "--console", "none", "--machine", root, *args, kernel, env=QUIET)
    assert done.returncode == code, done.stderr
    return done.stderr if code else json.loads(done.stdout)


ARM64 = [
    (psci(), None, "smc"),
    (psci(method='"hvc"'), None, "hvc"),
    (psci('"arm,psci-0.2", "arm,psci"', '"hvc"'), None, "hvc"),
    (psci('"arm,psci-1.0"'), None, "smc"),
    (psci('"arm,psci"'), None, None),    # 0.1 has no reset
    (psci(method='"svc"'), None, None),
    (psci(method='"hv"'), None, None),
    (psci(method='"hvcs"'), None, None),
    (psci(method='"hvc", "smc"'), None, None),
    (psci(method=None), None, None),
    (None, None, None),
    (None, fadt(arm=1), "smc"),
    (None, fadt(arm=3), "hvc"),
    (None, fadt(arm=2), None),
    (None, fadt(arm=0xFFFC), None),
    (None, fadt(arm=1, signature=b"FADT"), None),
    (None, fadt(arm=1, size=131), "smc"),
    (None, fadt(arm=1, size=131)[:129], None),
    (None, b"FAC", None),
    (None, b"", None),
    (psci(), fadt(arm=3), "smc"),        # the device tree's word first
]


@pytest.mark.parametrize("dtb, table, conduit", ARM64)
def test_arm64(purgatory, tmp_path, dtb, table, conduit):
    files = {**({"sys/firmware/fdt": dtb} if dtb else {}), **({FACP: table} if table is not None else {})}
    root = machine(tmp_path, "arm64", files)
    if not conduit:
        assert run(purgatory, root, "arm64", "--on-failure", "reset", code=2) == "purgatory: " + NOT_SAID
    else:
        made = run(purgatory, root, "arm64", "--on-failure", "reset:7")
        assert made["on_failure"] == {"policy": "reset", "delay": 7, "timer_hz": 0, "conduit": conduit}
    assert run(purgatory, root, "arm64")["on_failure"] == {"policy": "halt", "delay": 0, "timer_hz": 0}


PORT = (1, 8, 0, 1, 0xCF9)
X86_64 = [
    (fadt(1 << 10, PORT, 6), (1, 0xCF9, 6)),
    (fadt(1 << 10, (1, 32, 0, 0, 0x64), 0xFE)[:129], (1, 0x64, 0xFE)),  # whatever the width is said to be
    (fadt(0xFFFFFBFF, PORT, 6), None),
    (fadt(1 << 10, (0, 8, 0, 1, 0xFED00000), 6), None),
    (fadt(1 << 10, (2, 8, 0, 1, 0xCF9), 6), None),
    (fadt(1 << 10, (1, 8, 0, 1, 0), 6), None),
    (fadt(1 << 10, (1, 8, 0, 1, 0xFFFF), 6), (1, 0xFFFF, 6)),
    (fadt(1 << 10, (1, 8, 0, 1, 0x10000), 6), None),
    (fadt(1 << 10, PORT, 6, signature=b"FADT"), None),
    (fadt(size=131)[:116], None),
    (None, None),
]


@pytest.mark.parametrize("table, register", X86_64)
def test_x86_64(purgatory, tmp_path, table, register):
    """Without a register the purgatory has the ways of a PC."""
    root = machine(tmp_path, "x86_64", {FACP: table} if table else {})
    expected = {"policy": "reset", "delay": 0, "timer_hz": 0}
    if register:
        expected |= dict(zip(("reset_space", "reset_address", "reset_value"), register))
    assert run(purgatory, root, "x86_64", "--on-failure", "reset")["on_failure"] == expected


@pytest.mark.parametrize("text, khz", [("2596130\n", 2596130), ("1", 1)])
def test_timer(purgatory, tmp_path, text, khz):
    """A delay is counted in ticks, of which somebody must know how long they are."""
    root = machine(tmp_path, "x86_64", {TSC: text})
    made = run(purgatory, root, "x86_64", "--on-failure", "reset:86400")["on_failure"]
    assert (made["delay"], made["timer_hz"]) == (86400, khz * 1000)
    assert run(purgatory, root, "x86_64")["on_failure"] == {"policy": "halt", "delay": 0, "timer_hz": khz * 1000}
    machines.write(root, {TSC: None})
    message = "how fast the TSC counts is not known, and reset:SECONDS needs that; give reset\n"
    assert run(purgatory, root, "x86_64", "--on-failure", "reset:1", code=2) == "purgatory: --on-failure: " + message
    assert run(purgatory, root, "x86_64", "--on-failure", "reset:0")["on_failure"]["delay"] == 0


@pytest.mark.skipif(os.geteuid() != 0 or os.uname().machine != "x86_64", reason="x86's own, as root")
def test_this_machines_timer(purgatory):
    """What is measured is what the kernel has found, if it still says so; and the same each time."""
    kernel = purgatory.file("kernel", GOOD["x86_64"])
    args = ["load", "--dry-run", "--json", "--console", "none", kernel]
    found = [json.loads(purgatory.ok(*args, env=QUIET).stdout)["on_failure"]["timer_hz"] for _ in range(3)]
    assert max(found) - min(found) < min(found) / 1000
    log = subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout
    said = re.search(r"tsc: Detected ([0-9.]+) MHz processor", log)
    if said:
        assert abs(float(said[1]) * 1e6 - found[0]) < found[0] / 1000


@pytest.mark.parametrize("text, message", [
    ("reboot", "'reboot' is not known; give halt, reset or reset:SECONDS"),
    ("", "'' is not known"),
    ("resets", "'resets' is not known"),
    ("reset:", "'' is no number of seconds from 0 to 86400"),
    ("reset:86401", "'86401' is no number"),
    ("reset:-1", "'-1' is no number"),
    ("reset: 1", "' 1' is no number"),
    ("reset:1s", "'1s' is no number"),
    ("reset:18446744073709551616", "'18446744073709551616' is no number"),
    ("halt:1", "'halt:1' is not known"),
])
def test_what_is_wrong(purgatory, tmp_path, text, message):
    said = run(purgatory, machine(tmp_path, "x86_64", {TSC: "1000000"}), "x86_64", "--on-failure", text, code=2)
    assert said.startswith("purgatory: --on-failure: ") and message in said and said.count("\n") == 1


def test_twice(purgatory, tmp_path):
    said = run(purgatory, machine(tmp_path, "x86_64"), "x86_64", "--on-failure", "halt", "--on-failure", "halt", code=2)
    assert "--on-failure is given twice" in said


RUNS = [(name, False) for name in machines.NAMES] + [(name, True) for name in machines.CRASH]


@pytest.mark.parametrize("name, panic", RUNS)
def test_record(purgatory, name, panic):
    """The record goes into the device tree, or behind boot_params, at a multiple of 8; a crash kernel's, too."""
    arch = machines.ARCH[name]
    made = run(purgatory, machines.RECORDED / name, arch, *(["--panic"] if panic else []))
    where = made["report"]
    assert where["size"] == RECORD and where["start"] % 8 == 0
    (around,) = [part for part in made["segments"] if part["name"] == {"arm64": "dtb", "x86_64": "bootprm"}[arch]]
    assert around["start"] < where["start"] and where["start"] + RECORD <= around["start"] + around["size"]
    assert all(one["start"] + one["mem_size"] <= other["start"] for one, other in
               itertools.pairwise(sorted(made["segments"], key=lambda part: part["start"])))


def test_inspect(purgatory):
    """What a block has of it is shown."""
    image = bytearray(0x1010 + 0x1700)
    struct.pack_into("<8x8sHHHHIIIIIIIIQ", image, 0, b"PURGATRY", 1, 0, 183, 64, 4096, len(image), 0x4000, 0x1000, 0,
                     0x1000, 0x1700, 1, 0)
    struct.pack_into("<8sHHI", image, 0x1000, b"PURGPARM", 1, 0, 0x1700)
    purgatory.file("file", image)
    out = purgatory.ok("inspect", "file").stdout
    assert "on failure       halt\n  console[0]" in out and "report           none\n" in out
    struct.pack_into("<IIIBBBxQQ", image, 0x1160, 0x84E61CEB, 30, 0xB80469B8, 1, 8, 6, 0xCF9, 62500000)
    struct.pack_into("<QI", image, 0x1260, 0x40001008, RECORD)
    purgatory.file("file", image)
    assert """  on failure       reset
  delay            30 s
  conduit          hvc
  reset register   space 1 address 0xcf9 width 8 value 0x6
  timer_hz         62500000
""" in purgatory.ok("inspect", "file").stdout
    assert "  report           address 0x40001008 size 0x150\n" in purgatory.ok("inspect", "file").stdout
    struct.pack_into("<I", image, 0x1160, 0x4B2D451C)
    struct.pack_into("<QQIHH8s32s", image, 0x1180, 0x40200000, 0x3000, 0, 0, 0, b"slot-b", b"\x5a" * 32)
    struct.pack_into("<IIQQ", image, 0x11C0, 0, 1, 0x40200100, 0x44000000)
    purgatory.file("file", image)
    assert f"""  fallback         start 0x40200000 size 0x3000 (12.0 KiB)
                   segment
                   {"5a" * 32}
  its handoff      native 64-bit
  its checks       kernel
  pc               0x40200100
  x0               0x44000000
""" in purgatory.ok("inspect", "file").stdout


RESET, HVC, SMC = 0x84E61CEB, 0xB80469B8, 0x36824DD6
FAILURE = 0x160  # of the block; its first fields are policy, delay, conduit, a register, timer_hz
FAILURE_SIZE = 0x100
WAYS = {
    "arm64": [(["reset"], (RESET, 0, HVC)), (["reset:9"], (RESET, 9, HVC)), (["halt"], (0, 0, 0)), ([], (0, 0, 0))],
    "x86_64": [(["reset"], (RESET, 0, 0)), (["reset:0"], (RESET, 0, 0)), ([], (0, 0, 0))],
}


def pack(purgatory, arch, *words, dtb=None):
    args = [word for word in words for word in ("--on-failure", word)]
    if dtb:
        args += ["--dtb", purgatory.file("dtb", dtb)]
    purgatory.file("kernel", GOOD[arch])
    return purgatory("pack", "-k", "kernel", "--console", "none", *args, "-o", "out")


@pytest.mark.parametrize("arch", WAYS)
def test_pack(purgatory, arch):
    """A packed image has it in its block, and check takes that, and nothing else."""
    for words, expected in WAYS[arch]:
        done = pack(purgatory, arch, *words, dtb=psci(method='"hvc"') if arch == "arm64" else None)
        assert done.returncode == 0, done.stderr
        packed = Packed(purgatory.directory / "out")
        at = packed.params_offset() + FAILURE
        content = (purgatory.directory / "out").read_bytes()
        assert struct.unpack_from("<III", content, at) == expected
        assert content[at + 12:at + FAILURE_SIZE] == bytes(FAILURE_SIZE - 12)
        purgatory.ok("check", "out")
    good = bytearray(content)
    for policy, delay, conduit, taken in (
            (RESET, 86400, HVC, arch == "arm64"), (RESET, 86401, HVC, False), (RESET, 0, SMC, arch == "arm64"),
            (RESET, 0, 0, arch == "x86_64"), (RESET, 1, 0, False), (RESET, 0, 1, False), (0, 1, 0, False),
            (0, 0, HVC, False), (0x62F746B4, 0, 0, False), (0x4B2D451C, 0, 0, False), (RESET ^ 1, 0, HVC, False)):
        struct.pack_into("<III", good, at, policy, delay, conduit)
        purgatory.file("changed", good)
        done = purgatory("check", "changed")
        # What is well formed does not have its digest any more.
        assert done.returncode == (1 if taken else 2), (policy, delay, conduit, done.stderr)
        assert ("params.failure: is not one that pack writes" in done.stderr) != taken
    struct.pack_into("<III", good, at, *expected)
    for byte in range(12, FAILURE_SIZE):
        good[at + byte] = 1
        assert "params.failure: is not one" in purgatory("check", purgatory.file("changed", good)).stderr
        good[at + byte] = 0


@pytest.mark.parametrize("arch, words, dtb, message", [
    ("arm64", ["reset"], None, "nothing says how the machine is reset; give a device tree with PSCI by --dtb, or halt"),
    ("arm64", ["reset"], psci('"arm,psci"'), "nothing says how the machine is reset; "),
    ("x86_64", ["reset:1"], None, "how fast the TSC counts is not known, and reset:SECONDS needs that; give reset"),
    ("x86_64", ["never"], None, "'never' is not known; give halt, reset or reset:SECONDS"),
    ("x86_64", ["halt", "halt"], None, "--on-failure is given twice"),
])
def test_pack_refusals(purgatory, arch, words, dtb, message):
    done = pack(purgatory, arch, *words, dtb=dtb)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1
    assert not (purgatory.directory / "out").exists()
