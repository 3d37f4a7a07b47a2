# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""x86_64: where kexec-tools may put the purgatory, and every kind of file that it loads."""

import re

import pytest

from machine import BUILD, GIB
from outer import X86_64, x86_64

CR4_LA57 = 1 << 12


def boots(machine, purgatory):
    """The inner kernel comes up, and the purgatory has spoken; the seconds."""
    seconds = machine.greeting()
    if purgatory == "ours":
        assert machine.verified()
    else:
        assert "I'm in purgatory" in machine.text
    return seconds


def with_file(outer, name):
    """The outer kernel with a file that the Makefile has prepared."""
    return outer(X86_64, files={name: (BUILD / "kexec" / name).read_bytes()})


def test_above_4_gib(outer, note, purgatory):
    """With more memory than 4 GiB everything lands above."""
    guest = outer(x86_64("x86_64-6G", "q35", memory="6G"))
    with guest.start(f"load -l /vmlinuz --console-serial {guest.inner()}; jump") as machine:
        seconds = boots(machine, purgatory)
        assert machine.entry() > 4 * GIB
        note("kexec -l", "x86_64, above 4 GiB", "boots", seconds)


def test_five_level_paging(outer, note, purgatory):
    """The outer kernel leaves the CPU with five levels of page tables, and the inner one gets it so."""
    guest = outer(x86_64("x86_64-la57", "q35", "-cpu", "max,la57=on"))
    with guest.start(f"load -l /vmlinuz --console-serial {guest.inner()}; jump") as machine:
        machine.wait_until_loaded()
        assert machine.registers()["CR4"] & CR4_LA57
        note("kexec -l", "x86_64, 5-level paging", "boots", boots(machine, purgatory))


def test_vmlinux(outer, note, purgatory):
    """An ELF, entered at its own entry with a boot_params of kexec-tools'."""
    guest = with_file(outer, "vmlinux")
    with guest.start(f"load -l /vmlinux --args-linux --console-serial {guest.inner()}; jump") as machine:
        note("kexec -l --args-linux", "x86_64, ELF vmlinux", "boots", boots(machine, purgatory))


def test_entry_32bit(outer, note, purgatory):
    """The kernel's 32-bit entry."""
    guest = outer(X86_64)
    with guest.start(f"load -l /vmlinuz --entry-32bit --console-serial {guest.inner()}; jump") as machine:
        note("kexec -l --entry-32bit", "x86_64", "boots", boots(machine, purgatory))


def test_multiboot(outer, note):
    """Debian's Xen gets its command line, and misses its dom0, which it was not given. kexec-tools wants to know of the
    screen; --reset-vga is the answer without a frame buffer."""
    guest = with_file(outer, "xen")
    line = "com1=115200,8n1 console=com1 noreboot mark=uncut"
    load = f"load -l /xen --type=multiboot2-x86 --reset-vga --console-serial --command-line='{line}'; jump"
    with guest.start(load) as machine:
        machine.jump()
        machine.wait_for(r"^\(XEN\) Command line: .*mark=uncut")
        machine.wait_for(r"^\(XEN\) dom0 kernel not specified")
        note("kexec -l --type=multiboot2-x86", "x86_64, Xen", "starts")


def report(machine):
    """What the program for real mode says of its registers."""
    machine.wait_for("^real: end$")
    return {name: int(value, 16) for name, value in re.findall(r"^real: (\w+)=([0-9a-f]+)$", machine.text, re.M)}


# With --debug kexec-tools has the purgatory go through its entry16_debug instead of its entry16.
@pytest.mark.parametrize("debug", ["", "--debug"])
def test_real_mode(outer, note, debug):
    """A program of ours is entered in real mode: segments, stack, CR0, A20, and a BIOS that answers."""
    guest = with_file(outer, "real-mode.bin")
    load = f"kexec -c -l /real-mode.bin --real-mode {debug} --console-serial --append='mark=uncut' >/log 2>&1; jump"
    with guest.start(load) as machine:
        machine.jump()
        found = report(machine)
        assert found["hdrs"] == int.from_bytes(b"HdrS", "little")
        assert [found[segment] for segment in ("es", "fs", "gs")] == [found["ds"]] * 3
        assert found["cs"] == found["ds"] + 0x20
        assert found["ss"] > found["cs"] and found["esp"] == 0xFFFC
        assert [found[name] for name in ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp")] == [0] * 7
        # Neither protection nor paging, no interrupts.
        assert found["cr0"] & 0x80000001 == 0 and found["efer"] & 0x500 == 0 and found["eflags"] & 0x200 == 0
        assert (found["idt_base"], found["idt_limit"], found["a20"]) == (0, 0x3FF, 1)
        # The vectors are the BIOS', which knows the memory below 640 KiB and the mode of the screen, 80x25.
        assert found["vector10"] >> 16 >= 0xC000
        assert (found["int12"], found["int10"] & 0x7F) == (639, 3)
        assert "real: command line: mark=uncut" in machine.text
        note(f"kexec -l --real-mode {debug}".strip(), "x86_64, our program", "reports")


@pytest.mark.parametrize("debug", ["", "--debug"])
def test_real_mode_linux(outer, note, debug):
    """Debian's kernel comes up through its real-mode entry, whatever the purgatory; with --debug its setup code calls
    the purgatory's hooks. It has no command line: kexec-tools puts that where the setup code then has its stack, since
    it knows of a stack half as large as today's. So the kernel says nothing by the serial port, but its init does."""
    guest = outer(X86_64)
    arguments = f"/vmlinuz --real-mode {debug} --console-serial {guest.inner()}"
    with guest.start(f"kexec -c -l {arguments} >/log 2>&1; jump") as machine:
        machine.jump()
        machine.wait_for("inner: userspace of Linux")
        note(f"kexec -l --real-mode {debug}".strip(), "x86_64, Debian's kernel", "boots, no command line")
