# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Guests in which a kernel loads the next one.

The outer kernel is Debian's, and has an initrd with busybox, a command that loads kernels and what that is to load. Its
init (outer.sh) carries out the test's orders, a shell script, with the suite's words, another one.
"""

import contextlib
import dataclasses
import re
import time
from pathlib import Path

from cpio import archive, padded
from machine import BUILD, PATIENCE, Machine

HERE = Path(__file__).resolve().parent

# Some kernels boot slowly in emulation, and so does a firmware.
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


def arm64(name, cpu, machine, *qemu, **rest):
    """QEMU's virt machine. Without ITS: a kernel that comes after another one stumbles over its tables."""
    return Computer(name, "arm64", ("qemu-system-aarch64", "-cpu", cpu, "-M", machine, *qemu), **rest)


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

CRASHKERNEL = {"arm64": "crashkernel=128M", "x86_64": "crashkernel=192M"}


@dataclasses.dataclass(frozen=True)
class Verified:
    """The purgatory's own line: what it has verified, and where it goes."""

    segments: int
    size: int
    entry: int


class Session(Machine):
    """A running machine that knows when it was told to leave the outer kernel."""

    def jump(self):
        """Wait until the outer kernel is left."""
        self.wait_for("^outer: jump$", BOOT_PATIENCE)
        return time.monotonic()

    def greeting(self):
        """Wait for the inner kernel's userspace; the seconds between leaving the outer kernel and the inner one's first
        line."""
        start = self.jump()
        self.wait_for(r"Linux version", BOOT_PATIENCE)
        seconds = time.monotonic() - start
        self.wait_for(r"inner: userspace of Linux", BOOT_PATIENCE)
        return seconds

    def verified(self):
        """Each time that our purgatory has spoken."""
        line = r"^purgatory: verified (\d+) segments?, (\d+) bytes, sha256: .*; jumping to 0x([0-9a-f]+)$"
        found = re.findall(line, self.text, re.M)
        assert found, self.text
        return [Verified(int(segments), int(size), int(entry, 16)) for segments, size, entry in found]

    def wait_until_loaded(self):
        """Both suites' words say it in the same way."""
        self.wait_for("^outer: loaded$")

    def monitor(self, line):
        """A command of QEMU's monitor for people."""
        return self.command("human-monitor-command", **{"command-line": line})


@dataclasses.dataclass
class Outer:
    """The outer kernel; the command is in its /bin. A suite's own class has the suite's words. Both kernels are that of
    Debian, or of another of its suites: see debian-backports in tests.mk."""

    computer: Computer
    command: Path
    directory: Path
    append: str = ""
    files: dict = dataclasses.field(default_factory=dict)
    qemu: tuple = ()
    suite: str = ""

    words = None
    session = Session

    def debian(self, name):
        """Debian's kernel, or the initrd with its busybox."""
        return BUILD / "debian" / f"{self.computer.arch}{self.suite}" / name

    def inner_initrd(self):
        """Debian's busybox, and our init."""
        init = {"init": (0o755, (HERE / "outer.sh").read_bytes()), "words": (0o644, self.words.read_bytes())}
        return padded(self.debian("initrd").read_bytes()) + archive(init)

    def initrd(self, orders):
        """The outer initrd; in it is the inner one."""
        files = {
            "orders": (0o644, orders.encode()),
            f"bin/{self.command.name}": (0o755, self.command.read_bytes()),
            "vmlinuz": (0o644, self.debian("vmlinuz").read_bytes()),
            "initrd": (0o644, self.inner_initrd()),
        }
        files.update({name: (0o644, content) for name, content in self.files.items()})
        return padded(self.inner_initrd()) + archive(files)

    def start(self, orders, frozen=False):
        """Run QEMU; the outer kernel itself is silent."""
        initrd = self.directory / "initrd"
        initrd.write_bytes(self.initrd(orders))
        console = self.computer.console.split()[0]
        command = [*self.computer.qemu, *self.qemu, "-m", self.computer.memory]
        command += ["-kernel", self.debian("vmlinuz"), "-initrd", initrd]
        command += ["-append", f"{console} quiet panic=-1 {self.append}"]
        return self.session(command, self.directory, frozen)

    @contextlib.contextmanager
    def stopped_when_loaded(self, arguments, action="jump", first=":"):
        """A machine that has loaded and stands still; when its debugger lets it go on it leaves the outer kernel. The
        pause is for stopping it: before the load nobody knows where a breakpoint belongs."""
        with self.start(f"{first}; load {arguments}; sleep 3; {action}", frozen=True) as machine:
            machine.gdb.resume()
            machine.wait_until_loaded()
            machine.gdb.interrupt()
            yield machine
