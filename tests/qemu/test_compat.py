# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The door of loaders that patch symbols, through the relocatable form as they place it."""

import re
import struct

import pytest

from abi import PARAMS_SIZE, Params, constant
from clients import KEXEC_TOOLS_REGS, PL011, ClientBoot, boot_params, dtb
from machine import ARM64, BUILD, MIB, OPTION_CALL, OPTION_DIRTY, X86_64, verified_line, wait_until_halted
from segments import pattern
from symbols import symbols

# Where the tests keep what is not the payload: not at the ends of anything.
DATA_AT = {"arm64": 0x45000040, "x86_64": 0x6100040}
CMDLINE_AT = 0x6200000

# The low memory that the tests of a crashed kernel's backup use.
BACKUP_FROM = 0x10000

LAUNCHER = symbols(BUILD / "tests" / X86_64.launcher)


@pytest.fixture
def client(arch, tmp_path):
    """A boot by kexec-tools."""
    return ClientBoot(arch, tmp_path).with_payload()


@pytest.fixture
def kexec_tools(tmp_path):
    """A boot by kexec-tools on x86_64."""
    return ClientBoot(X86_64, tmp_path).with_payload()


@pytest.fixture
def linux(tmp_path):
    """A boot by Linux' kexec_file_load."""
    return ClientBoot(X86_64, tmp_path, client="linux").with_payload()


def test_boots(client):
    """All regions are verified as one, and the payload is entered."""
    client.region(DATA_AT[client.arch.name], pattern(5000))
    client.digest()
    _, text = client.report()
    segments, size, _, entry = verified_line(text)
    assert (segments, size) == (len(client.regions), sum(len(data) for _, data in client.regions))
    assert entry == client.arch.payload_at


def test_regions_without_length(client):
    """They end nothing, hash nothing, and may start anywhere."""
    regions = client.regions
    client.regions = [(0x1234, b"")] * 3 + [regions[0]] + [(2**64 - 1, b"")] * (12 - len(regions)) + regions[1:]
    client.digest()
    segments, *_ = verified_line(client.report()[1])
    assert segments == len(regions)


def test_damaged(client):
    """One bit in the last region: refused, with both digests, and not entered."""
    data = pattern(5000)
    client.region(DATA_AT[client.arch.name], data)
    client.digest()
    address, damaged = client.pieces[-1]
    client.pieces[-1] = address, damaged[:-1] + bytes([damaged[-1] ^ 0x80])
    line = r"the concatenation's digest does not match: expected \w{64}, computed \w{64} \[code 16\]"
    assert re.search(line, client.refusal())


def test_wrong_digest(client):
    """A digest that was not filled in is one that does not match."""
    client.set("sha256_digest", bytes(32))
    assert "[code 16]" in client.refusal()


def test_no_checks(client):
    """skip_checks without regions is the user's word, and said."""
    client.set("sha256_regions", bytes(256))
    client.set("sha256_digest", bytes(32))
    client.set("skip_checks", 1)
    assert "purgatory: NOT verified, by the loader's word; jumping to" in client.report()[1]


def test_skip_checks_is_no_switch(client):
    """With regions, a flipped bit in skip_checks turns nothing off."""
    client.set("skip_checks", 1 << 7)
    verified_line(client.report()[1])


def test_nothing_filled_in(client):
    """A client that gives no region and no --no-checks."""
    client.set("sha256_regions", bytes(256))
    assert "nothing to verify" in client.refusal()


@pytest.mark.parametrize("checked", [True, False])
def test_no_entry(client, checked):
    """An entry left at its default is not jumped to, verified or not."""
    for name in ("arm64_kernel_entry", "arm64_dtb_addr") if client.arch is ARM64 else ("entry64_regs",):
        client.set(name, bytes(client.table[name][1]))
    if not checked:
        client.set("sha256_regions", bytes(256))
        client.set("skip_checks", 1)
    assert re.search("entry|x0", client.refusal())


