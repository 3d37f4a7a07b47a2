# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What kexec-tools can load on x86_64 besides a bzImage with a 64-bit entry."""
import re
import pytest
from guests import X86_64
from machine import BUILD

def extra(name):
    """A file that the Makefile has prepared."""
    return {name: (BUILD / "kexec" / name).read_bytes()}

def test_real_mode(outer, note, purgatory):
    guest = outer(X86_64, files=extra("real-mode.bin"))
    with guest.start("kexec -c -l --real-mode --console-serial --append='mark=uncut' /real-mode.bin; jump") as machine:
        machine.wait_for("real: end")
        print(machine.text)
        assert 0
