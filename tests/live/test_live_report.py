# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The record of a boot: the next kernel shows it, and `purgatory report` tells it there; and what becomes of a kernel
that is refused with `load --on-failure reset`."""

import json
import subprocess

import pytest

from machine import BUILD
from outer import ARM64, CRASHKERNEL, X86_64
from test_live_damage import flip, numbered
from test_live_firmware import EFI_ARM64

BOTH = pytest.mark.parametrize("computer", [ARM64, X86_64], ids=lambda computer: computer.arch)
# The initrd for the next kernel in which it tells of its boot.
PACK = "(cd / && find orders bin/purgatory $more | cpio -o -H newc >/told 2>/dev/null)"
TELL = "run text$kernel purgatory report; run json$kernel purgatory report --json"
NODES = "run nodes$kernel sh -c 'grep -l 0x47525550 /sys/kernel/boot_params/setup_data/*/type'"
NONE = "there is no room for a record: no loader made any for this kernel, as 'purgatory load' does"


def told(machine, number, verified):
    """What the number-th kernel tells is what the purgatory has said on the console; it has taken time."""
    code, text, err = machine.ran(f"text{number}")
    assert (code, err) == (0, [])
    assert text[0] == f"verdict   verified: {verified.segments} segments, {verified.size} bytes"
    code, lines, err = machine.ran(f"json{number}")
    assert (code, err) == (0, [])
    (one,) = json.loads("".join(lines))
    assert (one["verdict"], one["code"], one["stage"]) == ("verified", 0, "handoff")
    assert (one["segments_verified"], one["bytes"]) == (verified.segments, verified.size)
    assert f"sha256: {one['sha256']}, {'cached' if one['cached'] else 'uncached'}" in machine.text
    # A guess of how long hashing takes would be wrong on somebody's machine, but not by so much.
    assert 1e-3 < one["milliseconds"]["hash"] < 1e6
    return one


@BOTH
def test_exec(outer, note, computer):
    """Two loads in a row: each kernel tells of its own boot, the first of none; and there is one record, not two."""
    guest = outer(computer, append="kernel=1")
    orders = f"""
        {TELL}; {NODES}
        case $kernel in
        1|2) [ $kernel -eq 2 ] || more='vmlinuz initrd'; {PACK}
            load /vmlinuz {guest.inner("kernel='$((kernel + 1))'")} --initrd /told; jump ;;
        3) echo outer: end; poweroff -f ;;
        esac"""
    with guest.start(orders) as machine:
        machine.greeting()
        machine.wait_for("^outer: end", 600)
        code, out, err = machine.ran("text1")
        assert (code, out, err) == (2, [], [f"purgatory: {NONE}"])
        first, second = machine.verified()
        assert first.size != second.size
        for number, verified in ((2, first), (3, second)):
            one = told(machine, number, verified)
            assert one["arch"] == computer.arch and one["level"] == {"arm64": 1, "x86_64": 64}[computer.arch]
            if computer.arch == "x86_64":
                assert len(machine.ran(f"nodes{number}")[1]) == 1
        note("report, load and exec twice in a row", computer.name, "tells of each boot")


@BOTH
def test_panic(outer, note, computer):
    """The crash kernel tells of the boot that a crash has led to."""
    guest = outer(computer, append=f"kernel=1 {CRASHKERNEL[computer.arch]}")
    orders = f"""
        if [ $kernel -eq 1 ]; then
            {PACK}
            load --panic /vmlinuz {guest.inner("kernel=2 nr_cpus=1")} --initrd /told
            crash
        fi
        {TELL}; echo outer: end; poweroff -f"""
    with guest.start(orders) as machine:
        machine.greeting()
        machine.wait_for("^outer: end")
        told(machine, 2, *machine.verified())
        note("report, load --panic and a crash", computer.name, "tells of the boot")


def report_from(tmp_path, computer, data):
    """What the command says of the records in a part of a machine's memory."""
    path = tmp_path / "memory"
    path.write_bytes(data)
    done = subprocess.run([BUILD / "purgatory", "report", "--json", "--from", path], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@BOTH
def test_reset(outer, note, tmp_path, computer):
    """A byte of the initrd changes: refused, and while its line is there to be read memory has the record; then the
    machine resets, which QEMU is told to end at."""
    guest = outer(computer)
    with guest.stopped_when_loaded(f"--on-failure reset:5 /vmlinuz {guest.inner()}") as machine:
        plan = machine.plan()
        assert plan["on_failure"]["policy"] == "reset" and plan["on_failure"]["delay"] == 5
        machine.gdb.run_to(plan["entry"])
        number, segment = numbered(plan, "initrd")
        flip(machine, segment)
        machine.gdb.resume()
        line = rf"^purgatory: refused: segment {number} \(initrd\): the digest does not match: expected (\w+), " \
            r"computed (\w+) \[code 15\]; resetting\n"
        found = machine.wait_for(line)
        machine.gdb.interrupt()
        where = plan["report"]
        assert plan["handoff"]["argument"] < where["start"]
        memory = machine.memory(where["start"] - 8, where["size"] + 8)
        code, (record,) = report_from(tmp_path, computer, memory)
        assert (code, record["verdict"], record["code"], record["offset"]) == (1, "refused", 15, 8)
        assert (record["segment"], record["segment_name"]) == (number, "initrd")
        assert found[1] == segment["digest"]
        assert (record["expected"], record["computed"]) == found.groups()
        machine.gdb.resume()
        machine.wait_for_exit()
        assert "Linux version" not in machine.text
        note("--on-failure reset, a byte of the initrd changed", computer.name, "refused by name, resets")


def test_acpi(outer, note):
    """A kernel that goes by ACPI has no device tree but as a whole; and the way of its reset is in ACPI's tables."""
    guest = outer(EFI_ARM64, append="kernel=1 acpi=force")
    orders = f"""
        if [ $kernel -eq 1 ]; then
            {PACK}
            load /vmlinuz --on-failure reset {guest.inner("kernel=2 acpi=force")} --initrd /told; jump
        fi
        run tree ls /proc/device-tree
        {TELL}; echo outer: end; poweroff -f"""
    with guest.start(orders) as machine:
        machine.greeting()
        machine.wait_for("^outer: end")
        assert machine.ran("tree")[0] != 0
        told(machine, 2, *machine.verified())
        assert machine.plan()["on_failure"]["conduit"] == "hvc"
        note("report, load and exec", EFI_ARM64.name, "tells of the boot")
