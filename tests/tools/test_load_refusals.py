# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What `purgatory load`, exec, unload and status refuse, each with one line; no damaged file makes them crash."""
import os
import struct
import subprocess

import pytest

import kernels
import machines
import pe
import uki
import zboot
from machines import GIB, MIB, made_up, ram
from test_load import GOOD, QUIET, vmlinux

HOSTILE = True
Q35, Q35_CRASH, VIRT = (machines.RECORDED / name for name in ("x86_64-q35", "x86_64-q35-crash", "arm64-virt"))
NOBODY = 65534


def refused(command, *args, **options):
    """The one line that it says."""
    done = command(*args, **{"env": QUIET, **options})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("purgatory: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("purgatory: ").rstrip("\n")


def patched(data, at, new):
    return data[:at] + new + data[at + len(new):]


ZBOOT = zboot.image(GOOD["arm64"])
ZSTD = zboot.image(GOOD["arm64"], "zstd")
ELF = vmlinux("x86_64")
UKI = uki.image("arm64", GOOD["arm64"])
NOT_A_KERNEL = ("kernel: is not a kernel; give an arm64 Image or an x86 bzImage, also as gzip, EFI zboot or UKI, or "
                "an ELF vmlinux")
CUT = "kernel: it is shorter than its header says; is the file complete?"

# kernel file, the machine, what is said of it
KERNELS = {
    "nothing": (b"", VIRT, "is empty"),
    "junk": (kernels.noise(5000, 3), VIRT, NOT_A_KERNEL),
    "gzip of junk": (kernels.gzip.compress(b"hello"), VIRT, NOT_A_KERNEL),
    "gzip cut": (kernels.arm64_gz()[:-20], VIRT, "gzip: ends in the middle of its data; is the file complete?"),
    "other arch": (GOOD["x86_64"], VIRT, "kernel: is for x86_64, but this machine is arm64"),
    "other arch too": (GOOD["arm64"], Q35, "kernel: is for arm64, but this machine is x86_64"),
    "Image cut": (GOOD["arm64"][:63], VIRT, NOT_A_KERNEL),
    "Image big-endian": (kernels.arm64(flags=0xB), VIRT,
        "flags: is 0xb: the kernel is big-endian; a little-endian one is "
                         "needed"),
    "Image old": (kernels.arm64(image_size=0), VIRT,
        "image_size: is 0, so the kernel is older than 3.17; a newer one is "
                  "needed"),
    "text_offset": (kernels.arm64(text_offset=0x1000), VIRT, "text_offset: is 0x1000; kexec_load needs a multiple of "
                    "0x10000"),
    "bzImage cut": (GOOD["x86_64"][:0x400], Q35, CUT),
    "bzImage old": (kernels.x86_64(version=0x20B), Q35,
        "version: boot protocol before 2.12 (Linux 3.8); a newer kernel is "
                    "needed"),
    "bzImage 32-bit": (kernels.x86_64(xloadflags=0), Q35, "xloadflags: no 64-bit entry; an x86_64 kernel is needed"),
    "place taken": (kernels.x86_64(relocatable=0, pref=0x3FF00000), Q35,
        "kernel: must lie at 0x3ff00000 to 0x40300000, and "
                    "that is not free; give a bzImage"),
    "no place in low memory": (kernels.x86_64(relocatable=0, pref=0x10000), Q35,
        "kernel: must lie at 0x10000 to 0x410000, "
                               "and that is not free; give a bzImage"),
    "zboot compression": (ZBOOT.replace(b"gzip\0", b"lzma\0", 1), VIRT, "zboot: compressed with neither gzip nor zstd"),
    "zboot cut": (ZBOOT[:-0x8000], VIRT, "zboot: the payload is empty, or lies outside the file"),
    "zboot damaged": (patched(ZSTD, len(ZSTD) // 2, b"\xff" * 64), VIRT,
        "zstd: damaged, or unpacks to more than 1024 MiB: "),
    "zboot bomb": (zboot.image(bytes(1100 * MIB), "zstd"), VIRT, "zstd: damaged, or unpacks to more than 1024 MiB: "
                   "Destination buffer is too small"),
    "zboot of bzImage": (zboot.image(GOOD["x86_64"]), VIRT, "zboot: what is compressed in it is not an arm64 Image"),
    "UKI cut": (UKI[:-0x8000], VIRT, "UKI: a PE section lies outside the file"),
    "UKI of other arch": (uki.image("arm64", GOOD["x86_64"]), VIRT,
        "UKI: .linux: is for another architecture than the UKI"),
    "UKI of junk": (uki.image("arm64", b"junk" * 99), VIRT, "UKI: .linux: is not a kernel"),
    "PE": (pe.image("arm64", [(".text", b"x" * 99)]), VIRT, "UKI: there is no section .linux, or it is empty"),
    "ELF cut": (ELF[:0x70], Q35, "ELF: a header, section or segment lies outside the file"),
    "ELF 32-bit": (patched(ELF, 4, b"\1"), Q35, "ELF: not a 64-bit little-endian ELF file of version 1"),
    "ELF for nobody": (patched(ELF, 18, b"\xf3"), Q35, "ELF: for neither arm64 nor x86_64"),
    "ELF for arm64, no Image": (vmlinux("arm64").replace(b"ARM\x64", b"ARM\0"), VIRT,
        "ELF: has no Image header where it "
                                "starts; is it a vmlinux?"),
    "ELF unaligned": (vmlinux("x86_64", 0x1000800), Q35,
        "kernel: must lie at 0x1000800 to 0x1300800, and that is not free; "
                      "give a bzImage"),
}


@pytest.mark.parametrize("title", KERNELS)
def test_kernels(purgatory, title):
    kernel, root, expected = KERNELS[title]
    said = refused(purgatory, "load", "--dry-run", "--machine", root, purgatory.file("kernel", kernel))
    path, _, line = said.partition(": ")
    assert path.endswith("kernel")
    assert line.startswith(expected) if expected.endswith(": ") else line == expected


def load(purgatory, root, *args):
    kernel = GOOD[(root / "proc/sys/kernel/arch").read_text().strip().replace("aarch64", "arm64")]
    purgatory.file("kernel", kernel)
    return refused(purgatory, "load", "-n", "--machine", root, "kernel", *args).replace(f"{root}", "DIR")


@pytest.mark.parametrize("root, args, expected", [
    (Q35, ["--panic"], "--panic: no memory is reserved for a crash kernel; boot with crashkernel=512M"),
    (VIRT, ["--load-panic"], "--panic: no memory is reserved for a crash kernel; boot with crashkernel=512M"),
    (Q35, ["--dtb", "kernel"], "kernel: --dtb: is for arm64 only, but the kernel is for x86_64; leave it out"),
    (VIRT, ["--dtb", "kernel"], "kernel: dtb: not a sound device tree; make one with dtc -O dtb"),
    (VIRT, ["--dtb", "missing"], "missing: open: No such file or directory"),
    (Q35, ["--initrd", "missing"], "missing: open: No such file or directory"),
    (Q35, ["--stripes", "3"], "--stripes: '3' is no number of stripes; give 1, 2, 4, 8 or 16"),
    (Q35, ["--append", "x" * 2048], "--append: is 2048 bytes long; this kernel takes 2047 at most"),
    (VIRT, ["--append", "x" * 2048], "--append: is 2048 bytes long; this kernel takes 2047 at most"),
    (Q35, ["--reuse-cmdline", "--append", "x" * 2040], "--append: is 2054 bytes long; this kernel takes 2047 at most"),
    # This one is long enough only with elfcorehdr= behind it.
    (Q35_CRASH, ["--panic", "--append", "x" * 2030],
        "--append: the command line is 2052 bytes long; this kernel takes 2047 at most"),
    (Q35, ["other"], "load: KERNEL is given twice; see 'purgatory load --help'"),
    (Q35, ["--kernel", "other"], "load: KERNEL is given twice; see 'purgatory load --help'"),
    (Q35, ["--append", "a", "--command-line", "b"], "load: --append is given twice; see 'purgatory load --help'"),
    (Q35, ["--dtb", "a", "--dtb", "b"], "load: --dtb is given twice; see 'purgatory load --help'"),
    (Q35, ["--stripes", "2", "-s", "4"], "load: --stripes is given twice; see 'purgatory load --help'"),
    (Q35, ["--machine", "a"], "load: --machine is given twice; see 'purgatory load --help'"),
    (Q35, ["--verify", "never", "--verify", "always"],
        "load: --verify is given twice; see 'purgatory load --help'"),
    (Q35, ["--verify", "maybe"], "--verify: 'maybe' is not known; give always, unless-unmapped or never"),
    (Q35, ["--verify="], "--verify: '' is not known; give always, unless-unmapped or never"),
    (Q35, ["--verify=unless-unmapped"], "--verify: unless-unmapped is for --panic: a kernel that is left in order does "
        "not keep its page tables; give always"),
    (Q35, ["--map", "--json"], "load: --map and --json exclude each other; see 'purgatory load --help'"),
    (Q35, ["--bogus"], "load: '--bogus' is not an option; see 'purgatory load --help'"),
    (Q35, ["--append"], "load: '--append' needs a value; see 'purgatory load --help'"),
])
def test_options(purgatory, root, args, expected):
    assert load(purgatory, root, *args) == expected


@pytest.mark.parametrize("args, expected", [
    (["load"], "load: KERNEL is missing; see 'purgatory load --help'"),
    (["load", "--machine", "x", "kernel"], "load: --machine is for --dry-run only; see 'purgatory load --help'"),
    (["exec", "now"], "exec: 'now' is one too many; see 'purgatory exec --help'"),
    (["exec", "--panic"], "exec: '--panic' is not an option; see 'purgatory exec --help'"),
    (["unload", "--json"], "unload: '--json' is not an option; see 'purgatory unload --help'"),
    (["unload", "all"], "unload: 'all' is one too many; see 'purgatory unload --help'"),
    (["status", "-x"], "status: '-x' is not an option; see 'purgatory status --help'"),
])
def test_usage(purgatory, args, expected):
    assert refused(purgatory, *args) == expected


@pytest.mark.parametrize("command", ["load", "exec", "unload", "status"])
def test_help(purgatory, command):
    said = purgatory.ok(command, "--help").stdout
    assert said.startswith(f"Usage: purgatory {command}") and "Exit codes" in said


X86 = "x86_64-q35-crash"
ARM = "arm64-virt-crash"
E820 = "sys/firmware/memmap/2"


# recorded machine, its files changed, more options, what is said
@pytest.mark.parametrize("name, files, args, expected", [
    (X86, {"proc/sys/kernel/arch": None}, [],
        "DIR: /proc/sys/kernel/arch: is missing; write x86_64 or aarch64 into it"),
    (X86, {"proc/sys/kernel/arch": "s390x\n"}, [],
        "this machine: is of the architecture s390x; x86_64 and aarch64 are known"),
    (X86, {"proc/iomem": None}, [], "DIR: /proc/iomem: is missing, so nobody says where memory is"),
    (X86, {"proc/iomem": ""}, [], "DIR: /proc/iomem: there is no RAM in it, or none for the kernel that is asked for"),
    (X86, {"proc/iomem": "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n"}, [],
     "DIR: /proc/iomem: shows its addresses to root only; run this as root"),
    (X86, {"proc/iomem": "0-ffff : System RAM\nboo\n"}, [],
        "DIR: /proc/iomem: a line or a word is not of the map's format"),
    (X86, {"proc/iomem": "2000-1000 : System RAM\n"}, [], "DIR: /proc/iomem: a range ends before it starts, or wraps"),
    (X86, {"proc/iomem": "1000-1fff : System RAM\n  3000-3fff : reserved\n"}, [],
     "DIR: /proc/iomem: a range is said to be inside another one, and is not"),
    (X86, {"proc/iomem": "00001000-0009fbff : System RAM\n"}, [],
     "kernel: needs 4096 KiB in one piece where it may be; of this machine's free memory 635 KiB are left; 'purgatory "
     "load --dry-run --map' shows where"),
    (X86, {"proc/iomem": "1000000-13fffff : System RAM\n"}, ["-i", "kernel"],
     "initrd: needs 60 KiB in one piece where it may be; of this machine's free memory 0 KiB are left; 'purgatory load "
     "--dry-run --map' shows where"),
    (X86, {"proc/iomem": "1000000-10000fff : System RAM\n  1000000-10fffff : Crash kernel\n"}, ["--panic"],
     "kernel: needs 4096 KiB in one piece, but of the memory that is reserved for a crash kernel 1024 KiB are left, or "
     "not where it may be; boot with a larger crashkernel=, or without ,high"),
    (X86, {"proc/iomem": "1000000-10000fff : System RAM\n  1000000-13fffff : Crash kernel\n"},
        ["--panic", "-i", "kernel"],
     "initrd: needs 60 KiB in one piece, but of the memory that is reserved for a crash kernel 0 KiB are left, or not "
     "where it may be; boot with a larger crashkernel=, or without ,high"),
    (X86, {f"{E820}/start": "zero\n"}, [],
        "DIR: /sys/firmware/memmap: entry 2: a line or a word is not of the map's format"),
    (X86, {f"{E820}/end": "0x0\n", f"{E820}/start": "0x10\n"}, [],
     "DIR: /sys/firmware/memmap: entry 2: a range ends before it starts, or wraps"),
    # Numbers of what was unplugged are not used again.
    (X86, {f"sys/firmware/memmap/90/{name}": "zero\n" for name in ("start", "end", "type")}, [],
     "DIR: /sys/firmware/memmap: entry 90: a line or a word is not of the map's format"),
    (X86, {"sys/kernel/vmcoreinfo": None}, ["--panic"],
     "DIR: /sys/kernel/vmcoreinfo: is missing: this kernel was built without crash dumps"),
    (ARM, {"sys/firmware/fdt": None}, [],
     "DIR: /sys/firmware/fdt: is missing, so nothing says to the next kernel where memory is; give --dtb"),
    (ARM, {"sys/firmware/fdt": b"\xd0\x0d\xfe\xed"}, [], "/sys/firmware/fdt: dtb: not a sound device tree; "
     "make one with dtc -O dtb"),
])
def test_machines(purgatory, tmp_path, name, files, args, expected):
    assert load_made(purgatory, machines.copy(tmp_path, name, files), machines.ARCH[name], *args) == expected


def load_made(purgatory, root, arch, *args):
    purgatory.file("kernel", GOOD[arch])
    return refused(purgatory, "load", "-n", "--machine", root, "kernel", *args).replace(f"{root}", "DIR")


@pytest.mark.parametrize("flags, xloadflags, good", [
    ("fpu la57 ospke", 0x3, False), ("fpu la57 ospke", 0x23, True), ("fpu la57", 0x3, False),
    ("fpu la57x", 0x3, True), ("fpu xla57", 0x3, True), ("fpu", 0x3, True),
])
def test_5_level_paging(purgatory, tmp_path, flags, xloadflags, good):
    """A kernel that does not know it is not for a running kernel that uses it."""
    cpu = f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: no la57 here\n\n"
    root = machines.copy(tmp_path, "x86_64-q35", {"proc/cpuinfo": cpu})
    purgatory.file("kernel", kernels.x86_64(xloadflags=xloadflags))
    done = purgatory("load", "-n", "--console", "none", "--machine", root, "kernel")
    assert (done.returncode, done.stderr) == ((0, "") if good else (2, "purgatory: kernel: xloadflags: has no 5-level "
                                              "paging, which the running kernel uses; boot that with no5lvl\n"))


def test_hole_for_the_purgatory(purgatory, tmp_path):
    """The kernel, the DTB, and nothing more."""
    root = made_up(tmp_path, "arm64", [ram(GIB, GIB + 0x80000 + 0x10000 - 1)])
    assert load_made(purgatory, root, "arm64").startswith(
        "purgatory: needs 128 KiB in one piece where it may be; of this machine's free memory 0 KiB are left; ")


def test_cells_too_small(purgatory, tmp_path):
    """A crash kernel's memory above 4 GiB, for a tree whose cells have 32 bits."""
    source = b'/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; chosen { }; };'
    dtb = subprocess.run(["dtc", "-q", "-O", "dtb"], input=source, stdout=subprocess.PIPE, check=True).stdout
    iomem = (machines.RECORDED / ARM / "proc/iomem").read_text()
    iomem += "100000000-1ffffffff : System RAM\n  140000000-14fffffff : Crash kernel\n"
    root = machines.copy(tmp_path, ARM, {"sys/firmware/fdt": dtb, "proc/iomem": iomem})
    assert load_made(purgatory, root, "arm64", "--panic") == (
        "/sys/firmware/fdt: dtb: an address or a size does not fit into the cells that the device tree has for it")


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, so it must be root")
@pytest.mark.parametrize("args, expected", [
    (["load", "kernel"], "only root may load or unload a kernel (CAP_SYS_BOOT); run this as root, e.g. with sudo"),
    (["load", "--panic", "kernel"],
        "only root may load or unload a kernel (CAP_SYS_BOOT); run this as root, e.g. with sudo"),
    (["unload"], "only root may load or unload a kernel (CAP_SYS_BOOT); run this as root, e.g. with sudo"),
    (["exec"], "only root may leave this kernel (CAP_SYS_BOOT); run this as root, e.g. with sudo"),
])
def test_not_root(purgatory, args, expected):
    assert refused(purgatory, *args, preexec_fn=lambda: os.setresuid(NOBODY, NOBODY, NOBODY)) == expected


@pytest.mark.skipif(os.path.exists("/sys/kernel/kexec_loaded") or os.geteuid() != 0,
                    reason="this machine's kernel has kexec, and is not to be touched")
@pytest.mark.parametrize("args", [["load", "kernel"], ["load", "--panic", "kernel"], ["exec"], ["unload"],
    ["unload", "-p"],
                                  ["status"], ["status", "--json"]])
def test_no_kexec(purgatory, args):
    assert refused(purgatory, *args) == (
        "/sys/kernel/kexec_loaded: is missing: sysfs is not mounted, or this kernel has no kexec (CONFIG_KEXEC)")


def damages(content):
    """Cut, and overwritten."""
    size = len(content)
    yield from (content[:at] for at in sorted({0, 1, size // 3, size // 2, size - 1}) if at < size)
    yield from (patched(content, at, b"\xff" * 4)[:size] for at in {0, size // 4, size // 2, max(0, size - 4)})
    yield b"\0" * size
    yield b"9" * 70
    yield content.replace(b"0", b"f")


def worth_damaging(root):
    """Of many of a kind only the first."""
    for path in sorted(root.rglob("*")):
        number = path.parent.name
        if path.is_file() and (not number.isdigit() or number == "0"):
            yield path


@pytest.mark.parametrize("name", machines.NAMES)
def test_damaged_files(purgatory, tmp_path, name):
    """It takes a damaged file of a machine, or refuses it with one line; it never breaks."""
    root = machines.copy(tmp_path, name)
    kernel = purgatory.file("kernel", GOOD[machines.ARCH[name]])
    panic = ["--panic", "--verify=unless-unmapped"] if name in machines.CRASH else []
    for path in worth_damaging(root):
        content = path.read_bytes()
        for damaged in damages(content):
            path.write_bytes(damaged)
            done = purgatory("load", "-n", "--json", "--machine", root, kernel, *panic, env=QUIET)
            assert done.returncode in (0, 2), (path, damaged)
            said = [line for line in done.stderr.splitlines() if "warning:" not in line]
            assert len(said) == (done.returncode == 2), (path, damaged, done.stderr)
            if done.returncode == 0:
                machines.Plan(done.stdout)
        path.write_bytes(content)


def test_damaged_kcore(purgatory, tmp_path):
    """Its program headers say that they lie outside it, or at the end of the address space."""
    root = machines.copy(tmp_path, X86)
    good = (root / "proc/kcore").read_bytes()
    purgatory.file("kernel", GOOD["x86_64"])
    for offset in (2**64 - 8, 2**63, len(good) - 8, 8):
        (root / "proc/kcore").write_bytes(patched(patched(good, 32, struct.pack("<Q", offset)), 56, b"\xff\xff"))
        purgatory.ok("load", "-n", "--panic", "--machine", root, "kernel", env=QUIET)
