# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Fixtures of the tests of `purgatory load` and `purgatory exec`, and the table of what they saw."""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "qemu"), str(TESTS / "tools")]

from guests import outer_of  # noqa: E402
from machine import BUILD  # noqa: E402
from table import aligned, recorded  # noqa: E402

REPORT = BUILD / "live" / "report.txt"
HEAD = ("case", "machine", "verdict", "s")
CAVEAT = "s: seconds from leaving a kernel to the next one's first line, in emulation (TCG): no proof of speed."


@pytest.fixture
def outer(tmp_path):
    """Makes the outer kernel's machine. The initrds are large, and nobody reads them afterwards."""
    yield lambda computer, **rest: outer_of(computer, tmp_path, **rest)
    (tmp_path / "initrd").unlink(missing_ok=True)


@pytest.fixture
def note(record_property):
    """Have a line in the table: the case, the machine, what was seen, and the seconds if they mean something."""

    def take(case, machine, verdict, seconds=None):
        record_property("live", (case, machine, verdict, "" if seconds is None else f"{seconds:.1f}"))

    return take


def pytest_terminal_summary(terminalreporter):
    """Print the table, and keep it."""
    tests = recorded(terminalreporter, "passed")
    rows = [value for properties in tests for name, value in properties if name == "live"]
    lines = aligned([HEAD, *sorted(map(tuple, rows))])
    lines += [CAVEAT, *(f"FAILED: {report.nodeid}" for report in terminalreporter.getreports("failed"))]
    text = "".join(f"{line}\n" for line in lines)
    terminalreporter.write(text)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text, encoding="ascii")
