# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What cannot be loaded is refused before anything is loaded: by one line that says why, and exit code 2."""

import dataclasses
import re

import pytest

from machine import BUILD
from outer import ARM64, CRASHKERNEL, X86_64

BOTH = pytest.mark.parametrize("computer", [ARM64, X86_64], ids=lambda computer: computer.arch)
OTHER = {"arm64": X86_64, "x86_64": ARM64}

DISABLED = "/proc/sys/kernel/kexec_load_disabled"
LOADED = "cat /sys/kernel/kexec_loaded /sys/kernel/kexec_crash_loaded"


@dataclasses.dataclass(frozen=True)
class Refusal:
    """What is run, and what its line has."""

    run: str
    line: str


def refused(guest, refusals, prepare=""):
    """Run each of them in one machine. A failure shows all that were not refused as they should."""
    runs = "".join(f"run '{name}' {refusal.run}\n" for name, refusal in refusals.items())
    with guest.start(f"{prepare}\n{runs}\nrun state {LOADED}") as machine:
        machine.wait_for_exit()
        wrong = {}
        for name, refusal in refusals.items():
            code, out, err = machine.ran(name)
            if (code, out, len(err)) != (2, [], 1) or not re.search(refusal.line, err[0]):
                wrong[name] = (refusal, code, out, err)
        assert not wrong, wrong
        assert machine.ran("state")[1] == ["0", "0"]


@BOTH
def test_refused(outer, note, computer):
    """By who runs it, by what it is given, and by what the machine has."""
    guest = outer(computer, files={"other": (BUILD / "debian" / OTHER[computer.arch].arch / "vmlinuz").read_bytes()})
    line = "--append panic=-1"
    refusals = {
        "load as another user": Refusal(f'su nobody -c "purgatory load /vmlinuz {line}"', "only root"),
        "unload as another user": Refusal('su nobody -c "purgatory unload"', "only root"),
        "exec as another user": Refusal('su nobody -c "purgatory exec"', "only root"),
        "exec, nothing loaded": Refusal("purgatory exec", "no kernel is loaded"),
        "a kernel for another machine": Refusal(f"purgatory load /other {line}", "/other: .*but this machine is"),
        "a kernel cut short": Refusal(f"purgatory load /short {line}", "/short: "),
        "no kernel": Refusal(f"purgatory load /words {line}", "/words: "),
        "an initrd larger than RAM": Refusal(f"purgatory load /vmlinuz --initrd /large {line}", "initrd"),
        "--panic, nothing reserved": Refusal(f"purgatory load --panic /vmlinuz {line}", "crashkernel="),
        "loading disabled": Refusal(f"sh -c 'echo 1 >{DISABLED}; purgatory load /vmlinuz {line}'", DISABLED),
    }
    # The large file has nothing in it, and takes no memory.
    prepare = """
        mkdir -p /etc
        echo nobody::65534:65534:nobody:/:/bin/sh >/etc/passwd
        head -c 1000000 /vmlinuz >/short
        truncate -s 4G /large"""
    refused(guest, refusals, prepare)
    for name in refusals:
        note(name, computer.name, "refused")


@BOTH
def test_crash_kernel_too_large(outer, note, computer):
    """The crash kernel's region is too small for what is to go there."""
    guest = outer(computer, append="crashkernel=16M")
    arguments = f"--panic /vmlinuz {guest.inner()}"
    refused(guest, {"small": Refusal(f"purgatory load {arguments}", "needs .* KiB.*crashkernel=")})
    note("--panic, too little reserved", computer.name, "refused")


@pytest.mark.parametrize("security", [True, False], ids=["securityfs", "no_securityfs"])
@BOTH
def test_locked_down(outer, note, computer, security):
    """The kernel is locked down; without securityfs only its own refusal says so."""
    guest = outer(computer, append=f"lockdown=integrity {CRASHKERNEL[computer.arch]}")
    prepare = "mount -t securityfs securityfs /sys/kernel/security" if security else ""
    refusals = {
        "load": Refusal(f"purgatory load /vmlinuz {guest.inner()}", "locked down"),
        "panic": Refusal(f"purgatory load --panic /vmlinuz {guest.inner()}", "locked down"),
    }
    refused(guest, refusals, prepare)
    note("locked down" + ("" if security else ", no securityfs"), computer.name, "refused")


@BOTH
def test_refused_keeps_what_is_loaded(outer, note, computer):
    """After a refusal what was loaded before is still there, and boots."""
    guest = outer(computer)
    orders = f"""
        load /vmlinuz {guest.inner()}
        run refused purgatory load /words
        run dry purgatory load --dry-run /vmlinuz {guest.inner()}
        jump"""
    with guest.start(orders) as machine:
        machine.greeting()
        assert machine.ran("refused")[0] == 2 and machine.ran("dry") == (0, [], [])
        note("a refused load after a good one", computer.name, "the good one boots")
