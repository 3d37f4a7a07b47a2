# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A client for QEMU's gdbstub (the remote protocol of gdb's manual, appendix E): stops a guest and looks into it.

    with boot.start(frozen=True) as machine:
        gdb = machine.gdb
        gdb.insert_breakpoint(address)
        gdb.run_to_stop()
        gdb.remove_breakpoint(address)
        gdb.read("SCTLR"), gdb.read_physical(0x40000000, 8)

Registers go by the names that QEMU gives them in its target description: x0, pc, cpsr and SCTLR, TCR_EL1, HCR_EL2 on
arm64; rax, rip, eflags, cr0, efer on x86_64.

A breakpoint makes TCG run its whole page one instruction at a time: remove it before anything long runs there. Insert
one only where nothing else will run earlier: an address says nothing about what has been put there by then.
"""

import re
import socket
import time
import xml.etree.ElementTree

# What QEMU takes in one packet is 4096 characters, two for each byte of memory.
CHUNK = 1024

SOFTWARE, HARDWARE = 0, 1


class GdbError(Exception):
    """QEMU refused, or said what is not understood."""


class GdbTimeout(AssertionError):
    """The guest did not stop, or QEMU did not answer."""


class Register:
    """Where a register is found: its number in the protocol, and its size."""

    def __init__(self, number, bits):
        self.number, self.bits = number, bits


class Gdb:
    """A connection to a gdbstub. The guest stands still when it is made, and after each wait."""

    def __init__(self, path, patience):
        self.patience = patience
        self.channel = connect(path, time.monotonic() + patience)
        self.received = b""
        self.registers = {}
        self.breakpoints = {}
        self.describe()

    def close(self):
        """Hang up; the guest stays as it is."""
        self.channel.close()

    # The protocol.

    def send(self, command):
        """Send a packet; QEMU acknowledges it before it answers."""
        data = command.encode()
        self.channel.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xFF))

    def receive(self, patience=None):
        """Wait for a packet, acknowledge it, and return its content."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            packet = re.match(rb"[^$]*\$([^#]*)#([0-9a-f]{2})", self.received)
            if packet:
                break
            self.receive_some(deadline)
        self.received = self.received[packet.end() :]
        if sum(packet[1]) & 0xFF != int(packet[2], 16):
            raise GdbError(f"a packet with a wrong checksum: {packet[0]}")
        self.channel.sendall(b"+")
        return unescape(packet[1])

    def receive_some(self, deadline):
        """Take what comes by the deadline."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise GdbTimeout("no answer from the gdbstub: the guest has not stopped")
        self.channel.settimeout(remaining)
        try:
            data = self.channel.recv(65536)
        except socket.timeout as error:
            raise GdbTimeout("no answer from the gdbstub: the guest has not stopped") from error
        if not data:
            raise GdbError("QEMU has hung up")
        self.received += data

    def ask(self, command):
        """Send a packet and return the answer, which must not be a refusal."""
        self.send(command)
        answer = self.receive()
        if not answer or re.fullmatch(rb"E[0-9a-f]{2}", answer):
            raise GdbError(f"{command[:64]}: {answer.decode() or 'not known to this QEMU'}")
        return answer

    def ask_ok(self, command):
        """Send a packet to which nothing but OK is an answer."""
        answer = self.ask(command)
        if answer != b"OK":
            raise GdbError(f"{command[:64]}: {answer.decode('ascii', 'replace')}")

    # Registers.

    def describe(self):
        """Learn what the registers are called, and their numbers."""
        self.ask("qSupported:xmlRegisters=i386,aarch64")
        number = 0
        for file in re.findall(r'<xi:include href="([^"]+)"', self.annex("target.xml")):
            for register in xml.etree.ElementTree.fromstring(self.annex(file)).iter("reg"):
                number = int(register.get("regnum", number))
                self.registers[register.get("name")] = Register(number, int(register.get("bitsize")))
                number += 1

    def annex(self, name):
        """A file of the target description."""
        text = b""
        while True:
            part = self.ask(f"qXfer:features:read:{name}:{len(text):x},{CHUNK:x}")
            text += part[1:]
            if part[:1] == b"l":
                return text.decode()

    def register(self, name):
        """Where the register of that name is found."""
        if name not in self.registers:
            raise KeyError(f"this QEMU has no register {name}")
        return self.registers[name]

    def read(self, name):
        """The value of the register of that name."""
        answer = self.ask(f"p{self.register(name).number:x}")
        return int.from_bytes(bytes.fromhex(answer.decode()), "little")

    def write(self, name, value):
        """Set a register. QEMU says OK, but does nothing, for those that it does not let be set, such as arm64's system
        registers."""
        register = self.register(name)
        self.ask_ok(f"P{register.number:x}={value.to_bytes(register.bits // 8, 'little').hex()}")
        if self.read(name) != value:
            raise GdbError(f"QEMU does not let {name} be {value:#x}")

    # Memory.

    def read_memory(self, address, size):
        """Memory at a virtual address, as the CPU's present translation has it."""
        data = b""
        while len(data) < size:
            data += bytes.fromhex(self.ask(f"m{address + len(data):x},{min(CHUNK, size - len(data)):x}").decode())
        return data

    def write_memory(self, address, data):
        """Write at a virtual address, be it writable for the guest or not."""
        for offset in range(0, len(data), CHUNK):
            chunk = data[offset : offset + CHUNK]
            self.ask_ok(f"M{address + offset:x},{len(chunk):x}:{chunk.hex()}")

    def read_physical(self, address, size):
        """Memory at a physical address."""
        return self.physically(self.read_memory, address, size)

    def write_physical(self, address, data):
        """Write at a physical address."""
        self.physically(self.write_memory, address, data)

    def physically(self, access, *arguments):
        """Have addresses mean physical ones during one access."""
        self.ask_ok("Qqemu.PhyMemMode:1")
        try:
            return access(*arguments)
        finally:
            self.ask_ok("Qqemu.PhyMemMode:0")

    # Running and stopping.

    def insert_breakpoint(self, address, kind=HARDWARE):
        """Stop before the instruction at that virtual address."""
        self.ask_ok(f"Z{kind},{address:x},{self.breakpoint_size()}")
        self.breakpoints[address] = kind

    def remove_breakpoint(self, address):
        """Take a breakpoint away again."""
        self.ask_ok(f"z{self.breakpoints[address]},{address:x},{self.breakpoint_size()}")
        del self.breakpoints[address]

    def breakpoint_size(self):
        """The size of an instruction that would be a breakpoint."""
        return 4 if "cpsr" in self.registers else 1

    def resume(self):
        """Let the guest run; wait_for_stop ends that."""
        self.send("c")

    def wait_for_stop(self, patience=None):
        """Wait until a running guest stands still, and return where."""
        return self.stopped(self.receive(patience))

    def run_to_stop(self, patience=None):
        """Let the guest run until it stops by itself, and return where that is."""
        self.resume()
        return self.wait_for_stop(patience)

    def run_to(self, address, patience=None):
        """Let the guest run to that virtual address, with a breakpoint that is gone afterwards."""
        self.insert_breakpoint(address)
        place = self.run_to_stop(patience)
        self.remove_breakpoint(address)
        if place != address:
            raise GdbError(f"the guest stopped at {place:#x}, not at {address:#x}")

    def run_over(self):
        """Let the guest run on from the breakpoint at which it stands to the next one, and return where that is."""
        place = self.pc()
        kind = self.breakpoints[place]
        self.remove_breakpoint(place)
        after = self.step()
        self.insert_breakpoint(place, kind)
        return after if after in self.breakpoints else self.run_to_stop()

    def step(self):
        """Run one instruction, and return where the next one is."""
        self.send("s")
        return self.wait_for_stop()

    def interrupt(self):
        """Stop a running guest wherever it is, and return where."""
        self.channel.sendall(b"\x03")
        return self.wait_for_stop()

    def stopped(self, answer):
        """Where the guest stands after this answer; it may be gone instead."""
        if answer[:1] not in (b"T", b"S"):
            raise GdbError(f"the guest did not stop but: {answer.decode('ascii', 'replace')}")
        return self.pc()

    def pc(self):
        """Where the guest stands."""
        return self.read("pc" if "pc" in self.registers else "rip")


def connect(path, deadline):
    """A socket to the gdbstub, once it listens."""
    channel = socket.socket(socket.AF_UNIX)
    while channel.connect_ex(str(path)):
        if time.monotonic() > deadline:
            channel.close()
            raise GdbTimeout(f"no gdbstub listens on {path}")
        time.sleep(0.01)
    return channel


def unescape(data):
    """A packet's content: } and a byte stand for that byte with bit 5 flipped."""
    return re.sub(rb"}(.)", lambda escaped: bytes([escaped[1][0] ^ 0x20]), data, flags=re.S)
