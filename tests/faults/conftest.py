# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Fixtures of the fault campaign, and its tables."""

import collections
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))

from campaign import CLASSES, Campaign, classify  # noqa: E402
from machine import ARCHES, BUILD, qemu_version  # noqa: E402
from scenario import Scenario  # noqa: E402
from table import aligned, recorded  # noqa: E402

REPORT = BUILD / "faults" / "report.txt"
LOG = BUILD / "faults"
SEED = os.environ.get("FAULT_SEED", "1")
RUNS = int(os.environ.get("FAULT_RUNS", "200"))


@pytest.fixture(params=ARCHES.values(), ids=ARCHES.keys())
def arch(request):
    """Each architecture in turn."""
    return request.param


@pytest.fixture
def scenario(arch, tmp_path):
    """All that there is to be damaged."""
    return Scenario(arch, tmp_path)


@pytest.fixture
def conduct(record_property, request):
    """Conduct trials: returns (trial, ending, class) of each, and has them counted in the table of that name."""

    def go(title, scenario, trials):
        results, counts = [], collections.Counter()
        LOG.mkdir(parents=True, exist_ok=True)
        with open(LOG / f"{request.node.name}.log", "a", 1, encoding="ascii", errors="replace") as log:
            for trial, ending in Campaign(scenario, trials):
                verdict = classify(trial, ending)
                results.append((trial, ending, verdict))
                log.write(f"{verdict}: {trial}: {ending.how} {' '.join(ending.detail)}: {ending.text[-300:]!r}\n")
                if trial.target:
                    counts[trial.target.kind, verdict] += 1
        for (kind, verdict), count in counts.items():
            record_property("faults", (scenario.arch.name, title, kind, verdict, count))
        return results

    return go


def pytest_configure():
    """The logs are of the last time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for path in LOG.glob("*.log"):
            path.unlink()


def pytest_collection_modifyitems(items):
    """The two longest tests far from each other, so that they are not given to the same process."""
    items.sort(key=lambda item: item.name.startswith("test_flips") and "x86_64" in item.name)


def tables(rows):
    """Lines: for each title and architecture, the classes by what was damaged."""
    counts = collections.Counter()
    for arch, title, kind, verdict, count in rows:
        counts[title, arch, kind, verdict] += count
    lines = []
    for title, arch in sorted({key[:2] for key in counts}):
        kinds = sorted({key[2] for key in counts if key[:2] == (title, arch)})
        table = [(f"{arch}, {title}", *CLASSES, "sum")]
        for kind in kinds:
            row = [counts[title, arch, kind, verdict] for verdict in CLASSES]
            table.append((kind, *[number or "" for number in row], sum(row)))
        total = [sum(counts[title, arch, kind, verdict] for kind in kinds) for verdict in CLASSES]
        table.append(("all", *[number or "" for number in total], sum(total)))
        lines += [*aligned([[str(cell) for cell in row] for row in table]), ""]
    return lines


def pytest_terminal_summary(terminalreporter):
    """Print the tables, and keep them."""
    tests = [*recorded(terminalreporter, "passed"), *recorded(terminalreporter, "failed")]
    lines = tables([value for properties in tests for name, value in properties if name == "faults"])
    version = ".".join(map(str, qemu_version()))
    lines += [f"FAULT_SEED={SEED} FAULT_RUNS={RUNS}, QEMU {version}; build/faults/*.log has each run"]
    lines += [f"FAILED: {report.nodeid}" for report in terminalreporter.getreports("failed")]
    text = "".join(f"{line}\n" for line in lines)
    terminalreporter.write(text)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text, encoding="ascii")
