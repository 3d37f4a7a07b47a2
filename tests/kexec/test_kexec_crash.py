# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""`kexec -p`, and a crash by sysrq: the kernel that was kept for it comes up, and finds the old one's memory."""

from guests import cases, speak
from outer import ARM64, ARM64_COMPUTERS, CRASHKERNEL, X86_64_COMPUTERS

# QEMU's firmware had put the outer kernel's setup code there, and nobody needs it later. On x86 the purgatory saves all
# below 640 KiB before the inner kernel may use it, and the inner kernel's /proc/vmcore has it from where it was saved.
LOW = 0x10200


@cases(ours=ARM64_COMPUTERS[1::2] + X86_64_COMPUTERS, stock=(ARM64, *X86_64_COMPUTERS))
def test_crash(outer, note, computer):
    """The inner kernel comes up after a crash and has /proc/vmcore; on x86 with what was in low memory. On arm64
    nothing can be read there: Debian's kernel does not tell kexec-tools where its _text is, and the headers come out
    wrong."""
    guest = outer(computer, append=CRASHKERNEL[computer.arch])
    look = f"look={LOW:#x}" if computer.arch == "x86_64" else ""
    with guest.start(f"load -p /vmlinuz {speak(computer)} {guest.inner(f'nr_cpus=1 {look}')}; crash") as machine:
        machine.jump()
        before = machine.memory(LOW, 8)
        seconds = machine.greeting()
        machine.wait_for(r"inner: vmcore of \d+ bytes")
        if computer.arch == "x86_64":
            assert before[2:6] == b"HdrS"
            found = machine.wait_for(rf"inner: at {LOW:#x} was 0x([0-9a-f]+)\n")[1]
            assert int(found, 16) == int.from_bytes(before, "little")
        note("kexec -p", computer.name, "boots, has vmcore", seconds)
