# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Guests for the QEMU tests.

Boot composes the memory of a boot by hand: the flat purgatory with its parameter block, a payload, segments; and how
the old kernel leaves the CPU. A launcher (launch-ARCH.S) puts the pieces where they belong and jumps. Machine is a
running QEMU: its console is read until a line is seen, every wait has an end, and QEMU is killed when the test is done.
"""

import contextlib
import ctypes
import dataclasses
import functools
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from abi import ARM64_REGISTERS, X86_64_REGISTERS, Header, Params, constant, sha256
from gdbstub import Gdb
from symbols import symbols

BUILD = Path(os.environ.get("BUILD", Path(__file__).resolve().parents[2] / "build")).resolve()

# Empty for the system's QEMU; else the directory in which the packages of another one are unpacked.
QEMU_PREFIX = os.environ.get("QEMU_PREFIX")

# A slow machine may take its time; a hang may not.
PATIENCE = float(os.environ.get("QEMU_TEST_PATIENCE", "60"))

PAGE = 0x1000
MIB = 1 << 20
GIB = 1 << 30

# The launcher's mailbox; launch-*.S has the same numbers.
MAILBOX = struct.Struct("<QQQQQQ")
PIECE = struct.Struct("<QQQ")
OPTION_STATE, OPTION_DROP, OPTION_DIRTY, OPTION_MMU, OPTION_CACHES = 1, 2, 4, 8, 16
OPTION_ALIAS, OPTION_STREAMING, OPTION_CALL, OPTION_HIDE, OPTION_TASK = 32, 64, 128, 256, 512


@dataclasses.dataclass(frozen=True)
class State:
    """The CPU as the old kernel leaves it, and the machine that has such a CPU."""

    name: str
    qemu: tuple
    options: int
    sctlr_or_cr4: int = 0
    hcr_or_cr0: int = 0
    trap: int = 0

    def with_trap(self, trap):
        """The same with another CPACR_EL1 or CPTR_EL2."""
        return dataclasses.replace(self, trap=trap)

    def with_cpu(self, cpu):
        """The same on another CPU."""
        _, _, *machine = self.qemu
        return dataclasses.replace(self, qemu=("-cpu", cpu, *machine))


@dataclasses.dataclass(frozen=True)
class Arch:
    """What differs between the two architectures, from the outside."""

    name: str
    qemu: tuple
    launcher: str
    launcher_at: int
    mailbox_at: int
    ram: int
    purgatory_at: int
    payload_at: int
    spare_at: int
    registers: tuple
    entry: str
    code_register: str
    console: dict
    e_machine: str
    states: tuple

    def state(self, name):
        """The state of that name; the first one is the default."""
        return next(state for state in self.states if state.name == name)


# As seen when Linux 6.1 kexecs.
ARM64_STATES = (
    State("el1", ("-cpu", "cortex-a57", "-M", "virt"), OPTION_STATE, 0x30500800, 0, 0x300000),
    State("el2", ("-cpu", "cortex-a57", "-M", "virt,virtualization=on"), OPTION_STATE, 0x30C50830, 0x80000000, 0x33FF),
    State(
        "el2-vhe",
        ("-cpu", "max,pauth-impdef=on", "-M", "virt,virtualization=on"),
        OPTION_STATE,
        0x30500800,
        0x488000000,
        0x310000,
    ),
    State(
        "el1-below-el2",
        ("-cpu", "cortex-a57", "-M", "virt,virtualization=on"),
        OPTION_STATE | OPTION_DROP,
        0x30500800,
        0,
        0x300000,
    ),
)

X86_64_STATES = (State("long-mode", ("-cpu", "qemu64", "-M", "microvm"), OPTION_STATE, 0x20, 0x80000033),)

ARM64 = Arch(
    name="arm64",
    qemu=("qemu-system-aarch64",),
    launcher="launch-arm64.bin",
    launcher_at=0x4C000000,
    mailbox_at=0x4C100000,
    ram=0x40000000,
    purgatory_at=0x42000000,
    payload_at=0x43000000,
    spare_at=0x44000000,
    registers=ARM64_REGISTERS,
    entry="pc",
    code_register="X00",
    console={"kind": "CONSOLE_PL011", "base": 0x09000000},
    e_machine="ARCH_ARM64",
    states=ARM64_STATES,
)

X86_64 = Arch(
    name="x86_64",
    qemu=("qemu-system-x86_64",),
    launcher="launch-x86_64.elf",
    launcher_at=0x2000000,
    mailbox_at=0x3000000,
    ram=0,
    purgatory_at=0x4000000,
    payload_at=0x5000000,
    spare_at=0x6000000,
    registers=X86_64_REGISTERS,
    entry="rip",
    code_register="RAX",
    console={"kind": "CONSOLE_8250_PORT", "base": 0x3F8},
    e_machine="ARCH_X86_64",
    states=X86_64_STATES,
)

ARCHES = {arch.name: arch for arch in (ARM64, X86_64)}


class Timeout(AssertionError):
    """What was waited for did not come."""


# Where Debian's packages have it, below /usr.
FIRMWARE = ("share/qemu", "share/seabios", "lib/ipxe/qemu")

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def die_with_parent():
    """In the child, before QEMU runs: a test that is itself killed leaves no QEMU behind."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def qemu_command(program, *options):
    """The command line by which this QEMU runs with the firmware that belongs to it."""
    if not QEMU_PREFIX:
        return [program, *options]
    usr = Path(QEMU_PREFIX).resolve() / "usr"
    firmware = [option for place in FIRMWARE for option in ("-L", usr / place)]
    return [usr / "bin" / program, *firmware, *options]


