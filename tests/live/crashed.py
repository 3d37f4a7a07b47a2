# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A guest that has crashed with `--verify=unless-unmapped`, and stands at the purgatory's entry.

It was stopped before, in the outer kernel when that had loaded: there its tables were found. What the purgatory is to
say of them is worked out here, from linux_tables.py's reading of them.
"""

import contextlib
import dataclasses
import re
import time

from machine import ARCHES, PAGE, PATIENCE, wait_until_halted
from linux_tables import Tables
from outer import BOOT_PATIENCE, CRASHKERNEL, Computer

DIGEST_MISMATCH = 15

# Kernels of Debian's backports, 6.12: debian-backports in tests.mk.
BACKPORTS = "-backports"

SAFE = {"arm64": "unmapped from", "x86_64": "not writable through"}
EXPOSED = {"arm64": "is mapped", "x86_64": "is mapped writable"}

# The inner kernel says this word, which is another one if this bit of its last letter is flipped.
WORD, FLIP, DAMAGED = "uncut", 0x01, "uncuu"


@dataclasses.dataclass
class Crashed:
    """The guest, what the command has loaded there, and the outer kernel's tables."""

    machine: object
    computer: Computer
    plan: dict
    tables: Tables
    scratch: int  # a page that nobody needs after the crash: the outer kernel's code

    def segment(self, name):
        """The number and the segment of that name."""
        return next((number, one) for number, one in enumerate(self.plan["segments"]) if one["name"] == name)

    @property
    def names(self):
        """Of all segments, in their order."""
        return [segment["name"] for segment in self.plan["segments"]]

    def word(self):
        """Where the word lies, in the initrd."""
        initrd = self.segment("initrd")[1]
        return initrd["start"] + self.machine.memory(initrd["start"], initrd["size"]).rindex(WORD.encode())

    def flip(self, name):
        """Change a bit of a segment: of the initrd, the word."""
        _, segment = self.segment(name)
        place = self.word() + len(WORD) - 1 if name == "initrd" else segment["start"] + segment["size"] // 2
        (byte,) = self.machine.gdb.read_physical(place, 1)
        self.machine.gdb.write_physical(place, bytes([byte ^ FLIP]))

    def exposed(self, leaves):
        """(page, segment's name) for each segment that a leaf maps, in their order."""
        for leaf in leaves:
            address = self.tables.address(leaf)
            for segment in self.plan["segments"]:
                if address < segment["start"] + segment["size"] and segment["start"] < address + leaf.size:
                    yield max(address, segment["start"]), segment["name"]

    def foretold(self, search=False):
        """What the purgatory will have to say, by the tables as they are now, and the names of what it is to verify."""
        leaves = [leaf for leaf in self.tables.leaves() if self.tables.exposes(leaf)]
        if not search:
            leaves = [leaf for leaf in leaves if leaf.virtual == self.tables.linear(self.tables.address(leaf))]
        exposed = list(self.exposed(leaves))
        if not search:
            # A look-up goes from segment to segment, a search from leaf to leaf.
            exposed.sort(key=lambda pair: self.names.index(pair[1]))
        if exposed:
            names = [name for name in self.names if name in {name for _, name in exposed}]
            return f"verifying: {exposed[0][0]:#x} {EXPOSED[self.computer.arch]}", names
        pages = sum(map(pages_of, self.plan["segments"]))
        pages += sum(leaf.size // PAGE for leaf in leaves) if search else 0
        where = "the old kernel's tables" if search else "the linear map"
        return f"skipped: crashkernel {SAFE[self.computer.arch]} {where} ({pages} pages looked at)", []

    def said(self):
        """Let it run. What the purgatory has said of the tables when it has spoken its last line."""
        self.machine.gdb.resume()
        self.machine.wait_for(r"^purgatory: .*(; jumping to 0x[0-9a-f]+|; halted)\n", BOOT_PATIENCE)
        return re.findall(r"^purgatory: ((?:skipped: |verifying: ).*)$", self.machine.text, re.M)

    def boots(self, names, word=WORD):
        """These segments were verified and the others skipped; and the inner kernel comes up."""
        sizes = [segment["size"] for segment in self.plan["segments"] if segment["name"] in names]
        done = [f"verified {segments(len(names))}, {sum(sizes)} bytes, sha256: [a-z0-9, -]+"] if names else []
        if len(names) < len(self.names):
            done.append(f"skipped {segments(len(self.names) - len(names))}")
        self.machine.wait_for(f"^purgatory: {'; '.join(done)}; jumping to 0x[0-9a-f]+$")
        self.machine.wait_for(f"^inner: the word is {word}$", BOOT_PATIENCE)
        self.machine.wait_for("^inner: this is a dump's kernel$")

    def refused(self, name):
        """The purgatory names the segment and halts; the inner kernel does not start."""
        number, _ = self.segment(name)
        line = rf"^purgatory: refused: segment {number} \({name}\): the digest does not match: .*; halted\n"
        self.machine.wait_for(line)
        wait_until_halted(self.machine, ARCHES[self.computer.arch], DIGEST_MISMATCH)
        self.machine.drain()
        assert "Linux version" not in self.machine.text

    def linux(self):
        """The outer kernel's version."""
        return self.machine.wait_for(r"^outer: Linux (\S+)$")[1]


def segments(count):
    """So many."""
    return f"{count} segment{'' if count == 1 else 's'}"


def pages_of(segment):
    """How many pages a segment touches."""
    return (segment["start"] + segment["size"] - 1) // PAGE - segment["start"] // PAGE + 1


def outer_tables(machine, computer):
    """The outer kernel's tables: a guest that stands in a program runs on until it stands in the kernel, which is idle
    while the orders sleep."""
    deadline = time.monotonic() + PATIENCE
    while not (tables := Tables.of(machine, computer)).has_linear_map:
        assert time.monotonic() < deadline
        machine.gdb.resume()
        time.sleep(0.02)
        machine.gdb.interrupt()
    return tables


def kernel_memory(machine, what):
    """Where the outer kernel has its code, or its data."""
    start, end = machine.wait_for(rf"^outer: +([0-9a-f]+)-([0-9a-f]+) : Kernel {what}$").groups()
    return int(start, 16) & -PAGE, int(end, 16) + 1


@contextlib.contextmanager
def crashed(outer, computer, suite="", first=":", before=lambda one: None):
    """Crash a guest. first: orders before the load; before: what to do when it stands still after the load."""
    orders = f"greet; echo inner: the word is {WORD}; [ ! -e /proc/vmcore ] || echo \"inner: this is a dump's kernel\""
    guest = outer(computer, append=CRASHKERNEL[computer.arch], suite=suite).with_orders(f"{orders}; poweroff -f")
    arguments = f"--panic --verify=unless-unmapped /vmlinuz {guest.inner('nr_cpus=1')} --initrd /more"
    first = f"echo outer: Linux $(uname -r); grep Kernel /proc/iomem | sed 's/^/outer: /'; {first}"
    with guest.stopped_when_loaded(arguments, "crash", first) as machine:
        tables = outer_tables(machine, computer)
        if computer.arch == "x86_64":
            tables = tables.kernels_own(*kernel_memory(machine, "data"))
        one = Crashed(machine, computer, machine.plan(), tables, kernel_memory(machine, "code")[0])
        before(one)
        machine.gdb.run_to(one.plan["entry"])
        yield one
