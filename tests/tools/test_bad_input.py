# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Every bad input: one line that names it, exit code 2, nothing left behind and nothing overwritten."""
import gzip
import os
import resource
import subprocess

import pytest

import conftest
import kernels
import uki
from test_load import vmlinux

HOSTILE = True
GOOD = {"arm64": kernels.arm64(), "x86_64": kernels.x86_64()}


def bzimage(**options):
    return kernels.x86_64(**options)


def patched(data, at, new):
    return data[:at] + new + data[at + len(new):]


GZ = kernels.arm64_gz()

# content of the kernel file, what the message must contain
BAD_KERNELS = {
    "empty": (b"", ["kernel: is empty"]),
    "one byte": (b"M", ["kernel: kernel: is not a kernel"]),
    "junk": (kernels.noise(100_000, 9), ["is not a kernel; give"]),
    "elf": (b"\x7fELF" + bytes(1000), ["kernel: ELF: not a 64-bit little-endian ELF file of version 1"]),
    "arm64 header cut": (GOOD["arm64"][:60], ["is not a kernel"]),
    "arm64 big-endian": (kernels.arm64(flags=0xB), ["flags: is 0xb: the kernel is big-endian; a little-endian one"]),
    "arm64 ancient": (kernels.arm64(image_size=0), ["image_size: is 0", "newer"]),
    "arm64 text_offset": (kernels.arm64(text_offset=0x200000), ["text_offset: is 0x200000; a multiple of 4 below"]),
    "arm64 odd text_offset": (kernels.arm64(text_offset=2), ["text_offset: is 0x2; a multiple of 4"]),
    "arm64 huge image_size": (kernels.arm64(image_size=2**64 - 1), ["larger than the address space"]),
    "arm64 large image_size": (kernels.arm64(image_size=2**40), ["within 31744 MiB only"]),
    "gzip cut": (GZ[:-20], ["gzip: ends in the middle"]),
    "gzip header only": (GZ[:10], ["gzip: ends in the middle"]),
    "gzip magic only": (GZ[:2], ["gzip: ends in the middle"]),
    "gzip crc": (patched(GZ, len(GZ) - 8, b"\0\1\2\3"), ["gzip: damaged: incorrect data check"]),
    "gzip length": (patched(GZ, len(GZ) - 4, b"\0\1\2\3"), ["gzip: damaged: incorrect length check"]),
    "gzip data": (patched(GZ, 20, b"\xff" * 40), ["gzip: damaged: "]),
    "gzip and junk": (GZ + b"junk", ["gzip: damaged: incorrect header"]),
    "gzip junk": (gzip.compress(b"hello"), ["is not a kernel"]),
    "gzip of nothing": (gzip.compress(b""), ["is not a kernel"]),
    "gzip bomb": (gzip.compress(bytes(1 << 20)) * 1025, ["gzip: inflates to more than 1024 MiB"]),
    "bzImage cut in the header": (GOOD["x86_64"][:0x240], ["kernel: it is shorter than its header says; is the file complete?"]),
    "bzImage cut in the setup": (GOOD["x86_64"][:0x400], ["kernel: it is shorter than"]),
    "bzImage cut before the entry": (GOOD["x86_64"][:0xA00], ["kernel: it is shorter than"]),
    "bzImage cut in the kernel": (bzimage(syssize=0xE27), ["kernel: it is shorter than"]),
    "bzImage old": (bzimage(version=0x20B), ["version: boot protocol before 2.12 (Linux 3.8); a newer kernel"]),
    "bzImage 32-bit": (bzimage(xloadflags=0), ["xloadflags: no 64-bit entry; an x86_64 kernel is needed"]),
    "zImage": (bzimage(loadflags=0), ["loadflags: a zImage, to be loaded low; a bzImage is needed"]),
    "bzImage long header": (bzimage(jump=0xFF), ["jump: the setup header's end lies where it cannot; it ends between"]),
    "bzImage short header": (bzimage(jump=0x60), ["jump: the setup header's end lies where it cannot; "]),
    "bzImage alignment 0": (bzimage(alignment=0), ["kernel: kernel_alignment is not a power of two; is the file"]),
    "bzImage alignment odd": (bzimage(alignment=0x300000), ["kernel: kernel_alignment is not a power of two; is the file"]),
    "bzImage init_size": (bzimage(init_size=0), ["kernel: init_size is zero; the kernel must say"]),
    "bzImage high": (bzimage(pref=0x7FF00000), ["pref_address: ", "past 2 GiB"]),
    "bzImage huge pref": (bzimage(pref=2**64 - 1), ["pref_address: ", "past 2 GiB"]),
    "bzImage fixed, low": (bzimage(pref=0x100000, relocatable=0), ["pref_address: ", "not relocatable"]),
    "vmlinux x86": (vmlinux("x86_64"), ["kernel: ELF: an x86 vmlinux cannot be packed; give its bzImage"]),
    **{f"UKI with {part}": (uki.image("x86_64", GOOD["x86_64"], **{part: content}), ["kernel: UKI: has an initrd, "])
       for part, content in {"initrd": b"i", "ucode": b"u", "cmdline": "quiet", "dtb": b"d"}.items()},
    "bzImage fixed, huge": (bzimage(pref=2**64 - 4096, relocatable=0), ["pref_address: ", "past 2 GiB"]),
}


