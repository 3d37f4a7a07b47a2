#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""params_seeds.py: write tests/fuzz/seeds/params_ARCH anew: a valid block for each thing that a block can ask for."""

import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "qemu"))

from abi import Params, PARAMS_SIZE, REPORT_SIZE, constant  # noqa: E402

# struct input in params.h: a hole, the image's size less a page, physical bits less 32, the counter's rate.
WORLD = struct.pack("<QQIBBxx", 0x70000000, 0x1000, 0x1D000, 16, 1)
KERNEL, INITRD, FALLBACK, STUB, FREE = 0x40000000, 0x48000000, 0x50000000, 0x90000, 0x60000000
NOT_MAPPED = 0x70000000


class Block(Params):
    """A kernel, an initrd, a console."""

    def __init__(self, arch):
        super().__init__(bytearray(PARAMS_SIZE))
        self.arch = arch
        self["magic"], self["abi_major"], self["size"] = constant("PARAMS_MAGIC"), 1, PARAMS_SIZE
        self.add_segment("kernel", KERNEL, b"kernel" * 1000)
        self.add_segment("initrd", INITRD, b"initrd" * 1000)
        self.enter("handoff", KERNEL)
        self.console(0, "PL011", 0x9000000)

    def enter(self, handoff, entry):
        self[f"{handoff}.arm64.pc" if self.arch == "arm64" else f"{handoff}.x86_64.rip"] = entry

    def console(self, index, kind, base, **fields):
        for name, value in {"kind": constant(f"CONSOLE_{kind}"), "base": base, **fields}.items():
            self[f"console[{index}].{name}"] = value

    def fail(self, policy, **fields):
        self["failure.policy"] = constant(f"FAIL_{policy}")
        for name, value in fields.items():
            self[f"failure.{name}"] = value

    def report(self, address):
        self["report.address"], self["report.size"] = address, REPORT_SIZE


def concat(block):
    for i in range(2):
        block[f"segment[{i}].kind"], block[f"segment[{i}].digest"] = constant("DIGEST_CONCAT"), bytes(32)
    block["digest"] = bytes(range(32))


def striped(block):
    block["segment[0].kind"], block["segment[0].lanes"] = constant("DIGEST_STRIPED"), 16
    block["segment[1].kind"], block["segment[1].lanes"] = constant("DIGEST_STRIPED"), 2


def full(block):
    for i in range(2, 64):
        block.add_segment(f"s{i}", FREE + i * 0x1000, bytes(0x1000))
    for i in range(16):
        block.add_copy(0x30000000 + i * 0x1000, FREE + (2 + i) * 0x1000, 0x1000)


def copies(block):
    block.add_copy(FREE, KERNEL, 6000)
    block.add_copy(FREE + 0x10000, FREE + 0x20000, 0x1000, constant("COPY_UNVERIFIED"))
    block.add_copy(INITRD + 0x100, INITRD, 0x200)
    block.enter("handoff", FREE + 0x10)


def never(block):
    block["verify"] = constant("VERIFY_NEVER")
    block["segment[1].start"] = NOT_MAPPED
    block.enter("handoff", FREE)


def nothing(block):
    block.memory[0x700:] = bytes(PARAMS_SIZE - 0x700)
    block["verify"], block["segment_count"] = constant("VERIFY_NEVER"), 0


def linear_map(block):
    block["verify"] = constant("VERIFY_UNLESS_UNMAPPED")
    block["linear_map.levels"], block["linear_map.range_count"] = 4, 1
    block["linear_map.range[0].start"], block["linear_map.range[0].size"] = 0x1000, 0x100000


def digests(block):
    block["block_digest"] = block["image_digest"] = bytes(range(1, 33))
    block["flags"] = constant("FLAG_PORTABLE_SHA256")


def mmio_8250(block):
    block.console(0, "8250", 0x9000000, width=1, stride=4)
    block.console(1, "8250", 0x9001000)


def recorded(block):
    block.report(INITRD + 0x1000)
    block["failure.timer_hz"] = 1000000


def returning(block):
    block.fail("RETURN", delay=10)


def fallback(block):
    block.fail("FALLBACK", delay=10, timer_hz=1000000)
    block["failure.fallback.start"], block["failure.fallback.size"] = FALLBACK, 0x4000
    block["failure.fallback.name"] = b"rescue"
    block.enter("failure.fallback_handoff", FALLBACK + 0x40)


def fallback_all(block):
    fallback(block)
    block["failure.fallback.kind"], block["failure.fallback.lanes"] = constant("DIGEST_STRIPED"), 8
    block["failure.fallback_handoff.checks"] = block["handoff.checks"] = constant("CHECK_KERNEL")
    copies(block)
    block.report(FREE + 0x30000)


def resetting(block):
    block.fail("RESET", **({"conduit": constant("CONDUIT_HVC")} if block.arch == "arm64" else {}))


def resetting_later(block):
    if block.arch == "arm64":
        block.fail("RESET", conduit=constant("CONDUIT_SMC"), delay=60, timer_hz=62500000)
    else:
        block.fail("RESET", delay=60, timer_hz=62500000, reset_space=1, reset_width=8, reset_value=6, reset_address=0xCF9)


def sink(block):
    block.console(0, "SINK", 0x9000000, width=4)
    block["handoff.checks"] = constant("CHECK_KERNEL") | constant("CHECK_DTB")


def devices(block):
    block.console(0, "VGA", 0xB8000)
    block.console(1, "8250_PORT", 0x3F8, baud=115200)
    block["flags"] = constant("FLAG_RESET_VGA") | constant("FLAG_LEGACY_PIC")


def reset_memory(block):
    block.fail("RESET", reset_width=8, reset_value=1, reset_address=0xFED00000)


def reset_pci(block):
    block.fail("RESET", reset_space=2, reset_width=8, reset_value=1, reset_address=31 << 32 | 7 << 16 | 0xFF)


def protected_mode(block):
    block.enter("handoff", 0)
    block["handoff.mode"] = constant("HANDOFF_X86_32")
    block["handoff.x86_32.eip"] = KERNEL


def real_mode(block):
    block.enter("handoff", 0)
    block["segment[0].start"], block["segment[0].size"] = 0x7C00, 0x200
    block["handoff.mode"] = constant("HANDOFF_X86_16")
    block["handoff.x86_16.ip"] = 0x7C00


def protected_stub(block):
    protected_mode(block)
    block["handoff.stub"] = 0x2000000


def real_stub(block):
    real_mode(block)
    block["handoff.stub"] = 0x10000


def fallback_stub(block):
    fallback(block)
    block.enter("failure.fallback_handoff", 0)
    block["failure.fallback_handoff.mode"] = constant("HANDOFF_X86_32")
    block["failure.fallback_handoff.x86_32.eip"] = FALLBACK
    block["failure.fallback_handoff.stub"] = 0x2000000


COMMON = [concat, striped, full, copies, never, nothing, linear_map, digests, mmio_8250, recorded, returning, fallback,
          fallback_all, resetting, resetting_later]  # fmt: skip
ARCHES = {
    "arm64": [*COMMON, sink],
    "x86_64": [*COMMON, devices, reset_memory, reset_pci, protected_mode, real_mode, protected_stub, real_stub,
               fallback_stub],
}  # fmt: skip


def main():
    for arch, features in ARCHES.items():
        seeds = HERE / "seeds" / f"params_{arch}"
        seeds.mkdir(parents=True, exist_ok=True)
        for feature in features:
            block = Block(arch)
            feature(block)
            (seeds / feature.__name__).write_bytes((WORLD + block.memory).rstrip(b"\0"))


if __name__ == "__main__":
    main()
