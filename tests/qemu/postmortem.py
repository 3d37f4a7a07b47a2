# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""What a dump must have of the crash (dumps.py): read by readelf, makedumpfile, gdb, and by a reader of our own."""

import os
import re
import struct
import subprocess

from btf import members
from dumps import BEFORE_STORE, VICTIM, memmap, pages, regions
from machine import BUILD, MIB
from vmcore import pid_of, register_of

COMM = b"busybox-culprit\0"
# CONFIG_VMAP_STACK or not, a kernel's stack has that many bytes on either architecture, at least.
STACK = 16 * 1024

# On x86 Linux keeps that free for the crash kernel, so what is there is of interest to nobody.
FIRST_MIB = pages([(0, MIB)])

LINES = {
    ("sysrq", "arm64"): ["Kernel panic - not syncing: sysrq triggered crash"],
    ("oops", "arm64"): [
        "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000",
        r"pc : __arm64_sys_sethostname\+0x8/",
    ],
    ("sysrq", "x86_64"): ["Kernel panic - not syncing: sysrq triggered crash"],
    ("oops", "x86_64"): [
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "#PF: supervisor write access in kernel mode",
        r"RIP: 0010:__x64_sys_sethostname\+0x0/",
    ],
}

# struct new_utsname (<linux/utsname.h>): six arrays of 65 characters, the third is the release.
RELEASE = 2 * 65

HOST = os.uname().machine.replace("aarch64", "arm64")
EMULATOR = {"arm64": "qemu-aarch64", "x86_64": "qemu-x86_64"}
MULTIARCH = {"arm64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu"}


def run(*command):
    """What a program says."""
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def examine(crash):
    """All that follows."""
    assert_told(crash)
    assert_dump(crash)


def assert_dump(crash):
    """The panic's message, the task that crashed and what a process had in memory are in the dump."""
    with crash.vmcore() as vmcore:
        assert_headers(crash, vmcore)
        assert vmcore.physical(crash.secret_at, len(crash.secret)) == crash.secret
        log = log_of(crash)
        assert_log(crash, log)
        task = task_of(crash, vmcore)
        assert_by_gdb(crash, vmcore, task)


def assert_headers(crash, vmcore):
    """The dump has all RAM of the old kernel but the crash kernel's; readelf finds a note of each CPU."""
    text = run("readelf", "-n", "-l", "-W", crash.disk("dump"))
    assert len(re.findall(r"NT_PRSTATUS", text)) == len(vmcore.cpus()) == crash.cpus
    assert len(re.findall(r"^ +VMCOREINFO +0x", text, re.M)) == 1
    assert len(re.findall(r"^ +LOAD +0x", text, re.M)) == len(vmcore.loads)
    taken = pages(regions(crash.outer, "Crash kernel"))
    dumped = pages((load.physical, load.physical + load.size) for load in vmcore.loads)
    assert dumped - FIRST_MIB == pages(regions(crash.outer, "System RAM")) - taken - FIRST_MIB


def assert_told(crash):
    """The crash kernel has been told of its memory, the dump and the firmware's memory, on x86 without memmap=."""
    taken = regions(crash.outer, "Crash kernel")
    line = crash.inner["cmdline"].decode()
    if crash.arch == "arm64":
        # The low region is the last one (drivers/of/fdt.c).
        assert chosen(crash, "linux,usable-memory-range") == sorted(taken, reverse=True)
        ((start, end),) = chosen(crash, "linux,elfcorehdr")
        assert any(low <= start < end <= high for low, high in taken)
        assert pages(regions(crash.inner, "System RAM")) <= pages(taken)
    else:
        usable = {entry for entry in memmap(crash.inner) if entry[2] == "System RAM"}
        assert "memmap=" not in line and " elfcorehdr=" in line
        assert pages(entry[:2] for entry in usable) <= pages(taken) | FIRST_MIB
        assert {entry for entry in memmap(crash.outer) if entry[2] != "System RAM"} <= memmap(crash.inner)


def chosen(crash, name):
    """[(start, end)] of the ranges in a property of the inner kernel's device tree, ends exclusive."""
    path = crash.guest.directory / "fdt"
    path.write_bytes(crash.inner["fdt"])
    cells = [int(cell, 16) for cell in run("fdtget", "-t", "x", path, "/chosen", name).split()]
    numbers = [high << 32 | low for high, low in zip(cells[::2], cells[1::2])]
    return [(start, start + size) for start, size in zip(numbers[::2], numbers[1::2])]


