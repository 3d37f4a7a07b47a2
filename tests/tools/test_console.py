# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Where the purgatory is told to speak."""
import subprocess

import pytest

import kernels
from packed import CONSOLE_8250, CONSOLE_8250_PORT, CONSOLE_PL011, CONSOLE_SINK, CONSOLE_VGA, Packed

PL011 = (CONSOLE_PL011, 0x9000000, 4, 0)
COM1 = (CONSOLE_8250_PORT, 0x3F8, 1, 0)
COM2 = (CONSOLE_8250_PORT, 0x2F8, 1, 0)


def pack(purgatory, kernel, *args):
    purgatory.file("kernel", kernel)
    done = purgatory.ok("pack", "-k", "kernel", *args, "-o", "out")
    purgatory.ok("check", "out")
    return Packed(purgatory.directory / "out").consoles(), done.stderr


@pytest.mark.parametrize("specs, expected", [
    (["pl011,0x9000000"], [PL011]),
    (["pl011,mmio32,0x9000000"], [PL011]),
    (["uart8250,io,0x3f8"], [COM1]),
    (["uart8250,io,1016"], [COM1]),
    (["uart8250,mmio,0xfe215040"], [(CONSOLE_8250, 0xFE215040, 1, 1)]),
    (["uart8250,mmio32,0xff1a0000"], [(CONSOLE_8250, 0xFF1A0000, 4, 4)]),
    (["uart8250,io,0x3f8", "uart8250,io,0x2f8"], [COM1, COM2]),
    (["vga"], [(CONSOLE_VGA, 0xB8000, 0, 0)]),
    (["vga,0xb0000"], [(CONSOLE_VGA, 0xB0000, 0, 0)]),
    (["uart8250,io,0x3f8", "vga"], [COM1, (CONSOLE_VGA, 0xB8000, 0, 0)]),
    (["none"], []),
])
def test_given(purgatory, specs, expected):
    args = [word for spec in specs for word in ("--console", spec)]
    found, said = pack(purgatory, kernels.x86_64(), "--append", "console=ttyS1", *args)
    assert found == expected
    assert said == ""


@pytest.mark.parametrize("spec, expected", [
    ("sink,0x9000000", (CONSOLE_SINK, 0x9000000, 1, 0)),
    ("sink,mmio32,0x9000000", (CONSOLE_SINK, 0x9000000, 4, 0)),
])
def test_sink(purgatory, spec, expected):
    """A word of our own, for arm64."""
    assert pack(purgatory, kernels.arm64(), "--console", spec) == ([expected], "")
    assert f"console[0]       sink\n                   base 0x9000000 width {expected[2]}" in purgatory.ok("inspect", "out").stdout


@pytest.mark.parametrize("spec, found, baud", [
    ("uart8250,io,0x3f8,115200", COM1, 115200),
    ("uart8250,io,0x3f8,9600n8", COM1, 9600),
    ("uart8250,io,0x3f8,50", COM1, 50),
])
def test_baud(purgatory, spec, found, baud):
    """A rate behind the address, as the kernel's console= has it."""
    assert pack(purgatory, kernels.x86_64(), "--console", spec) == ([found], "")
    assert Packed(purgatory.directory / "out").bauds() == [baud, 0]
    assert f" baud {baud}\n" in purgatory.ok("inspect", "out").stdout


@pytest.mark.parametrize("append, expected", [
    ("console=ttyS0", [COM1]),
    ("console=ttyS0,115200n8 quiet", [COM1]),
    ("console=tty0 console=ttyS1 quiet", [COM2]),
    ("console=ttyS3", [(CONSOLE_8250_PORT, 0x2E8, 1, 0)]),
    ("console=ttyS0 console=ttyS0", [COM1]),
    ("earlycon=uart8250,io,0x2f8 console=ttyS0", [COM2]),
    ("earlycon=uart8250,io,0x2f8,115200n8", [COM2]),
    ("earlycon=uart8250,mmio32,0xfedc9000", [(CONSOLE_8250, 0xFEDC9000, 4, 4)]),
    ("console=ttyS4", None), ("console=ttyS", None), ("console=ttyS00", None), ("noconsole=ttyS0", None),
    ("earlycon=vga", None), ("earlycon=sink,0x9000000", None), ("earlycon=vga,0xb8000", None),
    ("earlycon", None), ("earlycon=uart8250,io", None), ("earlycon=efifb", None), ("", None),
])
def test_deduced_x86_64(purgatory, append, expected):
    found, said = pack(purgatory, kernels.x86_64(), "--append", append)
    assert found == (expected or [])
    assert said.count("\n") == (expected is None)
    if expected is None:
        assert said.startswith("purgatory: warning: no console found, so the purgatory will be silent; give --console")


