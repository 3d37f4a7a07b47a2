# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Devices that do not answer, counters that do not count, and blocks that nobody should have written."""

import re
import struct
import subprocess

import pytest

from abi import PARAMS, SEGMENT, Bytes, Params, constant, locate
from campaign import HARMLESS, NAMED, REFUSED, Campaign
from machine import BUILD, PAGE
from scenario import FILL, FLIP, Scenario, Target, Trial, wrong_initrd
from segments import pattern
from symbols import symbols
from test_flips import failures

# Nothing answers there on QEMU's virt machine; x86_64's identity map has no page there.
NOWHERE = {"arm64": 0x0B000000, "x86_64": 0xFED00000}

BLOCK = Target("block", 0, 0)


def console(index, **fields):
    """A change of the block: another console."""

    def change(params):
        for field in ("width", "stride", "baud"):
            params[f"console[{index}].{field}"] = 0
        for field, value in fields.items():
            params[f"console[{index}].{field}"] = constant(value) if field == "kind" else value

    return change


def both(*changes):
    """Several changes."""

    def change(params):
        for one in changes:
            one(params)

    return change


def run(scenario, *trials):
    """How each of them ends."""
    return [ending for _, ending in Campaign(scenario, trials)]


def booted(ending):
    """True if the next program was entered as it should be."""
    return (ending.how, ending.detail[:1]) == ("entered", ["same"])


def returned(ending, code):
    """True if the caller has been told the code, and finds its CPU as it was."""
    return (ending.how, ending.detail[:2]) == ("returned", [f"{constant(code):#x}", "same"])


@pytest.mark.parametrize("kind, byte", [("CONSOLE_PL011", 0xFF), ("CONSOLE_8250", 0)])
def test_stuck_console(scenario, kind, byte):
    """Memory in which the bits say: no room. It holds up neither a boot nor a refusal, nor the other console."""
    page = scenario.base + 0xA0000
    stuck = console(1, kind=kind, base=page)
    scenario.add_config("stuck", stuck)
    scenario.add_config("stuck, refused", both(stuck, wrong_initrd))
    good, bad = run(
        scenario, *[Trial(config, BLOCK, FILL, page, byte) for config in ("stuck", "stuck, refused")]
    )
    assert booted(good) and "; jumping to" in good.text
    assert returned(bad, "E_DIGEST") and bad.refusal[2] == "returning"


def test_console_nowhere(scenario):
    """One whose address faults, or is not in x86_64's map: the boot is refused, and the other console tells of it;
    alone, the code must do. It is first written to when the copies have been made, too late to return; or when there is
    a refusal to tell of, and then it is that which is told."""
    nowhere = {"kind": "CONSOLE_8250", "base": NOWHERE[scenario.arch.name]}
    for name, change in (("two", console(1, **nowhere)), ("alone", console(0, **nowhere))):
        scenario.add_config(name, change)
        scenario.add_config(f"{name}, refused", both(change, wrong_initrd))
    names = ("two", "two, refused", "alone", "alone, refused")
    told, told_too, silent, silent_too = run(scenario, *[Trial(name, BLOCK) for name in names])
    if scenario.arch.name == "arm64":
        code = constant("E_FAULT")
        assert told.how == "halted" and int(told.refusal[1]) == code, told
        assert silent.how == "halted" and int(silent.detail[1], 16) == code, silent
        assert returned(told_too, "E_DIGEST") and "segment 1 (initrd): " in told_too.refusal[0], told_too
        assert returned(silent_too, "E_DIGEST"), silent_too
    else:
        assert all(returned(ending, "E_UNMAPPED") for ending in (told, told_too, silent, silent_too))
        assert int(told.refusal[1]) == int(told_too.refusal[1]) == constant("E_UNMAPPED")


