# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Fixtures of the tests with kexec-tools, and the table of what they saw."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))

from guests import Outer  # noqa: E402
from machine import BUILD  # noqa: E402

REPORT = BUILD / "kexec" / "report.txt"
HEAD = ("client", "case", "stock", "ours", "seconds", "seconds")
CAVEAT = "Seconds: from leaving the outer kernel to the inner one's first line, in emulation (TCG): no proof of speed."


@pytest.fixture(params=["stock", "ours"])
def purgatory(request):
    """kexec-tools' own purgatory, then ours."""
    return request.param


@pytest.fixture
def outer(purgatory, tmp_path):
    """Makes the outer kernel's machine. The initrds are large, and nobody reads them afterwards."""
    yield lambda computer, **rest: Outer(computer, purgatory, tmp_path, **rest)
    (tmp_path / "initrd").unlink(missing_ok=True)


@pytest.fixture
def note(record_property, purgatory, request):
    """Have a line in the table: the case, what was seen, and the seconds if that means something."""

    def take(client, case, verdict, seconds=None):
        record_property("kexec", (client, case, purgatory, verdict, seconds))

    return take


def pytest_terminal_summary(terminalreporter):
    """Print the table, and keep it."""
    rows = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "kexec" and report.when == "call":
                client, case, purgatory, verdict, seconds = value
                rows.setdefault((client, case), {})[purgatory] = (verdict, "" if seconds is None else f"{seconds:.1f}")
    if not rows:
        return
    empty = ("", "")
    lines = [HEAD]
    for (client, case), seen in sorted(rows.items()):
        stock, ours = seen.get("stock", empty), seen.get("ours", empty)
        lines.append((client, case, stock[0], ours[0], stock[1], ours[1]))
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
    terminalreporter.write_line(text)
    terminalreporter.write_line(CAVEAT)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        REPORT.write_text(f"{text}\n{CAVEAT}\n", encoding="ascii")