def refuse(purgatory, args, fragments, **options):
    before = {path.name: path.stat() for path in purgatory.directory.iterdir()}
    done = purgatory("pack", *args, **options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("purgatory: ") and done.stderr.count("\n") == 1, done.stderr
    for fragment in fragments:
        assert fragment in done.stderr
    after = {path.name: path.stat() for path in purgatory.directory.iterdir()}
    assert after.keys() == before.keys()
    for name, stat in before.items():
        assert (after[name].st_mtime_ns, after[name].st_ino) == (stat.st_mtime_ns, stat.st_ino)


@pytest.mark.parametrize("case", BAD_KERNELS)
@pytest.mark.parametrize("there", [False, True])
def test_kernel(purgatory, case, there):
    content, fragments = BAD_KERNELS[case]
    if case == "gzip bomb" and there:
        pytest.skip("once is enough: it takes seconds")
    purgatory.file("kernel", content)
    if there:
        purgatory.file("out", b"old")
    refuse(purgatory, ["-k", "kernel", "-c", "none", "-o", "out"], ["purgatory: ", *fragments])


# kernel, arguments, what the message must contain; files of bad content are made by the test
BAD_ARGUMENTS = {
    "no kernel": (["-o", "out"], ["--kernel is missing; see 'purgatory pack --help'"]),
    "no output": (["-k", "arm64"], ["-o is missing; see"]),
    "empty output": (["-k", "arm64", "-o", ""], ["-o: ", "empty"]),
    "kernel twice": (["-k", "arm64", "-k", "arm64", "-o", "out"], ["--kernel is given twice"]),
    "unknown option": (["-k", "arm64", "--what", "-o", "out"], ["'--what' is not an option"]),
    "unknown letter": (["-k", "arm64", "-o", "out", "-z"], ["'-z' is not an option"]),
    "missing value": (["-k", "arm64", "-o"], ["'-o' needs a value"]),
    "stray word": (["-k", "arm64", "-o", "out", "more"], ["'more' is one too many"]),
    "missing file": (["-k", "nothing", "-o", "out"], ["nothing: open: No such file"]),
    "kernel is a directory": (["-k", ".", "-o", "out"], [".: is a directory"]),
    "kernel is a device": (["-k", "/dev/zero", "-o", "out"], ["/dev/zero: is not a regular file"]),
    "kernel is a pipe": (["-k", "pipe", "-o", "out"], ["pipe: is not a regular file"]),
    "initrd missing": (["-k", "arm64", "-i", "nothing", "-o", "out"], ["nothing: open: No such file"]),
    "initrd empty": (["-k", "arm64", "-i", "empty", "-o", "out"], ["empty: is empty"]),
    "initrd is a directory": (["-k", "arm64", "-i", ".", "-o", "out"], [".: is a directory"]),
    "too many initrds": (["-k", "arm64", *["-i", "junk"] * 62, "-o", "out"], ["segments: ", "more than 64"]),
    "too many initrds x86": (["-k", "x86_64", *["-i", "junk"] * 61, "-o", "out"], ["segments: ", "more than 64"]),
    "far too many initrds": (["-k", "arm64", *["-i", "junk"] * 65, "-o", "out"], ["junk: --initrd: is one too many"]),
    "dtb missing": (["-k", "arm64", "-d", "nothing", "-o", "out"], ["nothing: open: No such file"]),
    "dtb junk": (["-k", "arm64", "-d", "junk", "-o", "out"], ["junk: dtb: not a sound device tree"]),
    "dtb empty": (["-k", "arm64", "-d", "empty", "-o", "out"], ["empty: is empty"]),
    "dtb cut": (["-k", "arm64", "-d", "cut.dtb", "-o", "out"], ["cut.dtb: dtb: not a sound device tree"]),
    "dtb damaged": (["-k", "arm64", "-d", "damaged.dtb", "-o", "out"], ["damaged.dtb: dtb: not a sound device tree"]),
    "dtb too large": (["-k", "arm64", "-d", "large.dtb", "-o", "out"], ["large.dtb: dtb: the device tree is larger than the 2 MiB that arm64 allows"]),
    "dtb for x86": (["-k", "x86_64", "-d", "good.dtb", "-o", "out"], ["good.dtb: --dtb: is for arm64 only"]),
    "cmdline arm64": (["-k", "arm64", "-a", "x" * 2048, "-o", "out"], ["--append: is 2048 bytes long", "2047 at most"]),
    "cmdline x86": (["-k", "x86_64", "-a", "x" * 2048, "-o", "out"], ["--append: is 2048 bytes long", "2047 at most"]),
    "console": (["-k", "arm64", "-c", "ttyS0", "-o", "out"], ["--console: 'ttyS0' is no console; give pl011[,mmio32],ADDR"]),
    "console empty": (["-k", "arm64", "-c", "", "-o", "out"], ["--console: '' is no console"]),
    "console no address": (["-k", "arm64", "-c", "pl011,", "-o", "out"], ["--console: 'pl011,' is no"]),
    "console negative": (["-k", "arm64", "-c", "pl011,-4", "-o", "out"], ["--console: "]),
    "console sign": (["-k", "arm64", "-c", "pl011,+0x9000000", "-o", "out"], ["--console: "]),
    "console tail": (["-k", "arm64", "-c", "pl011,0x9000000,115200", "-o", "out"], ["--console: "]),
    "console huge": (["-k", "arm64", "-c", "pl011,0x10000000000000000", "-o", "out"], ["--console: "]),
    "console unaligned": (["-k", "arm64", "-c", "pl011,0x9000002", "-o", "out"], ["--console: "]),
    "console port": (["-k", "x86_64", "-c", "uart8250,io,0x10000", "-o", "out"], ["--console: "]),
    "console none and": (["-k", "x86_64", "-c", "none", "-c", "pl011,4", "-o", "out"], ["exclude each other"]),
    "console and none": (["-k", "x86_64", "-c", "pl011,4", "-c", "none", "-o", "out"], ["exclude each other"]),
    "console twice": (["-k", "x86_64", "-c", "pl011,4", "-c", "pl011,4", "-o", "out"], ["given twice"]),
    "three consoles": (["-k", "x86_64", "-c", "pl011,4", "-c", "pl011,8", "-c", "pl011,16", "-o", "out"],
                       ["one too many; 2 is the most"]),
    "console twice, two rates": (["-k", "x86_64", "-c", "uart8250,io,0x3f8", "-c", "uart8250,io,0x3f8,9600", "-o", "out"],
                                 ["given twice"]),
    **{f"console {spec}": (["-k", "x86_64", "-c", spec, "-o", "out"], [f"--console: '{spec}' is no console"])
       for spec in ("uart8250,io,0x3f8,", "uart8250,io,0x3f8,110", "uart8250,io,0x3f8,49", "uart8250,io,0x3f8,230400",
                    "uart8250,io,0x3f8,9600e7", "uart8250,io,0x3f8,9600n8r", "uart8250,io,0x3f8,n8", "uart8250,io,0x3f8,0",
                    "uart8250,io,0x3f8,4294976896", "vga,0xb8000,9600", "vga,0xb8001", "vga,", "vga:0xb8000", "vgax", "sink",
                    "sink,", "sink,0x9000000,9600", "sink,mmio32,0x9000001", "sink,mmio16,0x9000000")},
    "vga on arm64": (["-k", "arm64", "-c", "vga", "-o", "out"], ["--console: vga is for x86"]),
    "sink on x86": (["-k", "x86_64", "-c", "sink,0x9000000", "-o", "out"], ["--console: sink is for arm64"]),
    "ports on arm64": (["-k", "arm64", "-c", "uart8250,io,0x3f8", "-o", "out"], ["needs x86 ports"]),
    **{f"stripes '{n}'": (["-k", "arm64", "-s", n, "-o", "out"],
                          [f"purgatory: --stripes: '{n}' is no number of stripes; give 1, 2, 4, 8 or 16\n"])
       for n in ("", "0", "3", "17", "32", "-2", "+2", " 2", "2 ", "02", "0x10", "1e1", "two", "4294967298")},
    "stripes twice": (["-k", "arm64", "-s", "2", "--stripes=2", "-o", "out"], ["--stripes is given twice"]),
    "stripes without a number": (["-k", "arm64", "-o", "out", "--stripes"], ["'--stripes' needs a value"]),
    "output directory missing": (["-k", "arm64", "-c", "none", "-o", "no/out"], ["no/out: create a file beside it"]),
    "output is a directory": (["-k", "arm64", "-c", "none", "-o", "."], [".: exists and is not a regular file"]),
    "output ends in a slash": (["-k", "arm64", "-c", "none", "-o", "out/"], ["out/: is a directory"]),
    "output is a device": (["-k", "arm64", "-c", "none", "-o", "/dev/full"], ["/dev/full: exists and is not a regular"]),
    "output is a pipe": (["-k", "arm64", "-c", "none", "-o", "pipe"], ["pipe: exists and is not a regular file"]),
}


@pytest.fixture
def inputs(purgatory):
    for name, content in GOOD.items():
        purgatory.file(name, content)
    purgatory.file("empty", b"")
    purgatory.file("junk", kernels.noise(1000, 8))
    os.mkfifo(purgatory.directory / "pipe")
    source = b"/dts-v1/; / { a = \"b\"; c { }; };"
    good = subprocess.run(["dtc", "-q", "-O", "dtb"], input=source, capture_output=True, check=True).stdout
    purgatory.file("good.dtb", good)
    purgatory.file("cut.dtb", good[:-1])
    struct_at = int.from_bytes(good[8:12], "big")
    purgatory.file("damaged.dtb", patched(good, struct_at + 8, b"\xff" * 4))
    large = subprocess.run(["dtc", "-q", "-O", "dtb", "-S", str(2 * 1024 * 1024 + 4)], input=source,
                           capture_output=True, check=True).stdout
    purgatory.file("large.dtb", large)
    return purgatory


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_arguments(inputs, case):
    args, fragments = BAD_ARGUMENTS[case]
    refuse(inputs, args, fragments)


def test_initrd_that_the_kernel_cannot_take(inputs):
    """This kernel takes initrds below 16 MiB + 4 MiB only, or below 4 GiB only."""
    inputs.file("kernel", kernels.x86_64(xloadflags=1, initrd_max=0x1400000))
    refuse(inputs, ["-k", "kernel", "-i", "junk", "-c", "none", "-o", "out"], ["kernel: initrd_addr_max: "])
    inputs.file("kernel", kernels.x86_64(xloadflags=1, init_size=0x7F000000))
    refuse(inputs, ["-k", "kernel", "-i", "junk", "-c", "none", "-o", "out"],
           ["initrd_addr_max: the initrds would end at 0x1000003e7"])


def test_initrd_out_of_an_arm64_kernels_reach(inputs):
    with open(inputs.directory / "initrd", "wb") as file:
        file.truncate(31 << 30)
    refuse(inputs, ["-k", "arm64", "-i", "initrd", "-c", "none", "-o", "out"], ["within 31744 MiB only"])


def test_cmdline_limits_are_exact(inputs):
    for kernel in ("arm64", "x86_64"):
        inputs.ok("pack", "-k", kernel, "-c", "none", "-a", "x" * 2047, "-o", "out")
        inputs.ok("check", "out")


@pytest.mark.parametrize("limit", [0, 4096, 0x200000, 0x210000])
def test_no_space(inputs, limit):
    """As on a full disk: the file cannot be made, or written, as long as it is."""
    refuse(inputs, ["-k", "arm64", "-c", "none", "-o", "out"], ["out: make room: File too large"],
           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))


