# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Machines whose memory is large or has holes, and initrds that are large."""

import hashlib
import random
import time

import pytest

from cpio import REGULAR, archive, head
from machine import MIB, PATIENCE
from outer import arm64, x86_64

GIC3 = "virt,gic-version=3,its=off"


def memory(node, size):
    """A NUMA node with so much memory, in MiB."""
    backend = f"memory-backend-ram,id=ram{node},size={size}M"
    return ("-object", backend, "-numa", f"node,nodeid={node},memdev=ram{node}")


TWO_NODES = ("-smp", "2", *memory(0, 1024), *memory(1, 4096))

# Memory that is plugged in behind a gap is told to the kernel by ACPI, not by e820, and used if the kernel is told to.
ONLINE = "memhp_default_state=online"
DIMM = ("-object", "memory-backend-ram,id=dimm,size=1G", "-device", "pc-dimm,id=dimm0,memdev=dimm,addr=0x300000000")
HOLES = {
    "x86_64-6G-hole": x86_64("x86_64, RAM to 1G, from 4G to 9G", "q35,max-ram-below-4g=1G", memory="6G"),
    "x86_64-numa": x86_64("x86_64, two nodes", "q35", *TWO_NODES, memory="5G"),
    "x86_64-dimm": x86_64("x86_64, DIMM behind a gap", "q35", *DIMM, memory="2G,slots=2,maxmem=16G"),
    "arm64-5G": arm64("arm64, RAM from 1G to 6G", "cortex-a57", GIC3, memory="5G"),
    "arm64-numa": arm64("arm64, two nodes", "cortex-a57", GIC3, *TWO_NODES, memory="5G"),
}


@pytest.mark.parametrize("computer", HOLES.values(), ids=HOLES.keys())
def test_holes(outer, note, computer):
    """The inner kernel comes up with the memory that the outer one has; twice in a row, from either end."""
    guest = outer(computer, append=f"kernel=1 {ONLINE}")
    orders = f"""
        echo "memory $kernel: $(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
        case $kernel in
        1) carry; load /vmlinuz --top-down {guest.inner(f'kernel=2 {ONLINE}')} --initrd /carried; jump ;;
        2) carry; load /vmlinuz {guest.inner(f'kernel=3 {ONLINE}')} --initrd /carried; jump ;;
        3) echo outer: end; poweroff -f ;;
        esac"""
    with guest.start(orders) as machine:
        seconds = machine.greeting()
        machine.kernel(3)
        machine.wait_for("^outer: end")
        sizes = [int(machine.wait_for(rf"^memory {kernel}: (\d+) kB")[1]) * 1024 for kernel in (1, 2, 3)]
        assert max(sizes) - min(sizes) < 64 * MIB
        assert len(machine.verified()) == 2
        note("load --top-down, load", computer.name, "boots, has all memory", seconds)


# Each piece of the large file is this, and its number.
PIECE = 4
NUMBER = 8
NOISE = random.Random(1).randbytes(PIECE * MIB - NUMBER)
LARGE = {
    "arm64": arm64("arm64, 3G", "cortex-a57", GIC3, memory="3G"),
    "x86_64": x86_64("x86_64, 3G", "q35", memory="3G"),
}


def digest_of_large(mebibytes):
    """What sha256sum says of the large file."""
    digest = hashlib.sha256()
    for number in range(mebibytes // PIECE):
        digest.update(NOISE + b"%0*d" % (NUMBER, number))
    return digest.hexdigest()


@pytest.mark.parametrize("mebibytes", [64, 512])
@pytest.mark.parametrize("computer", LARGE.values(), ids=LARGE.keys())
def test_large_initrd(outer, note, computer, mebibytes):
    """The guest makes a large initrd of the pieces that it has; the inner kernel finds each byte of it."""
    pieces = {"head": head("large", REGULAR | 0o644, mebibytes * MIB), "noise": NOISE, "tail": archive({})}
    guest = outer(computer, files=pieces).with_orders("greet; sha256sum /large; poweroff -f")
    orders = f"""
        {{
            cat /head
            number=0
            while [ $number -lt {mebibytes // PIECE} ]; do
                cat /noise
                printf %0{NUMBER}d $number
                number=$((number + 1))
            done
            cat /tail
        }} >/large
        load /vmlinuz {guest.inner()} --initrd /more --initrd /large; jump"""
    with guest.start(orders) as machine:
        machine.wait_for("^outer: jump$", 4 * PATIENCE)
        start = time.monotonic()
        machine.wait_for("Linux version", 4 * PATIENCE)
        seconds = time.monotonic() - start
        found = machine.wait_for(r"^([0-9a-f]{64})  /large", 4 * PATIENCE)[1]
        assert found == digest_of_large(mebibytes)
        note(f"load, an initrd of {mebibytes} MiB", computer.name, "boots, has each byte", seconds)