def test_region_beyond_memory(client):
    """A region where no memory can be, or is mapped, is named as the client's."""
    client.regions[-1] = (1 << 52, client.regions[-1][1])
    client.digest()
    assert re.search(r"segment \d+ \(region\d+\) start: (beyond the physical|not in the identity)", client.refusal())


def test_silence(arch, tmp_path):
    """No console is asked for: not a word, and the payload is entered all the same."""
    _, text = ClientBoot(arch, tmp_path).with_payload(console=False).report()
    assert "purgatory" not in text


def test_the_block_comes_first(arch, tmp_path):
    """A loader that knows the ABI fills in the block of the relocatable form, and its symbols count for nothing."""
    boot = ClientBoot(arch, tmp_path)
    boot.params = Params(boot.image, boot.header["params"])
    boot.console(0)
    super(ClientBoot, boot).with_payload()
    boot.set("skip_checks", 1)
    if arch is X86_64:
        boot.set("cmdline_end", CMDLINE_AT)
        boot.set("jump_back_entry", 0xABC)
    assert verified_line(boot.report()[1])[0] == 1


def test_unknown_client(client):
    """A marker that no form has is damage, and as there is no telling what the symbols mean, no console is believed."""
    client.set("arm64_sink" if client.arch is ARM64 else "console_serial", 0)
    offset = symbols(client.ro)["COMPAT_CLIENT"]
    client.image[offset] ^= 1
    with client.start() as machine:
        wait_until_halted(machine, client.arch, constant("E_VALUE"))
        assert "payload" not in machine.text


def test_arm64_registers(tmp_path):
    """x0 is the DTB, x1 to x3 are zero."""
    report, _ = ClientBoot(ARM64, tmp_path).with_payload().report()
    assert [report[f"x{i}"] for i in range(4)] == [ARM64.spare_at, 0, 0, 0]


def test_arm64_sink_in_a_region(tmp_path):
    """kexec-tools cuts a long address short; what lies there is not written to, and boots."""
    boot = ClientBoot(ARM64, tmp_path).with_payload()
    boot.region(DATA_AT["arm64"], pattern(5000))
    boot.set("arm64_sink", DATA_AT["arm64"] + 100)
    boot.digest()
    assert "purgatory" not in boot.report()[1]


@pytest.mark.parametrize("client_name", ["kexec-tools", "linux"])
def test_x86_registers(tmp_path, client_name):
    """All sixteen registers, in the order of each client."""
    boot = ClientBoot(X86_64, tmp_path, client=client_name).with_payload()
    values = {name: 0x1111_0000_2222_0000 + i for i, name in enumerate(KEXEC_TOOLS_REGS)}
    values["rip"] = boot.arch.payload_at
    if boot.linux:
        values["rsi"] = boot.arch.spare_at
    boot.registers64(**values)
    report, _ = boot.report()
    assert {name: report[name] for name in values} == values


def backup(start, size):
    """The variables that have so much of the low memory, from BACKUP_FROM on, copied to start."""
    return {"panic_kernel": 1, "backup_start": start, "backup_src_start": BACKUP_FROM, "backup_src_size": size}


def set_all(client, variables):
    """Have the loader write them."""
    for name, value in variables.items():
        client.set(name, value)


def test_backup(kexec_tools):
    """The low memory of a crashed kernel is copied to where the crash kernel finds it, over a verified region."""
    saved = pattern(0x3000)
    kexec_tools.put(BACKUP_FROM, saved)
    kexec_tools.region(CMDLINE_AT, bytes(0x4000))
    kexec_tools.digest()
    set_all(kexec_tools, backup(CMDLINE_AT, 0x3000))
    with kexec_tools.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(CMDLINE_AT, 0x4000) == saved + bytes(0x1000)


@pytest.mark.parametrize("start, size", [(0x10, 0x3000), (0x1000, 0x1000), (0, 0x4001), (-0x1000, 0x1000)])
def test_backup_over_something_else(kexec_tools, start, size):
    """kexec-tools makes the place for the backup a segment of its own: what is not the start of one, or larger, would
    write over something that was verified."""
    kexec_tools.region(CMDLINE_AT, bytes(0x4000))
    kexec_tools.digest()
    set_all(kexec_tools, backup(CMDLINE_AT + start, size))
    line = f"backup_start: overlaps a segment, a copy or a console: {CMDLINE_AT + start:#x} [code 10]"
    assert line in kexec_tools.refusal()


