# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Guests in which real kexec-tools run.

The outer kernel is Debian's, and has an initrd with busybox, one of the two kexec commands and what that is to load.
Its init carries out the test's orders, a shell script, with the words of init.sh:

    with outer.start("load -l /vmlinuz --initrd=/initrd --append='...'; jump") as machine:
        machine.wait_for("^inner: userspace of Linux")
"""

import contextlib
import dataclasses
import re
import time
from pathlib import Path

import pytest

from cpio import archive, padded
from machine import BUILD, PATIENCE, Machine

HERE = Path(__file__).resolve().parent

# On arm64 stock alone hashes for longer than some kernels boot.
BOOT_PATIENCE = 2 * PATIENCE


@dataclasses.dataclass(frozen=True)
class Computer:
    """A machine to run both kernels on."""

    name: str
    arch: str
    qemu: tuple
    memory: str = "1G"

    @property
    def console(self):
        """What has a kernel speak on the serial port, from its first line."""
        return {
            "arm64": "console=ttyAMA0 earlycon=pl011,0x9000000",
            "x86_64": "console=ttyS0 earlycon=uart8250,io,0x3f8",
        }[self.arch]

    @property
    def speak(self):
        """kexec-tools' option that has the purgatory speak there too."""
        return {"arm64": "--serial=ttyAMA0", "x86_64": "--console-serial"}[self.arch]


def arm64(name, cpu, machine):
    """QEMU's virt machine. Without ITS: a kernel that comes after another one stumbles over its tables."""
    return Computer(name, "arm64", ("qemu-system-aarch64", "-cpu", cpu, "-M", machine))


def x86_64(name, machine, *qemu, **rest):
    """QEMU's PC."""
    return Computer(name, "x86_64", ("qemu-system-x86_64", "-M", machine, *qemu), **rest)


VHE = "max,pauth-impdef=on"
ARM64_COMPUTERS = (
    arm64("arm64-el1-gic2", "cortex-a57", "virt,gic-version=2"),
    arm64("arm64-el1-gic3", "cortex-a57", "virt,gic-version=3,its=off"),
    arm64("arm64-el2-gic2", "cortex-a57", "virt,virtualization=on,gic-version=2"),
    arm64("arm64-el2-gic3", "cortex-a57", "virt,virtualization=on,gic-version=3,its=off"),
    arm64("arm64-vhe-gic2", VHE, "virt,virtualization=on,gic-version=2"),
    arm64("arm64-vhe-gic3", VHE, "virt,virtualization=on,gic-version=3,its=off"),
)
X86_64_COMPUTERS = (x86_64("x86_64-pc", "pc"), x86_64("x86_64-q35", "q35"))

ARM64, X86_64 = ARM64_COMPUTERS[1], X86_64_COMPUTERS[1]


def cases(ours, stock):
    """A test's parameters: our purgatory on each of these computers, stock on those."""
    pairs = [("stock", computer) for computer in stock] + [("ours", computer) for computer in ours]
    ids = [f"{purgatory}-{computer.name}" for purgatory, computer in pairs]
    return pytest.mark.parametrize("purgatory, computer", pairs, indirect=["purgatory"], ids=ids)


class Session(Machine):
    """A running machine that knows when it was told to leave the outer kernel."""

    def jump(self):
        """Wait until the outer kernel is left."""
        self.wait_for("^outer: jump$")
        return time.monotonic()

    def greeting(self):
        """Wait for the inner kernel's userspace; the seconds between leaving the outer kernel and the inner one's first
        line."""
        start = self.jump()
        self.wait_for(r"Linux version", BOOT_PATIENCE)
        seconds = time.monotonic() - start
        self.wait_for(r"inner: userspace of Linux", BOOT_PATIENCE)
        return seconds

    def segments(self):
        """(address, size) of each segment that kexec-tools has loaded."""
        self.wait_for("^outer: loaded$")
        pairs = re.findall(r"\.mem   = (\S+)\nsegment\[\d+\]\.memsz = (\S+)\n", self.text)
        return [(int(place.replace("(nil)", "0"), 16), int(size, 16)) for place, size in pairs]

    def entry(self):
        """Where the purgatory is entered."""
        return int(self.wait_for(r"^kexec_load: entry = (0x[0-9a-f]+) ")[1], 16)

    def kernel_entry(self):
        """Where a bzImage is entered in 64-bit mode (Documentation/x86/boot.rst)."""
        return int(self.wait_for(r"^Loaded 64bit kernel at (0x[0-9a-f]+)\n")[1], 16) + 0x200

    def monitor(self, line):
        """A command of QEMU's monitor for people."""
        return self.command("human-monitor-command", **{"command-line": line})

    def purgatory(self):
        """(address, size) of the purgatory's segment."""
        entry = self.entry()
        return next((start, size) for start, size in self.segments() if start <= entry < start + size)


@dataclasses.dataclass
class Outer:
    """The outer kernel, and what its kexec-tools are to load."""

    computer: Computer
    purgatory: str
    directory: Path
    append: str = ""
    files: dict = dataclasses.field(default_factory=dict)
    qemu: tuple = ()

    def debian(self, name):
        """Debian's kernel, or the initrd with its busybox."""
        return BUILD / "debian" / self.computer.arch / name

    def initrd(self, orders):
        """The outer initrd; in it is the inner one."""
        busybox = padded(self.debian("initrd").read_bytes())
        init = {"init": (0o755, (HERE / "init.sh").read_bytes())}
        command = (BUILD / "kexec" / self.computer.arch / self.purgatory / "kexec").read_bytes()
        files = {
            "orders": (0o644, orders.encode()),
            "bin/kexec": (0o755, command),
            "vmlinuz": (0o644, self.debian("vmlinuz").read_bytes()),
            "initrd": (0o644, busybox + archive(init)),
        }
        files.update({name: (0o644, content) for name, content in self.files.items()})
        return busybox + archive({**init, **files})

    def start(self, orders, frozen=False):
        """Run QEMU; the outer kernel itself is silent."""
        initrd = self.directory / "initrd"
        initrd.write_bytes(self.initrd(orders))
        console = self.computer.console.split()[0]
        command = [*self.computer.qemu, *self.qemu, "-m", self.computer.memory]
        command += ["-kernel", self.debian("vmlinuz"), "-initrd", initrd]
        command += ["-append", f"{console} quiet panic=-1 {self.append}"]
        return Session(command, self.directory, frozen)

    @contextlib.contextmanager
    def stopped_when_loaded(self, arguments, action="jump"):
        """A machine that has loaded and stands still; when its debugger lets it go on it leaves the outer kernel. The
        pause is for stopping it: before the load nobody knows where a breakpoint belongs."""
        with self.start(f"load {arguments}; sleep 3; {action}", frozen=True) as machine:
            machine.gdb.resume()
            machine.segments()
            machine.gdb.interrupt()
            yield machine

    @contextlib.contextmanager
    def stopped_at_purgatory(self, options):
        """A machine that stands at the purgatory's first instruction; Debian's kernel is to follow."""
        with self.stopped_when_loaded(f"-l /vmlinuz {options} {self.inner()}") as machine:
            machine.gdb.run_to(machine.entry())
            yield machine

    def inner(self, words=""):
        """kexec-tools' arguments for Debian's kernel with our init: it tells on the console of itself, but not all."""
        return f"--initrd=/initrd --append='{self.computer.console} loglevel=6 panic=-1 {words}'"