def small_disk(purgatory, size):
    """A file system of so many bytes, or skip."""
    disk = purgatory.directory / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True)
    if done.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    return disk


def test_full_disk(inputs):
    disk = small_disk(inputs, 65536)
    try:
        (disk / "out").write_bytes(b"old")
        done = inputs("pack", "-k", "arm64", "-c", "none", "-o", disk / "out")
        assert done.returncode == 2 and "out: write: No space left on device" in done.stderr
        assert done.stderr.count("\n") == 1
        assert [path.name for path in disk.iterdir()] == ["out"] and (disk / "out").read_bytes() == b"old"
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="needs setpriv")
def test_directory_that_may_not_be_written(inputs):
    place = inputs.directory / "place"
    place.mkdir(mode=0o555)
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    for path in [inputs.directory, *inputs.directory.parents]:
        if path.owner() == "root" and path.stat().st_mode & 0o005 != 0o005:
            if not str(path).startswith("/tmp/"):
                pytest.skip("nobody may not come here")
            path.chmod(path.stat().st_mode | 0o055)
    done = subprocess.run([*prefix, conftest.SANITIZED, "pack", "-k", "arm64", "-c", "none", "-o", "place/out"],
                          cwd=inputs.directory, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr == "purgatory: place/out: create a file beside it: Permission denied\n"


@pytest.mark.parametrize("args, fragment", [
    ([], "which command?"), (["unpack"], "'unpack' is not a command"), (["--what"], "'--what' is not a command"),
    (["check"], "one FILE is needed"), (["check", "a", "b"], "one FILE"), (["check", "--map", "a"], "'--map' is not"),
    (["inspect"], "one FILE is needed"), (["inspect", "--what", "a"], "'--what' is not an option"),
    (["inspect", "nothing"], "nothing: open: No such file"), (["check", "nothing"], "nothing: open: No such file"),
    (["inspect", "."], ".: is a directory"), (["check", "junk"], "junk: is no form of the purgatory"),
    (["inspect", "arm64"], "arm64: pack.magic: is not \"PURGPACK\""), (["inspect", "x86_64"], "is no form of"),
    (["inspect", "empty"], "empty: is empty"),
])
def test_usage(inputs, args, fragment):
    done = inputs(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert fragment in done.stderr and done.stderr.count("\n") == 1


def test_help_and_version(purgatory):
    for args in (["--help"], ["pack", "--help"], ["inspect", "--help"], ["check", "-h"]):
        done = purgatory.ok(*args)
        assert done.stdout.startswith("Usage: purgatory ") and "Exit codes:" in done.stdout and not done.stderr
        assert max(map(len, done.stdout.splitlines())) <= 100
    assert purgatory.ok("--version").stdout.startswith("purgatory ")


def test_stdout_full(purgatory):
    """What could not be said is an error, too."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([conftest.SANITIZED, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "stdout: No space left" in done.stderr


@pytest.mark.parametrize("option", ["--kernel", "--initrd"])
def test_output_over_an_input(inputs, option):
    """The input is named, and stays as it was."""
    name = {"--kernel": "arm64", "--initrd": "initrd"}[option]
    inputs.file("initrd", b"not to be lost")
    before = (inputs.directory / name).read_bytes()
    done = inputs("pack", "-k", "arm64", "-i", "initrd", "-c", "none", "-o", name)
    assert done.returncode == 2
    assert done.stderr == f"purgatory: {name}: -o: is the file given as {option}, which would be lost; give another\n"
    assert (inputs.directory / name).read_bytes() == before


def test_console_in_the_image(inputs):
    """x86_64: where the image will lie is known, so a console that would write over it is refused."""
    done = inputs("pack", "-k", "x86_64", "-c", "pl011,0x100000", "-o", "out")
    assert done.returncode == 2 and "purgatory: --console: 0x100000 lies in the image" in done.stderr
    done = inputs("pack", "-k", "x86_64", "-c", f"vga,{0x100000 - 3998:#x}", "-o", "out")
    assert done.returncode == 2 and "lies in the image" in done.stderr
    inputs.ok("pack", "-k", "x86_64", "-c", f"vga,{0x100000 - 4000:#x}", "-o", "out")
