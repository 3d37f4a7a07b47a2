# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Fixtures of the tests with kexec-tools, and the table of what they saw."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))

from guests import outer_of  # noqa: E402
from machine import BUILD  # noqa: E402
from table import aligned, recorded  # noqa: E402

REPORT = BUILD / "kexec" / "report.txt"
HEAD = ("client", "case", "stock", "ours", "stock s", "ours s")
CAVEAT = "s: seconds from leaving the outer kernel to the inner one's first line, in emulation (TCG): no proof of speed."


@pytest.fixture(params=["stock", "ours"])
def purgatory(request):
    """kexec-tools' own purgatory, then ours."""
    return request.param


@pytest.fixture
def outer(purgatory, tmp_path):
    """Makes the outer kernel's machine. The initrds are large, and nobody reads them afterwards."""
    yield lambda computer, **rest: outer_of(computer, purgatory, tmp_path, **rest)
    (tmp_path / "initrd").unlink(missing_ok=True)


@pytest.fixture
def note(record_property, purgatory):
    """Have a line in the table: the case, what was seen, and the seconds if they mean something."""

    def take(client, case, verdict, seconds=None):
        column = "stock" if purgatory == "stock" else "ours"
        record_property("kexec", (client, case, column, verdict, "" if seconds is None else f"{seconds:.1f}"))

    return take


def rows_of(tests):
    """What was noted, stock beside ours."""
    seen = {}
    for properties in tests:
        for client, case, purgatory, *result in [value for name, value in properties if name == "kexec"]:
            seen.setdefault((client, case), {})[purgatory] = result
    rows = [HEAD]
    for (client, case), results in sorted(seen.items()):
        stock, ours = (results.get(purgatory, ("", "")) for purgatory in ("stock", "ours"))
        rows.append((client, case, stock[0], ours[0], stock[1], ours[1]))
    return rows


def pytest_terminal_summary(terminalreporter):
    """Print the table, and keep it."""
    lines = aligned(rows_of(recorded(terminalreporter, "passed")))
    lines += [CAVEAT, *(f"FAILED: {report.nodeid}" for report in terminalreporter.getreports("failed"))]
    text = "".join(f"{line}\n" for line in lines)
    terminalreporter.write(text)
    REPORT.write_text(text, encoding="ascii")
