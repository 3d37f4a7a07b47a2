# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The paths of what the kernel's tests share with the others, and the table at their end."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "qemu"), str(TESTS / "forms")]

from table import aligned, recorded  # noqa: E402

COLUMNS = ("purgatory", "case", "verdict", "seconds")


def pytest_terminal_summary(terminalreporter):
    """What each boot came to. The seconds are those from the kexec or panic to the next kernel's first line."""
    tests = map(dict, recorded(terminalreporter, "passed", "failed"))
    rows = [[str(row.get(column, "failed" if column == "verdict" else "")) for column in COLUMNS] for row in tests]
    if not rows:
        return
    terminalreporter.section("kexec_file_load(2) in emulation, which is no proof of speed")
    for line in aligned([COLUMNS, *rows]):
        terminalreporter.line(line)
