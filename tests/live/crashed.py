# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A guest that has crashed with `--verify=unless-unmapped`, and stands at the purgatory's entry.

It was stopped before, in the outer kernel when that had loaded: there its tables were found. What the purgatory is to say
of them is worked out here, from old_tables.py's reading of them.
"""

import contextlib
import dataclasses
import re
import time

from machine import ARCHES, PAGE, wait_until_halted
from old_tables import Tables
from outer import BOOT_PATIENCE, CRASHKERNEL, Computer

DIGEST_MISMATCH = 15

# Kernels of Debian's backports, 6.12: debian-backports in tests.mk.
BACKPORTS = "-backports"

SAFE = {"arm64": "unmapped from", "x86_64": "not writable through"}
EXPOSED = {"arm64": "is mapped", "x86_64": "is mapped writable"}

# The inner kernel says this word; changed by one bit it is another one.
WORD, DAMAGED = "uncut", "uncuu"


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

    def flip(self):
        """Change the word, which the initrd has."""
        initrd = self.segment("initrd")[1]
        place = initrd["start"] + self.machine.memory(initrd["start"], initrd["size"]).rindex(WORD.encode())
        self.machine.gdb.write_physical(place, DAMAGED.encode())

    def exposed(self, leaves, search):
        """The first page of a segment that such a leaf maps. A look-up goes from segment to segment, a search from leaf
        to leaf."""
        segments = self.plan["segments"]
        if search:
            pairs = ((leaf, segment) for leaf in leaves for segment in segments)
        else:
            pairs = ((leaf, segment) for segment in segments for leaf in leaves)
        for leaf, segment in pairs:
            address = self.tables.address(leaf)
            if address < segment["start"] + segment["size"] and segment["start"] < address + leaf.size:
                return max(address, segment["start"])
        return None

    def foretold(self, search=False):
        """What the purgatory will have to say, by the tables as they are now."""
        leaves = [leaf for leaf in self.tables.leaves() if self.tables.exposes(leaf)]
        if not search:
            leaves = [leaf for leaf in leaves if leaf.virtual == self.tables.linear(self.tables.address(leaf))]
        address = self.exposed(leaves, search)
        if address is not None:
            return f"verifying: {address:#x} {EXPOSED[self.computer.arch]}"
        pages = sum(leaf.size // PAGE for leaf in leaves) if search else sum(map(pages_of, self.plan["segments"]))
        where = "the old kernel's tables" if search else "the linear map"
        return f"skipped: crashkernel {SAFE[self.computer.arch]} {where} ({pages} pages looked at)"

    def said(self):
        """Let it run. What the purgatory has said of the tables when it has spoken its last line."""
        self.machine.gdb.resume()
        self.machine.wait_for(r"^purgatory: .*(; jumping to 0x[0-9a-f]+|; halted)\n", BOOT_PATIENCE)
        return re.findall(r"^purgatory: ((?:skipped: |verifying: ).*)$", self.machine.text, re.M)

    def boots(self, skipped, word=WORD):
        """All was skipped, or all was verified; and the inner kernel comes up."""
        count = len(self.plan["segments"])
        if skipped:
            self.machine.wait_for(rf"^purgatory: skipped {count} segments; jumping to 0x[0-9a-f]+$")
            assert "purgatory: verified" not in self.machine.text
        else:
            (verified,) = self.machine.verified()
            size = sum(segment["size"] for segment in self.plan["segments"])
            assert (verified.segments, verified.size) == (count, size)
        self.machine.wait_for(f"^inner: the word is {word}$", BOOT_PATIENCE)
        self.machine.wait_for("^inner: this is a dump's kernel$")

    def refused(self):
        """The purgatory names the segment and halts; the inner kernel does not start."""
        number, _ = self.segment("initrd")
        self.machine.wait_for(rf"^purgatory: refused: segment {number} \(initrd\): the digest does not match: .*; halted\n")
        wait_until_halted(self.machine, ARCHES[self.computer.arch], DIGEST_MISMATCH)
        self.machine.drain()
        assert "Linux version" not in self.machine.text

    def linux(self):
        """The outer kernel's version."""
        return self.machine.wait_for(r"^outer: Linux (\S+)$")[1]


def pages_of(segment):
    """How many pages a segment touches."""
    return (segment["start"] + segment["size"] - 1) // PAGE - segment["start"] // PAGE + 1


def outer_tables(machine, computer):
    """The outer kernel's tables: a guest that stands in a program runs on until it stands in the kernel, which is idle
    while the orders sleep."""
    while not (tables := Tables.of(machine, computer)).has_linear_map:
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