@pytest.mark.parametrize("append, expected", [
    ("earlycon=pl011,0x9000000", [PL011]),
    ("console=ttyS0", []),
    ("earlycon=sink,0x9000000", []),
    ("earlycon=uart8250,io,0x3f8", []),
])
def test_deduced_arm64(purgatory, append, expected):
    assert pack(purgatory, kernels.arm64(), "--append", append)[0] == expected


TREE = """/dts-v1/;
/ {{
	#address-cells = <2>; #size-cells = <2>;
	aliases {{ serial0 = "/soc/bus/uart@1000"; }};
	chosen {{ {chosen} }};
	soc {{
		#address-cells = <{outer_cells}>; #size-cells = <1>; {outer}
		bus {{
			#address-cells = <{cells}>; #size-cells = <1>; {inner}
			uart@1000 {{ {reg} {uart} }};
		}};
	}};
}};
"""
GOOD = {"cells": 1, "outer_cells": 2, "reg": "reg = <0x1000 0x100>;", "chosen": 'stdout-path = "serial0:115200n8";', "outer": "ranges;",
        "inner": "ranges = <0x0 0x0 0x9000000 0x10000>;", "uart": 'compatible = "arm,pl011", "arm,primecell";'}
NS = {"uart": 'compatible = "ns16550a";'}


@pytest.mark.parametrize("change, expected", [
    ({}, [(CONSOLE_PL011, 0x9001000, 4, 0)]),
    ({"chosen": 'stdout-path = "/soc/bus/uart@1000";'}, [(CONSOLE_PL011, 0x9001000, 4, 0)]),
    ({"uart": 'compatible = "arm,sbsa-uart";'}, [(CONSOLE_PL011, 0x9001000, 4, 0)]),
    (NS, [(CONSOLE_8250, 0x9001000, 1, 1)]),
    ({"uart": 'compatible = "ns16550a"; reg-shift = <2>; reg-io-width = <4>;'}, [(CONSOLE_8250, 0x9001000, 4, 4)]),
    ({"uart": 'compatible = "ns16550a"; reg-shift = <2>;'}, [(CONSOLE_8250, 0x9001000, 1, 4)]),
    ({"outer": "ranges = <0x0 0x9000000 0x80 0x1000000 0x20000>;"}, [(CONSOLE_PL011, 0x8001001000, 4, 0)]),
    ({"inner": "ranges;"}, [(CONSOLE_PL011, 0x1000, 4, 0)]),
    ({"inner": "ranges = <0x1000 0x1 0x2 0x100>;"}, [(CONSOLE_PL011, 0x100000002, 4, 0)]),
    # Not usable: nothing is guessed.
    ({"inner": ""}, []), ({"inner": "ranges = <0x2000 0x0 0x0 0x1000>;"}, []), ({"outer": ""}, []),
    ({"reg": ""}, []), ({"reg": "reg = [00 10];"}, []),
    # Three cells are PCI's: the last could be taken for an address, and is not.
    ({"cells": 3, "inner": "ranges = <0 0 0 0 0 0x1000 0x10000>;", "reg": "reg = <0 0 0 0x100>;"}, []),
    ({"outer_cells": 3, "inner": "ranges = <0 0 0 0x9000000 0x10000>;",
      "outer": "ranges = <0 0 0x9000000 0 0x9000000 0x10000>;"}, []),
    ({"uart": 'compatible = "ns16550a"; reg-shift = <2>; reg-io-width = <3>;'}, []),
    ({"chosen": ""}, []), ({"chosen": 'stdout-path = "serial1";'}, []), ({"chosen": 'stdout-path = "";'}, []),
    ({"uart": 'compatible = "acme,uart";'}, []), ({"uart": ""}, []),
    ({"uart": 'compatible = "ns16550a"; reg-io-width = <3>;'}, []),
    ({"uart": 'compatible = "ns16550a"; reg-shift = <9>;'}, []),
])
def test_deduced_from_dtb(purgatory, change, expected):
    path = purgatory.directory / "dtb"
    subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", path], check=True,
                   input=TREE.format(**{**GOOD, **change}).encode())
    found, said = pack(purgatory, kernels.arm64(), "--dtb", path)
    assert found == expected
    assert bool(said) == (not expected)
