# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The paths of what the kernel's tests share with the others, and the table at their end."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "qemu"), str(TESTS / "forms")]

COLUMNS = ("purgatory", "case", "verdict", "seconds")


def pytest_terminal_summary(terminalreporter):
    """What each boot came to. The seconds are those from the kexec or panic to the next kernel's first line."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    rows = [dict(report.user_properties) for report in reports if report.when == "call" and report.user_properties]
    rows = [[str(row.get(column, "failed" if column == "verdict" else "")) for column in COLUMNS] for row in rows]
    if not rows:
        return
    terminalreporter.section("kexec_file_load(2) in emulation, which is no proof of speed")
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows)]
    for row in (COLUMNS, *rows):
        terminalreporter.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
