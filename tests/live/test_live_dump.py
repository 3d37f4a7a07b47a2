# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`purgatory load --panic`, a crash, and the old kernel's memory on a disk: it tells what has happened."""

import pytest

import postmortem
from dumps import Crash, regions
from machine import MIB, qemu_command
from outer import CRASHKERNEL, arm64, x86_64
from postmortem import run
from test_live_firmware import EDK2

VIRT = "virt,gic-version=3,its=off"
UEFI = arm64("arm64-uefi-acpi", "cortex-a57", "virt,acpi=on,gic-version=3", "-bios", EDK2["arm64"], memory="768M")
OVMF = x86_64("x86_64-q35-ovmf", "q35", "-bios", EDK2["x86_64"], memory="640M")
SPLIT = x86_64("x86_64-q35", "q35,max-ram-below-4g=256M", memory="768M")

# With a hole in the memory, by the device tree, from 1.5 to 4 GiB: the dump is small, though some of it lies high.
HOLE = (1536 * MIB, 2560 * MIB)
HOLED = arm64("arm64-dtb", "cortex-a57", VIRT, memory="3328M")

# Each value of each axis is in one of them: firmware, CPUs, ways, one region of reserved memory and two.
CASES = {
    "arm64-dtb": (HOLED, "crashkernel=128M,high crashkernel=64M,low", "sysrq", 1, 2),
    "arm64-uefi": (UEFI, CRASHKERNEL["arm64"], "oops", 3, 4),
    "x86_64-seabios": (SPLIT, "crashkernel=192M,high crashkernel=64M,low", "oops", 2, 4),
    "x86_64-ovmf": (OVMF, CRASHKERNEL["x86_64"], "sysrq", 1, 2),
}


def dtb_with_hole(path, cpus):
    """The machine's own, in which nobody may use HOLE (Devicetree Specification, 3.5)."""
    *options, machine = HOLED.qemu
    run(*qemu_command(*options, f"{machine},dumpdtb={path}", "-m", HOLED.memory, "-smp", str(cpus), "-display", "none"))
    node = "/reserved-memory"
    run("fdtput", "-c", path, node, f"{node}/hole")
    for place, name, cells in ((node, "#address-cells", (2,)), (node, "#size-cells", (2,)), (node, "ranges", ())):
        run("fdtput", "-t", "i", path, place, name, *map(str, cells))
    run("fdtput", "-t", "lx", path, f"{node}/hole", "reg", "0", f"{HOLE[0]:x}", "0", f"{HOLE[1]:x}")
    run("fdtput", path, f"{node}/hole", "no-map")


@pytest.mark.parametrize("computer, reserved, way, cpu, cpus", CASES.values(), ids=CASES.keys())
def test_dump(outer, note, computer, reserved, way, cpu, cpus):
    """The dump tells of the crash: the log, the task on that CPU, what a process had in memory."""
    guest = outer(computer, append=reserved)
    if computer is HOLED:
        dtb_with_hole(guest.directory / "dtb", cpus)
        guest.qemu = ("-dtb", guest.directory / "dtb")
    crash = Crash(guest, way, cpu, cpus)
    with crash.start(f"load --panic /vmlinuz {guest.inner('nr_cpus=1 dump=1')}") as machine:
        crash.happen(machine)
        assert len(machine.verified()) == 1
    postmortem.examine(crash)
    assert len(regions(crash.outer, "Crash kernel")) == len(reserved.split())
    crash.remove()
    note(f"load --panic, {reserved}, {way} on CPU {cpu} of {cpus}", computer.name, "dump tells of it")
