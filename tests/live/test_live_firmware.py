# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What the firmware has left in memory outlives two loads in a row: each of three kernels tells what it has of it."""

import re
import subprocess

import pytest

from machine import MIB
from outer import arm64, x86_64

# ACPI alone describes the machine. With ITS: once it runs its tables cannot be moved, so the kernel has EFI
# reserve them for whatever kernel comes next.
EDK2 = {"arm64": "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "x86_64": "/usr/share/ovmf/OVMF.fd"}
EFI_ARM64 = arm64("arm64-uefi-acpi", "cortex-a57", "virt,acpi=on,gic-version=3", "-bios", EDK2["arm64"])
OVMF = x86_64("x86_64-q35-ovmf", "q35", "-bios", EDK2["x86_64"])
SEABIOS = x86_64("x86_64-q35-seabios", "q35")

WORDS = {"arm64": "acpi=force efi=debug", "x86_64": "efi=debug"}
UEFI_PROPERTIES = ("system-table", "mmap-start", "mmap-size", "mmap-desc-size", "mmap-desc-ver")
TAKEN = re.compile(r"BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] (.*)")


def three_kernels(outer, note, computer):
    """The facts of each of three kernels, of which the first two have loaded the next."""
    words = WORDS[computer.arch]
    guest = outer(computer, append=f"kernel=1 {words}")
    orders = f"""
        facts
        case $kernel in
        1) carry; load /vmlinuz {guest.inner(f'kernel=2 {words}')} --initrd /carried; jump ;;
        2) carry; load /vmlinuz {guest.inner(f'kernel=3 {words}')} --initrd /carried; jump ;;
        3) echo outer: end; poweroff -f ;;
        esac"""
    with guest.start(orders) as machine:
        facts = [machine.facts(1)]
        seconds = machine.greeting()
        facts += [machine.facts(number) for number in (2, 3)]
        machine.kernel(3)
        machine.wait_for("^outer: end")
        assert len(machine.verified()) == 2
    assert facts[0]["acpi"]
    for later in facts[1:]:
        assert digests(later) == digests(facts[0])
        assert "cut here" not in log_of(later)
    note("load, exec, twice in a row", computer.name, "boots, ACPI tables as they were", seconds)
    return facts


def digests(facts):
    """Those of the ACPI tables."""
    return sorted(facts["acpi"].decode().splitlines())


def log_of(facts):
    """The kernel's log, without the time stamps."""
    return re.sub(r"^\[ *[0-9.]+\] ", "", facts["dmesg"].decode("ascii", "replace"), flags=re.M)


def logged(facts, pattern):
    """The lines of the log that match, which there must be."""
    lines = re.findall(rf"^{pattern}.*$", log_of(facts), re.M)
    assert lines, f"no {pattern!r} in the log"
    return lines


def property_of(directory, facts, name):
    """A property of EFI's in the kernel's device tree."""
    path = directory / "fdt"
    path.write_bytes(facts["fdt"])
    command = ["fdtget", "-t", "bx", path, "/chosen", f"linux,uefi-{name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def top_reserved(facts):
    """What /proc/iomem calls reserved, and no part of System RAM."""
    return re.findall(r"^[0-9a-f]+-[0-9a-f]+ : reserved$", facts["iomem"].decode(), re.M)


def test_arm64_uefi_acpi(outer, note, tmp_path):
    """EFI's memory map, attributes and reserved ranges, the interrupt controller's tables: all of it as it was."""
    first, *others = three_kernels(outer, note, EFI_ARM64)
    same = (r"efi:   (?:0x|\w+ Table|MemMap)", "efi: EFI v", r"efi: memattr:  0x", "ACPI: RSDP")
    assert top_reserved(first)
    for later in others:
        for pattern in same:
            assert logged(later, pattern) == logged(first, pattern)
        for name in UEFI_PROPERTIES:
            assert property_of(tmp_path, later, name) == property_of(tmp_path, first, name)
        assert top_reserved(later) == top_reserved(first)
        assert logged(later, "GICv3: Using preallocated redistributor tables")
        assert logged(later, "GICv3: using LPI property table") == logged(first, "GICv3: using LPI property table")
    note("EFI map and properties, twice in a row", EFI_ARM64.name, "as they were")


def e820(facts):
    """{(start, end, type)} of the firmware's map, ends exclusive."""
    return {(int(start, 16), int(end, 16) + 1, kind) for start, end, kind in TAKEN.findall(log_of(facts))}


def usable(ranges):
    """The RAM of a map, sorted."""
    return sorted((start, end) for start, end, kind in ranges if kind == "usable")


def inside(ranges, others):
    """Each range is within one of the others."""
    return all(any(low <= start and end <= high for low, high in others) for start, end in ranges)


def size(ranges):
    """Of all of them."""
    return sum(end - start for start, end in ranges)


@pytest.mark.parametrize("computer", [SEABIOS, OVMF], ids=lambda computer: computer.name)
def test_x86_64(outer, note, computer):
    """Each range of e820 that is not RAM, so MMCONFIG too, which the kernel uses; no other RAM; the RSDP."""
    first, *others = three_kernels(outer, note, computer)
    map_of_first = e820(first)
    taken = {entry for entry in map_of_first if entry[2] != "usable"}
    assert len(taken) > 3
    for later in others:
        assert taken <= e820(later)
        assert inside(usable(e820(later)), usable(map_of_first))
        assert size(usable(map_of_first)) - size(usable(e820(later))) < MIB
        for pattern in (r"PCI: MMCONFIG at \[.*\] reserved in E820", "ACPI: RSDP"):
            assert logged(later, pattern) == logged(first, pattern)
    note("e820, MMCONFIG, RSDP, twice in a row", computer.name, "as they were")
    if computer is OVMF:
        assert_efi(first, others)
        note("EFI runtime, frame buffer, twice in a row", computer.name, "as it was")


def assert_efi(first, others):
    """EFI's runtime services are there, at the places that they had, and used; so is the frame buffer that EFI has set
    up."""
    runtime = r"efi: mem\d+: (\[Runtime.*\]) \("
    places = set(re.findall(runtime, log_of(first)))
    assert places and b"runtime-map" in first["efi"]
    for later in others:
        assert logged(later, "efi: EFI v2") and logged(later, "Registered efivars operations")
        assert logged(later, "efifb: framebuffer at") == logged(first, "efifb: framebuffer at")
        assert later["efi"] == first["efi"]
        assert set(re.findall(runtime, log_of(later))) == places
