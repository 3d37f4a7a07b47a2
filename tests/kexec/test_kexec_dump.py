# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`kexec -p` with our purgatory, a crash, and the old kernel's memory on a disk: it tells what has happened."""

import random

import pytest

import postmortem
from dumps import Crash
from guests import speak
from outer import CRASHKERNEL, arm64, x86_64

# What only the purgatory can keep from being overwritten, in memory that nobody uses.
LOW, BYTES = 0x20000, random.Random(6).randbytes(65536)

# Debian's kernel for arm64 does not list _text, without which kexec-tools write nonsense into the headers; it lies
# 64 KiB before _stext (arch/arm64/kernel/vmlinux.lds.S).
SAY_TEXT = """
    at=$(sed -n 's/^\\([0-9a-f]*\\) . _stext$/\\1/p' /proc/kallsyms)
    { printf '%x T _text\\n' $((0x$at - 0x10000)); cat /proc/kallsyms; } >/symbols
    mount --bind /symbols /proc/kallsyms"""

CASES = {
    "arm64": (arm64("arm64-dtb", "cortex-a57", "virt,gic-version=3,its=off", memory="512M"), "sysrq", 2, 4),
    "x86_64": (x86_64("x86_64-pc", "pc", memory="512M"), "oops", 1, 2),
}


@pytest.mark.parametrize("purgatory", ["ours"], indirect=True)
@pytest.mark.parametrize("computer, way, cpu, cpus", CASES.values(), ids=CASES.keys())
def test_dump(outer, note, computer, way, cpu, cpus):
    """The dump tells of the crash; on x86 with what was in low memory."""
    guest = outer(computer, append=CRASHKERNEL[computer.arch])
    crash = Crash(guest, way, cpu, cpus)
    first, low = (SAY_TEXT, b"") if computer.arch == "arm64" else ("", BYTES)
    with crash.start(f"{first}\nload -p /vmlinuz {speak(computer)} {guest.inner('nr_cpus=1 dump=1')}") as machine:
        crash.happen(machine, low, LOW)
        assert len(machine.verified()) == 1
    postmortem.examine(crash)
    with crash.vmcore() as vmcore:
        assert not low or vmcore.physical(LOW, len(low)) == low
    crash.remove()
    note("kexec -p, dump read", computer.name, f"tells of {way}, CPU {cpu} of {cpus}")
