# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""One random bit is flipped between load and entry, of anything: FAULT_RUNS times (200) for each architecture, the same
bits for the same FAULT_SEED. And whole pages are written over, as by a device that was not stopped."""

from abi import constant
from campaign import DAMAGED, DEAD, HARMLESS, NAMED, REFUSED
from conftest import RUNS, SEED
from scenario import Scenario, flips, pages, with_baselines

# What the image's digest covers: so many in a hundred of its bits may leave the purgatory speechless, so many must be
# found by that digest. Nine in ten are; but a sample is small.
READ_ONLY = ("header", "code", "constants")
SPEECHLESS = 3
KNOWN = 50

# Nobody reads what these hold before they are written.
SCRATCH = ("stack", "variables", "page tables")


def states(arch):
    """The CPUs, and how much of the campaign each gets."""
    if arch.name == "arm64":
        return {arch.state("el1"): 0.5, arch.state("el2"): 0.25, arch.state("el2-vhe"): 0.25}
    return {arch.states[0]: 0.5, arch.states[0].with_cpu("max"): 0.5}


def of(results, *kinds):
    """The results for these targets."""
    return [result for result in results if result[0].target and result[0].target.kind in kinds]


def failures(results, *allowed):
    """What is not of these classes, for a message."""
    return [f"{verdict}: {trial}: {ending}" for trial, ending, verdict in results if verdict not in allowed]


def check_baselines(results):
    """With nothing wrong, the boot succeeds; or the fallback is entered. And what is harmless shows no difference to
    that, in the line and in the record."""
    lines = set()
    for trial, ending, verdict in results:
        if trial.target is None:
            good = (REFUSED, "fallback") if trial.config == "falls back" else (HARMLESS, "entered")
            assert (verdict, ending.how) == good, f"{trial}: {ending}"
            lines.add((*ending.detail, ending.text))
        elif verdict == HARMLESS:
            assert (*ending.detail, ending.text) in lines, f"{trial}: {ending}"


def flip(arch, directory, conduct):
    """The results of all flips."""
    begun, results = 0, []
    for state, part in states(arch).items():
        scenario = Scenario(arch, directory, state)
        count = round(RUNS * part)
        trials = flips(scenario, RUNS, SEED)[begun : begun + count]
        results += conduct("one bit", scenario, with_baselines(trials))
        begun += count
    return results


def test_flips(arch, tmp_path, conduct):
    """Nothing that is damaged is booted; what was damaged is named, and few damaged purgatories are speechless."""
    flipped = flip(arch, tmp_path, conduct)
    check_baselines(flipped)
    told = of(flipped, "segment", "concatenated segment", "parameters")
    assert not [ending for _, ending, _ in told if ending.how == "returned" and ending.detail[1] != "same"]
    for trial, ending, _ in of(flipped, "segment"):
        if ending.how in ("returned", "fallback"):
            assert ending.record[:2] == [constant("E_DIGEST"), trial.target.index], f"{trial}: {ending}"
    assert not [f for f in failures(flipped) if f.startswith(DAMAGED)]
    assert not failures(of(flipped, "segment", "concatenated segment", "fallback"), NAMED)
    assert not failures(of(flipped, "parameters"), NAMED, REFUSED)
    assert not failures(of(flipped, *SCRATCH), HARMLESS)
    image = of(flipped, *READ_ONLY)
    assert sum(verdict == NAMED for _, _, verdict in image) >= len(image) * KNOWN / 100
    dead = [result for result in image if result[2] in DEAD]
    assert len(dead) <= max(10, len(image) * SPEECHLESS / 100), failures(dead)


def test_pages(scenario, conduct):
    """Where the purgatory's code still runs, it says so; else nothing is booted."""
    results = conduct("whole pages", scenario, with_baselines(pages(scenario, SEED)))
    check_baselines(results)
    assert not [f for f in failures(results) if f.startswith(DAMAGED)]
    assert not failures(of(results, "segment", "concatenated segment", "fallback"), NAMED)
    assert not failures(of(results, "parameters"), NAMED, REFUSED)
    assert not failures(of(results, *SCRATCH), HARMLESS)
