# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Faults are functions that spoil what would boot: a Boot, or a packed image."""


def both(*faults):
    """Several changes that make one fault."""

    def spoil(subject):
        for fault in faults:
            fault(subject)

    return spoil
