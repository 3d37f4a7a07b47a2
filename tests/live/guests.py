# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Guests in which `purgatory load` and `purgatory exec` run. The orders use the words of words.sh:

    with outer(ARM64).start("load /vmlinuz --initrd /initrd --append '...'; jump") as machine:
        machine.greeting()
"""

import base64
import dataclasses
import io
import json
import re
import tarfile
from pathlib import Path

import outer
from cpio import archive
from machine import BUILD
from outer import BOOT_PATIENCE

HERE = Path(__file__).resolve().parent

SPEC = {"arm64": "pl011,0x9000000", "x86_64": "uart8250,io,0x3f8"}


class Session(outer.Session):
    """A running machine, and what the command and the purgatory in it have said."""

    def plan(self):
        """What load --json has said last."""
        self.wait_until_loaded()
        text = "".join(re.findall("^load: (.*\n)", self.text[: self.text.rindex("outer: loaded")], re.M))
        return json.loads(text[text.rindex('{"arch"') :])

    def kernel(self, number, patience=BOOT_PATIENCE):
        """Wait for the userspace of the kernel that has this number on its command line."""
        self.wait_for(rf"^inner: command line: .*\bkernel={number}\b", patience)

    def ran(self, name):
        """(exit code, lines on stdout, lines on stderr) of what was run under this name."""
        code = int(self.wait_for(rf"^run: {name}: exit code (\d+)\n", BOOT_PATIENCE)[1])
        out, err = (re.findall(rf"^run: {name}: {stream}: (.*)$", self.text, re.M) for stream in ("out", "err"))
        return code, out, err

    def facts(self, number):
        """{name: content} of the files of the number-th facts, from 1."""
        pattern = r"(?:^facts: begin$.*?){%d}^facts: end$" % number
        self.wait_for(f"(?s){pattern}", BOOT_PATIENCE)
        text = re.findall(r"^facts: begin$\n(.*?)^facts: end$", self.text, re.M | re.S)[number - 1]
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text)), mode="r:gz") as files:
            return {
                member.name.removeprefix("./"): files.extractfile(member).read()
                for member in files.getmembers()
                if member.isfile()
            }


class Outer(outer.Outer):
    """The outer kernel, and what the command in it is to load."""

    words = HERE / "words.sh"
    session = Session

    def line(self, words="", level=6):
        """The command line of an inner kernel: it tells on the console of itself, but not all."""
        return f"{self.computer.console} loglevel={level} panic=-1 {words}".strip()

    def inner(self, words="", level=6):
        """The command's arguments behind the kernel: our init, and a console for the purgatory."""
        return f"--console {SPEC[self.computer.arch]} --initrd /initrd --append '{self.line(words, level)}'"

    def with_orders(self, orders):
        """The same with a file /more, an initrd that has orders for the inner kernel."""
        return dataclasses.replace(self, files={**self.files, "more": archive({"orders": (0o644, orders.encode())})})


def outer_of(computer, directory, **rest):
    """The outer kernel, with the command for it."""
    return Outer(computer, BUILD / "command" / computer.arch / "purgatory", directory, **rest)