def test_backup_without_checks(kexec_tools):
    """With --no-checks there are no regions to tell."""
    kexec_tools.put(BACKUP_FROM, pattern(0x1000))
    kexec_tools.set("sha256_regions", bytes(256))
    set_all(kexec_tools, {"skip_checks": 1, **backup(CMDLINE_AT, 0x1000)})
    with kexec_tools.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(CMDLINE_AT, 0x1000) == pattern(0x1000)


@pytest.mark.parametrize("missing", ["panic_kernel", "backup_start", "backup_src_size"])
def test_no_backup(kexec_tools, missing):
    """Unless all three say so, nothing is copied."""
    kexec_tools.region(CMDLINE_AT, bytes(0x1000))
    kexec_tools.digest()
    set_all(kexec_tools, {**backup(CMDLINE_AT, 0x1000), missing: 0})
    kexec_tools.put(BACKUP_FROM, pattern(0x1000))
    with kexec_tools.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(CMDLINE_AT, 0x1000) == bytes(0x1000)


def with_cmdline(boot, text=b"quiet"):
    """Load the next kernel's command line, with room behind it, and its zero page."""
    boot.region(CMDLINE_AT, text.ljust(200, b"\0"))
    boot.region(boot.arch.spare_at, boot_params(CMDLINE_AT))
    boot.registers64(rip=boot.arch.payload_at, rsi=boot.arch.spare_at)
    boot.set("cmdline_end", CMDLINE_AT + len(text))
    boot.digest()


def cmdline_after(boot, text=b"quiet"):
    """The next kernel's command line when it is entered: text with room behind it."""
    with_cmdline(boot, text)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        return machine.memory(CMDLINE_AT, 200).rstrip(b"\0")


def test_jump_back_entry(kexec_tools):
    """The return address on the stack is appended to the verified command line."""
    kexec_tools.options = OPTION_DIRTY | OPTION_CALL
    line = cmdline_after(kexec_tools)
    address = re.fullmatch(rb"quiet kexec_jump_back_entry=0x([0-9a-f]+)", line)[1]
    assert int(address, 16) == LAUNCHER["returned"]


def test_jump_back_entry_by_symbol(kexec_tools):
    """A loader may also set it."""
    kexec_tools.set("jump_back_entry", 0xABC)
    assert cmdline_after(kexec_tools) == b"quiet kexec_jump_back_entry=0xabc"


def test_no_jump_back_entry(kexec_tools):
    """With rsp at the end of a page, nothing above it is read, and nothing appended."""
    kexec_tools.put(LAUNCHER["stack_end"], pattern(8))
    assert cmdline_after(kexec_tools) == b"quiet"


def test_jump_back_entry_alone(kexec_tools):
    """To an empty command line too, with zeros before it."""
    kexec_tools.set("jump_back_entry", 0xABC)
    kexec_tools.region(CMDLINE_AT - 0x10, bytes(0x10))
    assert cmdline_after(kexec_tools, b"") == b" kexec_jump_back_entry=0xabc"


@pytest.mark.parametrize("at", [200 - 10, 300, 0, 4], ids=["no room", "elsewhere", "start", "last character"])
def test_jump_back_entry_elsewhere(kexec_tools, at):
    """It is appended only within a region, and only where a command line ends."""
    kexec_tools.set("jump_back_entry", 0xABC)
    with_cmdline(kexec_tools)
    kexec_tools.set("cmdline_end", CMDLINE_AT + at)
    assert f"cmdline_end: not a defined value: {CMDLINE_AT + at:#x} [code 6]" in kexec_tools.refusal()


