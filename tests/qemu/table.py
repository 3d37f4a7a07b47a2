# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The tables that tests with other people's programs end with: of what the tests have recorded, for people."""


def recorded(terminalreporter, *outcomes):
    """For each test that came to one of these outcomes, the (name, value) pairs that it has recorded."""
    reports = [report for outcome in outcomes for report in terminalreporter.stats.get(outcome, [])]
    return [report.user_properties for report in reports if report.when == "call" and report.user_properties]


def aligned(rows):
    """The lines of a table of strings."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
