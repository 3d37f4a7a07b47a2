# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""A boot by a loader that patches symbols: the relocatable form, its symbols set as kexec-tools or Linux set them."""

import struct

from abi import Header, sha256
from machine import ARM64, BUILD, Boot
from symbols import symbol_table

REGIONS = 16
KEXEC_TOOLS_REGS = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
)  # fmt: skip
LINUX_REGS = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi") + KEXEC_TOOLS_REGS[8:]


PL011 = b"arm,pl011\0arm,primecell\0"


def dtb(value=PL011, size=0x100):
    """The header of a DTB, zeros, and at 0x40 the value of a property."""
    return (struct.pack(">II", 0xD00DFEED, size).ljust(0x40, b"\0") + value).ljust(size, b"\0")


def boot_params(cmdline_at=0):
    """A zero page that says where the command line is."""
    page = bytearray(0x1000)
    page[0x202:0x206] = b"HdrS"
    struct.pack_into("<I", page, 0x228, cmdline_at & 0xFFFFFFFF)
    struct.pack_into("<I", page, 0xC8, cmdline_at >> 32)
    return bytes(page)


class ClientBoot(Boot):
    """The payload is a region, entered in 64-bit mode; on arm64 x0 is a DTB, for Linux rsi is a zero page, which is
    another. The console is what the client can ask for."""

    def __init__(self, arch, directory, client="kexec-tools", **options):
        self.ro = BUILD / f"purgatory-{arch.name}{'-linux' if client == 'linux' else ''}.ro"
        self.linux = client == "linux"
        super().__init__(arch, directory, **options)

    def __post_init__(self):
        super().__post_init__()
        self.table = symbol_table(self.ro)
        start, size = self.table[".purgatory"]
        self.image = bytearray(self.ro.read_bytes()[start : start + size])
        self.header = Header(self.image)
        self.regions = []

    def set(self, name, value):
        """Patch a symbol; like the loaders, insist on its size."""
        offset, size = self.table[name]
        data = value.to_bytes(size, "little") if isinstance(value, int) else value
        assert len(data) == size, f"{name} has {size} bytes"
        self.image[offset : offset + size] = data

    def client_symbol(self, name):
        """The address of a symbol in this boot."""
        return self.place + self.table[name][0]

    def registers64(self, **values):
        """Set entry64_regs in the client's order."""
        names = LINUX_REGS if self.linux else KEXEC_TOOLS_REGS
        self.set("entry64_regs", struct.pack("<17Q", *(values.get(name, 0) for name in names)))

    def region(self, address, data):
        """Load data as a region."""
        self.put(address, data)
        self.regions.append((address, data))

    def digest(self):
        """Set regions and digest."""
        prefix = "purgatory_sha_" if self.linux else "sha256_"
        table = [(address, len(data)) for address, data in self.regions]
        table += [(0, 0)] * (REGIONS - len(table))
        self.set(f"{prefix}regions", struct.pack("<32Q", *(word for region in table for word in region)))
        name = "purgatory_sha256_digest" if self.linux else "sha256_digest"
        self.set(name, sha256(b"".join(data for _, data in self.regions)))

    def with_payload(self, console=True):
        """Load and enter the payload as the client would. Returns self."""
        self.region(self.arch.payload_at, self.payload)
        if self.arch is ARM64:
            self.region(self.arch.spare_at, dtb())
            self.set("arm64_kernel_entry", self.arch.payload_at)
            self.set("arm64_dtb_addr", self.arch.spare_at)
            self.set("arm64_sink", self.arch.console["base"] if console else 0)
        elif self.linux:
            self.region(self.arch.spare_at, boot_params())
            self.registers64(rip=self.arch.payload_at, rsi=self.arch.spare_at)
        else:
            self.registers64(rip=self.arch.payload_at)
            self.set("console_serial", int(console))
            self.set("serial_base", self.arch.console["base"])
        self.digest()
        return self
