# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Debian's x86_64 kernel by its 32-bit and its 16-bit boot protocol (Documentation/arch/x86/boot.rst), to userspace."""

import struct

from abi import constant
from machine import BUILD, MIB, X86_64, Boot
from modes import HIGH, PC, PROTECTED, REAL, set_registers

BOOT_PATIENCE = 90
GREETING = r"^purgatory-demo: userspace of Linux"
APPEND = b"console=ttyS0 panic=-1 quiet\0"

KERNEL_AT = 128 * MIB
INITRD_AT = 256 * MIB
MEMORY = 512 * MIB

# The real mode part, 64 KiB in all: code, heap and stack to HEAP_END, then the command line.
SETUP_AT = 0x40000
HEAP_END = 0xE000
ENTRY_OFFSET = 0x200

# The header's fields.
SETUP_SECTS = 0x1F1
HEADER_END = 0x201
TYPE_OF_LOADER = 0x210
LOADFLAGS = 0x211
CAN_USE_HEAP = 0x80
REALMODE_SWTCH = 0x208
CODE32_START = 0x214
RAMDISK = 0x218
HEAP_END_PTR = 0x224
CMD_LINE_PTR = 0x228

# boot_params.
E820_ENTRIES = 0x1E8
E820_TABLE = 0x2D0
RAM, RESERVED = 1, 2

# As the BIOS of this machine has it.
E820 = [(0, 0x9FC00, RAM), (0xF0000, 0x10000, RESERVED), (MIB, MEMORY - MIB - 0x20000, RAM)]


def linux(mode, directory, memory_size):
    """(boot, setup): kernel and initrd are segments; setup is the kernel's setup code, its header filled in."""
    kernel = (BUILD / "debian" / "x86_64" / "vmlinuz").read_bytes()
    initrd = (BUILD / "debian" / "x86_64" / "initrd").read_bytes()
    boot = Boot(X86_64, directory, memory_size)
    boot.state = PC
    boot.params["handoff.mode"] = constant(mode.word)
    boot.params["handoff.checks"] = constant("CHECK_KERNEL")
    split = (kernel[SETUP_SECTS] + 1) * 512
    boot.segment("kernel", KERNEL_AT, kernel[split:])
    boot.segment("initrd", INITRD_AT, initrd)
    setup = bytearray(kernel[:split])
    setup[TYPE_OF_LOADER] = 0xFF
    struct.pack_into("<I", setup, CODE32_START, KERNEL_AT)
    struct.pack_into("<II", setup, RAMDISK, INITRD_AT, len(initrd))
    struct.pack_into("<I", setup, CMD_LINE_PTR, SETUP_AT + HEAP_END)
    boot.segment("cmdline", SETUP_AT + HEAP_END, APPEND)
    return boot, setup


def assert_userspace(boot, segments):
    """All was verified, and the kernel gets to its first program."""
    with boot.start() as machine:
        machine.wait_for(rf"^purgatory: verified {segments} segments, ")
        machine.wait_for(GREETING, BOOT_PATIENCE)


def test_32_bit_protocol(tmp_path):
    """From above 4 GiB, by way of a stub, with a boot_params that the loader made."""
    boot, setup = linux(PROTECTED, tmp_path, "4G")
    boot.place = HIGH
    boot.params["handoff.stub"] = 0x1000
    header_end = 0x202 + setup[HEADER_END]
    boot_params = bytearray(0x1000)
    boot_params[SETUP_SECTS:header_end] = setup[SETUP_SECTS:header_end]
    boot_params[E820_ENTRIES] = len(E820)
    for i, entry in enumerate(E820):
        struct.pack_into("<QQI", boot_params, E820_TABLE + i * 20, *entry)
    boot.segment("params", SETUP_AT, boot_params)
    set_registers(boot, PROTECTED, {"eip": KERNEL_AT, "esi": SETUP_AT})
    boot.seal()
    assert_userspace(boot, 4)


def test_16_bit_protocol(tmp_path):
    """The kernel's own setup code asks the BIOS, and calls both of the hooks that kexec-tools gives it."""
    boot, setup = linux(REAL, tmp_path, "512M")
    boot.place = REAL.low
    base = boot.symbol("client_entry16_debug")
    hook = struct.pack("<HH", boot.symbol("client_entry16_debug_pre32") - base, base >> 4)
    setup[REALMODE_SWTCH : REALMODE_SWTCH + 4] = hook
    struct.pack_into("<I", setup, CODE32_START, boot.symbol("client_entry16_debug_first32"))
    variable = boot.symbol("client_entry16_debug_old_first32") - boot.place
    struct.pack_into("<I", boot.image, variable, KERNEL_AT)
    setup[LOADFLAGS] |= CAN_USE_HEAP
    struct.pack_into("<H", setup, HEAP_END_PTR, HEAP_END - 0x200)
    boot.segment("setup", SETUP_AT, setup)
    segment = SETUP_AT >> 4
    set_registers(boot, REAL, {name: segment for name in ("ds", "es", "ss", "fs", "gs")})
    set_registers(boot, REAL, {"cs": segment + (ENTRY_OFFSET >> 4), "ip": 0, "esp": HEAP_END})
    boot.seal()
    assert_userspace(boot, 4)