@functools.cache
def qemu_version():
    """(major, minor) of this QEMU."""
    text = subprocess.run([*qemu_command("qemu-system-x86_64", "--version")], capture_output=True, check=True).stdout
    return tuple(int(number) for number in re.search(rb"version (\d+)\.(\d+)", text).groups())


class Machine:
    """A running QEMU. Use it as a context manager, so that it never outlives its test.

    A frozen one has run no instruction yet, and waits for its gdb to let it.
    """

    def __init__(self, command, directory, frozen=False):
        self.text = ""
        self.socket_path = Path(directory) / "qmp"
        self.gdb_path = Path(directory) / "gdb"
        self.stderr = open(Path(directory) / "qemu.stderr", "w+b")
        self.process = subprocess.Popen(
            [*qemu_command(*command), "-display", "none", "-no-reboot", "-net", "none", "-monitor", "none", "-serial", "stdio"]
            + ["-qmp", f"unix:{self.socket_path},server=on,wait=off"]
            + (["-S", "-gdb", f"unix:{self.gdb_path},server=on,wait=off"] if frozen else []),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            preexec_fn=die_with_parent,
        )
        self.qmp = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Kill QEMU."""
        if self.qmp:
            # QEMU may have ended by itself, with a command on the way.
            with contextlib.suppress(OSError):
                self.qmp.close()
        if "gdb" in self.__dict__:
            self.gdb.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.stderr.close()

    @functools.cached_property
    def gdb(self):
        """The debugger of a machine that was started frozen."""
        return Gdb(self.gdb_path, PATIENCE)

    def drain(self):
        """Take what is still on its way from the console."""
        while self.read_some(time.monotonic() + 0.05):
            pass

    def wait_for(self, pattern, patience=PATIENCE):
        """Read the console until the pattern is in it, and return the match."""
        pattern = re.compile(pattern, re.M)
        deadline = time.monotonic() + patience
        while True:
            match = pattern.search(self.text)
            if match:
                return match
            if not self.read_some(deadline):
                raise Timeout(f"no {pattern.pattern!r} on the console:\n{self.text}\n{self.complaints()}")

    def read_some(self, deadline):
        """Take what the console has by the deadline; false if there is nothing more to come."""
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([self.process.stdout], [], [], remaining)[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        self.text += data.decode("ascii", "replace").replace("\r", "")
        return bool(data)

    def wait_for_exit(self, patience=PATIENCE):
        """Wait until the guest has powered off."""
        deadline = time.monotonic() + patience
        while self.read_some(deadline):
            pass
        try:
            return self.process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise Timeout(f"QEMU still runs:\n{self.text}") from error

    def complaints(self):
        """What QEMU itself had to say."""
        self.stderr.seek(0)
        return self.stderr.read().decode("ascii", "replace")

    def reset_reason(self):
        """Wait until QEMU has ended, to which QMP was connected before, and return why, as QMP calls it."""
        assert self.qmp and self.wait_for_exit() == 0
        events = [json.loads(line) for line in self.qmp]
        return next(event["data"]["reason"] for event in events if event.get("event") == "SHUTDOWN")

    def command(self, name, **arguments):
        """One QMP command."""
        if not self.qmp:
            self.connect()
        self.qmp.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        self.qmp.flush()
        while True:
            answer = json.loads(self.qmp.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"])

    def connect(self):
        """Say hello to QMP."""
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while channel.connect_ex(str(self.socket_path)) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.qmp = channel.makefile("rwb")
        channel.close()
        self.qmp.readline()
        self.command("qmp_capabilities")

    def registers(self):
        """Registers of the CPU, as `info registers` names them."""
        text = self.command("human-monitor-command", **{"command-line": "info registers"})
        return {name: int(value, 16) for name, value in re.findall(r"\b(\w+)\s*=\s*([0-9a-f]+)\b", text)}

    def memory(self, address, size):
        """Physical memory of the guest."""
        path = self.socket_path.with_name("memory")
        self.command("human-monitor-command", **{"command-line": f'pmemsave {address:#x} {size:#x} "{path}"'})
        return path.read_bytes()


@dataclasses.dataclass
class Boot:
    """The memory and the CPU of one boot, with sound defaults that a test then spoils.

    The payload is a segment of its own, the entry is its first byte, the console is the machine's. The purgatory is the
    flat image, or what else is given.
    """

    arch: Arch
    directory: Path
    memory_size: str = "256M"
    purgatory: bytes = None

    def __post_init__(self):
        self.state = self.arch.states[0]
        self.options = OPTION_DIRTY
        self.qemu_options = []
        self.target = None
        self.place = self.arch.purgatory_at
        self.payload = (BUILD / "tests" / f"payload-{self.arch.name}.bin").read_bytes()
        self.pieces = []
        image = self.purgatory or (BUILD / f"purgatory-{self.arch.name}.bin").read_bytes()
        self.header = Header(image)
        self.image = bytearray(image.ljust(self.header["mem_size"], b"\0"))
        self.params = Params(self.image, self.header["params"])
        self.console(0)

    def console(self, index, **fields):
        """Fill in a console: the machine's serial port, with these fields changed."""
        for field, value in {**self.arch.console, **fields}.items():
            self.params[f"console[{index}].{field}"] = constant(value) if field == "kind" else value

    def put(self, address, data):
        """Have data in memory at address when the purgatory is entered."""
        self.pieces.append((address, bytes(data)))

    def segment(self, name, address, data, kind="DIGEST_SEGMENT"):
        """Put data into memory, and have it verified. Returns the segment's path."""
        self.put(address, data)
        return f"segment[{self.params.add_segment(name, address, data, kind)}]"

    def with_payload(self, address=None, kind="DIGEST_SEGMENT"):
        """Load the payload and enter it. Returns self."""
        address = self.arch.payload_at if address is None else address
        self.segment("payload", address, self.payload, kind)
        self.enter(address)
        return self

    def enter(self, address):
        """Have the next program begin at address."""
        self.register(self.arch.entry, address)

    def register(self, name, value):
        """Set a register of the handoff."""
        self.params[f"handoff.{self.arch.name}.{name}"] = value

    def seal(self):
        """Fill in both digests of the purgatory itself."""
        self.params["image_digest"] = sha256(self.image[: self.header["ro_size"]])
        self.params.seal()

    def mailbox(self):
        """The launcher's mailbox: what to do, and behind it what to put where."""
        pieces = [(self.place, bytes(self.image)), *self.pieces]
        data_at = -(-(MAILBOX.size + PIECE.size * len(pieces)) // PAGE) * PAGE
        table, data = b"", b""
        for address, piece in pieces:
            piece = piece.ljust(-(-len(piece) // 8) * 8, b"\0")
            table += PIECE.pack(address, data_at + len(data), len(piece))
            data += piece
        head = MAILBOX.pack(
            self.place + self.header["entry"] if self.target is None else self.target,
            self.state.options | self.options,
            self.state.sctlr_or_cr4,
            self.state.hcr_or_cr0,
            self.state.trap,
            len(pieces),
        )
        return (head + table).ljust(data_at, b"\0") + data

    def symbol(self, name):
        """The address of a function or variable of the purgatory, in this boot."""
        return self.place + symbols(BUILD / f"purgatory-{self.arch.name}.elf")[name]

    def start(self, frozen=False):
        """Run QEMU; frozen, it waits for its gdb before the first instruction."""
        mailbox = self.directory / "mailbox"
        mailbox.write_bytes(self.mailbox())
        launcher = BUILD / "tests" / self.arch.launcher
        command = [*self.arch.qemu, *self.state.qemu, "-m", self.memory_size, *self.qemu_options]
        command += ["-device", f"loader,file={mailbox},addr={self.arch.mailbox_at:#x},force-raw=on"]
        if self.arch is ARM64:
            command += ["-device", f"loader,file={launcher},addr={self.arch.launcher_at:#x},force-raw=on"]
            command += ["-device", f"loader,addr={self.arch.launcher_at:#x},cpu-num=0"]
        else:
            command += ["-kernel", launcher]
        return Machine(command, self.directory, frozen)

    def report(self):
        """Boot, and return what the payload reports and the console's text."""
        with self.start() as machine:
            machine.wait_for(r"^payload: end$")
            return parse_report(machine.text), machine.text

    def refusal(self):
        """Boot, and return the line with which it is refused, once the CPU has stopped with the code in a register."""
        with self.start() as machine:
            line = machine.wait_for(r"^(purgatory: refused: .* \[code (\d+)\]; halted)$|^payload: .*$")
            assert line[1], f"the payload was entered:\n{machine.text}"
            wait_until_halted(machine, self.arch, int(line[2]))
            machine.drain()
            assert "payload:" not in machine.text
            return line[1]


def wait_until_halted(machine, arch, code, patience=5):
    """Wait until the CPU holds the code where the ABI says, and on x86 (which tells) until it is halted."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        registers = machine.registers()
        if registers.get(arch.code_register) == code and registers.get("HLT", 1) == 1:
            return
        time.sleep(0.02)
    raise Timeout(f"not halted with {code} in {arch.code_register}: {registers}")


def parse_report(text):
    """The payload's lines as a dictionary."""
    return {name: int(value, 16) for name, value in re.findall(r"^payload: (\w+)=([0-9a-f]+)$", text, re.M)}


def verified_line(text):
    """(segments, bytes, implementation, entry) of the line that announces the jump; the caches are on."""
    line = r"^purgatory: verified (\d+) segments?, (\d+) bytes, sha256: (\S+), cached; jumping to 0x([0-9a-f]+)$"
    match = re.search(line, text, re.M)
    assert match, text
    return int(match[1]), int(match[2]), match[3], int(match[4], 16)
