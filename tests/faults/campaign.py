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

from abi import PARAMS, constant, locate
from machine import PATIENCE

# Seconds of the host's CPU that a trial may take; a boot takes some hundredths.
LIMIT = 2

MARK = re.compile(r"^#([THRE]) ?(?:0x([0-9a-f]+))?((?: \w+)*)\n", re.M)
REFUSAL = re.compile(r"^purgatory: refused: (.*?)\[code (\d+)\]; (halted|resetting|returning|falling back)$", re.M)


@dataclasses.dataclass
class Ending:
    """How a trial ended: returned, entered, fallback, caught, halted, hung, reset, gone with QEMU; what the harness says
    to that, or the program counter; and what the purgatory had printed."""

    how: str
    detail: list
    text: str

    @property
    def refusal(self):
        """The last line of a refusal: (what, code, what then) or None."""
        lines = REFUSAL.findall(self.text)
        return lines[-1] if lines else None

    @property
    def record(self):
        """(code, segment, verdict, stage, segments, bytes) of the record that the harness has found; or None."""
        if "record" not in self.detail:
            return None
        return [int(number, 16) for number in self.detail[self.detail.index("record") + 1 :]]


class Campaign:
    """The trials; iterate over it for (trial, ending)."""

    def __init__(self, scenario, trials):
        self.scenario, self.trials = scenario, trials

    def __iter__(self):
        rest = self.trials
        while rest:
            done = 0
            for ending in Guest(self.scenario, rest).endings():
                yield rest[done], ending
                done += 1
            assert done, "the harness does not even begin"
            rest = rest[done:]


class Guest:
    """One guest's trials, as far as it comes: whoever writes over all memory writes over the harness as well."""

    def __init__(self, scenario, trials):
        self.scenario, self.trials = scenario, trials
        self.pc = {"arm64": "PC", "x86_64": "RIP"}[scenario.arch.name]
        self.machine = None
        self.mute = False

    def endings(self):
        """How each trial ended."""
        with self.scenario.start(self.trials) as self.machine:
            self.machine.command("set-action", reboot="reset")
            self.machine.command("cont")
            alive = self.reach("H", 0)
            for number in range(len(self.trials)):
                if not alive or not self.reach("T", number):
                    return
                ending = self.follow(number)
                alive = not self.ended() and (ending.how not in ("halted", "hung") or self.reset(number + 1))
                yield ending

    def mark(self):
        """The next mark on the console, cut off it: (letter, number, words, text before it)."""
        machine = self.machine
        match = MARK.search(machine.text)
        if not match:
            return None
        text = machine.text[: match.start()]
        machine.text = machine.text[match.end() :]
        return match[1], int(match[2] or "0", 16), match[3].split(), text

    def reach(self, letter, number):
        """Wait for a mark that must come next; false if it is another, or none comes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            mark = self.mark()
            if mark:
                return mark[:2] == (letter, number)
            if not self.machine.read_some(deadline):
                return False

    def reset(self, number):
        """Reset the machine, so that it goes on with that trial; false if it does not."""
        self.machine.text = ""
        self.ask(lambda: self.machine.command("system_reset"))
        deadline = time.monotonic() + PATIENCE
        while True:
            mark = self.mark()
            if mark and mark[0] == "H":
                return mark[1] == number
            if not mark and not self.machine.read_some(deadline):
                return False

    def follow(self, number):
        """One trial's end."""
        begun = cpu_seconds(self.machine.process.pid)
        while True:
            mark = self.mark()
            if mark and mark[:2] == ("R", number):
                return Ending(mark[2][0], mark[2][1:], mark[3])
            if mark:
                return Ending("reset", [], mark[3])
            talks = self.machine.read_some(time.monotonic() + 0.1)
            if self.ended():
                return Ending("gone", [], self.machine.text + self.machine.complaints())
            over = cpu_seconds(self.machine.process.pid) - begun > LIMIT
            ending = None if talks and not over else self.look(over)
            if ending:
                return ending

    def ended(self):
        """True if QEMU itself has given up, or does not answer: not every wild access is one that it can emulate."""
        return self.mute or self.machine.process.poll() is not None

    def ask(self, question):
        """What QEMU answers; None, and QEMU is given up, if it does not."""
        try:
            return question()
        except (OSError, ValueError):
            self.mute, self.machine.qmp = True, None
            return None

    def look(self, over):
        """What has become of a guest that is silent, or whose time is over; None if it may still come back."""
        registers = self.ask(self.machine.registers)
        if registers is None:
            return Ending("gone", [], self.machine.text)
        pc = registers.get(self.pc, registers.get("EIP"))  # of an x86 that starts anew
        if registers.get("HLT") == 1 or self.sleeps(pc):
            self.machine.drain()
            code = registers[self.scenario.arch.code_register]
            ending = Ending("halted", [f"{pc:#x}", f"{code:#x}"], self.machine.text)
        elif over:
            ending = Ending("hung", [f"{pc:#x}"], self.machine.text)
        else:
            return None
        return None if MARK.search(self.machine.text) else ending

    def sleeps(self, pc):
        """True if the program counter is where the purgatory halts: of arm64's CPUs QEMU does not tell it."""
        start = self.scenario.boot.symbol("arch_halt")
        return self.scenario.arch.name == "arm64" and start <= pc < start + 0x10


def cpu_seconds(pid):
    """The CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


NAMED, REFUSED, LOST, HARMLESS = "named", "refused", "refused, lost", "harmless"
HUNG, RESET, SILENT, CAUGHT, DAMAGED = "hung", "reset", "halted silently", "astray", "DAMAGED"
CLASSES = (NAMED, REFUSED, LOST, HARMLESS, HUNG, RESET, SILENT, CAUGHT, DAMAGED)
DEAD = (HUNG, RESET, SILENT, CAUGHT)
BEGUN = "purgatory: refused: "
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
    if ending.how in ("halted", "hung", "reset", "caught", "gone") and JUMP.search(ending.text):
        return DAMAGED
    if refusal and AFTERWARDS.get(ending.how) == refusal[2]:
        return NAMED if names(trial, refusal) else REFUSED
    if ending.how == "returned" and is_code(ending.detail[0]):
        return REFUSED
    if refusal:
        return REFUSED if ending.how == "halted" or waits(trial) else LOST
    if trial.target is None:
        return SILENT
    if ending.how == "halted" and is_code(ending.detail[1]) and (BEGUN in ending.text or consoles_lost(trial)):
        return REFUSED
    if ending.how == "reset" and trial.config == "reset" and consoles_lost(trial):
        return REFUSED
    return {"hung": HUNG, "reset": RESET, "caught": CAUGHT, "gone": CAUGHT}.get(ending.how, SILENT)


def waits(trial):
    """True if the flip is in the seconds to wait before the policy: of a block that is not believed 60 at most."""
    offset, _ = locate(PARAMS, "failure.delay")
    return trial.target.kind == "parameters" and 0 <= trial.address - trial.target.start - offset < 4


def consoles_lost(trial):
    """True if nobody may have been told: then the code in the halted CPU's register must do, or the reset itself."""
    return trial.target.kind == "parameters"


def is_code(text):
    """True of the number of a refusal's code."""
    return 0 < int(text, 16) <= constant("E_FAULT")


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