def test_command_line_of_no_kernel(kexec_tools):
    """Who has a command line has a zero page, behind rsi; who has none may have anything there."""
    with_cmdline(kexec_tools)
    kexec_tools.registers64(rip=kexec_tools.arch.payload_at, rsi=CMDLINE_AT)
    assert f"handoff rsi: no kernel there: {CMDLINE_AT:#x} [code 19]" in kexec_tools.refusal()
    kexec_tools.set("cmdline_end", 0)
    assert kexec_tools.report()[0]["rsi"] == CMDLINE_AT


def test_linux_zero_page(linux):
    """Linux' next program is Linux: without a zero page behind rsi it is refused."""
    linux.region(CMDLINE_AT, b"HdrS" + bytes(0x1000))
    linux.registers64(rip=linux.arch.payload_at, rsi=CMDLINE_AT)
    linux.digest()
    with linux.start() as machine:
        wait_until_halted(machine, linux.arch, constant("E_KERNEL"))
        assert "payload" not in machine.text


@pytest.mark.parametrize(
    "cmdline, speaks",
    [
        (b"console=ttyS0", True),
        (b"root=/dev/vda console=tty0 console=ttyS0,115200n8 quiet", True),
        (b"console=ttyS0,115200 console=ttyS0", True),
        (b"console=ttyS1 console=ttyS1 console=ttyS0", True),
        (b"console=ttyS1", False),
        (b"netconsole=ttyS0", False),
        (b"quiet,console=ttyS0", False),
        (b"console=ttyS01", False),
        (b"console=ttyS0:1", False),
        (b"console=ttyS", False),
        (b"console=ttyS9", False),
        (b"console=tty0", False),
        (b"", False),
        (b"quiet\0console=ttyS0", False),
    ],
)
def test_linux_console(linux, cmdline, speaks):
    """The console of the next kernel's command line is the purgatory's."""
    linux.region(CMDLINE_AT, boot_params(CMDLINE_AT + 0x1000) + cmdline.ljust(100, b"\0"))
    linux.registers64(rip=linux.arch.payload_at, rsi=CMDLINE_AT)
    linux.digest()
    _, text = linux.report()
    assert ("purgatory: verified" in text) == speaks


@pytest.mark.parametrize("cmdline_at", [0, 0x7000000, 0xFEDC0000, 1 << 40, 2**64 - 8])
def test_linux_command_line_elsewhere(linux, cmdline_at):
    """One that lies in no region is not read."""
    linux.put(0x7000000, b"console=ttyS0".ljust(16, b"\0"))
    linux.region(CMDLINE_AT, boot_params(cmdline_at))
    linux.registers64(rip=linux.arch.payload_at, rsi=CMDLINE_AT)
    linux.digest()
    assert "purgatory" not in linux.report()[1]


def test_linux_refusal_speaks(linux):
    """What Linux' own purgatory does not say."""
    linux.region(CMDLINE_AT, boot_params(CMDLINE_AT + 0x1000) + b"console=ttyS0".ljust(100, b"\0"))
    linux.registers64(rip=linux.arch.payload_at, rsi=CMDLINE_AT)
    linux.digest()
    address, data = linux.pieces[0]
    linux.pieces[0] = address, data[:-1] + b"\x99"
    assert "[code 16]" in linux.refusal()


def console_kind(boot):
    """The kind of console that the purgatory has made of the sink, once it has come to an end."""
    with boot.start() as machine:
        machine.wait_for(r"^payload: end$|halted$")
        return Params(machine.memory(boot.place + boot.header["params"], PARAMS_SIZE))["console[0].kind"]


def arm64_with(directory, tree):
    """A boot by kexec-tools on arm64 with this DTB."""
    boot = ClientBoot(ARM64, directory).with_payload()
    boot.pieces.pop()
    boot.regions.pop()
    boot.region(ARM64.spare_at, tree)
    boot.digest()
    return boot


