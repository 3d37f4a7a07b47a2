# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What `purgatory load` puts where, on recorded machines and on made-up ones."""
import gzip
import hashlib
import itertools
import os
import re
import struct
import subprocess

import pytest

import kernels
import machines
import uki
import zboot
from machines import GIB, KIB, MIB, PAGE, made_up, ram
from packed import digest

HOSTILE = True
LOWEST = MIB
# A plan lives as long as the command: nobody frees it.
QUIET = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
SPACE = 2 * MIB


def load(command, root, *args, code=0):
    done = command("load", "--dry-run", "--machine", root, *args, env=QUIET)
    assert done.returncode == code, done.stderr
    return done


def plan(command, root, *args):
    return machines.Plan(load(command, root, "--json", *args).stdout)


VMLINUX_ENTRY = 0x40


def vmlinux(arch, address=0x1000000, size=0x300000):
    """An ELF with one PT_LOAD; that of arm64 holds an Image."""
    content = kernels.arm64() if arch == "arm64" else kernels.noise(100_000, 7)
    kind, machine, virtual = (3, 183, 0xFFFF800008000000) if arch == "arm64" else (2, 62, 0xFFFFFFFF81000000)
    entry = virtual if arch == "arm64" else address + VMLINUX_ENTRY
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", kind, machine, 1, entry, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, virtual, address, len(content), size, 0x1000)
    return (header + segment).ljust(0x1000, b"\0") + content


def inner(arch, kernel):
    """What of a kernel file is loaded."""
    return kernel if arch == "arm64" else kernel[(kernel[0x1F1] + 1) * 512:]


def debian(arch):
    return (machines.RECORDED.parents[1] / "build" / "debian" / arch / "vmlinuz").read_bytes()


GOOD = {"arm64": kernels.arm64(), "x86_64": kernels.x86_64()}
# format: kernel file, what is loaded of it
FORMATS = {
    "arm64": {
        "Image": (GOOD["arm64"], GOOD["arm64"]),
        "gzip": (kernels.arm64_gz(), GOOD["arm64"]),
        "zboot gzip": (zboot.image(GOOD["arm64"]), GOOD["arm64"]),
        "zboot zstd": (zboot.image(GOOD["arm64"], "zstd"), GOOD["arm64"]),
        "UKI": (uki.image("arm64", GOOD["arm64"]), GOOD["arm64"]),
        "UKI of zboot": (uki.image("arm64", zboot.image(GOOD["arm64"], "zstd")), GOOD["arm64"]),
        "vmlinux": (vmlinux("arm64"), None),
        "vmlinux gzip": (gzip.compress(vmlinux("arm64")), None),
        "not anywhere": (kernels.arm64(flags=0x2), kernels.arm64(flags=0x2)),
        "text_offset": (kernels.arm64(text_offset=0x80000), kernels.arm64(text_offset=0x80000)),
    },
    "x86_64": {
        "bzImage": (GOOD["x86_64"], inner("x86_64", GOOD["x86_64"])),
        "low": (kernels.x86_64(xloadflags=0x21), inner("x86_64", GOOD["x86_64"])),
        "not relocatable": (kernels.x86_64(relocatable=0), inner("x86_64", GOOD["x86_64"])),
        "UKI": (uki.image("x86_64", GOOD["x86_64"]), inner("x86_64", GOOD["x86_64"])),
        "vmlinux": (vmlinux("x86_64"), None),
    },
}
RUNS = [(name, False) for name in machines.NAMES] + [(name, True) for name in machines.CRASH]
# A crash kernel's memory is not where these must lie.
ELSEWHERE = {("x86_64", "not relocatable"), ("x86_64", "vmlinux"), ("x86_64-high", "low")}


def windowed(kernel, initrd):
    """arm64: is there a window of 32 GiB at a multiple of 1 GiB that holds both (booting.rst)."""
    low, high = min(kernel[0], initrd[0]), max(kernel[1], initrd[1])
    return high <= low // GIB * GIB + 32 * GIB


