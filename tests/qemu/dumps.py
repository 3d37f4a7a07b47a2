# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Crashes whose dump is read: the outer kernel tells what it knows of itself and crashes, on a CPU that the test
chooses; the crash kernel copies /proc/vmcore to a disk. The disks are the namespaces of an NVMe, since Debian's kernels
have the driver for that built in.
"""

import dataclasses
import io
import re
import tarfile
from pathlib import Path

from machine import MIB, PAGE
from outer import BOOT_PATIENCE
from vmcore import Vmcore

HERE = Path(__file__).resolve().parent

# The dump; what the outer kernel has told; what the inner one has told.
DISKS = {"dump": 8192 * MIB, "outer": 64 * MIB, "inner": 64 * MIB}

# A store through a null pointer, for the first instructions of a system call. On arm64 a landing pad comes first (Arm
# ARM, C6.2.41 BTI), then mov x9, #0; str xzr, [x9].
NULL_WRITE = {
    "arm64": b"".join(word.to_bytes(4, "little") for word in (0xD503245F, 0xD2800009, 0xF900013F)),
    "x86_64": bytes.fromhex("48c70425 00000000 00000000"),
}
# How many of its bytes come before the store.
BEFORE_STORE = {"arm64": 8, "x86_64": 0}
VICTIM = {"arm64": "__arm64_sys_sethostname", "x86_64": "__x64_sys_sethostname"}
# What lies where /proc/iomem says "Kernel code" (kernel/setup.c of either).
CODE = {"arm64": "_stext", "x86_64": "_text"}


@dataclasses.dataclass
class Crash:
    """A crash of a guest, and what the test learns of it; the inner kernel's command line must say dump=1."""

    guest: object
    way: str
    cpu: int
    cpus: int

    def __post_init__(self):
        self.arch = self.guest.computer.arch

    def disk(self, name):
        """The file that is a disk."""
        return self.guest.directory / f"disk-{name}"

    def start(self, load):
        """Run QEMU. The disks take no more space than what is not zero in them."""
        qemu = ["-smp", str(self.cpus), "-device", "nvme,serial=1"]
        for number, (name, size) in enumerate(DISKS.items(), 1):
            with open(self.disk(name), "wb") as file:
                file.truncate(size)
            drive = f"if=none,id={name},format=raw,file={self.disk(name)}"
            qemu += ["-drive", f"{drive},cache=unsafe,detect-zeroes=unmap,discard=unmap"]
            qemu += ["-device", f"nvme-ns,drive={name},nsid={number}"]
        files = {**self.guest.files, "dump": (HERE / "dump.sh").read_bytes()}
        guest = dataclasses.replace(self.guest, qemu=(*self.guest.qemu, *qemu), files=files)
        orders = f". /dump; secret\n{load}\ntestify; by_{self.way} {self.cpu}"
        return guest.start(orders, frozen=True)

    def happen(self, machine, put=b"", at=0):
        """Let it crash, with these bytes at that physical address before, and wait for the dump."""
        machine.gdb.resume()
        machine.wait_for("^outer: testified$", BOOT_PATIENCE)
        self.outer = self.told("outer")
        self.symbols = self.kallsyms()
        machine.gdb.interrupt()
        if put:
            machine.gdb.write_physical(at, put)
        if self.way == "oops":
            machine.gdb.write_physical(self.code_at(VICTIM[self.arch]), NULL_WRITE[self.arch])
        machine.gdb.resume()
        machine.greeting()
        machine.wait_for("^inner: dumped$", BOOT_PATIENCE)
        self.inner = self.told("inner")
        secret = machine.wait_for(r"outer: (SECRET=[a-z]{32}) at (\d+)$")
        self.secret, self.secret_at = secret[1].encode(), int(secret[2])
        self.pid = int(re.findall(r"^outer: culprit is (\d+)$", machine.text, re.M)[-1])

    def told(self, name):
        """{path: content} of what is on that disk."""
        with tarfile.open(fileobj=io.BytesIO(self.disk(name).read_bytes())) as files:
            found = [member for member in files.getmembers() if member.isfile()]
            return {member.name.removeprefix("./"): files.extractfile(member).read() for member in found}

    def kallsyms(self):
        """{name: address} of what is no module's."""
        lines = re.findall(r"^([0-9a-f]{16}) \w (\S+)$", self.outer["kallsyms"].decode(), re.M)
        return {name: int(address, 16) for address, name in lines}

    def code_at(self, name):
        """A function's physical address."""
        ((start, _),) = regions(self.outer, "Kernel code")
        return start + self.symbols[name] - self.symbols[CODE[self.arch]]

    def vmcore(self):
        """The dump."""
        return Vmcore(self.disk("dump"))

    def remove(self):
        """Nobody reads it afterwards. What failed stays."""
        for name in DISKS:
            self.disk(name).unlink(missing_ok=True)


def pages(ranges):
    """The numbers of all pages that lie in these ranges, ends exclusive, which may touch within a page."""
    joined = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((start, end))
    return {page for start, end in joined for page in range(-(-start // PAGE), end // PAGE)}


def regions(told, name):
    """[(start, end)], ends exclusive, that /proc/iomem has under this name."""
    lines = re.findall(rf"^ *([0-9a-f]+)-([0-9a-f]+) : {name}$", told["iomem"].decode(), re.M)
    return [(int(start, 16), int(end, 16) + 1) for start, end in lines]


def memmap(told):
    """{(start, end, type)} of /sys/firmware/memmap, ends exclusive."""
    entries = {path.split("/")[1] for path in told if path.startswith("memmap/")}
    text = [[told[f"memmap/{entry}/{name}"].decode().strip() for name in ("start", "end", "type")] for entry in entries]
    return {(int(start, 16), int(end, 16) + 1, kind) for start, end, kind in text}
