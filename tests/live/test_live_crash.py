# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`purgatory load --panic`, and a crash by sysrq: the kernel that was kept for it comes up, and finds the old one's
memory."""

import pytest

from machine import MIB
from outer import ARM64_COMPUTERS, CRASHKERNEL, X86_64_COMPUTERS, arm64, x86_64

LARGE = x86_64("x86_64-q35-6G", "q35", memory="6G")
HIGH = {
    # Too much for what lies below 4 GiB: a second, small region is there.
    "x86_64-high": (LARGE, "crashkernel=256M,high"),
    "arm64-low-and-high": (
        arm64("arm64-el1-gic3-6G", "cortex-a57", "virt,gic-version=3,its=off", memory="6G"),
        "crashkernel=256M,high crashkernel=64M,low",
    ),
}
CASES = {computer.name: (computer, CRASHKERNEL[computer.arch]) for computer in ARM64_COMPUTERS[1::2] + X86_64_COMPUTERS}


@pytest.mark.parametrize("computer, reserved", {**CASES, **HIGH}.values(), ids={**CASES, **HIGH}.keys())
def test_crash(outer, note, computer, reserved):
    """The inner kernel comes up after a crash and has /proc/vmcore, with the old kernel's code where that was."""
    guest = outer(computer, append=reserved)
    orders = f"""
        look=0x$(sed -n 's/^ *\\([0-9a-f]*\\)-.* : Kernel code$/\\1/p' /proc/iomem)
        load --panic /vmlinuz {guest.inner("nr_cpus=1 look='$look'")}
        echo "outer: code at $look"
        crash"""
    with guest.start(orders) as machine:
        machine.jump()
        code = int(machine.wait_for("^outer: code at (0x[0-9a-f]+)\n")[1], 16)
        before = machine.memory(code, 8)
        seconds = machine.greeting()
        size = int(machine.wait_for(r"^inner: vmcore of (\d+) bytes")[1])
        assert size > 512 * MIB
        found = machine.wait_for(r"^inner: at 0x[0-9a-f]+ was (?:0x([0-9a-f]+)|nothing)\n")[1]
        assert found and int(found, 16) == int.from_bytes(before, "little") != 0
        assert len(machine.verified()) == 1
        note(f"load --panic, {reserved}", computer.name, "boots, vmcore has the old code", seconds)


@pytest.mark.parametrize("computer", [ARM64_COMPUTERS[1], X86_64_COMPUTERS[1]], ids=lambda computer: computer.arch)
def test_both(outer, note, computer):
    """A kernel for a crash and one for exec are loaded side by side, told apart, and unloaded one by one."""
    guest = outer(computer, append=CRASHKERNEL[computer.arch])
    look = "sh -c 'cat /sys/kernel/kexec_crash_loaded /sys/kernel/kexec_loaded'"
    orders = f"""
        load --panic /vmlinuz {guest.inner('nr_cpus=1')}; run panic {look}
        load /vmlinuz {guest.inner()}; run both {look}; run status purgatory status
        run unload-panic purgatory unload --panic; run one {look}
        run unload purgatory unload; run none {look}"""
    with guest.start(orders) as machine:
        machine.wait_for_exit()
        states = [machine.ran(state)[1] for state in ("panic", "both", "one", "none")]
        assert states == [["1", "0"], ["1", "1"], ["0", "1"], ["0", "0"]]
        assert [machine.ran(name)[0] for name in ("status", "unload-panic", "unload")] == [1, 0, 0]
        note("load --panic beside load", computer.name, "told apart")
