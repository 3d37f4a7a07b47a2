# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the fault campaign boots: segments of each kind, a copy, a record, a fallback, and each failure policy.

The harness (harness.c) is the purgatory's caller and, by way of a stub, its next program. It gets pristine copies of
all that is in memory, a block for each policy, and the trials.
"""

import dataclasses
import random
import struct

from abi import PARAMS_SIZE, REPORT_SIZE, Params, constant, sha256
from elf import Elf
from machine import BUILD, OPTION_DIRTY, PAGE, Boot
from segments import pattern, striped
from symbols import symbols

MAILBOX = struct.Struct("<10Q")
PIECE = struct.Struct("<5Q")
TRIAL = struct.Struct("<4Q")
MAILBOX_AT, PROGRESS_AT = 0x100000, 0x80000
NONE, FLIP, FILL, RANDOM, COPY = range(5)

LANES = 8
COPIED = 0x1800


@dataclasses.dataclass(frozen=True)
class Target:
    """A part of memory that is damaged: what it is called in the table, and the segment's place in the block."""

    kind: str
    start: int
    size: int
    index: int = None


@dataclasses.dataclass(frozen=True)
class Trial:
    """One entry into the purgatory, with one thing wrong."""

    config: str
    target: Target
    kind: int = NONE
    address: int = 0
    value: int = 0

    def __str__(self):
        offset = self.address - self.target.start if self.target else 0
        name = self.target.kind if self.target else "nothing"
        return f"{name}+{offset:#x} ({self.address:#x}), {self.kind}:{self.value:#x}, policy {self.config}"


