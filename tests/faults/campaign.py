# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The host's side of the fault campaign: follows a guest through its trials, and says of each how it ended.

A guest that says nothing any more is looked at: halted, or, if it goes on to use the CPU, hung. Then the machine is
reset, and the harness goes on with the trial behind.
"""

import dataclasses
import os
import re
import time
from pathlib import Path

from abi import constant
from machine import PATIENCE

# Seconds of the host's CPU that a trial may take; a boot takes some hundredths.
LIMIT = 3

MARK = re.compile(r"^#([THRE]) ?(?:0x([0-9a-f]+))?((?: \w+)*)\n", re.M)
REFUSAL = re.compile(r"^purgatory: refused: (.*?)\[code (\d+)\]; (halted|resetting|returning|falling back)$", re.M)


@dataclasses.dataclass
class Ending:
    """How a trial ended: returned, entered, fallback, caught, halted, hung, reset; what the harness says to that, or
    the program counter; and what the purgatory had printed."""

    how: str
    detail: list
    text: str

    @property
    def refusal(self):
        """The last line of a refusal: (what, code, what then) or None."""
        lines = REFUSAL.findall(self.text)
        return lines[-1] if lines else None


class Campaign:
    """One guest's trials; iterate over it for (trial, ending)."""

    def __init__(self, scenario, trials, state=None):
        self.scenario, self.trials, self.state = scenario, trials, state
        self.cpu = {"arm64": "PC", "x86_64": "RIP"}[scenario.arch.name]

    def __iter__(self):
        with self.scenario.start(self.trials, self.state) as machine:
            machine.command("set-action", reboot="reset")
            self.expect(machine, "H", 0, time.monotonic() + PATIENCE)
            for number, trial in enumerate(self.trials):
                yield trial, self.follow(machine, number)
            self.expect(machine, "E", 0, time.monotonic() + PATIENCE)

    def mark(self, machine):
        """The next mark on the console, cut off it: (letter, number, words, text before it)."""
        match = MARK.search(machine.text)
        if not match:
            return None
        text = machine.text[: match.start()]
        machine.text = machine.text[match.end() :]
        return match[1], int(match[2] or "0", 16), match[3].split(), text

    def expect(self, machine, letter, number, deadline):
        """Wait for a mark that must come."""
        while True:
            mark = self.mark(machine)
            if mark:
                assert mark[:2] == (letter, number), f"{mark} instead of #{letter} {number:#x}: the harness is damaged"
                return
            assert machine.read_some(deadline), f"no #{letter} {number:#x}:\n{machine.text}\n{machine.complaints()}"

    def follow(self, machine, number):
        """One trial's end."""
        self.expect(machine, "T", number, time.monotonic() + PATIENCE)
        begun = cpu_seconds(machine.process.pid)
        while True:
            mark = self.mark(machine)
            if mark and mark[0] == "R" and mark[1] == number:
                return Ending(mark[2][0], mark[2][1:], mark[3])
            if mark:
                assert mark[:2] == ("H", number + 1), f"{mark} in trial {number}: {self.trials[number]}"
                return Ending("reset", [], mark[3])
            talks = machine.read_some(time.monotonic() + 0.1)
            over = cpu_seconds(machine.process.pid) - begun > LIMIT
            if talks and not over:
                continue
            ending = self.look(machine, over)
            if ending:
                machine.command("system_reset")
                self.skip_to(machine, number + 1)
                return ending

    def look(self, machine, over):
        """What has become of a guest that is silent, or whose time is over; None if it may still come back."""
        registers = machine.registers()
        pc = registers[self.cpu]
        if registers.get("HLT") == 1 or self.in_function(pc, "arch_halt"):
            how, code = "halted", registers[self.scenario.arch.code_register]
        elif over:
            how, code = "hung", 0
        else:
            return None
        if how == "halted":
            machine.drain()
        if MARK.search(machine.text):
            return None
        return Ending(how, [f"{pc:#x}", f"{code:#x}"], machine.text)

    def in_function(self, pc, name):
        """True if the program counter is in a function of the purgatory: arm64 does not tell that it sleeps."""
        start = self.scenario.boot.symbol(name)
        return self.scenario.arch.name == "arm64" and start <= pc < start + 0x10

    def skip_to(self, machine, number):
        """Forget what a guest that was reset has said, up to the harness' beginning."""
        deadline = time.monotonic() + PATIENCE
        while True:
            mark = self.mark(machine)
            if mark and mark[:2] == ("H", number):
                return
            if not mark:
                assert machine.read_some(deadline), f"no harness after a reset:\n{machine.text}"


def cpu_seconds(pid):
    """The CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


NAMED, REFUSED, HARMLESS = "refused, named", "refused", "harmless"
HUNG, RESET, SILENT, CAUGHT, DAMAGED = "hung", "reset", "halted without a line", "jumped astray", "booted damaged"
CLASSES = (NAMED, REFUSED, HARMLESS, HUNG, RESET, SILENT, CAUGHT, DAMAGED)
DEAD = (HUNG, RESET, SILENT, CAUGHT)
JUMP = re.compile(r"^purgatory: .*; jumping to 0x", re.M)

# How the line of a refusal goes on, where the harness is still there to see it or the machine tells.
AFTERWARDS = {"returned": "returning", "halted": "halted", "reset": "resetting", "fallback": "falling back"}


def classify(trial, ending):
    """The class of an ending."""
    refusal = ending.refusal
    if ending.how in ("entered", "fallback") and ending.detail[0] != "same":
        return DAMAGED
    if ending.how == "entered":
        return HARMLESS
    if ending.how in ("halted", "hung", "reset", "caught") and JUMP.search(ending.text):
        return DAMAGED
    if refusal and AFTERWARDS.get(ending.how) == refusal[2]:
        return NAMED if names(trial, refusal) else REFUSED
    if ending.how == "returned" and 0 < int(ending.detail[0], 16) <= constant("E_FAULT"):
        return REFUSED
    return {"hung": HUNG, "reset": RESET, "caught": CAUGHT}.get(ending.how, SILENT)


def names(trial, refusal):
    """True if the line is about what was damaged."""
    target, (what, code, _) = trial.target, refusal
    if target is None:
        return False
    if target.kind == "segment":
        return int(code) == constant("E_DIGEST") and what.startswith(f"segment {target.index} (")
    if target.kind == "concatenated segment":
        return int(code) == constant("E_CONCAT")
    if target.kind == "fallback":
        return int(code) == constant("E_DIGEST") and what.startswith("fallback (rescue)")
    if target.kind == "parameters":
        return int(code) in (constant("E_BLOCK"), constant("E_MAGIC"), constant("E_VERSION"), constant("E_SIZE"))
    return int(code) == constant("E_IMAGE") and target.kind in ("header", "code", "constants")
