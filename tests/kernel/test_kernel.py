# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Linux loads the next kernel with kexec_file_load(2), with its own purgatory ("stock") and with ours in its place.

The kernels are those of tests/kernel/linux.sh, and the only program in them is client.c. What it is told to do is on
the command line. Where a test must know what was loaded, or damage it, it stops the old kernel at machine_kexec(),
which is the last thing to run of it, and reads its struct kimage (include/linux/kexec.h).
"""

import dataclasses
import re
import struct
import time

import pytest

from client_rules import CLIENTS, RULES
from cpio import archive
from loaders import load_linux
from machine import BUILD, GIB, PATIENCE, X86_64, Machine, Timeout, wait_until_halted
from relocatable import Relocatable

KERNEL = BUILD / "kernel"
# On a busy machine, emulation may be too late with the ticks that the kernel would wait for at first.
APPEND = "earlyprintk=serial,ttyS0,115200 console=ttyS0,115200 panic=-1 no_timer_check"
OBJECTS = {"ours": BUILD, "ours-clang": BUILD / "clang"}
(LINUX,) = [client for client in CLIENTS if client.name == "linux-x86_64"]
SILENCE = 5

# The last line of the old kernel, by what it was told to do.
LAST_LINE = {"exec": "Starting new kernel", "crash": "Kernel panic - not syncing: sysrq triggered crash"}

# struct kimage: start; nr_segments; segments of buffer, bufsz, mem, memsz.
KIMAGE_START, KIMAGE_SEGMENTS = 24, 56
SEGMENT = struct.Struct("<QQQQ")

CR4_LA57 = 1 << 12


@dataclasses.dataclass(frozen=True)
class Target:
    """A machine, and where in it the old kernel has room for a crash kernel."""

    qemu: tuple
    crashkernel: str


SMALL = Target(("-m", "512M", "-smp", "2"), "128M")
LARGE = Target(("-m", "6G", "-smp", "2", "-cpu", "max,la57=on"), "128M,high")

# The initrd's end is a file that nobody reads: a boot survives whatever is in it.
PADDING, DAMAGED = b"p" * 4096, b"p" * 2048 + b"q" + b"p" * 2047


@pytest.fixture(name="kernel", params=["stock", *OBJECTS])
def every_kernel(request, record_property):
    """Each build in turn."""
    record_property("purgatory", request.param)
    return request.param


@dataclasses.dataclass(frozen=True)
class Image:
    """What the old kernel has loaded: where the purgatory is entered, and (bufsz, mem, memsz) of each segment."""

    start: int
    segments: tuple

    def segment_of(self, size):
        """Where the segment of so many bytes will lie."""
        (place,) = [mem for bufsz, mem, _ in self.segments if bufsz == size]
        return place


def userland():
    """What client.c needs around itself."""
    directory = (0o755, None)
    return {"proc": directory, "sys": directory, "init": (0o755, (KERNEL / "client").read_bytes())}


def inner_initrd(padding=PADDING):
    """The next kernel's."""
    return archive({**userland(), "padding": (0o644, padding)})


def boot(kernel, task, target, directory, padding=PADDING, frozen=False):
    """The old kernel, told what to do."""
    initrd = directory / "initrd"
    loaded = {"bzImage": (0o644, image_of(kernel)), "initrd": (0o644, inner_initrd(padding))}
    initrd.write_bytes(archive({**userland(), **loaded}))
    command = ["qemu-system-x86_64", *target.qemu, "-kernel", KERNEL / kernel / "bzImage", "-initrd", initrd]
    append = f"{APPEND} crashkernel={target.crashkernel} client.do={task}"
    return Machine([*command, "-append", append], directory, frozen)


def image_of(kernel):
    """The kernel that is built with this purgatory."""
    return (KERNEL / kernel / "bzImage").read_bytes()


def kernel_symbol(kernel, name):
    """Where a function of the kernel lies; it is built without CONFIG_RANDOMIZE_BASE."""
    return int(re.search(rf"^(\w+) T {name}$", (KERNEL / kernel / "System.map").read_text(), re.M)[1], 16)


def run_to_machine_kexec(machine, kernel):
    """Let a frozen machine run until the old kernel is about to leave, and return what it has loaded."""
    gdb = machine.gdb
    gdb.run_to(kernel_symbol(kernel, "machine_kexec"))
    image = gdb.read("rdi")
    start, count = struct.unpack("<Q24xQ", gdb.read_memory(image + KIMAGE_START, 40))
    assert KIMAGE_SEGMENTS == KIMAGE_START + 32 and 0 < count <= 16
    table = gdb.read_memory(image + KIMAGE_SEGMENTS + 8, count * SEGMENT.size)
    return Image(start, tuple(fields[1:] for fields in SEGMENT.iter_unpack(table)))


def wait_for_next_kernel(machine, kernel, task, record_property):
    """Wait until the next kernel's userspace has greeted. Our purgatory has said before what it verified."""
    machine.wait_for(LAST_LINE[task])
    since = time.monotonic()
    match = machine.wait_for(rf"{LAST_LINE[task]}[\s\S]*?Linux version.*")
    record_property("seconds", f"{time.monotonic() - since:.1f}")
    verified = re.search(r"^purgatory: verified .*; jumping to 0x\w+$", match[0], re.M)
    assert bool(verified) == (kernel in OBJECTS), match[0]
    machine.wait_for("client: the next kernel's userspace")
    record_property("verdict", "greets" + (f"; {verified[0].split(';')[0]}" if verified else ""))