def log_of(crash):
    """The old kernel's log, by its own architecture's makedumpfile."""
    command = ["makedumpfile"]
    if crash.arch != HOST:
        root, libraries = BUILD / "makedumpfile", f"lib/{MULTIARCH[crash.arch]}"
        path = f"{root / 'usr' / libraries}:{root / libraries}"
        command = [EMULATOR[crash.arch], "-L", f"/usr/{MULTIARCH[crash.arch]}", "-E", f"LD_LIBRARY_PATH={path}"]
        command += [root / "usr/bin/makedumpfile"]
    log = crash.guest.directory / "log"
    run(*command, "--dump-dmesg", crash.disk("dump"), log)
    return log.read_text(encoding="ascii", errors="replace")


def assert_log(crash, log):
    """The kernel has told of the crash, and of the process."""
    for line in LINES[crash.way, crash.arch]:
        assert re.search(line, log), log
    assert re.search(rf"CPU: {crash.cpu} PID: {crash.pid} Comm: busybox-culprit ", log), log


def task_of(crash, vmcore):
    """Where the name of the task is that ran on that CPU, with its number, and the stack on which it crashed."""
    task = members(crash.outer["vmlinux"], "task_struct")
    status = vmcore.cpus()[crash.cpu]
    assert pid_of(status) == crash.pid
    stack_pointer = register_of(status, crash.arch, "sp")
    if crash.way == "oops":
        store = crash.symbols[VICTIM[crash.arch]] + BEFORE_STORE[crash.arch]
        assert register_of(status, crash.arch, "pc") == store
    (found,) = [
        place for place in vmcore.find(COMM) if is_task(vmcore, task, place - task["comm"], crash.pid, stack_pointer)
    ]
    return found


def is_task(vmcore, task, start, pid, stack_pointer):
    """A task with that number and stack is there, and the one that follows in the list of all tasks says so."""

    def number(address, form="Q"):
        return struct.unpack(f"<{form}", vmcore.virtual(address, struct.calcsize(form)))[0]

    try:
        follower = number(start + task["tasks"])
        return (
            number(start + task["pid"], "I") == pid
            and number(start + task["stack"]) < stack_pointer < number(start + task["stack"]) + STACK
            and number(follower + 8) == start + task["tasks"]
        )
    except LookupError:
        return False


def assert_by_gdb(crash, vmcore, comm):
    """gdb, with the old kernel's symbols, says the same: which kernel, in which function, which task, which secret."""
    info = vmcore.info()
    release = int(info["SYMBOL(init_uts_ns)"], 16) + int(info["OFFSET(uts_namespace.name)"]) + RELEASE
    secret = next(place for place in vmcore.find(crash.secret) if vmcore.place(place) == crash.secret_at)
    looks = [f"x/s {address:#x}" for address in (release, comm, secret)]
    text = run(
        *("gdb-multiarch", "-nx", "-batch", symbols(crash)),
        *(word for line in (f"core-file {crash.disk('dump')}", "info threads", *looks) for word in ("-ex", line)),
    )
    function = VICTIM[crash.arch] if crash.way == "oops" else "__crash_kexec"
    assert re.search(rf"LWP {crash.pid}\b.*0x[0-9a-f]+ in {function} \(\)", text), text
    for value in (info["OSRELEASE"], COMM[:-1].decode(), crash.secret.decode()):
        assert re.search(rf'^0x[0-9a-f]+.*:\t"{re.escape(value)}"$', text, re.M), text


def symbols(crash):
    """An ELF of the old kernel's functions, by /proc/kallsyms; Debian's own symbols are a package of 900 MB."""
    base, end = crash.symbols["_stext"], crash.symbols["_etext"]
    functions = {name: at - base for name, at in crash.symbols.items() if base <= at < end}
    source = crash.guest.directory / "symbols.s"
    lines = [f'.section .text, "ax", %nobits\nstart: .space {end - base:#x}']
    lines += [f'.set "{name}", start + {offset:#x}' for name, offset in functions.items()]
    source.write_text("\n".join(lines) + "\n", encoding="ascii")
    unlinked, elf = source.with_suffix(".o"), source.with_suffix(".elf")
    run(f"{MULTIARCH[crash.arch]}-as", source, "-o", unlinked)
    run(f"{MULTIARCH[crash.arch]}-ld", f"-Ttext={base:#x}", "-e", "0", unlinked, "-o", elf)
    return elf
