# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`purgatory load --panic`, a crash, and the old kernel's memory on a disk: it tells what has happened."""

import subprocess

import pytest

import postmortem
from dumps import Crash, memmap, regions
from machine import GIB, MIB, qemu_command
from outer import CRASHKERNEL, arm64, x86_64
from test_live_firmware import EDK2

GIC3 = "virt,gic-version=3,its=off"

# Each value of each axis is in one of them: firmware, CPUs, ways, one region of reserved memory and two.
CASES = {
    "arm64-dtb": ("sysrq", 2, 1, "crashkernel=128M,high crashkernel=64M,low", arm64("arm64-dtb", "cortex-a57", GIC3)),
    "arm64-uefi": ("oops", 4, 3, CRASHKERNEL["arm64"], arm64("arm64-uefi-acpi", "cortex-a57", "virt,acpi=on,gic-version=3", "-bios", EDK2["arm64"], memory="640M")),
    "x86_64-seabios": ("oops", 4, 2, "crashkernel=192M,high crashkernel=64M,low", x86_64("x86_64-q35", "q35,max-ram-below-4g=256M", memory="640M")),
    "x86_64-ovmf": ("sysrq", 2, 1, CRASHKERNEL["x86_64"], x86_64("x86_64-q35-ovmf", "q35", "-bios", EDK2["x86_64"], memory="512M")),
}

@pytest.mark.parametrize("way, cpus, cpu, reserved, computer", CASES.values(), ids=CASES.keys())
def test_dump(outer, note, way, cpus, cpu, reserved, computer):
    guest = outer(computer, append=reserved)
    crash = Crash(guest, way, cpu, cpus)
    with crash.start(f"load --panic /vmlinuz {guest.inner('nr_cpus=1 dump=1')}") as machine:
        seconds = crash.happen(machine)
        assert len(machine.verified()) == 1
    postmortem.examine(crash)
    crash.remove()
    note(f"load --panic, {reserved}, {way} on CPU {cpu} of {cpus}", computer.name, "dump", seconds)