def check_places(root, arch, made, panic):
    """No segment lies where it must not."""
    usable = machines.usable(root, panic)
    places = sorted(made.places.values())
    for start, end in places:
        assert start % PAGE[arch] == 0 and end % PAGE[arch] == 0 and start < end
        assert any(low <= start and end <= high for low, high in usable), (hex(start), hex(end))
        assert start >= LOWEST
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(places))
    # What is left is all else: nothing is lost, nothing is given twice.
    left = usable
    below = [(made.places["kernel"][0] // SPACE * SPACE, made.places["kernel"][0])] if arch == "arm64" else []
    for start, end in places + below:  # text_offset bytes below the kernel are its own
        left = list(machines.without(left, start, end))
    assert made.free == left
    assert made.said["entry"] == made.places["purgatory"][0]
    if arch == "arm64" and "initrd" in made.places:
        assert windowed(made.places["kernel"], made.places["initrd"])


@pytest.mark.parametrize("direction", [[], ["--top-down"]], ids=["up", "down"])
@pytest.mark.parametrize("name, panic", RUNS)
def test_recorded(purgatory, name, panic, direction):
    """Every format, on every recorded machine."""
    arch, root = machines.ARCH[name], machines.RECORDED / name
    initrd = purgatory.file("initrd", kernels.noise(3 * MIB + 5, 4))
    args = ["--initrd", initrd, "--append", "quiet", *direction, *(["--panic"] if panic else [])]
    for title, (kernel, content) in FORMATS[arch].items():
        if panic and {(arch, title), (name, title)} & ELSEWHERE:
            assert "crash kernel" in load(purgatory, root, purgatory.file("kernel", kernel), *args, code=2).stderr
            continue
        made = plan(purgatory, root, purgatory.file("kernel", kernel), *args)
        check_places(root, arch, made, panic)
        offset = 0 if arch == "arm64" else VMLINUX_ENTRY if title == "vmlinux" else 0x200
        argument = made.places["dtb" if arch == "arm64" else "bootprm"][0]
        assert made.said["handoff"] == {"entry": made.places["kernel"][0] + offset, "argument": argument}
        assert made.digest("initrd") == hashlib.sha256(initrd.read_bytes()).hexdigest()
        if content:
            assert made.digest("kernel") == hashlib.sha256(content).hexdigest(), title
        names = {"arm64": {"kernel", "initrd", "dtb"}, "x86_64": {"kernel", "initrd", "cmdline", "bootprm"}}[arch]
        assert set(made.segments) == names | ({"elfcore"} if panic else set())
        if arch == "x86_64":
            cmdline = f"quiet elfcorehdr=0x{made.places['elfcore'][0]:x}" if panic else "quiet"
            assert made.digest("cmdline") == hashlib.sha256(cmdline.encode() + b"\0").hexdigest()


@pytest.mark.parametrize("name", machines.CRASH)
def test_dump(purgatory, name):
    """The dump has a note of each CPU and of the kernel, and a range of the kernel's own and of each of RAM that is not
    the crash kernel's: on x86 that is the first MiB, too."""
    arch, root = machines.ARCH[name], machines.RECORDED / name
    made = plan(purgatory, root, purgatory.file("kernel", GOOD[arch]), "--panic")
    dumped = [(start, end) for depth, start, end, what in machines.lines(root) if not depth and what == "System RAM"]
    for _, start, end, what in machines.lines(root):
        if what == "Crash kernel":
            dumped = list(machines.without(dumped, start, end))
    if arch == "x86_64":
        dumped = list(machines.without(dumped, 0, MIB))
    cpus = len(list(root.glob("sys/devices/system/cpu/cpu*/crash_notes")))
    assert made.segments["elfcore"]["size"] == 64 + 56 * (cpus + 1 + 1 + len(dumped))


@pytest.mark.parametrize("name", machines.NAMES)
def test_debian(purgatory, name):
    arch, root = machines.ARCH[name], machines.RECORDED / name
    kernel = debian(arch)
    made = plan(purgatory, root, purgatory.file("kernel", kernel), "--append", "quiet")
    check_places(root, arch, made, False)
    if arch == "x86_64":
        assert made.digest("kernel") == hashlib.sha256(inner(arch, kernel)).hexdigest()


@pytest.mark.parametrize("name, panic", RUNS)
def test_map(purgatory, name, panic):
    """The picture has no overlap, and shows all RAM that there is."""
    root = machines.RECORDED / name
    kernel = purgatory.file("kernel", GOOD[machines.ARCH[name]])
    said = load(purgatory, root, "--map", kernel, *(["--panic"] if panic else [])).stdout
    assert "overlaps" not in said
    rows = re.finditer(r"^  0x([0-9a-f]+) .{10}  (.{18}) \|", said, re.M)
    starts = [(int(row[1], 16), row[2].strip()) for row in rows]
    assert starts == sorted(starts)
    gaps = [(start, following) for (start, what), (following, _) in itertools.pairwise(starts) if what == "-"]
    memory = [(start, end) for depth, start, end, what in machines.lines(root) if not depth and what == "System RAM"]
    for start, end in memory:
        assert starts[0][0] <= start and not any(low < end and start < high for low, high in gaps)
    shown = {start: what for start, what in starts}
    for start, end in machines.usable(root, panic):
        assert shown[start] in ("free RAM", "kernel", "initrd", "dtb", "cmdline", "bootprm", "purgatory", "elfcore")
    if name == "x86_64-high" and panic:
        assert shown[0x6F000000] == "crash kernel's"


def highest(usable, size, align, limit=1 << 64):
    lasts = [(max(low, LOWEST), (min(high, limit) - size) // align * align) for low, high in usable]
    return max(start for low, start in lasts if start >= low)


@pytest.mark.parametrize("name", machines.NAMES)
def test_top_down(purgatory, name):
    """The kernel, which is placed first, gets the highest place that there is."""
    arch, root = machines.ARCH[name], machines.RECORDED / name
    made = plan(purgatory, root, purgatory.file("kernel", GOOD[arch]), "--top-down")
    low, high = made.places["kernel"]
    assert low == highest(machines.usable(root), high - low, SPACE)
    made = plan(purgatory, root, "kernel")
    assert made.places["kernel"][0] < low


def test_arm64_not_anywhere(purgatory):
    """What lies below such a kernel is lost to it: it goes to the lowest place, and the rest above it."""
    root = machines.RECORDED / "arm64-virt"
    kernel, initrd = purgatory.file("kernel", kernels.arm64(flags=0x2)), purgatory.file("initrd", b"x" * 5000)
    made = plan(purgatory, root, kernel, "--initrd", initrd, "--top-down")
    assert made.places["kernel"][0] == 0x40000000
    assert min(made.places["initrd"][0], made.places["dtb"][0]) > made.places["kernel"][0]


@pytest.mark.parametrize("flags, below", [(0x2, False), (0xA, True)])
def test_arm64_hole_below(purgatory, tmp_path, flags, below):
    """A hole that is too small for the kernel is of use only to one that may lie anywhere."""
    root = made_up(tmp_path, "arm64", [ram(GIB, GIB + MIB - 1), ram(GIB + 4 * MIB, GIB + 64 * MIB - 1)])
    kernel = purgatory.file("kernel", kernels.arm64(flags=flags, image_size=2 * MIB))
    made = plan(purgatory, root, kernel, "--initrd", purgatory.file("initrd", b"x" * 5000))
    for name in ("initrd", "dtb"):
        assert (made.places[name][0] < made.places["kernel"][0]) == below


def test_arm64_text_offset(purgatory):
    kernel = purgatory.file("kernel", kernels.arm64(text_offset=0x80000))
    made = plan(purgatory, machines.RECORDED / "arm64-virt", kernel)
    assert made.places["kernel"][0] % SPACE == 0x80000


FAR = [ram(GIB, GIB + 8 * MIB - 1), ram(40 * GIB, 41 * GIB - 1)]


def test_arm64_initrd_window(purgatory, tmp_path):
    """The kernel would fit below, the initrd only above; but no window holds both."""
    kernel, initrd = purgatory.file("kernel", GOOD["arm64"]), purgatory.file("initrd", bytes(16 * MIB))
    root = made_up(tmp_path, "arm64", FAR)
    assert "purgatory: initrd: needs 16384 KiB in one piece where it may be; " in load(
        purgatory, root, kernel, "--initrd", initrd, code=2).stderr
    made = plan(purgatory, root, kernel, "--initrd", initrd, "--top-down")
    assert windowed(made.places["kernel"], made.places["initrd"])


@pytest.mark.parametrize("distance, fits", [(31, True), (32, False)])
def test_arm64_initrd_below(purgatory, tmp_path, distance, fits):
    """A window may begin below the kernel."""
    top = (1 + distance) * GIB
    root = made_up(tmp_path, "arm64", [ram(GIB, GIB + 64 * MIB - 1), ram(top, top + 4 * MIB - 1)])
    args = [root, purgatory.file("kernel", GOOD["arm64"]), "--initrd", purgatory.file("initrd", bytes(16 * MIB)),
        "--top-down"]
    if fits:
        made = plan(purgatory, *args)
        assert made.places["kernel"][0] >= top and made.places["initrd"][1] <= GIB + 64 * MIB
    else:
        load(purgatory, *args, code=2)


HIGH = [ram(0, 0x9FFFF), ram(MIB, 2 * GIB - 1), ram(4 * GIB, 8 * GIB - 1)]


@pytest.mark.parametrize("xloadflags, limit", [(0x3, 1 << 64), (0x1, 4 * GIB)])
def test_x86_64_above_4g(purgatory, tmp_path, xloadflags, limit):
    """Only a kernel that says so takes what lies above 4 GiB; the purgatory may lie there in any case."""
    root = made_up(tmp_path, "x86_64", HIGH)
    kernel = purgatory.file("kernel", kernels.x86_64(xloadflags=xloadflags))
    made = plan(purgatory, root, kernel, "--initrd", purgatory.file("initrd", bytes(9 * MIB)), "--top-down",
        "--append", "a")
    for name in ("kernel", "initrd", "cmdline", "bootprm"):
        assert (made.places[name][0] >= 4 * GIB) == (limit > 4 * GIB)
    assert made.places["purgatory"][0] > 4 * GIB


@pytest.mark.parametrize("initrd_max", [0x37FFFFFF, 0x7FFFFFFF])
def test_x86_64_initrd_max(purgatory, tmp_path, initrd_max):
    root = made_up(tmp_path, "x86_64", HIGH)
    kernel = purgatory.file("kernel", kernels.x86_64(xloadflags=0x1, initrd_max=initrd_max))
    made = plan(purgatory, root, kernel, "--initrd", purgatory.file("initrd", bytes(9 * MIB)), "--top-down")
    end = made.places["kernel"][0] if made.places["kernel"][0] <= initrd_max else initrd_max + 1
    assert made.places["initrd"][1] == end


@pytest.mark.parametrize("options, place", [
    ({}, 0x1000000),
    ({"pref": 0x40000000}, 0x50000000),  # in use: the next place above it
    ({"pref": 0x10000, "alignment": 0x1000}, MIB),       # nothing below 1 MiB
    ({"pref": 0x1000001}, 0x1200000),                    # no page begins there
])
def test_x86_64_pref_address(purgatory, tmp_path, options, place):
    root = made_up(tmp_path, "x86_64", [ram(0, 0x3FFFFFFF), ram(0x50000000, 0x5FFFFFFF)])
    made = plan(purgatory, root, purgatory.file("kernel", kernels.x86_64(**options)))
    assert made.places["kernel"][0] == place


@pytest.mark.skipif(os.geteuid() != 0, reason="others are not shown where memory is")
def test_record_this_machine(purgatory, tmp_path):
    """record.sh copies what the command reads, from this machine: so it plans the same from the copy, but for seeds."""
    root = tmp_path / "copy"
    subprocess.run([machines.RECORDED / "record.sh", root], check=True)
    arch = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    args = ["load", "--dry-run", "--json", purgatory.file("kernel", GOOD[arch]), "--reuse-cmdline", "--append", "a"]
    here, copied = (machines.Plan(purgatory.ok(*args, *more, env=QUIET).stdout) for more in ([], ["--machine", root]))
    assert here.places == copied.places and here.cmdline == copied.cmdline and here.consoles == copied.consoles
    assert here.cmdline.endswith(" a") or here.cmdline == "a"


def test_second_level(purgatory, tmp_path):
    """What firmware left in RAM is a line below another line."""
    root = made_up(tmp_path, "arm64", [ram(GIB, 2 * GIB - 1), (GIB, GIB + 600 * MIB - 1, "reserved", 1),
                                       (GIB + 640 * MIB, 2 * GIB - 1, "Kernel data", 1),
                                       (GIB + 650 * MIB, GIB + 651 * MIB - 1, "reserved", 2)])
    made = plan(purgatory, root, purgatory.file("kernel", GOOD["arm64"]), "--initrd",
        purgatory.file("i", bytes(20 * MIB)))
    check_places(root, "arm64", made, False)
    assert made.places["kernel"][0] == GIB + 600 * MIB


@pytest.mark.parametrize("lanes", [1, 2, 16])
def test_stripes(purgatory, lanes):
    initrd = kernels.noise(200 * KIB + 3, 5)
    made = plan(purgatory, machines.RECORDED / "x86_64-q35", purgatory.file("kernel", GOOD["x86_64"]), "--stripes",
                lanes, "--initrd", purgatory.file("initrd", initrd))
    assert made.segments["initrd"]["lanes"] == (lanes if lanes > 1 else 0)
    assert made.digest("initrd") == digest(initrd, lanes if lanes > 1 else 0).hex()
    assert made.segments["cmdline"]["lanes"] == 0


def at_fours(*parts):
    data = b""
    for part in parts:
        data = data.ljust(-(-len(data) // 4) * 4, b"\0") + part
    return data


def test_initrds(purgatory):
    """One behind the other, each at a multiple of four; a UKI's own before them, its microcode first of all."""
    root = machines.RECORDED / "x86_64-q35"
    parts = [kernels.noise(size, size) for size in (1001, 1002, 1003)]
    files = [word for number, part in enumerate(parts) for word in ("-i", purgatory.file(f"i{number}", part))]
    made = plan(purgatory, root, purgatory.file("kernel", GOOD["x86_64"]), *files)
    assert made.digest("initrd") == hashlib.sha256(at_fours(*parts)).hexdigest()
    image = uki.image("x86_64", GOOD["x86_64"], initrd=b"own" * 11, ucode=b"micro")
    made = plan(purgatory, root, purgatory.file("uki", image), *files)
    assert made.digest("initrd") == hashlib.sha256(at_fours(b"micro", b"own" * 11, *parts)).hexdigest()
    made = plan(purgatory, root, "uki")
    assert made.digest("initrd") == hashlib.sha256(at_fours(b"micro", b"own" * 11)).hexdigest()


# the running kernel's, more options, what the next one gets
CMDLINES = [
    ("root=/dev/sda1 ro", [], None),
    ("root=/dev/sda1 ro", ["--append", "quiet"], "quiet"),
    ("root=/dev/sda1 ro", ["--append", ""], ""),
    ("root=/dev/sda1 ro", ["--command-line", "quiet"], "quiet"),
    ("root=/dev/sda1 ro", ["--reuse-cmdline"], "root=/dev/sda1 ro"),
    ("root=/dev/sda1 ro", ["--reuse-cmdline", "--append", "a b"], "root=/dev/sda1 ro a b"),
    ("root=/dev/sda1 ro", ["--reuse-cmdline", "--append", ""], "root=/dev/sda1 ro"),
    ("BOOT_IMAGE=/vmlinuz ro", ["--reuse-cmdline"], "ro"),
    ("  a   b  ", ["--reuse-cmdline"], "a b"),
    ("", ["--reuse-cmdline", "--append", "a"], "a"),
    ("ro elfcorehdr=0x1000 x", ["--reuse-cmdline"], "ro x"),
    ("ro crashkernel=256M x", ["--reuse-cmdline"], "ro crashkernel=256M x"),
    ("ro crashkernel=256M crashkernel=1M,low", ["--reuse-cmdline", "--panic"], "ro"),
    ('a="b BOOT_IMAGE=c" BOOT_IMAGE=d e', ["--reuse-cmdline"], 'a="b BOOT_IMAGE=c" e'),
    ('a="b \\ c', ["--reuse-cmdline"], 'a="b \\ c'),
    ('xBOOT_IMAGE=d', ["--reuse-cmdline"], "xBOOT_IMAGE=d"),
]


@pytest.mark.parametrize("running, args, expected", CMDLINES)
def test_cmdline(purgatory, tmp_path, running, args, expected):
    root = machines.copy(tmp_path, "x86_64-q35-crash", {"proc/cmdline": running + "\n"})
    made = plan(purgatory, root, purgatory.file("kernel", GOOD["x86_64"]), *args)
    assert made.cmdline == expected
    if "--panic" not in args:
        assert made.digest("cmdline") == hashlib.sha256((expected or "").encode() + b"\0").hexdigest()


@pytest.mark.parametrize("args, expected", [
    ([], "own root=x"), (["--append", "a"], "a"), (["--reuse-cmdline"], "console=ttyS0"),
])
def test_cmdline_of_uki(purgatory, args, expected):
    image = uki.image("x86_64", GOOD["x86_64"], cmdline="own root=x\n")
    made = plan(purgatory, machines.RECORDED / "x86_64-q35", purgatory.file("kernel", image), *args)
    assert made.cmdline == expected


def console(kind, base, width=1, stride=0, baud=0):
    return {"kind": kind, "base": base, "width": width, "stride": stride, "baud": baud}


PL011, COM1 = console("pl011", 0x9000000, 4), console("8250 port", 0x3F8)


@pytest.mark.parametrize("name, args, expected", [
    ("x86_64-q35", [], []),
    ("x86_64-q35", ["--append", "console=ttyS0"], [COM1]),
    ("x86_64-q35", ["--reuse-cmdline"], [COM1]),
    ("x86_64-q35", ["--append", "earlycon=uart8250,mmio32,0xfedc9000"], [console("8250", 0xFEDC9000, 4, 4)]),
    ("x86_64-q35", ["--console", "vga"], [console("vga", 0xB8000, 0)]),
    ("x86_64-q35", ["--console", "none", "--append", "console=ttyS0"], []),
    ("arm64-virt", [], [PL011]),       # the DTB's stdout-path
    ("arm64-uefi-acpi", [], [PL011]),  # SPCR: the DTB there has none
    ("arm64-virt", ["--append", "earlycon=pl011,0xa000000"], [console("pl011", 0xA000000, 4)]),
    ("arm64-uefi-acpi", ["--append", "earlycon=pl011,0xa000000"], [console("pl011", 0xA000000, 4)]),
])
def test_consoles(purgatory, name, args, expected):
    done = load(purgatory, machines.RECORDED / name, "--json", purgatory.file("kernel", GOOD[machines.ARCH[name]]),
        *args)
    assert machines.Plan(done.stdout).consoles == expected
    assert ("no console found" in done.stderr) == (not expected and "none" not in args)


def spcr(kind, space, width, access, address, signature=b"SPCR"):
    fields = struct.pack("<B3xBBBBQ", kind, space, width, 0, access, address)
    return signature.ljust(36, b"\0") + fields.ljust(44, b"\0")


@pytest.mark.parametrize("arch, table, expected", [
    ("arm64", spcr(3, 0, 32, 3, 0x9000000), PL011),
    ("arm64", spcr(3, 0, 32, 2, 0x9000000), console("pl011", 0x9000000, 2)),
    ("arm64", spcr(0x0E, 0, 32, 3, 0x9000000), PL011),
    ("arm64", spcr(0x0D, 0, 32, 3, 0x9000000), PL011),
    ("arm64", spcr(0, 0, 32, 3, 0xFF1A0000), console("8250", 0xFF1A0000, 4, 4)),
    ("arm64", spcr(0x12, 0, 32, 1, 0xFF1A0000), console("8250", 0xFF1A0000, 1, 4)),
    ("arm64", spcr(1, 0, 8, 1, 0xFF1A0000), console("8250", 0xFF1A0000, 1, 1)),
    ("x86_64", spcr(0, 1, 8, 1, 0x2F8), console("8250 port", 0x2F8)),
    ("arm64", spcr(0, 1, 8, 1, 0x2F8), None),    # no ports there
    ("x86_64", spcr(3, 0, 32, 3, 0x9000000), PL011),
    ("arm64", spcr(0x10, 0, 32, 3, 0x9000000), None),
    ("arm64", spcr(3, 0, 32, 3, 0), None),
    ("arm64", spcr(3, 0, 32, 3, 0x9000000, b"DBG2"), None),
    ("arm64", spcr(3, 0, 32, 3, 0x9000000)[:51], None),
    ("arm64", b"", None),
])
def test_spcr(purgatory, tmp_path, arch, table, expected):
    root = made_up(tmp_path, arch, [ram(GIB, 2 * GIB - 1)], {"sys/firmware/acpi/tables/SPCR": table})
    made = plan(purgatory, root, purgatory.file("kernel", GOOD[arch]))
    assert made.consoles == ([expected] if expected else [])


@pytest.mark.parametrize("machine_has", [True, False])
def test_dtb_of_uki(purgatory, tmp_path, machine_has):
    """The machine's own, which says where memory is, is better: a UKI's damaged one is then not even looked at."""
    root = machines.copy(tmp_path, "arm64-virt", {} if machine_has else {"sys/firmware/fdt": None})
    kernel = purgatory.file("kernel", uki.image("arm64", GOOD["arm64"], dtb=b"\xd0\x0d\xfe\xed" + bytes(90)))
    said = load(purgatory, root, kernel, code=0 if machine_has else 2).stderr
    assert ("UKI: .dtb: dtb: not a sound device tree" in said) == (not machine_has)