def wait_for_silent_loop(machine, image):
    """Wait until the CPU runs in the purgatory's segment, and on the spot, with nothing on the console."""
    (low, high) = next((mem, mem + memsz) for _, mem, memsz in image.segments if mem <= image.start < mem + memsz)
    deadline = time.monotonic() + PATIENCE
    while not low <= machine.registers()["RIP"] < high:
        assert time.monotonic() < deadline, "the purgatory is not entered"
        time.sleep(0.1)
    machine.drain()
    text, places, rounds = machine.text, set(), 0
    while len(places) != 1 or rounds < SILENCE / 0.1:
        registers = machine.registers()
        assert low <= registers["RIP"] < high and registers["HLT"] == 0, "it has gone on"
        assert time.monotonic() < deadline, f"no loop on the spot: {places}"
        rounds = rounds + 1 if registers["RIP"] in places else 0
        places = {registers["RIP"]}
        time.sleep(0.1)
    machine.drain()
    assert machine.text == text
    return f"loops on the spot, {places.pop() - low:#x} into it, in silence"


def wait_for_refusal(machine):
    """Wait for our purgatory's line and for its code."""
    line = machine.wait_for(r"^(purgatory: refused: .*\[code 16\]; halted|purgatory: verified .*)\n")
    assert "refused" in line[1]
    wait_until_halted(machine, X86_64, 16)
    time.sleep(SILENCE)
    machine.drain()
    assert "Linux version" not in machine.text[line.start() :]
    return re.sub(": expected .*(?= .code)", "", line[1])


@pytest.mark.parametrize("name", OBJECTS)
def test_object_in_the_kernel(name):
    """What the kernel has linked into itself is our object: the rules hold, and it is loaded as what we built."""
    built = Relocatable((OBJECTS[name] / LINUX.file).read_bytes())
    linked = Relocatable((KERNEL / name / "purgatory.ro").read_bytes())
    assert [rule for rule in RULES if list(RULES[rule](linked, LINUX))] == []
    assert load_linux(linked, GIB).memory == load_linux(built, GIB).memory


def test_rules_of_stock():
    """The kernel's own keeps our rules too, but for those that ours is stricter in."""
    stock = Relocatable((KERNEL / "stock" / "purgatory.ro").read_bytes())
    assert [rule for rule in RULES if list(RULES[rule](stock, LINUX))] == ["no_other_names", "unrelocated"]


@pytest.mark.parametrize("task", LAST_LINE)
def test_next_kernel(kernel, task, tmp_path, record_property):
    """The next kernel runs, whatever is in the file that nobody reads; after a crash it has the old one's memory."""
    record_property("case", task)
    with boot(kernel, task, SMALL, tmp_path, DAMAGED) as machine:
        wait_for_next_kernel(machine, kernel, task, record_property)
        assert bool(re.search(r"client: vmcore begins with 7f454c46 02$", machine.text, re.M)) == (task == "crash")


@pytest.mark.parametrize("task", LAST_LINE)
def test_next_kernel_of_large_machine(kernel, task, tmp_path, record_property):
    """So it is with five levels of tables, and with a region for the crash kernel above 4 GiB."""
    record_property("case", f"{task}, la57, 6 GiB")
    with boot(kernel, task, LARGE, tmp_path, frozen=True) as machine:
        image = run_to_machine_kexec(machine, kernel)
        assert (image.start >= 4 * GIB) == (task == "crash")
        assert machine.gdb.read("cr4") & CR4_LA57
        machine.gdb.run_to(image.start)
        check_memory(machine, kernel, image)
        machine.gdb.resume()
        wait_for_next_kernel(machine, kernel, task, record_property)


def check_memory(machine, kernel, image):
    """At its entry, the purgatory in memory is what the model of the loader says, but for the variables."""
    expected = load_linux(Relocatable((KERNEL / kernel / "purgatory.ro").read_bytes()), image.start & -4096)
    found = bytearray(machine.gdb.read_physical(expected.base, len(expected.memory)))
    for name, size in LINUX.variables.items():
        start, end = expected.variable(name, size)
        assert any(found[start:end]), name
        found[start:end] = bytes(size)
    if kernel in OBJECTS:
        assert expected.entry == image.start and found == expected.memory


@pytest.mark.parametrize("task", LAST_LINE)
def test_flipped_byte(kernel, task, tmp_path, record_property):
    """A byte of the loaded initrd is changed, in the file that nobody reads: for a crash while the old kernel still
    runs, else when all is in its final place. Ours says so and halts with the code in a register; stock loops.
    """
    record_property("case", f"{task}, a byte changed")
    with boot(kernel, task, SMALL, tmp_path, frozen=True) as machine:
        image = run_to_machine_kexec(machine, kernel)
        if task == "exec":
            machine.gdb.run_to(image.start)
        initrd = inner_initrd()
        place = image.segment_of(len(initrd)) + initrd.index(PADDING) + DAMAGED.index(b"q")
        assert machine.gdb.read_physical(place, 1) == b"p"
        machine.gdb.write_physical(place, b"q")
        machine.gdb.resume()
        verdict = wait_for_refusal(machine) if kernel in OBJECTS else wait_for_silent_loop(machine, image)
        record_property("verdict", verdict)
        with pytest.raises(Timeout):
            machine.wait_for("Linux version[\\s\\S]*Linux version", 1)