def stubs(arch, size):
    """Code that calls the harness from wherever it is entered, so that it can tell where that was; each page begins
    with bytes of its own."""
    entered = symbols(BUILD / "tests" / f"harness-{arch.name}.elf")["entered"]
    if arch.name == "arm64":
        code = struct.pack("<IIQ", 0x58000050, 0xD63F0200, entered)  # ldr x16, .+8; blr x16
    else:
        code = struct.pack("<HI2sQ", 0x15FF, 2, b"\xeb\xfe", entered)  # call *.+8; jmp .
    pages = (pattern(PAGE + 16)[-16:], *[pattern(2 * PAGE)[-16 * i :][:16] for i in range(2, size // PAGE + 1)])
    return b"".join(page + code * (PAGE // len(code) - 1) for page in pages)


def complement(data):
    """With each bit flipped: what is not to be executed where it lies."""
    return bytes(byte ^ 0xFF for byte in data)


def wrong_initrd(params):
    """Have the boot be refused, by a block that is well."""
    params["segment[1].digest"] = sha256(b"another initrd")


# The blocks of the flips, and how often each is taken, in a hundred: mostly that which leaves the guest where it was.
POLICIES = {"return": "FAIL_RETURN", "halt": "FAIL_HALT", "reset": "FAIL_RESET", "fallback": "FAIL_FALLBACK"}
POLICY_WEIGHTS = (90, 2, 3, 5)


class Scenario:
    """One architecture's memory, blocks and targets, on one CPU."""

    def __init__(self, arch, directory, state=None, purgatory=None):
        self.arch = arch
        self.state = state or arch.states[0]
        self.base = arch.spare_at
        self.boot = Boot(arch, directory, purgatory=purgatory)
        self.harness_at = symbols(BUILD / "tests" / f"harness-{arch.name}.elf")["start"]
        self.configs = {}
        self.pieces = []  # address, data, expected or None, of the fallback
        self.targets = []
        self.fill()
        params = Params(self.boot.image, self.boot.header["params"])
        params["image_digest"] = sha256(self.boot.image[: self.boot.header["ro_size"]])
        self.block = bytes(self.boot.image[params.base : params.base + PARAMS_SIZE])
        for name, policy in POLICIES.items():
            self.add_config(name, policy=policy)
        self.add_config("falls back", wrong_initrd, policy="FAIL_FALLBACK")
        self.add_image_targets()

    def add_config(self, name, change=None, policy="FAIL_RETURN", sealed=True):
        """Another block, in which something is changed, with its digest or without. Returns its name."""
        params = Params(bytearray(self.block))
        params["failure.policy"] = constant(policy)
        if policy == "FAIL_RESET" and self.arch.name == "arm64":
            at_el2 = "virt,virtualization=on" in self.state.qemu
            params["failure.conduit"] = constant("CONDUIT_SMC" if at_el2 else "CONDUIT_HVC")
        if policy == "FAIL_FALLBACK":
            self.add_fallback(params)
        if change:
            change(params)
        if sealed:
            params.seal()
        self.configs[name] = bytes(params.memory)
        return name

    def add_fallback(self, params):
        """The fallback, entered with registers of its own."""
        params["failure.fallback.start"] = self.fallback[0]
        params["failure.fallback.size"] = len(self.fallback[1])
        params["failure.fallback.name"] = b"rescue"
        params["failure.fallback.digest"] = sha256(self.fallback[1])
        for i, register in enumerate(self.arch.registers):
            params[f"failure.fallback_handoff.{self.arch.name}.{register}"] = 0xFA11BACC00000000 + i
        self.set_registers(params, "failure.fallback_handoff", self.fallback[0] + 0x20)

    def set_registers(self, params, handoff, entry):
        """The entry, and on x86_64 a stack for the stub's call."""
        params[f"{handoff}.{self.arch.name}.{self.arch.entry}"] = entry
        if self.arch.name == "x86_64":
            params[f"{handoff}.x86_64.rsp"] = self.harness_at + 0x40000

    def fill(self):
        """The segments, each preceded and followed by memory that is nobody's."""
        boot, base = self.boot, self.base
        kernel = stubs(self.arch, 0x2000)
        initrd = pattern(0x6FF8)
        self.segment("kernel", base, kernel)
        index = self.segment("initrd", base + 0x10008, initrd, "DIGEST_STRIPED")
        boot.params[f"segment[{index}].lanes"] = LANES
        boot.params[f"segment[{index}].digest"] = striped(initrd, LANES)
        self.segment("dtb", base + 0x20000, pattern(0x1800)[::-1])
        self.segment("cmdline", base + 0x30010, pattern(0x200)[::-1], "DIGEST_CONCAT")
        self.segment("params", base + 0x40000, pattern(0x1238)[::-1], "DIGEST_CONCAT")
        boot.params["digest"] = sha256(pattern(0x200)[::-1] + pattern(0x1238)[::-1])
        boot.params.add_copy(base + 0x50000, base + 0x10008 + 0x808, COPIED)
        self.pieces.append((base + 0x50000, bytes(COPIED), initrd[0x808 : 0x808 + COPIED], False))
        self.record_at = base + 0x60000
        boot.params["report.address"] = self.record_at
        boot.params["report.size"] = REPORT_SIZE
        self.pieces.append((self.record_at, bytes(REPORT_SIZE), None, False))
        self.fallback = (base + 0x70000, stubs(self.arch, 0x1000))
        self.pieces.append((*self.fallback, self.fallback[1], True))
        self.targets.append(Target("fallback", self.fallback[0], 0x1000))
        for i, register in enumerate(self.arch.registers):
            boot.register(register, 0x0123456789ABCD00 + i)
        self.set_registers(boot.params, "handoff", base + 0x1010)

    def segment(self, name, address, data, kind="DIGEST_SEGMENT"):
        """A segment that must be there, unchanged, when the next program is entered."""
        index = self.boot.params.add_segment(name, address, data, kind)
        self.pieces.append((address, data, data, False))
        row = "concatenated segment" if kind == "DIGEST_CONCAT" else "segment"
        self.targets.append(Target(row, address, len(data), index))
        return index

    def add_image_targets(self):
        """The parts of the image, by its symbols."""
        at, header = self.boot.place, self.boot.header
        path = BUILD / f"purgatory-{self.arch.name}.elf"
        symbol = symbols(path)
        rodata = next(section.addr for section in Elf.of(path).sections if section.name == ".rodata")
        stack_end = symbol["variables_start"]
        stack = symbol["stack_top"] - 0x1000
        clients = header["params"] + PARAMS_SIZE
        for kind, start, end in (
            ("header", 0, 0x40),
            ("code", 0x40, rodata),
            ("constants", rodata, header["ro_size"]),
            ("parameters", header["params"], clients),
            ("clients' symbols", clients, stack),
            ("stack", stack, stack_end),
            ("variables", stack_end, symbol["image_tables"]),
            ("page tables", symbol["image_tables"], header["mem_size"]),
        ):
            if start < end:
                self.targets.append(Target(kind, at + start, end - start))

    def mailbox(self, trials):
        """The harness' mailbox."""
        data = bytearray(MAILBOX.size)

        def put(more):
            offset = len(data)
            data.extend(more.ljust(-(-len(more) // 8) * 8, b"\0"))
            return offset

        pieces = b""
        for address, before, after, fallback in [(self.boot.place, bytes(self.boot.image), None, False), *self.pieces]:
            assert address % 8 == 0 and len(before) % 8 == 0
            offset = put(complement(before))
            pieces += PIECE.pack(address, len(before), offset, put(complement(after)) if after else 0, fallback)
        names = list(self.configs)
        configs = put(complement(b"".join(self.configs.values())))
        table = b"".join(TRIAL.pack(names.index(t.config), t.kind, t.address, t.value) for t in trials)
        head = (self.boot.place, self.record_at, self.harness_at + PROGRESS_AT, len(self.pieces) + 1)
        offsets = (put(pieces), configs, len(trials), put(table))
        launcher = len(self.boot.image) + len(data) + 16 * PAGE
        data[: MAILBOX.size] = MAILBOX.pack(*head, *offsets, self.arch.mailbox_at, launcher)
        return bytes(data)

    def start(self, trials):
        """A guest that will go through the trials, frozen."""
        boot = self.boot
        boot.state = self.state
        boot.options = OPTION_DIRTY
        boot.target = self.harness_at
        boot.pieces = [
            (self.harness_at, (BUILD / "tests" / f"harness-{self.arch.name}.bin").read_bytes()),
            (self.harness_at + MAILBOX_AT, self.mailbox(trials)),
        ]
        return boot.start(frozen=True)


# How often each part is hit, in a hundred; within it each bit as often as any other.
WEIGHTS = {
    ("segment",): 20,
    ("concatenated segment",): 6,
    ("fallback",): 4,
    ("parameters",): 25,
    ("header", "code", "constants"): 29,
    ("clients' symbols", "stack", "variables"): 11,
    ("page tables",): 5,
}

def flips(scenario, count, seed):
    """Trials of one flipped bit each; the same ones for the same seed."""
    choose = random.Random(f"{seed} {scenario.arch.name}")
    parts = [[target for target in scenario.targets if target.kind in kinds] for kinds in WEIGHTS]
    weights = [weight if targets else 0 for weight, targets in zip(WEIGHTS.values(), parts)]
    trials = []
    for _ in range(count):
        targets = choose.choices(parts, weights)[0]
        target = choose.choices(targets, [target.size for target in targets])[0]
        config = choose.choices(list(POLICIES), POLICY_WEIGHTS)[0]
        address = target.start + place_in(scenario, target, choose)
        bit = 1 << choose.randrange(8)
        trials.append(Trial("falls back" if target.kind == "fallback" else config, target, FLIP, address, bit))
    return trials


def place_in(scenario, target, choose):
    """Any byte; but half of those in the block are of fields that are in use, since most are not."""
    if target.kind == "parameters" and choose.random() < 0.5:
        return choose.choice([i for i, byte in enumerate(scenario.configs["fallback"]) if byte])
    return choose.randrange(target.size)


def pages(scenario, seed):
    """Trials of a whole page each, over every page of everything: what a device that was not stopped may leave."""
    choose = random.Random(f"{seed} {scenario.arch.name} pages")
    starts = {t.start // PAGE * PAGE: t for t in scenario.targets}
    for target in scenario.targets:
        starts.update({start: target for start in range(target.start // PAGE * PAGE, target.start + target.size, PAGE)})
    trials = []
    for start, target in sorted(starts.items()):
        other = choose.choice([page for page in starts if page != start])
        for kind, value in ((FILL, 0), (FILL, 0xFF), (RANDOM, choose.getrandbits(64)), (COPY, other)):
            config = "falls back" if target.kind == "fallback" else "return"
            trials.append(Trial(config, target, kind, start, value))
    return trials


def with_baselines(trials, every=250):
    """Between them, trials with nothing wrong: each policy first."""
    result = [Trial(config, None) for config in [*POLICIES, "falls back"]]
    for i, trial in enumerate(trials):
        if i and i % every == 0:
            result.append(Trial("return", None))
        result.append(trial)
    return result