def test_dirty_variables(scenario):
    """The purgatory's variables are as they should be, whatever lies there before: an exception while the refusal is told
    is still the first one, and ends as it does otherwise."""
    nowhere = console(1, kind="CONSOLE_8250", base=NOWHERE[scenario.arch.name])
    scenario.add_config("nowhere, refused", both(nowhere, wrong_initrd))
    variables = next(target for target in scenario.targets if target.kind == "variables")
    pages = range(variables.start // PAGE * PAGE, variables.start + variables.size, PAGE)
    clean, *dirty = run(
        scenario,
        Trial("nowhere, refused", BLOCK),
        *[Trial("nowhere, refused", BLOCK, FILL, page, 0xFF) for page in pages],
    )
    assert clean.how == "returned" and clean.refusal, clean
    assert all(ending == clean for ending in dirty), dirty


def still(arch):
    """The image with a counter that is zero each time it is read: on arm64 each instruction that does, on x86_64 the one
    function. And how many there are."""
    path = BUILD / f"purgatory-{arch.name}"
    image = bytearray(path.with_suffix(".bin").read_bytes())
    objdump = {"arm64": "aarch64-linux-gnu-objdump", "x86_64": "x86_64-linux-gnu-objdump"}[arch.name]
    listing = subprocess.run([objdump, "-d", path.with_suffix(".elf")], capture_output=True, check=True).stdout
    found = re.findall(r"^ *([0-9a-f]+):.*\t(?:rdtsc\b|mrs\tx(\d+), cntvct_el0)", listing.decode(), re.M)
    for text, register in found:
        at = int(text, 16)
        if register:
            struct.pack_into("<I", image, at, 0xD2800000 | int(register))  # movz xN, #0
        else:
            assert at == symbols(path.with_suffix(".elf"))["arch_ticks"]
            image[at : at + 3] = b"\x31\xc0\xc3"  # xor %eax, %eax; ret
    return bytes(image), len(found)


def test_still_counter(arch, tmp_path):
    """A counter that stands still holds up neither a boot, nor a sink, nor the wait before a policy."""
    image, count = still(arch)
    assert count
    scenario = Scenario(arch, tmp_path, purgatory=image)
    changes = [both(lambda params: params.__setitem__("failure.delay", 3), wrong_initrd)]
    if arch.name == "arm64":
        changes.append(both(console(1, kind="CONSOLE_SINK", base=scenario.base + 0xA0000), wrong_initrd))
    else:
        changes[0] = both(changes[0], lambda params: params.__setitem__("failure.timer_hz", 10**9))
    for i, change in enumerate(changes):
        scenario.add_config(f"{i}", change)
    good, *bad = run(scenario, Trial("return", BLOCK), *[Trial(f"{i}", BLOCK) for i in range(len(changes))])
    assert booted(good)
    for ending in bad:
        assert returned(ending, "E_DIGEST") and ending.refusal, ending


def extremes(kind):
    """The ends of a number's range, and what is next to them and to its sign."""
    if isinstance(kind, Bytes):
        return [bytes(kind.size), b"\xff" * kind.size, b"\x80" + bytes(kind.size - 1), bytes(kind.size - 1) + b"\x01"]
    bits = 8 * struct.calcsize(kind)
    top = 1 << bits
    return sorted({0, 1, 2, top // 2 - 1, top // 2, top // 2 + 1, top - 2, top - 1})


FIELDS = [
    *(f"segment[{i}].{field}" for i in (0, 1, 3, 5, 63) for field in SEGMENT),
    *(f"copy[1].{field}" for field in ("dst", "src", "size", "flags", "reserved")),
    *("copy[0].flags", "copy[0].reserved"),
    *("verify", "flags", "segment_count", "copy_count", "digest", "image_digest", "magic", "abi_major", "abi_minor"),
    *("size", "report.address", "report.size", "report.reserved", "handoff.mode", "handoff.checks", "handoff.stub"),
    *("failure.delay", "failure.conduit", "failure.reset_address", "failure.timer_hz", "linear_map.flags"),
    *("linear_map.root", "linear_map.range_count", "reserved[0]", "reserved2[63]"),
]

# Of these other values are as good: names; what else is wished of the boot, or in case that it is refused.
FREE = (
    *(f"segment[{i}].name" for i in (0, 1, 3)),
    *("flags=1", "flags=2", "copy[0].flags=1", "report.size", "failure.delay", "failure.timer_hz"),
    f"image_digest={bytes(32)!r}",
)


def set_to(field, value):
    """A change of the block."""

    def change(params):
        params[field] = value

    return change


def test_extremes(scenario, conduct):
    """A block without a digest, each of its fields at its extremes: refused, or booted with nothing damaged; the caller
    is told, and nothing hangs."""
    original, trials, same = Params(bytearray(scenario.block)), [], set()
    for field in FIELDS:
        for value in extremes(locate(PARAMS, field)[1]):
            config = scenario.add_config(f"{field}={value!r}", set_to(field, value), sealed=False)
            trials.append(Trial(config, Target(field.split("[")[0].split(".")[0], 0, 0)))
            if original[field] == value:
                same.add(config)
    results = conduct("fields at their extremes, without digest", scenario, trials)
    assert not failures(results, REFUSED, HARMLESS)
    assert not [trial for trial, ending, _ in results if ending.refusal and int(ending.refusal[1]) == constant("E_FAULT")]
    entered = {trial.config for trial, _, verdict in results if verdict == HARMLESS}
    assert same - entered == set()
    assert not [config for config in entered - same if not config.startswith(FREE)]


def small_segments(scenario, count):
    """As many more segments as make it `count`; the last one is returned as a target."""
    for i in range(scenario.boot.params["segment_count"], count):
        scenario.segment(f"s{i}", scenario.base + 0x80000 + 0x100 * i, pattern(0x100)[: 8 * (i % 30)])
    return scenario.targets[-1]


class Full(Scenario):
    """With as many segments as there can be."""

    def fill(self):
        super().fill()
        self.last = small_segments(self, constant("MAX_SEGMENTS"))
        self.targets = [target for target in self.targets if target.size]


def test_64_segments(arch, tmp_path, conduct):
    """All of them are verified: any flipped bit of any is refused by its name. A 65th is one too many."""
    scenario = Full(arch, tmp_path)
    scenario.add_config("65", set_to("segment_count", 65))
    targets = [target for target in scenario.targets if target.kind == "segment"]
    trials = [Trial("return", target, FLIP, target.start + target.size - 1, 0x80) for target in targets]
    results = conduct("64 segments", scenario, [Trial("return", None), *trials, Trial("65", None)])
    assert len(targets) > 55 and targets[-1].index == 63
    assert booted(results[0][1]) and "verified 64 segments, " in results[0][1].text
    assert not failures(results[1:-1], NAMED)
    assert returned(results[-1][1], "E_COUNT")


def test_no_segments(scenario):
    """Nothing to verify is nothing to boot, but by the loader's word."""

    def none(params):
        for i in range(params["segment_count"]):
            for field, (_, kind) in SEGMENT.items():
                params[f"segment[{i}].{field}"] = b"" if isinstance(kind, Bytes) else 0
        params["segment_count"] = 0
        params["digest"] = b""

    scenario.add_config("none", none)
    scenario.add_config("never", both(none, set_to("verify", constant("VERIFY_NEVER"))))
    refused, entered = run(scenario, Trial("none", BLOCK), Trial("never", BLOCK))
    assert returned(refused, "E_NOTHING")
    assert booted(entered) and "NOT verified" in entered.text
