# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The two modes of x86_64 that are entered by way of a stub, and boots into them.

The machine is a PC with SeaBIOS, so that there is an interrupt vector table, which real mode is given back.
"""

import dataclasses

from abi import X86_16_REGISTERS, X86_32_REGISTERS, constant
from machine import BUILD, GIB, MIB, X86_64, Boot, State
from symbols import symbols

CR4_PAE, CR4_LA57, CR4_PCIDE, CR4_SMEP = 1 << 5, 1 << 12, 1 << 17, 1 << 20
STUB_SIZE = 0x1000

# How the old kernel may leave the CPU, and the CPU that can be left so.
CR0_FOUND = 0x80010033
PC = State("pc", ("-cpu", "qemu64", "-M", "pc"), X86_64.states[0].options, CR4_PAE, CR0_FOUND)
STATES = [
    PC,
    dataclasses.replace(PC, name="la57", sctlr_or_cr4=CR4_PAE | CR4_LA57).with_cpu("max,la57=on"),
    dataclasses.replace(PC, name="pcid", sctlr_or_cr4=CR4_PAE | CR4_PCIDE).with_cpu("max,pcid=on"),
    dataclasses.replace(
        PC, name="la57-pcid-smep", sctlr_or_cr4=CR4_PAE | CR4_LA57 | CR4_PCIDE | CR4_SMEP
    ).with_cpu("max,la57=on,pcid=on"),
]


@dataclasses.dataclass(frozen=True)
class Mode:
    """One of the two modes, and a place for all that a boot into it needs."""

    name: str
    word: str
    registers: tuple
    end: int
    low: int
    payload_at: int
    stub_at: int
    edges: tuple

    def entry(self, address):
        """The registers that make up an entry at address."""
        if self is PROTECTED:
            return {"eip": address}
        return {"cs": self.payload_at >> 4, "ip": address - self.payload_at}

    def program(self):
        """The payload, and where in it each symbol lies."""
        base = BUILD / "tests" / f"payload-{self.name}"
        offset = self.payload_at if self is PROTECTED else 0
        named = {name: value - offset for name, value in symbols(f"{base}.linked").items()}
        return bytearray(base.with_name(base.name + ".bin").read_bytes()), named


PROTECTED = Mode(
    name="x86_32",
    word="HANDOFF_X86_32",
    registers=X86_32_REGISTERS,
    end=4 * GIB,
    low=X86_64.purgatory_at,
    payload_at=X86_64.payload_at,
    stub_at=X86_64.spare_at,
    edges=(0x1000, 3 * GIB - STUB_SIZE),
)

REAL = Mode(
    name="x86_16",
    word="HANDOFF_X86_16",
    registers=X86_16_REGISTERS,
    end=1 * MIB,
    low=0x10000,
    payload_at=0x20000,
    stub_at=0x30000,
    edges=(0x1000, 0x9E000),
)

MODES = [PROTECTED, REAL]
HIGH = 4 * GIB + 0x345000


def boot_into(mode, directory, memory_size="256M"):
    """A boot in which the payload of that mode is the only segment, and entered; the image lies low."""
    boot = Boot(X86_64, directory, memory_size)
    boot.state = PC
    boot.place = mode.low
    boot.payload, _ = mode.program()
    boot.segment("payload", mode.payload_at, boot.payload)
    boot.params["handoff.mode"] = constant(mode.word)
    set_registers(boot, mode, mode.entry(mode.payload_at))
    return boot


def set_registers(boot, mode, values):
    """Registers of the handoff."""
    for name, value in values.items():
        boot.params[f"handoff.{mode.name}.{name}"] = value


def boot_from_high(mode, directory):
    """The same with the image where the mode does not reach, and a stub."""
    boot = boot_into(mode, directory, "6G")
    boot.place = HIGH
    boot.params["handoff.stub"] = mode.stub_at
    return boot
