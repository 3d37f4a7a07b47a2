# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`purgatory load` and `purgatory exec`: on every kind of machine the inner kernel comes up; what its options do."""

import json
import subprocess

import pytest

from guests import SPEC
from machine import GIB, MIB, qemu_command
from outer import ARM64, ARM64_COMPUTERS, X86_64, X86_64_COMPUTERS, arm64, x86_64

BOTH = pytest.mark.parametrize("computer", [ARM64, X86_64], ids=lambda computer: computer.arch)


@pytest.mark.parametrize("computer", ARM64_COMPUTERS[1::2] + X86_64_COMPUTERS, ids=lambda computer: computer.name)
def test_load(outer, note, computer):
    """The inner kernel comes up with the command line that it was given, and all that was loaded was verified."""
    guest = outer(computer)
    with guest.start(f"load /vmlinuz {guest.inner('mark=uncut')}; jump") as machine:
        seconds = machine.greeting()
        machine.wait_for("inner: command line: .* mark=uncut$")
        (verified,) = machine.verified()
        sizes = {segment["name"]: segment["size"] for segment in machine.plan()["segments"]}
        assert sizes["initrd"] == len(guest.inner_initrd())
        assert (verified.segments, verified.size) == (len(sizes), sum(sizes.values()))
        note("load, exec", computer.name, "boots", seconds)


@BOTH
def test_status(outer, note, computer):
    """What is loaded is told, and can be taken back."""
    guest = outer(computer)
    look = "cat /sys/kernel/kexec_loaded"
    orders = f"""
        run before purgatory status; run before-kernel {look}
        load --kernel /vmlinuz {guest.inner()}
        run loaded purgatory status; run loaded-json purgatory status --json; run loaded-kernel {look}
        run unload purgatory unload
        run unloaded purgatory status; run unloaded-kernel {look}"""
    with guest.start(orders) as machine:
        machine.wait_for_exit()
        states = [machine.ran(f"{state}-kernel")[1] for state in ("before", "loaded", "unloaded")]
        assert states == [["0"], ["1"], ["0"]]
        before, loaded, unloaded = (machine.ran(state) for state in ("before", "loaded", "unloaded"))
        assert before == unloaded and before[1][0] == "kernel loaded: no" and loaded[1][0] == "kernel loaded: yes"
        # As kexec --status.
        assert [before[0], loaded[0], machine.ran("unload")[0]] == [0, 1, 0]
        code, out, _ = machine.ran("loaded-json")
        told = json.loads("".join(out))
        assert code == 1 and told["loaded"] is True and told["panic_loaded"] is False
        note("status, unload", computer.name, "tell, unloads")


@BOTH
def test_reuse_cmdline(outer, note, computer):
    """The inner kernel gets the command line of the outer one, without what belonged to the outer's loader."""
    guest = outer(computer, append=f"{computer.console} loglevel=6 mark=uncut")
    arguments = f"--initrd /initrd --console {SPEC[computer.arch]} --reuse-cmdline"
    with guest.start(f"load /vmlinuz {arguments}; jump") as machine:
        line = machine.wait_for("^inner: command line: (.*)\n")[1]
        assert line.split() == [computer.console.split()[0], "quiet", "panic=-1", *guest.append.split()]
        note("load --reuse-cmdline", computer.name, "boots with it")


@BOTH
def test_initrds(outer, note, computer):
    """Several initrds of odd sizes come one after the other: each has something that the inner kernel finds."""
    guest = outer(computer).with_orders("cat /odd; echo inner: the last one is here; greet; poweroff -f")
    orders = f"""
        (cd / && printf 'inner: the odd one is here\\n' >odd && echo odd | cpio -o -H newc | gzip >/odd.gz)
        while [ $(($(stat -c %s /odd.gz) % 4)) -ne 1 ]; do printf '\\0' >>/odd.gz; done
        load /vmlinuz {guest.inner()} --initrd /odd.gz --initrd /more; jump"""
    with guest.start(orders) as machine:
        machine.greeting()
        assert "inner: the odd one is here" in machine.text and "inner: the last one is here" in machine.text
        note("load, three initrds", computer.name, "boots, has all")


# Where RAM ends. Behind the end of an x86_64 machine's low RAM is what it gives to its firmware.
TOPS = {
    "arm64": (ARM64, 2 * GIB),
    "arm64-5G": (arm64("arm64-5G", "cortex-a57", "virt,gic-version=3,its=off", memory="5G"), 6 * GIB),
    "x86_64": (X86_64, 1 * GIB),
    "x86_64-6G": (x86_64("x86_64-6G", "q35,max-ram-below-4g=1G", memory="6G"), 9 * GIB),
}


@pytest.mark.parametrize("computer, top", TOPS.values(), ids=TOPS.keys())
def test_top_down(outer, note, computer, top):
    """With --top-down everything lies at the upper end of RAM, also above a hole and above 4 GiB."""
    guest = outer(computer)
    with guest.start(f"load /vmlinuz --top-down {guest.inner()}; jump") as machine:
        seconds = machine.greeting()
        (verified,) = machine.verified()
        assert top - 256 * MIB < verified.entry < top
        note("load --top-down", computer.name, f"boots, kernel at {verified.entry:#x}", seconds)


def marked_dtb(path):
    """The machine's own, with a property more."""
    *options, machine = ARM64.qemu
    command = qemu_command(*options, f"{machine},dumpdtb={path}", "-m", ARM64.memory, "-display", "none")
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    subprocess.run(["fdtput", "-t", "s", path, "/", "mark", "uncut"], check=True)
    return path.read_bytes()


def test_dtb(outer, note):
    """A device tree of the user's is the inner kernel's; the kernel's place in it is filled in all the same."""
    tree = "/sys/firmware/devicetree/base"
    guest = outer(ARM64).with_orders(f"greet; echo inner: mark: $(cat {tree}/mark); poweroff -f")
    dtb = guest.directory / "dtb"
    guest.files["dtb"] = marked_dtb(dtb)
    with guest.start(f"load /vmlinuz --dtb /dtb {guest.inner()} --initrd /more; jump") as machine:
        machine.greeting()
        machine.wait_for("^inner: mark: uncut")
        note("load --dtb", ARM64.name, "boots with it")