NAMED = {
    "first": dtb(PL011),
    "next multiple of 4": dtb(b"uart" + PL011),
    "last of the region": dtb(b"", 0x100) + b"arm,pl011\0\0\0",
    "last of 2 MiB": dtb(b"", 2 * MIB - 12) + b"arm,pl011\0\0\0" + bytes(8),
}
UNNAMED = {
    "none": dtb(b""),
    "not a multiple of 4": dtb(b"xx" + PL011),
    "longer": dtb(b"arm,pl0110\0"),
    "other part": dtb(b"arm,pl012\0"),
    "other make": dtb(b"arn,pl011\0"),
    "beyond 2 MiB": dtb(b"", 2 * MIB - 8) + b"arm,pl011\0\0\0",
    "beyond the region": dtb(b"", 0x100) + b"arm,pl01",
    "half beyond the region": dtb(b"", 0x100) + b"arm,pl011\0",
}


@pytest.mark.parametrize("tree", NAMED.values(), ids=NAMED)
def test_arm64_sink_of_a_pl011(tmp_path, tree):
    """The sink is driven as what the next kernel's DTB has: it is asked for room."""
    assert console_kind(arm64_with(tmp_path, tree)) == constant("CONSOLE_PL011")


@pytest.mark.parametrize("tree", UNNAMED.values(), ids=UNNAMED)
def test_arm64_sink_of_no_pl011(tmp_path, tree):
    """A DTB that has none, as far as it is looked at: behind its region nothing is."""
    boot = arm64_with(tmp_path, tree)
    end = len(tree) & -8
    boot.put(ARM64.spare_at + end, tree[end:] + (b"\0\0" if len(tree) % 4 else b"1\0\0\0" + PL011))
    assert console_kind(boot) == constant("CONSOLE_SINK")


def test_arm64_sink_without_checks(tmp_path):
    """With --no-checks there is no region that the DTB could be read in."""
    boot = ClientBoot(ARM64, tmp_path).with_payload()
    boot.set("sha256_regions", bytes(256))
    boot.set("skip_checks", 1)
    assert console_kind(boot) == constant("CONSOLE_SINK")


def test_arm64_sink_that_begins_no_page(tmp_path):
    """No PL011 does that."""
    boot = ClientBoot(ARM64, tmp_path).with_payload()
    boot.put(0x46000000, b"\0" * 0x1000)
    boot.set("arm64_sink", 0x46000004)
    assert console_kind(boot) == constant("CONSOLE_SINK")


def test_arm64_misaligned_dtb(tmp_path):
    """It is refused, and before that not looked at."""
    boot = arm64_with(tmp_path, dtb(b"xx" + PL011))
    boot.set("arm64_dtb_addr", ARM64.spare_at + 2)
    assert console_kind(boot) == constant("CONSOLE_SINK")


@pytest.mark.parametrize("at", [1 << 52, 2**64 - 8], ids=hex)
def test_arm64_dtb_beyond_memory(tmp_path, at):
    """One where no memory can be, though its region says so, is refused, and before that not looked at."""
    boot = ClientBoot(ARM64, tmp_path).with_payload()
    boot.set("arm64_dtb_addr", at)
    boot.regions[-1] = at, boot.regions[-1][1]
    boot.digest()
    assert console_kind(boot) == constant("CONSOLE_SINK")


def test_arm64_sink_of_another_kind(tmp_path):
    """Any other gets the line byte by byte, and nothing else."""
    boot = arm64_with(tmp_path, dtb(b"ns16550a\0"))
    boot.put(0x46000000, b"\xaa" * 0x1000)
    boot.set("arm64_sink", 0x46000000)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(0x46000000, 0x1000) == b"\n" + b"\xaa" * 0xFFF


def test_arm64_sink_taken_for_a_pl011(tmp_path):
    """Another UART, of words, in a machine whose DTB has a PL011 too: all of the line comes out, and nothing else."""
    boot = ClientBoot(ARM64, tmp_path).with_payload()
    boot.put(0x46000000, b"\xaa" * 0x1000)
    boot.set("arm64_sink", 0x46000000)
    with boot.start() as machine:
        machine.wait_for("^payload: end$")
        assert machine.memory(0x46000000, 0x1000) == b"\n\0\0\0" + b"\xaa" * 0xFFC
