# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""The layout of abi.h, and what the build wrote into the images, against the layout written down in abi.py."""

import re

import pytest

import abi
from machine import BUILD

# The part of the parameter block that the image brings: magic, version, size.
HEAD_SIZE = 16

STRUCTURES = {
    "purg_header": abi.HEADER,
    "purg_console": abi.CONSOLE,
    "purg_segment": abi.SEGMENT,
    "purg_copy": abi.COPY,
    "purg_handoff": abi.HANDOFF,
    "purg_failure": abi.FAILURE,
    "purg_report_place": abi.REPORT_PLACE,
    "purg_linear_map": abi.LINEAR_MAP,
    "purg_params": abi.PARAMS,
    "purg_report": abi.REPORT,
    "purg_regs_arm64": abi.HANDOFF["arm64"][1],
    "purg_regs_x86_64": abi.HANDOFF["x86_64"][1],
    "purg_regs_x86_32": abi.HANDOFF["x86_32"][1],
    "purg_regs_x86_16": abi.HANDOFF["x86_16"][1],
}


def asserted_offsets():
    """(structure, field, offset) of every PURG_OFFSET in abi.h."""
    text = (abi.INCLUDE / "purgatory" / "abi.h").read_text()
    found = re.findall(r"^PURG_OFFSET\((\w+), (\w+), (\w+)\);", text, re.M)
    return [(structure, field, value) for structure, field, value in found if structure in STRUCTURES]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_offsets_agree(structure):
    """Each field lies where it was written down a second time: no field has moved, none is missing here."""
    theirs = {
        field: abi.CONSTANTS[value] if value in abi.CONSTANTS else int(value, 0)
        for name, field, value in asserted_offsets()
        if name == structure
    }
    assert theirs
    for field, offset in theirs.items():
        assert STRUCTURES[structure][field][0] == offset, field


def test_header(arch):
    """The flat image's header says what the file is."""
    image = (BUILD / f"purgatory-{arch.name}.bin").read_bytes()
    header = abi.Header(image)
    assert header["magic"] == abi.constant("HEADER_MAGIC")
    assert header["abi_major"] == abi.constant("ABI_MAJOR")
    assert header["abi_minor"] == abi.constant("ABI_MINOR")
    assert header["arch"] == abi.constant(arch.e_machine)
    assert header["header_size"] == abi.HEADER_SIZE
    assert header["align"] and header["align"] & (header["align"] - 1) == 0
    assert header["file_size"] == len(image)
    assert header["mem_size"] >= len(image)
    assert header["ro_size"] <= header["params"]
    assert header["params"] + HEAD_SIZE <= len(image)
    assert header["params"] + abi.PARAMS_SIZE <= header["mem_size"]
    assert header["params_size"] == abi.PARAMS_SIZE
    assert header["reserved"] == 0


def test_fresh_parameter_block(arch):
    """The image brings the block's magic, version and size, and nothing else."""
    image = bytearray((BUILD / f"purgatory-{arch.name}.bin").read_bytes())
    params = abi.Params(image, abi.Header(image)["params"])
    assert params["magic"] == abi.constant("PARAMS_MAGIC")
    assert params["abi_major"] == abi.constant("ABI_MAJOR")
    assert params["abi_minor"] == abi.constant("ABI_MINOR")
    assert params["size"] == abi.PARAMS_SIZE
    assert not any(image[params.base + HEAD_SIZE :])
